"""Where the counts of each word lie: dense rows for frequent words, sparse rows for the rest.

The layout is a function of the corpus and of K alone. It must not depend on the memory or the threads of a
machine: dense and sparse rows round differently, and the same seed has to give the same bits everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.prefix_sum import LANES, aligned_zeros, padded

DENSE_SHARE: Final = 16
"""A word is dense from n_w >= K / DENSE_SHARE on: below that, walking its topics takes no longer than
walking those of a document."""

FEW_TOPICS: Final = 256
"""Up to so many topics the sequential rule reads all of a row, and writes out sparse ones: see
`rules/sequential_few_topics.py`."""

DENSE_SHARE_OF_FEW: Final = 32
"""DENSE_SHARE for few topics: a dense row is made once a phase, a sparse one written out for each token."""

DENSE_CELLS_PER_TOKEN: Final = 2
"""Bound on the dense cells, in cells per token of the corpus (plus DENSE_CELLS_FREE): 8 bytes each."""

DENSE_CELLS_FREE: Final = 1 << 24

SHORT_ROW: Final = 8
"""Sparse rows of up to this many topics are walked one by one; longer ones are padded to whole blocks."""

MAX_TOPICS: Final = 1 << 31


class WordRows(NamedTuple):
    """Index of the rows of all words.

    start: (V,) int64; a dense row's offset in the dense array, or ~offset (negative) in the sparse arrays.
    n_topics: K. stride: length of a dense row, K rounded up to whole blocks of 16.
    capacity: (V,) int32, the most topics a word can have: min(n_w, K).
    n_dense_rows, n_sparse_slots: lengths of the stores, in rows and in entries.
    """

    start: NDArray[np.int64]
    capacity: NDArray[np.int32]
    n_topics: int
    stride: int
    n_dense_rows: int
    n_sparse_slots: int


class TopicCounts(NamedTuple):
    """Word-topic counts n_kw of a vocabulary, laid out by `WordRows`.

    start, capacity: as in WordRows. dense: (rows * stride,) int32. length: (V,) int32, number of topics K_w
    in a sparse row. topic, count: sparse entries, topics ascending within a row; unused slots hold 0.
    """

    start: NDArray[np.int64]
    capacity: NDArray[np.int32]
    length: NDArray[np.int32]
    dense: NDArray[np.int32]
    topic: NDArray[Any]
    count: NDArray[np.int32]  # type: ignore[assignment]  # a field hides tuple.count, which nobody calls


def topic_dtype(n_topics: int) -> np.dtype[Any]:
    """Smallest type that holds topics 0 .. K - 1 and K, the mark of a token without a topic.

    Raises ValueError for K < 1 or K >= 2^31.
    """
    if not 1 <= n_topics < MAX_TOPICS:
        raise ValueError(f"the number of topics must be between 1 and {MAX_TOPICS - 1}, got {n_topics}")
    return np.dtype(np.uint16 if n_topics < 1 << 16 else np.uint32)


def word_rows(term_frequencies: NDArray[np.int64], n_topics: int, *, all_dense: bool = False) -> WordRows:
    """Choose the row of each word from its corpus frequency n_w, (V,) int64.

    `all_dense` is for drawn language models, in which no entry is zero.
    """
    stride = padded(n_topics)
    frequency = np.asarray(term_frequencies, dtype=np.int64)
    threshold = 0 if all_dense else _dense_threshold(frequency, n_topics, stride)
    dense = frequency >= threshold
    n_dense = int(dense.sum())
    start = np.empty(len(frequency), dtype=np.int64)
    start[dense] = np.arange(n_dense, dtype=np.int64) * stride
    capacity = np.minimum(frequency, n_topics)
    slots = _slots(capacity[~dense])
    ends = np.cumsum(slots)
    start[~dense] = ~(ends - slots)
    return WordRows(
        start, capacity.astype(np.int32), n_topics, stride, n_dense, int(ends[-1]) if len(ends) else 0
    )


def slice_rows(rows: WordRows, first: int, last: int) -> WordRows:
    """The layout of the words first .. last - 1 alone, each in the kind of row it has in the whole."""
    start = rows.start[first:last].copy()
    dense = start >= 0
    slots = _slots(rows.capacity[first:last].astype(np.int64)[~dense])
    start[dense] = np.arange(int(dense.sum()), dtype=np.int64) * rows.stride
    ends = np.cumsum(slots)
    start[~dense] = ~(ends - slots)
    return WordRows(
        start,
        rows.capacity[first:last].copy(),
        rows.n_topics,
        rows.stride,
        int(dense.sum()),
        int(ends[-1]) if len(ends) else 0,
    )


def _slots(capacity: NDArray[np.int64]) -> NDArray[np.int64]:
    """Entries set aside for sparse rows of these capacities."""
    return np.where(capacity > SHORT_ROW, -(-capacity // LANES) * LANES, capacity)


def _dense_threshold(frequency: NDArray[np.int64], n_topics: int, stride: int) -> int:
    """Smallest n_w of a dense word: K / 16, K / 32 of few topics, more where dense rows would outgrow the corpus."""
    if n_topics <= FEW_TOPICS:
        threshold = max(2, -(-n_topics // DENSE_SHARE_OF_FEW))
    else:
        threshold = max(LANES, -(-n_topics // DENSE_SHARE))
    budget = DENSE_CELLS_PER_TOKEN * int(frequency.sum()) + DENSE_CELLS_FREE
    allowed = max(budget // stride, 0)
    descending = np.sort(frequency)[::-1]
    if allowed < len(descending):
        threshold = max(threshold, int(descending[allowed]) + 1)
    return threshold


def empty_counts(
    rows: WordRows, zeros: Callable[[int, np.dtype[Any]], NDArray[Any]] = aligned_zeros
) -> TopicCounts:
    """All-zero counts in the layout `rows`, in arrays from `zeros`."""
    return TopicCounts(
        start=rows.start,
        capacity=rows.capacity,
        length=zeros(len(rows.start), np.dtype(np.int32)),
        dense=zeros(rows.n_dense_rows * rows.stride, np.dtype(np.int32)),
        topic=zeros(rows.n_sparse_slots + LANES, topic_dtype(rows.n_topics)),
        count=zeros(rows.n_sparse_slots + LANES, np.dtype(np.int32)),
    )


def slice_counts(counts: TopicCounts, rows: WordRows, first: int, last: int) -> TopicCounts:
    """The counts of the words first .. last - 1 where they are, in the layout of `slice_rows`; for reading only."""
    part, before = slice_rows(rows, first, last), rows.start[:first]
    sparse = int(_slots(rows.capacity[:first][before < 0].astype(np.int64)).sum())
    dense = int((before >= 0).sum()) * rows.stride
    return TopicCounts(
        start=part.start,
        capacity=part.capacity,
        length=counts.length[first:last],
        dense=counts.dense[dense : dense + part.n_dense_rows * rows.stride],
        topic=counts.topic[sparse : sparse + part.n_sparse_slots + LANES],
        count=counts.count[sparse : sparse + part.n_sparse_slots + LANES],
    )


def word_bytes(rows: WordRows) -> NDArray[np.int64]:
    """Bytes of each word's counts and of its part of the mean language model, (V,) int64."""
    topic = topic_dtype(rows.n_topics).itemsize
    slots = _slots(rows.capacity.astype(np.int64))
    dense = rows.stride * (4 + 4) + 4 * -(-rows.stride // (16 * LANES)) + 8
    index = 8 + 4 + 4 + 4
    return np.where(rows.start >= 0, dense, slots * (topic + 4 + 4)) + index
