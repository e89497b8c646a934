"""Counting without locks: word by word, each word the business of one thread.

After a phase the changes of n_kw are found by walking the tokens of each word in a fixed order. A thread owns
a range of words, so no cell has two writers, and the result does not depend on how the words were divided.
Rejected: shared counters, because Numba's `a[i] += 1` in parallel code drops counts. Rejected: a list of changes
written by the sampler, because it would have to be sorted by word, and this walk in a fixed order is sorted once and
for all.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.limits import MAX_COUNT
from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import INDEX, prefetch
from lda.samplers.numerics.sorting import sort_part

_LISTED: Final = 1024
"""Tokens looked through at a time for those that have moved."""

_AHEAD: Final = 12
"""Moves between the one that is counted and the one whose counts are asked for."""


class Delta(NamedTuple):
    """Net changes of n_kw for the words first .. first + W - 1; the sum over a word is 0, or its new tokens.

    first: first word. start: (W + 1,) int64. topic: (n,), ascending within a word. change: (n,) int32, no zeros.
    totals: (K,) int64, the changes of n_k.
    """

    first: int
    start: NDArray[np.int64]
    topic: NDArray[Any]
    change: NDArray[np.int32]
    totals: NDArray[np.int64]


class Moves(NamedTuple):
    """What a phase did to the topics of its n tokens.

    before, after: (n,) topics, K for a token without one. order: (n,) int32, positions of the tokens by word.
    word_start: (V + 1,) int64, where in `order` each word begins. Both from `index_by_word`. words: (n,) int32.
    """

    before: NDArray[Any]
    after: NDArray[Any]
    order: NDArray[Any]
    word_start: NDArray[np.int64]
    words: NDArray[np.int32]


@kernel
def index_by_word(
    words: NDArray[np.int32], begin: int, end: int, word_start: NDArray[np.int64], order: NDArray[Any]
) -> None:
    """Counting sort of the tokens begin .. end - 1 by word, stable.

    Writes word_start (V + 1,) int64, offsets into `order`, and order (end - begin,), token positions relative
    to `begin`. Equivalent to `order = np.argsort(words[begin:end], kind="stable")`.
    """
    word_start[:] = 0
    for i in range(begin, end):
        word_start[words[i] + 1] += 1
    for w in range(len(word_start) - 1):
        word_start[w + 1] += word_start[w]
    fill = word_start[:-1].copy()
    for i in range(begin, end):
        w = words[i]
        order[fill[w]] = i - begin
        fill[w] += 1


def net_delta(
    moves: Moves, first: int, last: int, n_topics: int, rows: NDArray[np.int64] | None = None
) -> Delta:
    """Net change of the counts of words first .. last - 1.

    rows: (V,) int64, `WordRows.start`, to leave out words with dense rows (`count_dense` has them).
    """
    n_tokens = int(moves.word_start[last] - moves.word_start[first])
    if rows is not None:
        n_tokens = int(np.diff(moves.word_start[first : last + 1])[rows[first:last] < 0].sum())
    start = np.empty(last - first + 1, dtype=np.int64)
    topic = np.empty(2 * n_tokens, dtype=moves.after.dtype)
    change = np.empty(2 * n_tokens, dtype=np.int32)
    totals = np.zeros(n_topics, dtype=np.int64)
    room = Delta(first, start, topic, change, totals)
    n = _net(moves, last, np.zeros(0, dtype=np.int64) if rows is None else rows, room)
    return room._replace(topic=topic[:n], change=change[:n])


@kernel
def _net(moves: Moves, last: int, rows: NDArray[np.int64], out: Delta) -> int:
    """Fill `out`, whose arrays have room for two changes a token, up to word last - 1; returns how many there are."""
    z_before, z_after, order, word_start, _ = moves
    first, start, topic, change, totals = out
    n_topics = len(totals)
    balance = np.zeros(n_topics + 1, dtype=np.int32)  # one place more: topic K marks a token that had none
    seen = np.zeros(n_topics + 1, dtype=np.uint8)
    touched = np.empty(n_topics + 1, dtype=np.int32)
    n = 0
    start[0] = 0
    for w in range(first, last):
        if len(rows) > 0 and rows[w] >= 0:
            start[w - first + 1] = n
            continue
        n_touched = 0
        for i in range(word_start[w], word_start[w + 1]):
            old = z_before[order[i]]
            new = z_after[order[i]]
            if old == new:
                continue
            balance[old] -= 1
            balance[new] += 1
            if seen[old] == 0:
                seen[old] = 1
                touched[n_touched] = old
                n_touched += 1
            if seen[new] == 0:
                seen[new] = 1
                touched[n_touched] = new
                n_touched += 1
        if n_touched * 8 > n_topics:  # reading all balances in order beats sorting
            n_touched = 0
            for k in range(n_topics + 1):
                if seen[k]:
                    touched[n_touched] = k
                    n_touched += 1
        else:
            sort_part(touched, 0, n_touched)
        for j in range(n_touched):
            k = touched[j]
            c = balance[k]
            balance[k] = 0
            seen[k] = 0
            if c != 0 and k < n_topics:
                topic[n] = k
                change[n] = c
                totals[k] += c
                n += 1
        start[w - first + 1] = n
    return n


@kernel
def add_delta(counts: TopicCounts, delta: Delta) -> int:
    """Add a delta to `counts`; returns -1, or the first word whose counts cannot be right.

    Counts are wrong when one would become negative or more than int32 holds, or a sparse row would hold more topics
    than its word has tokens. Deltas of disjoint words may be added by several threads at once.
    """
    first, start, topic, change, totals = delta
    n_topics = len(totals)
    merged_topic = np.empty(n_topics, dtype=counts.topic.dtype)
    merged_count = np.empty(n_topics, dtype=np.int32)
    for w in range(first, first + len(start) - 1):
        low, high = start[w - first], start[w - first + 1]
        if low == high:
            continue
        row = counts.start[w]
        if row >= 0:
            for j in range(low, high):
                counts.dense[row + topic[j]] += change[j]
                if counts.dense[row + topic[j]] < 0:
                    return w
            continue
        row = ~row
        n, a, a_end, b = 0, row, row + counts.length[w], low
        while a < a_end or b < high:
            if b >= high or (a < a_end and counts.topic[a] < topic[b]):
                k, c = counts.topic[a], counts.count[a]
                a += 1
            elif a >= a_end or topic[b] < counts.topic[a]:
                k, c = topic[b], change[b]
                b += 1
            else:
                k, c = topic[b], counts.count[a] + change[b]
                a += 1
                b += 1
            if c < 0 or c > MAX_COUNT:  # c is int64 here; a dense count that is too large has become negative
                return w
            if c > 0:
                merged_topic[n] = k
                merged_count[n] = c
                n += 1
        if n > counts.capacity[w]:
            return w
        for j in range(n):
            counts.topic[row + j] = merged_topic[j]
            counts.count[row + j] = merged_count[j]
        for j in range(row + n, row + counts.length[w]):
            counts.topic[j] = 0
            counts.count[j] = 0
        counts.length[w] = n
    return -1


@kernel
def count_dense(counts: TopicCounts, moves: Moves, first: int, last: int, totals: NDArray[np.int64]) -> int:
    """Add to those of words first .. last - 1 with dense rows what `net_delta` finds there, and to totals (K,).

    Returns -1, or the first word of which a count became negative. Where counts and tokens are in one process, no
    delta need be made. Tokens that keep their topic are added and taken away, too. Rejected: skipping them, because it
    takes a branch that no processor foresees in this order.
    """
    z_before, z_after, order, word_start, _ = moves
    n_topics = len(totals)
    for w in range(first, last):
        row = counts.start[w]
        if row < 0:
            continue
        for i in range(word_start[w], word_start[w + 1]):
            old, new = z_before[order[i]], z_after[order[i]]
            if new < n_topics:
                counts.dense[row + new] += 1
                totals[new] += 1
            if old < n_topics:
                totals[old] -= 1
                counts.dense[row + old] -= 1
                if counts.dense[row + old] < 0:
                    return w
    return -1


@kernel
def count_dense_by_document(
    counts: TopicCounts, moves: Moves, first: int, last: int, totals: NDArray[np.int64]
) -> int:
    """`count_dense` in the order of the documents; which word it returns may be another.

    It reads on where `count_dense` jumps about, and takes a quarter of its time, but reads the tokens of all words for
    each range of words.
    """
    n_topics, lowest, width = len(totals), INDEX(first), INDEX(last - first)
    moved = np.empty(_LISTED, dtype=np.int64)
    wrong = -1
    for begin in range(0, len(moves.words), _LISTED):
        n = 0
        for i in range(begin, min(begin + _LISTED, len(moves.words))):
            # Listed first, by a sum in place of a choice: which tokens have moved no processor foresees.
            moved[n] = i
            mine = INDEX(moves.words[INDEX(i)]) - lowest < width
            n += int((moves.before[INDEX(i)] != moves.after[INDEX(i)]) & mine)
        for j in range(n):
            ahead = INDEX(moved[min(j + _AHEAD, n - 1)])
            row = max(counts.start[INDEX(moves.words[ahead])], 0)
            prefetch(counts.dense, row + moves.before[ahead])
            prefetch(counts.dense, row + moves.after[ahead])
            at = INDEX(moved[j])
            old, new, w = INDEX(moves.before[at]), INDEX(moves.after[at]), INDEX(moves.words[at])
            row = counts.start[w]
            if row < 0:
                continue
            if new < n_topics:
                counts.dense[INDEX(row) + new] += 1
                totals[new] += 1
            if old < n_topics:
                totals[old] -= 1
                counts.dense[INDEX(row) + old] -= 1
                if counts.dense[INDEX(row) + old] < 0:
                    wrong = int(w)
    return wrong


@kernel
def gather_rows(
    counts: TopicCounts,
    n_topics: int,
    row_start: NDArray[np.int64],
    topic: NDArray[Any],
    count: NDArray[np.int32],
) -> None:
    """Copy all non-zero counts, word by word and topic by topic, into the arrays of a CSR matrix (V, K)."""
    for w in range(len(counts.start)):
        n = row_start[w]
        row = counts.start[w]
        if row >= 0:
            for k in range(n_topics):
                if counts.dense[row + k] != 0:
                    topic[n] = k
                    count[n] = counts.dense[row + k]
                    n += 1
        else:
            for j in range(~row, ~row + counts.length[w]):
                topic[n] = counts.topic[j]
                count[n] = counts.count[j]
                n += 1


@kernel
def row_lengths(counts: TopicCounts, n_topics: int, lengths: NDArray[np.int64]) -> None:
    """Number of non-zero topics of each word, into lengths (V,) int64."""
    for w in range(len(counts.start)):
        row = counts.start[w]
        if row >= 0:
            n = 0
            for k in range(n_topics):
                n += counts.dense[row + k] != 0
            lengths[w] = n
        else:
            lengths[w] = counts.length[w]
