"""How a corpus is cut into logical shards."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

TOKENS_PER_SHARD: Final = 2**18
"""Aim for the size of a shard. Large enough (1 MiB of tokens) that the work around a shard costs nothing
beside its sweep, small enough that a big corpus gives hundreds of cores their share and a lost shard is
rebuilt in moments."""

EVEN_SHARDS: Final = 64
LEAST_TOKENS: Final = 2**15
"""A corpus of middling size has so many shards, if they then have so many tokens: with 27 of them, one of two
workers had 4 % more to do than the other, which waited."""

MIN_SHARDS: Final = 8
"""Even a small corpus has so many shards, as far as it has documents: all cores of a laptop find work."""


def shard_count(n_documents: int, n_tokens: int) -> int:
    """Number of logical shards; never depends on machine or threads."""
    even = min(n_tokens // LEAST_TOKENS, EVEN_SHARDS)
    return min(max(-(-n_tokens // TOKENS_PER_SHARD), even, MIN_SHARDS), n_documents)


def appended_count(n_documents: int, n_tokens: int, mean_tokens: float) -> int:
    """Number of shards for documents that join a corpus, whose shards have so many tokens on the average.

    As large as those there are, within the usual sizes, so that a year of small appends does not make shards by the
    hundred that hold next to nothing each.
    """
    size = min(max(mean_tokens, LEAST_TOKENS), TOKENS_PER_SHARD)
    return min(max(round(n_tokens / size), 1), n_documents)


def shard_bounds(lengths: npt.NDArray[np.int64], n_shards: int | None = None) -> npt.NDArray[np.int64]:
    """Cut documents into contiguous shards of nearly equal token counts.

    Each cut aims at an equal part of what is left, so one giant document does not starve its successors
    of their share.

    Args:
        lengths: (D,) tokens per document, D >= 1.
        n_shards: 1 ... D; None for as many as `shard_count` says.

    Returns:
        (S + 1,) strictly increasing document numbers from 0 to D; shard s holds bounds[s] to bounds[s + 1].
    """
    ends = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    n_documents, n_tokens = len(lengths), int(ends[-1])
    n_shards = shard_count(n_documents, n_tokens) if n_shards is None else n_shards
    bounds = np.zeros(n_shards + 1, dtype=np.int64)
    bounds[-1] = n_documents
    for shard in range(1, n_shards):
        start, left = int(bounds[shard - 1]), n_shards - shard + 1
        aim = int(ends[start]) + (n_tokens - int(ends[start])) // left
        cut = int(np.searchsorted(ends, aim))
        if cut > start and aim - ends[cut - 1] < ends[min(cut, n_documents)] - aim:
            cut -= 1
        bounds[shard] = min(max(cut, start + 1), n_documents - left + 1)
    return bounds
