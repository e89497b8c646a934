"""Where the documents of a survey come from: files, finished corpora, objects of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lda.corpus import DocumentBatch, Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.evaluation.topic_model import TopicModel


class DocumentSource(Protocol):
    """Documents that can be read once, a batch at a time.

    Attributes:
        corpus_hash: content hash of a finished corpus; None for raw documents.
        ordered: whether tokens come in the order of the text.
    """

    corpus_hash: str | None
    ordered: bool

    def batches(
        self, model: TopicModel, *, threads: int | None, batch_documents: int
    ) -> Iterator[DocumentBatch]:
        """The documents in their order, in the model's term ids, with texts and metadata where there are any."""
        ...


def documents_in_files(
    inputs: Sequence[str | Path],
    *,
    recipe: Recipe,
    format: str = "auto",  # noqa: A002
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    require_id: bool = True,
) -> DocumentSource:
    """The documents of files, or of one finished corpus (a folder or a URI); arguments as of `iter_documents`."""
    raise NotImplementedError


def documents_of(
    X: object = None,
    *,
    texts: object = None,
    metadata: object = None,
    ids: Sequence[object] | None = None,
    recipe: Recipe | None = None,
    tokenizer: Tokenizer | None = None,
) -> DocumentSource:
    """Documents that Python holds.

    Args:
        X: everything that `lda.as_corpus` takes; None to cut `texts` into words by `recipe`.
        texts: (D,) strings, the documents as they are to be read; None where there are only words.
        metadata: further columns: a table of D rows of pandas, polars or Arrow, or a dict of columns.
        ids: (D,) names of the documents.
        recipe: that of the model, for texts.
        tokenizer: the function that cut the model's text, if one did.
    """
    raise NotImplementedError
