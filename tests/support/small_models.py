"""Models small enough to compute by hand, and documents for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from lda.cluster import FrozenModel

if TYPE_CHECKING:
    from numpy.typing import NDArray


ALPHA, BETA = np.array([0.2, 0.9, 0.4]), 0.3


# Word 0 is dense, the others sparse; word 3 has no counts.
COUNTS = sp.csr_matrix(np.array([[30, 2, 9], [0, 8, 1], [3, 0, 2], [0, 0, 0], [0, 5, 5]], dtype=np.int32))


PHI = (COUNTS.toarray() + BETA) / (COUNTS.toarray().sum(axis=0) + 5 * BETA)


def batch(lists: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    return np.cumsum([0, *map(len, lists)]).astype(np.int64), np.array(sum(lists, []), dtype=np.int32)  # noqa: RUF017


def large() -> FrozenModel:
    rng = np.random.default_rng(0)
    counts = sp.csr_matrix(rng.poisson(0.3, (400, 300)) * rng.integers(1, 9, (400, 1)))
    return FrozenModel(counts.astype(np.int32), rng.gamma(0.3, size=300) + 0.01, 0.05, threads=2)


def texts(n: int) -> list[list[int]]:
    rng = np.random.default_rng(1)
    return [rng.integers(0, 400, length).tolist() for length in (rng.geometric(0.03, n) - 1)]
