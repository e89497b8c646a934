"""The documents of a run out of those of all: of one group, of a window of time, or those of before an append."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from lda.experiments.groups.membership import membership_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lda.corpus import Corpus
    from lda.model.run_record import RunRecord


@contextmanager
def group_documents(corpus: Corpus, record: RunRecord) -> Iterator[Corpus]:
    """The documents that a run was of: those given, or their part where it is one of a set of groups, or of a window.

    A corpus whose content hash is the recorded one is taken as it is: it is that of the group already. One that had it
    before documents were appended is taken as it was then. The part lies in a temporary folder within the block.

    Raises:
        DataError: the documents have no such field, or none has the value of the group.
    """
    part = record.part_of or {}
    corpus = corpus.as_it_was(record.corpus_hash) or corpus
    if part.get("kind") == "window" and corpus.content_hash != record.corpus_hash:
        with _window_documents(corpus, part) as found:
            yield found
        return
    if part.get("kind") != "groups" or corpus.content_hash == record.corpus_hash:
        yield corpus
        return
    from lda.corpus.finished.partition import partition_corpus
    from lda.corpus.storage.leftovers import temporary_folder

    member = membership_of(corpus, part.get("field", "")).chosen([part.get("group", "")])
    with temporary_folder() as folder:
        (found,) = partition_corpus(
            corpus, member.parts([0], corpus.n_documents), [f"{folder}/corpus"], drop_unused_terms=True
        )
        yield found


@contextmanager
def _window_documents(corpus: Corpus, part: Mapping[str, str]) -> Iterator[Corpus]:
    """The documents in a window of time, of the corpus as it was when the fit was made."""
    from lda.corpus.errors import DataError
    from lda.corpus.storage.leftovers import temporary_folder
    from lda.survey.window import Window, documents_within, within

    corpus = corpus.as_it_was(part.get("corpus", "")) or corpus
    try:
        window = Window(
            field=part.get("field", ""), length=part.get("window", ""), until=part.get("until", "")
        )
    except ValueError as error:
        raise DataError(f"the record of the model names no window of time: {error}") from None
    with temporary_folder() as folder:
        yield documents_within(corpus, within(corpus, window), f"{folder}/corpus")
