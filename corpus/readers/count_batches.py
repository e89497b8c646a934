"""Documents given as counts: checking them and turning them into tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from lda.corpus.arrow import strings
from lda.corpus.batches import TokenBatch
from lda.corpus.errors import DataError
from lda.corpus.readers.base import CountFile
from lda.corpus.terms import MAX_TERMS, check_terms, default_terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa
    import scipy.sparse

MAX_COUNT: Final = 2**31 - 1
"""Counts are handed out as int32; a larger one is damage or no count."""

TOKENS_PER_BATCH: Final = 2**22
"""Tokens made from counts at a time: 16 MiB."""


def check_counts(values: npt.NDArray[Any], where: Callable[[int], str]) -> npt.NDArray[np.int64]:
    """Counts as int64.

    Args:
        values: (n,) counts of any numeric type.
        where: tells where an entry stands ("row 3, column 5"), for the message.

    Raises:
        DataError: an entry is negative, fractional, NaN, infinite or no number at all.
    """
    if values.dtype.kind == "c":
        raise DataError(
            f"Complex data not supported: counts must be whole numbers, got values of type {values.dtype}; "
            "give their real part"
        )
    if values.dtype.kind not in "biuf":
        raise DataError(
            f"counts must be whole numbers, got values of type {values.dtype}; convert them to int"
        )
    bad = first_bad_count(values)
    if bad is not None:
        raise _bad_count(values, bad, where)
    return values.astype(np.int64, copy=False)


def first_bad_count(values: npt.NDArray[Any]) -> int | None:
    """The place of the first of (n,) numbers that is no count; None if all of them are."""
    if values.dtype.kind == "f":
        values = values.astype(np.float64, copy=False)  # float32 would take 2^31 for MAX_COUNT
    with np.errstate(invalid="ignore"):  # NaN compares false with everything, which is what is wanted
        good = (values >= 0) & (values <= MAX_COUNT)
    if values.dtype.kind == "f":
        good &= values == np.floor(values)
    return None if good.all() else int(np.argmin(good))


def _bad_count(values: npt.NDArray[Any], index: int, where: Callable[[int], str]) -> DataError:
    value = values[index].item()
    rule, remedy = "counts must be whole and not negative", "correct the entry"
    if not np.isfinite(value):
        kind = "NaN" if np.isnan(value) else "the infinite"
    elif value < 0:
        # The beginning is scikit-learn's, whose users and tests know it.
        rule, kind = f"Negative values in data passed: {rule}", "the negative"
    elif value > MAX_COUNT:
        value = int(value)
        kind, remedy = "the huge", f"the largest possible is {MAX_COUNT}; are these really counts?"
    else:
        kind, remedy = "the fraction", "round it, or give the raw counts instead of weights such as tf-idf"
    return DataError(f"{rule}, got {kind} {value} at {where(index)}; {remedy}")


def canonical(matrix: Any) -> scipy.sparse.csr_matrix:  # noqa: ANN401 - any of SciPy's twelve sparse classes
    """Any sparse matrix or array (D, V) as CSR with sorted, unique indices; the argument is left alone.

    Entries of one place add up in 64 bits, whatever their type: 300 ones are 300, in uint8 and as bool, too.
    """
    import scipy.sparse

    if matrix.format in {"csr", "csc"} and matrix.has_canonical_format:
        return scipy.sparse.csr_matrix(matrix)  # nothing to add up
    entries = matrix.tocoo()
    places = (entries.row, entries.col)
    return scipy.sparse.coo_matrix((_widened(entries.data), places), shape=matrix.shape).tocsr()


def _widened(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers as int64 or float64, so that their sums do not wrap; of another kind, as they are.

    Whole numbers that are no counts become float64, so that four times 2^62 do not end at 0.
    """
    if values.dtype.kind not in "biuf":
        return values
    whole = values.dtype.kind != "f" and (
        values.dtype.itemsize < 8
        or not len(values)
        or (values.min() >= -MAX_COUNT and values.max() <= MAX_COUNT)
    )
    return values.astype(np.int64 if whole else np.float64)


def expand_rows(
    matrix: scipy.sparse.csr_matrix, ids: pa.Array[Any], source: str = "", *, metadata: pa.Table | None = None
) -> Iterator[TokenBatch]:
    """Rows of a matrix of counts as batches of tokens, each id repeated as often as it counts.

    Args:
        matrix: (D, V) counts in canonical CSR, of any numeric type.
        ids: (D,) names of the rows.
        source: the file and a comma, for the message.
        metadata: a row a document.

    Raises:
        DataError: an entry is not a count.
    """
    n_terms = matrix.shape[1]
    indptr = matrix.indptr.astype(np.int64)

    def where(entry: int) -> str:
        row = int(np.searchsorted(indptr, entry, side="right")) - 1
        return f"{source}row {row}, column {matrix.indices[entry]}"

    counts = check_counts(matrix.data[: indptr[-1]], where)
    ends = np.concatenate([[0], np.cumsum(counts)])[indptr]  # (D + 1,) tokens before each row
    start = 0
    while start < len(ids):
        stop = max(start + 1, int(np.searchsorted(ends, ends[start] + TOKENS_PER_BATCH, side="right")) - 1)
        entries = slice(indptr[start], indptr[stop])
        batch = count_batch(
            ids[start:stop],
            indptr[start : stop + 1] - indptr[start],
            matrix.indices[entries],
            counts[entries],
            n_terms,
        )
        yield batch if metadata is None else batch._replace(metadata=metadata.slice(start, stop - start))
        start = stop


def count_batch(
    ids: pa.Array[Any],
    entry_offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[Any],
    counts: npt.NDArray[np.int64],
    n_terms: int,
) -> TokenBatch:
    """Batch of tokens of some documents given as (column, count) entries.

    Args:
        ids: (n,) names of the documents.
        entry_offsets: (n + 1,) starting at 0; document i has entries offsets[i]:offsets[i + 1].
        columns: (n_entries,) term ids in 0 ... n_terms - 1, each at most once in a document.
        counts: (n_entries,) whole and not negative.
        n_terms: size V of the vocabulary.
    """
    words = np.repeat(columns.astype(np.int32, copy=False), counts)
    doc_offsets = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])[entry_offsets]
    tokens = np.bincount(columns, weights=counts, minlength=n_terms).astype(np.int64)
    documents = np.bincount(columns[counts > 0], minlength=n_terms).astype(np.int64)
    return TokenBatch(ids, doc_offsets, words, None, tokens, documents)


def sum_entries(
    ids: pa.Array[Any],
    entry_offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    n_terms: int,
) -> TokenBatch:
    """Like `count_batch`, for entries in any order; a column may come more than once in a document.

    Raises:
        DataError: the entries of a column add up to more than a count can be.
    """
    import scipy.sparse

    matrix = scipy.sparse.csr_matrix((counts, columns, entry_offsets), shape=(len(ids), n_terms))
    matrix.sum_duplicates()
    indptr = matrix.indptr.astype(np.int64)

    def where(entry: int) -> str:
        return f"document {ids[int(np.searchsorted(indptr, entry, side='right')) - 1].as_py()!r:.60}"

    sums = check_counts(matrix.data[: indptr[-1]], where)
    return count_batch(ids, indptr, matrix.indices[: indptr[-1]], sums, n_terms)


def matrix_source(
    matrix: Any,  # noqa: ANN401 - see canonical
    path: Path,
    given: list[str] | None,
    prefix: str,
    *,
    first: int,
) -> CountFile:
    """What a reader of matrices returns.

    Args:
        matrix: any sparse matrix or array (D, V).
        path: file for the message.
        given: the vocabulary or None.
        prefix: put before the numbers of the rows.
        first: number of the first row.

    Raises:
        DataError: the matrix is empty, or the vocabulary does not fit it.
    """
    n_documents, n_terms = matrix.shape
    if not n_documents or not n_terms:
        raise DataError(
            f"{path} must have at least one row and one column, got the shape {matrix.shape}; check it"
        )
    check_size(path, n_documents, n_terms, int(matrix.nnz))
    terms = (
        default_terms(n_terms) if given is None else check_terms(given, n_terms, f"the vocabulary of {path}")
    )
    ids = strings([f"{prefix}{number}" for number in range(first, first + n_documents)])
    return CountFile(terms, given is not None, expand_rows(canonical(matrix), ids, f"{path}, "))


def check_size(path: Path, n_documents: int, n_terms: int, n_entries: int) -> None:
    """Refuse a size that only a damaged header can have, before memory is asked for it.

    Raises:
        DataError: there are far more rows or columns than entries.
    """
    limit = min(2**20 + 1024 * n_entries, MAX_TERMS)
    if n_documents > 2**20 + 1024 * n_entries or n_terms > limit:
        raise DataError(
            f"{path} speaks of {n_documents} documents and {n_terms} terms, but has only {n_entries} entries; "
            "correct its size"
        )
