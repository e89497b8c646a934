"""What the parts of a model must be, beyond their shapes: numbers that a fit can have left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

AT_A_TIME: Final = 2**22
"""Entries looked at together, so that a mapped matrix needs no copy."""

MEAN_TOLERANCE: Final = 1e-4
"""Relative tolerance of the sum of averaged counts, each of which is rounded to float32."""


def check_counts(counts: csr_matrix, n_tokens: int) -> None:
    """See that (V, K) counts are those of so many tokens.

    Raises:
        ValueError: one is negative, a topic stands twice in a row, or the sum is another.
    """
    if counts.nnz and (low := int(counts.data.min())) < 0:
        raise ValueError(f"counts must not be negative, got {low}")
    check_indices(counts)
    total = int(counts.data.sum(dtype=np.int64))
    if total != n_tokens:
        raise ValueError(f"its counts add up to {total} tokens, but it was fitted to {n_tokens}")


def check_averages(counts: csr_matrix, n_tokens: int) -> None:
    """Check soft or plain counts that were averaged over late sweeps.

    Raises:
        ValueError: one is negative, infinite or NaN, a topic stands twice in a row, or the sum is far from another.
    """
    # One comparison for all three: it is false of NaN.
    if counts.nnz and not (counts.data.min() >= 0 and counts.data.max() < np.inf):
        raise ValueError("averaged counts must be finite and not negative")
    check_indices(counts)
    total = float(counts.data.sum(dtype=np.float64))
    if abs(total - n_tokens) > MEAN_TOLERANCE * n_tokens + 1:
        raise ValueError(f"its averaged counts add up to {total:.1f} tokens, but it was fitted to {n_tokens}")


def check_prior(counts: csr_matrix) -> None:
    """Check tokens that topics had before any document.

    Raises:
        ValueError: a count is negative, or a topic stands twice in a row.
    """
    if counts.nnz and (low := int(counts.data.min())) < 0:
        raise ValueError(f"tokens of its word prior must not be negative, got {low}")
    check_indices(counts)


def check_indices(counts: csr_matrix) -> None:
    """See that no topic stands twice in a row.

    Raises:
        ValueError: one does.
    """
    if not _ascending(counts.indices, counts.indptr) and not counts.sorted_indices().has_canonical_format:
        raise ValueError("a topic stands twice in one row of its counts")


def _ascending(indices: npt.NDArray[np.integer], indptr: npt.NDArray[np.integer]) -> bool:
    """Whether the indices rise within each row; taken piece by piece, for the matrix may be mapped."""
    # Rejected: `has_canonical_format`, because it cannot tell out of order from twice.
    for first in range(0, len(indices) - 1, AT_A_TIME):
        last = min(first + AT_A_TIME, len(indices) - 1)
        falls = np.flatnonzero(indices[first + 1 : last + 1] <= indices[first:last]) + first + 1
        # Each must begin a row: be found among the bounds.
        places = np.searchsorted(indptr, falls)
        if not np.array_equal(indptr[np.minimum(places, len(indptr) - 1)], falls):
            return False
    return True


def check_vocabulary(vocabulary: list[str]) -> None:
    """See that no term stands twice.

    Raises:
        ValueError: one does.
    """
    if len(set(vocabulary)) < len(vocabulary):
        seen: set[str] = set()
        twice = next(term for term in vocabulary if term in seen or seen.add(term))  # type: ignore[func-returns-value]
        raise ValueError(f"the term {twice!r:.60} stands twice in its vocabulary")
