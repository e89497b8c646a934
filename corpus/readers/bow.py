"""gensim's corpora, known by what they offer: streams of (id, count) pairs, and the names of the ids."""

from __future__ import annotations

import warnings
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.readers.token_lists import DOCUMENTS_PER_BATCH, Kind, check_width, kind_of_items, pairs_to_csr

if TYPE_CHECKING:
    from collections.abc import Iterator

    import scipy.sparse


class Items(NamedTuple):
    """Documents of an iterable and what they are made of: a list, or of pairs the matrix (D, V)."""

    kind: Kind
    documents: list[Any]
    matrix: scipy.sparse.csr_matrix | None = None


def items_of(X: Any, n_terms: int | None) -> Items:  # noqa: ANN401 - any iterable of documents
    """The documents of an iterable; pairs that stream by are not held as Python's objects, ten times as large.

    n_terms: V where the ids have names; None takes the highest id + 1.

    Raises:
        DataError: a document is missing, or an id is negative, fractional or beyond the vocabulary.
        TypeError: not an iterable of documents, or documents that are raw text or no lists.
    """
    if isinstance(X, list | tuple) or not hasattr(X, "__iter__"):
        documents, kind = kind_of_items(X)
        return Items(kind, documents, pairs_to_csr(documents, n_terms) if kind == "pairs" else None)
    stream = iter(X)
    head: list[Any] = []
    for document in stream:  # what they are made of is seen at the first that holds something
        head.append(document)
        if not hasattr(document, "__len__") or len(document):
            break
    head, kind = kind_of_items(head)
    if kind != "pairs":
        documents, kind = kind_of_items(chain(head, stream))
        return Items(kind, documents)
    return Items(kind, [], _stacked(chain(head, stream), n_terms))


def _stacked(documents: Iterator[Any], n_terms: int | None) -> scipy.sparse.csr_matrix:
    import scipy.sparse

    parts: list[scipy.sparse.csr_matrix] = []
    done = 0
    while batch := list(islice(documents, DOCUMENTS_PER_BATCH)):
        batch, _ = kind_of_items(batch, done)
        parts.append(pairs_to_csr(batch, n_terms, first_row=done))
        done += len(batch)
    width = max(part.shape[1] for part in parts)
    found = scipy.sparse.csr_matrix(
        scipy.sparse.vstack([_widened(part, width) for part in parts], format="csr")
    )
    if n_terms is None:
        check_width(width, found.nnz)
    return found


def _widened(matrix: scipy.sparse.csr_matrix, width: int) -> scipy.sparse.csr_matrix:
    """The same entries in a matrix with further columns."""
    import scipy.sparse

    parts = (matrix.data, matrix.indices, matrix.indptr)
    return scipy.sparse.csr_matrix(parts, shape=(matrix.shape[0], width), copy=False)


def names_in(X: object) -> Any:  # noqa: ANN401 - a dict of names, a Dictionary, or None
    """The names of the ids that a corpus brings along, as those of gensim that read a file do; None if it has none."""
    for name in ("id2word", "dictionary"):
        found = getattr(X, name, None)
        # FakeDict is what gensim puts there for no names.
        if (
            found is not None
            and type(found).__name__ != "FakeDict"
            and hasattr(found, "items")
            and len(found)
        ):
            return found
    return None


def check_same_names(given: list[str], own: list[str]) -> None:
    """Refuse names for ids that the corpus itself calls otherwise, as one read from a file without its Dictionary does.

    Raises:
        DataError: an id has two names.
    """
    number = next((number for number, (a, b) in enumerate(zip(given, own, strict=False)) if a != b), None)
    if number is not None:
        raise DataError(
            f"ids must mean the same in the Dictionary and in the corpus, got {given[number]!r:.60} and "
            f"{own[number]!r:.60} for {number}; open the corpus with that Dictionary (id2word=), or leave it out here"
        )


def tell_of_other_documents(dictionary: object, matrix: scipy.sparse.csr_matrix) -> None:
    """Warn if a Dictionary has seen as many documents, but a term in fewer of them: it is of another corpus.

    Of more or of fewer documents nothing is known: they may be new ones, or a part. And a term may be in fewer than
    the Dictionary counts, for words are often dropped afterwards.
    """
    counted, n_documents = getattr(dictionary, "dfs", None), getattr(dictionary, "num_docs", None)
    if not counted or n_documents != matrix.shape[0]:
        return
    held = matrix.indices[matrix.data > 0] if not matrix.has_canonical_format else matrix.indices
    found = np.bincount(held, minlength=matrix.shape[1])
    expected = np.array([counted.get(number, 0) for number in range(matrix.shape[1])], dtype=np.int64)
    if not (found > expected).any():
        return
    worst = int(np.argmax(found - expected))
    term = {number: term for term, number in getattr(dictionary, "token2id", {}).items()}.get(worst, worst)
    warnings.warn(
        f"the Dictionary has {term!r:.60} in {expected[worst]:,} of its {n_documents:,} documents, but "
        f"{found[worst]:,} of as many documents here have its id: is it the Dictionary of this corpus?",
        stacklevel=4,
    )
