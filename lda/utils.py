"""Documents as a matrix of counts, as lists of tokens, and as lines of LDA-C: the helpers of the package `lda`.

Names, arguments and results are those of that package, so that scripts for it run. What they hold is dense, and in
memory; `lda.read_corpus` reads LDA-C files of any size.
"""

from __future__ import annotations

import logging
import numbers
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy.typing as npt

    Ints = npt.NDArray[np.intc]

MOST_CELLS: Final = 1 << 33
"""Of a dense matrix, 32 GB."""

MOST_TOKENS: Final = int(np.iinfo(np.intc).max)
"""Of a term in a document."""

logger = logging.getLogger("lda")


def check_random_state(seed: int | np.random.RandomState | None) -> np.random.RandomState:
    """A generator of NumPy's older kind: a new one of a whole number, the global one of None, or the one given.

    Raises:
        ValueError: it is none of these.
    """
    if seed is None:
        # Not a new one: `np.random.seed(...)` before is what makes such a script repeatable.
        return np.random.mtrand._rand
    if isinstance(seed, np.random.RandomState):
        return seed
    if isinstance(seed, numbers.Integral):
        return np.random.RandomState(int(seed))
    raise ValueError(
        f"random_state must be a whole number, a RandomState or None, got {presentable(repr(seed)):.60}"
    )


def matrix_to_lists(doc_word: Any) -> tuple[Ints, Ints]:  # noqa: ANN401 - any matrix
    """The tokens of a matrix of counts, document by document, terms ascending.

    Args:
        doc_word: (D, V) whole counts, dense or of SciPy.

    Returns:
        (WS, DS), both (N,) intc: the term and the document of each token.

    Raises:
        DataError: a count is negative or has a fraction, or a sparse matrix is not of whole numbers (a `ValueError`).
    """
    rows, columns, counts = _cells(doc_word)
    n_documents, n_terms = doc_word.shape
    for what, lines, size in (("row", rows, n_documents), ("column", columns, n_terms)):
        if len(np.unique(lines)) < size:
            logger.warning("all zero %s in document-term matrix found", what)
    return np.repeat(columns, counts).astype(np.intc), np.repeat(rows, counts).astype(np.intc)


def lists_to_matrix(WS: Sequence[int] | Ints, DS: Sequence[int] | Ints) -> Ints:
    """The matrix of counts of tokens, the inverse of `matrix_to_lists`.

    Args:
        WS: (N,) the term (or the topic) of each token, from 0.
        DS: (N,) its document, from 0.

    Returns:
        (max(DS) + 1, max(WS) + 1) intc.

    Raises:
        DataError: they are not of one length, there are no tokens, or a number is negative.
    """
    terms, documents = np.asarray(WS), np.asarray(DS)
    if terms.ndim != 1 or terms.shape != documents.shape:
        raise DataError(
            f"WS and DS must be lists of one length, got shapes {terms.shape} and {documents.shape}"
        )
    if not len(terms):
        raise DataError("WS and DS hold no tokens, so there is no matrix of them; give one token or more")
    if min(terms.min(), documents.min()) < 0:
        raise DataError("terms and documents are numbered from 0, got a negative number in WS or DS")
    matrix = _empty(int(documents.max()) + 1, int(terms.max()) + 1)
    np.add.at(matrix, (documents, terms), 1)
    return matrix


def dtm2ldac(dtm: Any, offset: int = 0) -> Iterator[str]:  # noqa: ANN401 - any matrix
    """The lines of LDA-C of a matrix of counts: `M term:count term:count ...`, of M distinct terms.

    Args:
        dtm: (D, V) whole counts, dense or of SciPy.
        offset: the number of the first term; 1 gives what SVMlight has behind its label.

    Yields:
        D lines without their ends.

    Raises:
        DataError: a row has no tokens, or the counts are none, as of `matrix_to_lists`.
    """
    rows, columns, counts = _cells(dtm)
    n_documents = dtm.shape[0]
    bounds = np.searchsorted(rows, np.arange(n_documents + 1))
    for d, (start, stop) in enumerate(pairwise(bounds)):
        if start == stop:
            raise DataError(f"row {d} of the matrix is all zeros, which LDA-C has no line for; leave it out")
        pairs = zip(columns[start:stop] + offset, counts[start:stop], strict=True)
        yield f"{stop - start} {' '.join(f'{term}:{count}' for term, count in pairs)}"
        if (d + 1) % 1000 == 0:
            logger.info("dtm2ldac: on row %d of %d", d + 1, n_documents)


def ldac2dtm(stream: Iterable[str], offset: int = 0) -> Ints:
    """The matrix of counts of lines of LDA-C; empty lines are passed over.

    Args:
        stream: a file that is open as text, or lines.
        offset: the number of the first term.

    Returns:
        (D, V) intc, V being the highest term and one.

    Raises:
        DataError: a line is none of LDA-C (a `ValueError`): its place and what stands there.
    """
    documents = [
        _line(text, number, offset)
        for number, text in enumerate(stream, start=1)
        if text and not text.isspace()
    ]
    n_terms = max((max(terms, default=-1) for terms, _ in documents), default=-1) + 1
    matrix = _empty(len(documents), n_terms)
    for d, (terms, counts) in enumerate(documents):
        matrix[d, terms] = counts
    return matrix


def _empty(n_documents: int, n_terms: int) -> npt.NDArray[np.intc]:
    """(n_documents, n_terms) zeros. Raises DataError where a number, which may be damaged, asks for too many."""
    if n_documents * n_terms > MOST_CELLS:
        raise DataError(
            f"the matrix would have {n_documents} x {n_terms} cells, more than {MOST_CELLS}; correct the highest "
            "number, or take lda.read_corpus for large data"
        )
    return np.zeros((n_documents, n_terms), dtype=np.intc)


def _line(text: str, number: int, offset: int) -> tuple[list[int], list[int]]:
    """Terms, from 0, and counts of one line of LDA-C."""

    def wrong(what: str) -> DataError:
        shown = presentable(text.strip())
        return DataError(f"line {number} {what}: {shown:.60}")

    first, *pairs = text.split()
    try:
        cells = [tuple(map(int, pair.split(":"))) for pair in pairs]
        n_distinct = int(first)
        terms = [term - offset for term, _ in cells]
        counts = [count for _, count in cells]
    except ValueError as error:
        raise wrong("of LDA-C must be `M term:count ...`, of whole numbers") from error
    if n_distinct != len(cells):
        raise wrong(f"announces {n_distinct} terms and has {len(cells)}")
    if min(terms, default=0) < 0:
        raise wrong(f"has a term below {offset}, from which terms are numbered here; give another offset")
    if len(set(terms)) < len(terms):
        raise wrong("has a term twice")
    if min(counts, default=0) < 0:
        raise wrong("has a negative count")
    if max(counts, default=0) > MOST_TOKENS:
        raise wrong(f"has a count above {MOST_TOKENS}")
    return terms, counts


def _cells(matrix: Any) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[np.int64]]:  # noqa: ANN401
    """Rows, columns and counts that are not 0, by row and column. Raises DataError for what is no count."""
    if hasattr(matrix, "tocsr"):
        if not np.issubdtype(matrix.dtype, np.integer):
            raise DataError(
                f"a sparse matrix must be of whole numbers, got {matrix.dtype}; convert it by X.astype(int)"
            )
        sorted_rows = matrix.astype(np.int64).tocsr()  # a copy, whose sums do not overflow
        sorted_rows.sum_duplicates()
        sorted_rows.eliminate_zeros()
        cells = sorted_rows.tocoo()
        rows, columns, counts = cells.row, cells.col, cells.data
    else:
        dense = np.asarray(matrix)
        if dense.ndim != 2:
            raise DataError(f"the matrix must have rows and columns, got {dense.ndim} dimension(s)")
        if dense.dtype.kind not in "iufb":
            raise DataError(f"the matrix must hold numbers, got the type {dense.dtype}")
        rows, columns = np.nonzero(dense)
        counts = dense[rows, columns]
    finite = np.isfinite(counts)
    counted = finite & (counts >= 0) & (counts == np.floor(np.where(finite, counts, 0.5)))
    if not counted.all():
        raise DataError(f"counts must be whole and not negative, got {counts[~counted][0]}")
    return rows, columns, counts.astype(np.int64)
