"""Corpora drawn from known topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Planted(NamedTuple):
    """counts: (D, V). phi: (K, V), rows sum to 1. theta: (D, K)."""

    counts: NDArray[np.int64]
    phi: NDArray[np.float64]
    theta: NDArray[np.float64]


def plant(seed: int, n_docs: int, length: int, alpha: NDArray[Any], n_terms: int, beta: float) -> Planted:
    """Documents of about `length` tokens from phi_k ~ Dirichlet(beta), theta_d ~ Dirichlet(alpha)."""
    rng = np.random.default_rng(seed)
    phi = rng.dirichlet(np.full(n_terms, beta), len(alpha))
    theta = rng.dirichlet(alpha, n_docs)
    counts = np.array(
        [rng.multinomial(n, p) for n, p in zip(rng.poisson(length, n_docs), theta @ phi, strict=True)]
    )
    return Planted(counts.astype(np.int64), phi, theta)


def match(found: NDArray[Any], planted: NDArray[Any]) -> tuple[NDArray[np.int64], float]:
    """(found topic for each planted one, mean total variation distance) of the best pairing of rows."""
    distance = 0.5 * np.abs(planted[:, None, :] - found[None, :, :]).sum(axis=2)
    rows, columns = linear_sum_assignment(distance)
    return columns, float(distance[rows, columns].mean())
