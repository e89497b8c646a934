"""Documents as Python lists: of tokens, of gensim's (id, count) pairs, or of the counts of all terms."""

from __future__ import annotations

from itertools import chain
from numbers import Number
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.corpus.arrow import is_text
from lda.corpus.batches import TokenBatch
from lda.corpus.errors import DataError
from lda.corpus.terms import MAX_TERMS, is_missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt
    import pyarrow as pa
    import scipy.sparse

DOCUMENTS_PER_BATCH: Final = 4096

MOST_UNNAMED: Final = 2**24
"""Terms that a few pairs may speak of without a vocabulary: each gets a name, a gigabyte of them in all."""


Kind = Literal["tokens", "pairs", "counts"]


def kind_of_items(X: Any, first_row: int = 0) -> tuple[list[Any], Kind]:  # noqa: ANN401 - any iterable of documents
    """List the documents of an iterable and tell what they are made of; "counts" are rows with an entry a term.

    first_row: number of the first document, for messages.

    Raises:
        DataError: a document is missing (None or NaN).
        TypeError: not an iterable of documents, or documents that are raw text or no lists.
    """
    try:
        documents = list(X)
    except TypeError:
        raise TypeError(
            f"as_corpus takes a matrix of counts, a table, token lists or a path, got {type(X).__name__}"
        ) from None
    for row, document in enumerate(documents, first_row):
        if not isinstance(document, list):  # nearly all are, so that this costs nothing
            _check_document(document, row)
    item = next(chain.from_iterable(documents), None)
    # Sparse2Corpus and the like hand out arrays, so the pair is told by its shape, not by its class.
    is_pair = item is not None and not isinstance(item, str) and np.shape(item) == (2,)
    if is_pair or not isinstance(item, Number | np.bool_):
        return documents, "pairs" if is_pair else "tokens"
    # A number among words is a token gone wrong, of which `number_tokens` tells.
    words = any(isinstance(token, str) for token in chain.from_iterable(documents))
    return documents, "tokens" if words else "counts"


def rows_to_csr(documents: Sequence[Sequence[float]]) -> scipy.sparse.csr_matrix:
    """Matrix (D, V) of documents given as rows of V counts each.

    Raises:
        DataError: the rows differ in length, or hold something else than numbers.
    """
    import scipy.sparse

    width = len(documents[0])
    odd = next((row for row, counts in enumerate(documents) if len(counts) != width), None)
    if odd is not None:
        raise DataError(
            f"rows of counts must have one length, an entry a term, got {width} in row 0 and {len(documents[odd])} in "
            f"row {odd}; if these numbers are words, give them as strings"
        )
    try:
        matrix = np.array(documents)
    except (ValueError, OverflowError) as error:
        raise DataError(f"rows of counts must hold numbers only, got something else ({error})") from None
    if matrix.dtype.kind not in "biuf":
        plain = int | float | np.number | np.bool_
        odd_kinds = (
            type(count).__name__ for row in documents for count in row if not isinstance(count, plain)
        )
        kind = next(odd_kinds, "a whole number beyond 64 bits")
        raise DataError(f"rows of counts must hold numbers only, got {kind} among them; correct the entry")
    return scipy.sparse.csr_matrix(matrix)


def _check_document(document: object, row: int) -> None:
    if is_missing(document):
        raise DataError(
            f"documents must be lists of tokens, got {document} for document {row}; give [] or drop it"
        )
    if isinstance(document, str | bytes):
        raise TypeError(
            f"documents must be lists of tokens, got raw text for document {row}; "
            "split it ([doc.split() for doc in X]), or use read_corpus on files"
        )
    if not hasattr(document, "__len__") or not hasattr(document, "__iter__"):
        raise TypeError(
            f"documents must be lists, got {type(document).__name__} for document {row}; see as_corpus"
        )


def pairs_to_csr(
    documents: Sequence[Sequence[tuple[int, float]]], n_terms: int | None, *, first_row: int = 0
) -> scipy.sparse.csr_matrix:
    """Matrix (D, V) of documents given as (term id, count) pairs; V is the highest id + 1 unless given.

    first_row: number of the first document, for messages.

    Raises:
        DataError: an id is negative, fractional or beyond the vocabulary.
    """
    import scipy.sparse

    indptr = np.cumsum([0, *(len(document) for document in documents)], dtype=np.int64)
    try:
        flat = np.array([pair for document in documents for pair in document], dtype=np.float64).reshape(
            -1, 2
        )
    except (ValueError, TypeError):
        raise _odd_pair(documents, first_row) from None
    terms = flat[:, 0]
    highest = np.max(terms, initial=-1.0, where=np.isfinite(terms))
    size = min(int(highest) + 1 if n_terms is None else n_terms, MAX_TERMS)
    bad = ~((terms >= 0) & (terms < size) & (terms == np.floor(terms)))
    if bad.any():
        entry = int(np.argmax(bad))
        row = int(np.searchsorted(indptr, entry, side="right")) - 1
        raise DataError(
            f"term ids must lie in 0 ... {size - 1}, got {terms[entry]:.15g} in document {first_row + row}; "
            "give the Dictionary of this corpus"
        )
    if n_terms is None:
        check_width(size, len(terms))
    return scipy.sparse.csr_matrix((flat[:, 1], terms.astype(np.int64), indptr), shape=(len(documents), size))


def check_width(n_terms: int, n_pairs: int) -> None:
    """Refuse an id that only a mistake can be, before all ids up to it get a name. Raises `DataError`."""
    if n_terms > MOST_UNNAMED + 1024 * n_pairs:
        raise DataError(
            f"the highest term id is {n_terms - 1}, but there are only {n_pairs} pairs; correct it, "
            "or give the Dictionary of this corpus"
        )


def _odd_pair(documents: Sequence[Sequence[object]], first_row: int) -> DataError:
    """The error that names the first odd pair: searched one by one, which is slow and done once."""
    for row, document in enumerate(documents, first_row):
        for pair in document:
            try:
                _, _ = np.asarray(pair, dtype=np.float64)
            except (ValueError, TypeError):
                return DataError(
                    f"documents of pairs must hold (id, count) only, got {pair!r:.80} in document {row}; correct it"
                )
    return DataError("documents of pairs must hold (id, count) only, got something else among them")


def check_token(token: object, where: str) -> None:
    """Refuse what cannot be a token; where: its document, for the message.

    Raises:
        DataError: it is no string, or one that holds half of a surrogate pair.
    """
    if is_missing(token):
        raise DataError(f"tokens must be strings, got {token} in {where}; drop it, or fill it in")
    if not isinstance(token, str):
        kind = type(token).__name__
        raise DataError(
            f"tokens must be strings, got {token!r:.80} ({kind}) in {where}; convert them with str"
        )
    if not is_text(token):
        raise DataError(
            f"tokens must be text, got {token!r:.80} in {where}, which holds half of a surrogate pair; correct it"
        )


def token_batches(documents: Sequence[Sequence[str]], ids: pa.Array[Any]) -> Iterator[TokenBatch]:
    """Token lists as numbered batches.

    Raises:
        DataError: a token is not a string, or one that is no text.
    """
    for start in range(0, len(documents), DOCUMENTS_PER_BATCH):
        part = documents[start : start + DOCUMENTS_PER_BATCH]
        yield number_tokens(part, ids[start : start + len(part)], start)


def number_tokens(documents: Sequence[Sequence[str]], ids: pa.Array[Any], first_row: int = 0) -> TokenBatch:
    """One batch of token lists. first_row: number of the first document, for messages.

    Raises:
        DataError: a token is not a string, or one that is no text.
    """
    from lda.corpus.batches import count_terms

    offsets = np.cumsum([0, *(len(document) for document in documents)], dtype=np.int64)
    known: dict[str, int] = {}
    flat = (known.setdefault(token, len(known)) for document in documents for token in document)
    try:
        words: npt.NDArray[np.int32] = np.fromiter(flat, dtype=np.int32, count=int(offsets[-1]))
        good = is_text("".join(known))
    except TypeError:
        good = False
    if not good:  # something is wrong: look for it token by token, which is slow and done once
        for row, document in enumerate(documents, first_row):
            for token in document:
                check_token(token, f"document {row}")
        raise DataError("documents must be lists that can be walked more than once; give lists")
    return TokenBatch(ids, offsets, words, list(known), *count_terms(offsets, words, len(known)))
