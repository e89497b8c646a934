"""Document-topic counts n_dk from assignments, as the arrays of a CSR matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.sorting import sort_part


@kernel
def row_lengths(
    z: NDArray[Any],
    doc_offsets: NDArray[np.int64],
    doc_ids: NDArray[np.int64],
    n_topics: int,
    lengths: NDArray[np.int64],
) -> None:
    """lengths[doc_ids[d] + 1] = number of topics of document d; lengths has one entry more than documents."""
    seen = np.full(n_topics, -1, dtype=np.int64)
    for d in range(len(doc_ids)):
        n = 0
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            if seen[z[i]] != d:
                seen[z[i]] = d
                n += 1
        lengths[doc_ids[d] + 1] = n


@kernel
def fill_rows(
    z: NDArray[Any],
    doc_offsets: NDArray[np.int64],
    doc_ids: NDArray[np.int64],
    n_topics: int,
    starts: NDArray[np.int64],
    topic: NDArray[np.int32],
    count: NDArray[np.int32],
) -> None:
    """Fill topic and count, topics ascending, at starts[doc_ids[d]] for each document d."""
    n_dk = np.zeros(n_topics, dtype=np.int32)
    for d in range(len(doc_ids)):
        low = starts[doc_ids[d]]
        n = low
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            k = z[i]
            if n_dk[k] == 0:
                topic[n] = k
                n += 1
            n_dk[k] += 1
        sort_part(topic, low, n)
        for j in range(low, n):
            count[j] = n_dk[topic[j]]
            n_dk[topic[j]] = 0
