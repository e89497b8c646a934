"""Sorting: in kernels what is short, by NumPy what is long.

Rejected: `np.sort` within kernels, of which Numba compiles a quicksort, two to three seconds in each kernel that calls
it, and which takes 28 ns a token where NumPy's own takes 3 (documents of 300 tokens).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper

SHORT: Final = 64
"""Documents of so many tokens or fewer are sorted where they are copied."""

_GAPS: Final = (701, 301, 132, 57, 23, 10, 4, 1)
"""Ciura, "Best increments for the average case of Shellsort", FCT 2001."""


@helper
def sort_part(values: NDArray[Any], low: int, high: int) -> None:
    """Sort values[low:high] in place, ascending, by Shell's sort: for lists up to some thousands."""
    for gap in _GAPS:
        for i in range(low + gap, high):
            x = values[i]
            j = i
            while j >= low + gap and values[j - gap] > x:
                values[j] = values[j - gap]
                j -= gap
            values[j] = x


@helper
def sort_short(values: NDArray[Any], low: int, high: int) -> None:
    """Sort values[low:high] in place, ascending, by insertion; a list longer than SHORT is left as it is."""
    if high - low > SHORT:
        return
    for i in range(low + 1, high):
        x = values[i]
        j = i - 1
        while j >= low and values[j] > x:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = x


def sort_long(values: NDArray[Any], low: NDArray[np.int64], length: NDArray[np.int64]) -> None:
    """Sort values[low[i] : low[i] + length[i]] in place for each i where `sort_short` did not."""
    for i in np.flatnonzero(length > SHORT).tolist():
        values[low[i] : low[i] + length[i]].sort()
