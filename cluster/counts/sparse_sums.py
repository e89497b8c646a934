"""Sums of word-topic counts over words or topics, in double precision.

SciPy adds up a float32 matrix as float32 and converts the sum, whatever `dtype` it is asked for: of soft counts the
last two digits of six were wrong. A copy of the matrix as float64 would do, at the price of one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix


def topic_sums(counts: csr_matrix) -> npt.NDArray[np.float64]:
    """(K,) float64, the sum of each column of (V, K) CSR counts."""
    return np.bincount(counts.indices, weights=counts.data, minlength=counts.shape[1]).astype(np.float64)


def term_sums(counts: csr_matrix) -> npt.NDArray[np.float64]:
    """(V,) float64, the sum of each row of (V, K) CSR counts."""
    n_terms = counts.shape[0]
    row = np.repeat(np.arange(n_terms), np.diff(counts.indptr))
    return np.bincount(row, weights=counts.data, minlength=n_terms).astype(np.float64)
