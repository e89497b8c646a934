"""A format of our own: one class and one row, and all that reads corpora reads it."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import pytest

from lda.corpus import DataError, build_corpus, iter_documents, read_corpus
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.files import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus import Corpus
    from lda.corpus.readers.options import ReadOptions


class MailboxReader(TextReader):
    """Documents one below the other, each after a line `From NAME`."""

    name = "mailbox"
    suffixes = (".mbox",)
    mark = re.compile(rb"From \w+\n")
    in_parts = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per `From` line."""
        return batch_documents(self._documents(path, options))

    def _documents(self, path: Path, options: ReadOptions) -> Iterator[TextDocument]:
        name, lines = "", list[str]()
        for number, line in numbered_lines(path, options):
            if line.startswith("From "):
                if name:
                    yield TextDocument(name, "\n".join(lines), {})
                name, lines = options.prefix + line.removeprefix("From ").strip(), []
            elif name:
                lines.append(line)
            else:
                raise DataError(f"{path}, line {number}: must begin with `From NAME`, got {line!r:.40}")
        if name:
            yield TextDocument(name, "\n".join(lines), {})


ROW = (MailboxReader(),)
MAIL = "From ann\nplain words here\nmore words\nFrom bob\n\nwords again\n"


def ids_of(corpus: Corpus) -> list[str]:
    return [str(name) for i in range(corpus.n_shards) for name in corpus.batch(i).column("id").to_pylist()]


def test_a_corpus_is_built_and_read(tmp_path: Path) -> None:
    file = tmp_path / "letters.mbox"
    file.write_text(MAIL)
    built = build_corpus([file], tmp_path / "corpus", readers=ROW)
    assert built.vocabulary == ["words", "again", "here", "more", "plain"]
    assert ids_of(built) == ["ann", "bob"]
    assert built.n_tokens == 7
    assert read_corpus([file], readers=ROW).content_hash == built.content_hash
    batches = list(iter_documents([file], vocabulary_terms=built.vocabulary, readers=ROW))
    assert [name for batch in batches for name in batch.ids] == ["ann", "bob"]
    assert [int(word) for batch in batches for word in batch.words] == [4, 0, 2, 3, 0, 0, 1]


@pytest.mark.parametrize("chosen", ["auto", "mailbox"])
def test_packed_and_without_its_suffix(tmp_path: Path, chosen: str) -> None:
    file = tmp_path / "letters.gz"
    file.write_bytes(gzip.compress(MAIL.encode()))
    assert read_corpus([file], format=chosen, readers=ROW).n_documents == 2


def test_a_folder_of_such_files_is_read_file_by_file(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.mbox").write_text(MAIL)
    corpus = read_corpus([tmp_path], readers=ROW)
    assert corpus.n_documents == 6
    assert ids_of(corpus)[2:4] == ["1.mbox:ann", "1.mbox:bob"]


def test_damage_and_a_format_that_nobody_has(tmp_path: Path) -> None:
    file = tmp_path / "letters.mbox"
    file.write_text("To ann\n")
    with pytest.raises(DataError, match=r"letters\.mbox, line 1: must begin with `From NAME`, got 'To ann'"):
        read_corpus([file], readers=ROW)
    with pytest.raises(ValueError, match=r"one of auto, mailbox, text, .*; got 'letters'"):
        read_corpus([file], format="letters", readers=ROW)
    # Where its row is missing, the file is no such thing.
    with pytest.raises(DataError, match=r"cannot be told by name or content"):
        read_corpus([file])
