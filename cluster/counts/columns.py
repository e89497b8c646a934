"""Counts whose columns, the topics, get other numbers."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray


def columns_renumbered(matrix: sp.csr_matrix, numbers: NDArray[np.int64], n_columns: int) -> sp.csr_matrix:
    """A matrix with other numbers for its columns; those of one number are added up, in their type."""
    indices = numbers[matrix.indices].astype(matrix.indices.dtype)
    found = sp.csr_matrix(
        (matrix.data.copy(), indices, matrix.indptr.copy()), shape=(matrix.shape[0], n_columns)
    )
    found.sum_duplicates()
    return found
