"""Token lists and counts of a request as documents in the numbers of a model's terms, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.readers.count_batches import canonical, check_counts
from lda.corpus.readers.token_lists import check_token, kind_of_items, rows_to_csr
from lda.inference.words import NumberedDocuments
from lda.samplers.limits import check_document_length

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.inference.term_numbers import TermNumbers


def of_tokens(documents: Sequence[Sequence[str]], numbers: TermNumbers) -> NumberedDocuments:
    """The documents of token lists.

    Raises:
        DataError: a token is no string, or no text; a document is missing.
        TypeError: documents are no lists.
    """
    if not (isinstance(documents, list) and all(isinstance(document, list) for document in documents)):
        if isinstance(documents, str | bytes):
            raise TypeError(
                f"documents must be lists of tokens, got raw text: {documents!r:.60}; give it to texts"
            )
        documents, _ = kind_of_items(documents)
    offsets = np.zeros(len(documents) + 1, dtype=np.int64)
    np.cumsum([len(document) for document in documents], out=offsets[1:])
    found: list[int] = []
    for row, document in enumerate(documents):
        try:
            mine = numbers(document)
        except (TypeError, UnicodeEncodeError):  # of what is no key
            mine = [-1] * len(document)
        if -1 in mine:  # what is a term is text
            for token, number in zip(document, mine, strict=True):
                if number < 0:
                    check_token(token, f"document {row}")
        found += mine
    return NumberedDocuments.of(offsets, np.array(found, dtype=np.int32))


def of_counts(X: Any, n_terms: int) -> NumberedDocuments:  # noqa: ANN401 - any matrix
    """The documents of counts: a matrix (D, V), dense or sparse, or one row (V,).

    Raises:
        DataError: it has another number of columns than the model has terms, or holds something else than counts.
        TypeError: it is no matrix.
        ValueError: a document has more than 2^24 tokens.
    """
    if any(hasattr(X, name) for name in ("columns", "var_names", "__arrow_c_stream__")):
        raise TypeError(
            f"counts must be a matrix in the order of the model's terms, got a {type(X).__name__}, which has "
            "names of its own; give it to transform of the model"
        )
    ends: npt.NDArray[np.int64]
    columns: npt.NDArray[Any]
    if hasattr(X, "tocsr"):
        matrix = canonical(X if len(X.shape) == 2 else X.reshape(1, -1))
        _check_width(matrix.shape, n_terms)
        ends, columns, values = matrix.indptr.astype(np.int64), matrix.indices, matrix.data
        values, columns = values[: ends[-1]], columns[: ends[-1]]
    else:
        dense = _dense(X)
        _check_width(dense.shape, n_terms)
        rows, columns = dense.nonzero()
        values = dense[rows, columns]
        ends = np.zeros(len(dense) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=len(dense)), out=ends[1:])

    def where(entry: int) -> str:
        return f"row {int(np.searchsorted(ends, entry, side='right')) - 1}, column {columns[entry]}"

    counts = check_counts(values, where)
    before = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=before[1:])
    offsets = before[ends]
    lengths = np.diff(offsets)
    check_document_length(int(lengths.max(initial=0)))
    return NumberedDocuments(
        offsets, np.repeat(columns, counts).astype(np.int32, copy=False), np.zeros(len(lengths), np.int64)
    )


def _dense(X: Any) -> npt.NDArray[Any]:  # noqa: ANN401 - any matrix
    if isinstance(X, list | tuple) and X and isinstance(X[0], list | tuple):
        return np.asarray(rows_to_csr(X).toarray())
    if np.ma.is_masked(X):  # what lies under the mask is no count
        raise DataError("counts must not be missing, got masked entries; fill the gaps with X.filled(0)")
    try:
        found = np.asarray(X)
    except (ValueError, OverflowError) as error:
        raise DataError(f"rows of counts must hold numbers only, got something else ({error})") from None
    if found.ndim == 1:
        found = found[np.newaxis]
    if found.ndim != 2:
        raise TypeError(
            f"counts must be a matrix, a row a document, or one row, got {type(X).__name__} of shape {found.shape}"
        )
    if found.dtype.kind not in "biuf":
        check_counts(found.ravel(), str)
    return found


def _check_width(shape: tuple[int, ...], n_terms: int) -> None:
    if shape[1] != n_terms:
        raise DataError(
            f"X has {shape[1]} features, but LDA is expecting {n_terms} features as input; "
            "give the same columns in the same order"
        )
