"""Counts in which some topics have the tokens that they began with, and no others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.numerics.jit import kernel


@kernel
def freeze_topics(
    counts: TopicCounts,
    frozen: NDArray[np.uint8],
    start: NDArray[np.int64],
    topic: NDArray[Any],
    tokens: NDArray[np.int32],
) -> None:
    """Set n_kw of all topics with frozen[k] = 1 to s_kw, in place.

    start (words + 1,), topic, tokens: rows of s_kw, topics ascending. Sparse rows keep their entries, of which some
    then hold 0: where s_kw is not 0 there is one, because n_kw begins there.
    """
    n_topics = len(frozen)
    for w in range(len(counts.start)):
        row = counts.start[w]
        if row >= 0:
            for k in range(n_topics):
                if frozen[k]:
                    counts.dense[row + k] = 0
            for j in range(start[w], start[w + 1]):
                if frozen[topic[j]]:
                    counts.dense[row + topic[j]] = tokens[j]
            continue
        j = start[w]
        for i in range(~row, ~row + counts.length[w]):
            k = counts.topic[i]
            if not frozen[k]:
                continue
            while j < start[w + 1] and topic[j] < k:
                j += 1
            counts.count[i] = tokens[j] if j < start[w + 1] and topic[j] == k else 0
