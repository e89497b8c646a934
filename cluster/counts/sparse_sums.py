"""Sums of word-topic counts over words or topics, in double precision.

SciPy adds up a float32 matrix as float32 and converts the sum, whatever `dtype` it is asked for: of soft counts the
last two digits of six were wrong. `numpy.bincount` adds in double precision, but makes 64 bits of all that it is
given: so it gets some entries at a time, and counts that are mapped from a file stay there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

ENTRIES: Final = 1 << 20
"""Added up at a time: 16 to 24 MiB of copies."""


def topic_sums(counts: csr_matrix) -> npt.NDArray[np.float64]:
    """(K,) float64, the sum of each column of (V, K) CSR counts."""
    n_topics = counts.shape[1]
    sums = np.zeros(n_topics)
    for low in range(0, len(counts.data), ENTRIES):
        part = slice(low, low + ENTRIES)
        sums += np.bincount(counts.indices[part], weights=counts.data[part], minlength=n_topics)
    return sums


def term_sums(counts: csr_matrix) -> npt.NDArray[np.float64]:
    """(V,) float64, the sum of each row of (V, K) CSR counts."""
    starts: npt.NDArray[np.integer] = counts.indptr
    sums = np.zeros(counts.shape[0])
    for low in range(0, int(starts[-1]), ENTRIES):
        high = min(low + ENTRIES, int(starts[-1]))
        # Rows with entries from low on, before high: of the first and the last of them perhaps a part.
        first, last = int(np.searchsorted(starts, low, "right")) - 1, int(np.searchsorted(starts, high))
        ends = np.clip(starts[first : last + 1], low, high)
        row = np.repeat(np.arange(last - first), ends[1:] - ends[:-1])
        sums[first:last] += np.bincount(row, weights=counts.data[low:high], minlength=last - first)
    return sums
