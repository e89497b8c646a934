"""Histograms of counts: all that the likelihood and the priors need to know of the state.

How many documents hold topic k exactly n times, how many cells of n_kw equal n. They are integers, so they
add up over documents, threads and workers in any order to the same bits, which sums of log-gammas would not.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel

_SMALL_CELLS: Final = 1 << 22
_CHUNK: Final = 1 << 18


class Histogram(NamedTuple):
    """key: (n,) int64, ascending, unique. times: (n,) int64, positive."""

    key: NDArray[np.int64]
    times: NDArray[np.int64]


def add_histograms(parts: list[Histogram]) -> Histogram:
    """Sum of histograms; the order of `parts` is without effect."""
    if len(parts) == 1:
        return parts[0]
    keys = np.concatenate([p.key for p in parts]) if parts else np.empty(0, dtype=np.int64)
    times = np.concatenate([p.times for p in parts]) if parts else np.empty(0, dtype=np.int64)
    unique, inverse = np.unique(keys, return_inverse=True)
    total = np.zeros(len(unique), dtype=np.int64)
    np.add.at(total, inverse, times)
    return Histogram(unique, total)


def topic_and_count(histogram: Histogram) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split the keys of `document_topics` into topics and counts n_dk."""
    return histogram.key >> 32, histogram.key & 0xFFFFFFFF


def document_topics(
    z: NDArray[Any], doc_offsets: NDArray[np.int64], first: int, last: int, n_topics: int
) -> Histogram:
    """Number of documents by (topic k, n_dk > 0), documents first .. last - 1; keys are k << 32 | n_dk."""
    small = max(2, min(64, _SMALL_CELLS // n_topics))
    table = np.zeros(n_topics * small, dtype=np.int64)
    # A document holds at most N_d / small topics that often.
    room = int(doc_offsets[last] - doc_offsets[first]) // small + 1
    large = np.empty(room, dtype=np.int64)
    n_large = _document_topics(z, doc_offsets, first, last, n_topics, small, table, large)
    cells = np.flatnonzero(table)
    low = Histogram((cells // small) << 32 | cells % small, table[cells])
    keys, times = np.unique(large[:n_large], return_counts=True)
    return add_histograms([low, Histogram(keys, times.astype(np.int64))])


@kernel
def _document_topics(
    z: NDArray[Any],
    doc_offsets: NDArray[np.int64],
    first: int,
    last: int,
    n_topics: int,
    small: int,
    table: NDArray[np.int64],
    large: NDArray[np.int64],
) -> int:
    n_dk = np.zeros(n_topics, dtype=np.int32)
    n_large = 0
    for d in range(first, last):
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            n_dk[z[i]] += 1
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            k = np.int64(z[i])
            n = np.int64(n_dk[k])
            if n == 0:
                continue
            n_dk[k] = 0
            if n < small:
                table[k * small + n] += 1
            else:
                large[n_large] = k << 32 | n
                n_large += 1
    return n_large


def values(array: NDArray[Any]) -> Histogram:
    """How often each positive value occurs in an array of non-negative integers."""
    if len(array) and int(array.max()) < 1 << 22:
        times = np.zeros(int(array.max()) + 1, dtype=np.int64)
        for first in range(0, len(array), _CHUNK):  # bincount copies to int64: never the whole array
            part = np.bincount(array[first : first + _CHUNK])
            times[: len(part)] += part
        key = np.flatnonzero(times)
        key = key[key > 0]
        return Histogram(key.astype(np.int64), times[key].astype(np.int64))
    key, times = np.unique(array[array > 0], return_counts=True)
    return Histogram(key.astype(np.int64), times.astype(np.int64))
