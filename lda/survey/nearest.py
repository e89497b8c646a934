"""Nearest documents by the Hellinger distance of their topics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

STEPS: Final = 2048.0
"""Roots of theta are rounded to so many steps: then products and sums of them are whole numbers below 2^24, which
float32 adds up in any order without a difference."""

AT_A_TIME: Final = 2**22
"""Pairs of documents that are compared at a time: 16 MB."""

ENOUGH: Final = 16
"""Candidates beyond those asked for, which are then compared exactly."""


def nearest_documents(
    theta: npt.NDArray[np.float32], n_nearest: int, held: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int32]:
    """The nearest of the documents to each of them, itself left out.

    Args:
        theta: (n, K).
        n_nearest: how many.
        held: (n,) documents that take part.

    Returns:
        (n, n_nearest) rows, nearest first, equally near ones in order; -1 where there are fewer. Which of a great many
        that are equally near are taken is not said, but they are always the same.
    """
    found = np.full((len(theta), n_nearest), -1, dtype=np.int32)
    taking = np.flatnonzero(held)
    n = len(taking)
    n_wanted = min(n_nearest, n - 1)
    if n_wanted < 1:
        return found
    roots = np.sqrt(theta[taking].astype(np.float64))
    coarse = np.rint(roots * STEPS).astype(np.float32)
    n_candidates = min(n_wanted + ENOUGH, n - 1)
    size = max(1, AT_A_TIME // n)
    for first in range(0, n, size):
        rows = np.arange(first, min(first + size, n))
        likeness = coarse[rows] @ coarse.T
        likeness[rows - first, rows] = -1.0  # itself
        candidates = np.sort(
            np.argpartition(likeness, n - n_candidates, axis=1)[:, n - n_candidates :], axis=1
        )
        exact = np.einsum("rk,rck->rc", roots[rows], roots[candidates])
        order = np.argsort(-exact, axis=1, kind="stable")[:, :n_wanted]
        found[taking[rows], :n_wanted] = taking[np.take_along_axis(candidates, order, axis=1)]
    return found
