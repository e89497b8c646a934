"""New documents, in whatever form, as batches of the model's own term ids."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.corpus import DocumentBatch
    from lda.corpus.stream import UnknownWords
    from lda.evaluation.topic_model import TopicModel


def batches_of(
    model: TopicModel,
    X: object,
    *,
    tell: bool = False,
    keep: bool = False,
    batch_documents: int = 4096,
    unknown_words: UnknownWords | None = None,
) -> Iterator[DocumentBatch]:
    """Everything `as_corpus` takes, batch by batch, in the ids of the model's vocabulary.

    Terms are matched by name where both sides have names, else by position; terms that the model does not
    know are left out. Documents may be empty. tell: warn of named columns that differ from the model's terms. keep:
    whether tokens and metadata come along. unknown_words: is told of words that the model lacks.

    Raises:
        DataError: a matrix without names has not the model's number of columns, or holds no counts; or columns
            have names, and none of them is a term of the model.
        TypeError: the kind of object is wrong.
    """
    from lda.corpus import as_corpus, iter_corpus
    from lda.corpus.convert import has_all_columns
    from lda.corpus.terms import has_names

    X = kept(X)
    corpus = as_corpus(X, allow_empty=True)

    def batches(terms: list[str]) -> Iterator[DocumentBatch]:
        return iter_corpus(
            corpus, terms, keep=keep, batch_documents=batch_documents, unknown_words=unknown_words
        )

    if corpus.ordered:
        return batches(model.vocabulary)
    if model.named_terms and has_names(corpus.vocabulary):
        if tell:
            _tell_of_columns(corpus.vocabulary, model.vocabulary)
        return batches(model.vocabulary)
    if corpus.n_terms != model.n_terms if has_all_columns(X) else corpus.n_terms > model.n_terms:
        raise DataError(
            f"X has {corpus.n_terms} features, but LDA is expecting {model.n_terms} features as input; "
            "give the same columns in the same order, or name them in a table or a Corpus"
        )
    return batches(corpus.vocabulary)


def kept(X: object) -> object:
    """X in a form that can be read twice: generators and streams of Arrow are gone after once."""
    from lda.corpus.readers.dataframes import of_arrow

    found: object = of_arrow(X)
    return list(found) if isinstance(found, Iterator) else found


def all_documents(model: TopicModel, X: object) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """All documents of X at once: (doc_offsets (D + 1,) int64, words (N,) int32). Raises as `batches_of`.

    Warns if columns differ from the model's terms, and if there are words of which the model knows none.
    """
    batches = list(batches_of(model, X, tell=True))
    doc_offsets, words = together(batches)
    tell_of_unknown(len(words), sum(batch.n_unknown for batch in batches))
    return doc_offsets, words


def together(batches: Sequence[DocumentBatch]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """The documents of several batches as one: (doc_offsets (D + 1,) int64, words (N,) int32)."""
    words = np.concatenate([np.zeros(0, np.int32), *(batch.words for batch in batches)])
    offsets = offsets_of([np.diff(batch.doc_offsets) for batch in batches])
    return offsets, words.astype(np.int32, copy=False)


def offsets_of(lengths: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """(D + 1,) int64, where documents begin and end one after another. lengths: those of each batch."""
    return np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]), dtype=np.int64)


def tell_of_unknown(n_known: int, n_unknown: int) -> None:
    """Warn, for the caller of the caller's caller, if there are words and the model knows none of them."""
    if n_unknown and not n_known:
        warnings.warn(
            f"the model knows none of the {n_unknown:,} words, so every document gets the prior; "
            "was the text cut into words as it was for the model?",
            stacklevel=4,
        )


def possible(model: TopicModel, batches: Iterable[DocumentBatch]) -> Iterator[DocumentBatch]:
    """Pass the batches on unchanged. Raises DataError at a word that has probability 0 in every topic."""
    impossible = model.impossible_terms
    for batch in batches:
        if impossible is not None and (found := impossible[batch.words]).any():
            term = model.vocabulary[int(batch.words[int(found.argmax())])]
            raise DataError(
                f"{term!r} has probability 0 in every topic, so documents that hold it have likelihood 0; "
                "smooth the matrix, by adding beta to the counts for instance, or leave the term out"
            )
        yield batch


def _tell_of_columns(columns: list[str], terms: list[str]) -> None:
    """Warn if columns are not the model's terms, in whatever order; none in common is for others to refuse."""
    from lda.corpus.stream import some

    known, present = set(terms), set(columns)
    unknown = [column for column in columns if column not in known]
    missing = [term for term in terms if term not in present]
    told = []
    if unknown:
        few = f"{len(unknown):,} of {len(columns):,} columns ({some(unknown)})"
        told.append(f"the model does not know {few}, which are left out")
    if missing:
        few = f"{len(missing):,} of the model's {len(terms):,} terms ({some(missing)})"
        told.append(f"X has no column for {few}, which count as 0")
    if told and len(unknown) < len(columns):
        warnings.warn("; ".join(told), stacklevel=5)
