"""Which aggregator owns which words, and which worker which shards."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lda.cluster.counts.fingerprint import BLOCK
from lda.cluster.resources.threads import blocks


def word_ranges(term_frequencies: NDArray[np.int64], n_topics: int, n: int) -> list[tuple[int, int]]:
    """At most n ranges of words with about equally many counts, cut at blocks of the fingerprint."""
    cells = np.minimum(term_frequencies, n_topics).astype(np.int64) + 1
    n_terms = len(cells)
    edges = np.append(np.arange(0, n_terms, BLOCK), n_terms)
    cumulated = np.append(0, np.cumsum(cells))[edges]
    return [(int(edges[a]), int(edges[b])) for a, b in blocks(cumulated, 0, len(edges) - 1, n)]


def shard_shares(shard_tokens: NDArray[np.int64], workers: int) -> list[list[int]]:
    """Logical shards of each worker, about equally many tokens: largest first, to whoever has least."""
    shares: list[list[int]] = [[] for _ in range(workers)]
    load = [0] * workers
    for index in np.argsort(-shard_tokens, kind="stable"):
        least = min(range(workers), key=lambda w: (load[w], w))
        shares[least].append(int(index))
        load[least] += int(shard_tokens[index])
    return [sorted(share) for share in shares]
