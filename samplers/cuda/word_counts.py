"""Counting on the device by integer atomics: sums of integers do not depend on their order.

`seen` holds the topics that the counts are made of, `z` those of now. To count a range of tokens is to add the
difference and to let `seen` follow. Tokens without a topic hold K.
"""

from __future__ import annotations

from typing import Final

from numba import int32

from lda.samplers.cuda.door import I64, SIMULATED, U64, WARP, Array, Scalar, cuda

THREADS: Final = WARP if SIMULATED else 256
SHARED_TOPICS: Final = 4096
"""Up to so many topics n_k is added up in shared memory first."""

SMALL_CELLS: Final = 1024
"""Cells of up to this value are counted in shared memory."""


@cuda.jit
def count_tokens(
    words: Array,
    z: Array,
    seen: Array,
    first: Scalar,
    last: Scalar,
    n_topics: Scalar,
    stride: Scalar,
    counts: Array,
    topic_totals: Array,
) -> None:
    """Bring counts (V * stride,) int32 and topic_totals (K,) int64 from `seen` to `z`, tokens first .. last - 1."""
    totals = cuda.shared.array(0, int32)
    local = n_topics <= SHARED_TOPICS
    if local:
        for k in range(I64(cuda.threadIdx.x), n_topics, I64(cuda.blockDim.x)):
            totals[U64(k)] = 0
    cuda.syncthreads()
    for i in range(first + I64(cuda.grid(1)), last, I64(cuda.gridsize(1))):
        new, old = I64(z[U64(i)]), I64(seen[U64(i)])
        if new != old:
            row = I64(words[U64(i)]) * stride
            if new < n_topics:
                cuda.atomic.add(counts, U64(row + new), 1)
                if local:
                    cuda.atomic.add(totals, U64(new), 1)
                else:
                    cuda.atomic.add(topic_totals, U64(new), 1)
            if old < n_topics:
                cuda.atomic.add(counts, U64(row + old), -1)
                if local:
                    cuda.atomic.add(totals, U64(old), -1)
                else:
                    cuda.atomic.add(topic_totals, U64(old), -1)
            seen[U64(i)] = new
    cuda.syncthreads()
    if local:
        for k in range(I64(cuda.threadIdx.x), n_topics, I64(cuda.blockDim.x)):
            if totals[U64(k)] != 0:
                cuda.atomic.add(topic_totals, U64(k), I64(totals[U64(k)]))


@cuda.jit
def document_topics(
    z: Array,
    doc_offsets: Array,
    n_documents: Scalar,
    n_topics: Scalar,
    small: Scalar,
    scratch: Array,
    table: Array,
    large: Array,
    n_large: Array,
) -> None:
    """Documents by (topic, n_dk): table (K * small,) int32 of n_dk < small, the others as k << 32 | n_dk in `large`.

    A block of threads takes documents in turn. scratch: (blocks * K,) int32, zero, and zero again afterwards.
    large: int64. n_large: (1,) int32, how many there are.
    """
    me, at = I64(cuda.threadIdx.x), I64(cuda.blockIdx.x) * n_topics
    for d in range(I64(cuda.blockIdx.x), n_documents, I64(cuda.gridDim.x)):
        begin, end = doc_offsets[U64(d)], doc_offsets[U64(d + 1)]
        for i in range(begin + me, end, I64(cuda.blockDim.x)):
            cuda.atomic.add(scratch, U64(at + I64(z[U64(i)])), 1)
        cuda.syncthreads()
        for i in range(begin + me, end, I64(cuda.blockDim.x)):
            k = I64(z[U64(i)])
            n = I64(cuda.atomic.exch(scratch, U64(at + k), 0))
            if n > 0:
                if n < small:
                    cuda.atomic.add(table, U64(k * small + n), 1)
                else:
                    large[U64(cuda.atomic.add(n_large, 0, 1))] = (k << 32) | n
        cuda.syncthreads()


@cuda.jit
def cell_values(counts: Array, table: Array, large: Array, n_large: Array) -> None:
    """How often values occur in counts: table (SMALL_CELLS,) int64 of the small ones, the others in `large`."""
    local = cuda.shared.array(SMALL_CELLS, int32)
    for j in range(I64(cuda.threadIdx.x), SMALL_CELLS, I64(cuda.blockDim.x)):
        local[U64(j)] = 0
    cuda.syncthreads()
    for i in range(I64(cuda.grid(1)), len(counts), I64(cuda.gridsize(1))):
        n = counts[U64(i)]
        if n >= SMALL_CELLS:
            large[U64(cuda.atomic.add(n_large, 0, 1))] = n
        elif n > 0:
            cuda.atomic.add(local, U64(n), 1)
    cuda.syncthreads()
    for j in range(I64(cuda.threadIdx.x), SMALL_CELLS, I64(cuda.blockDim.x)):
        if local[U64(j)] > 0:
            cuda.atomic.add(table, U64(j), I64(local[U64(j)]))
