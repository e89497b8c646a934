"""Soft counts: each token counted in all topics, by its full conditional, in place of the one that was drawn.

    s_kw = sum over tokens of word w of p(k),
    p(k) ~ (n_dk + alpha_k) phi_kw, the token itself left out of both

Given the topics of all other tokens, p(k) is what the token's own draw scatters about: its count has the same mean and
more noise. This is CGS_p (Papanikolaou, Foulds, Rubin and Tsoumakas, "Dense distributions from sparse samples", JMLR
18, 2017). The token must be left out: with it, the topic that happened to be drawn counts too much, and most of what
is gained is lost.

A token costs the topics of its document, not all of them, because the rest is of rank one in word and topic:

    p(k) = n_dk phi_kw / Z + alpha_k phi_kw / Z          Z: the token's sum, over all topics

`soft_rows` adds up the first part, and of the second only the sum over topics, `rest`. `spread_rest` divides it among
the topics where the counts of a word are, once for all its tokens. Only the token's own topic is an exception.

Sums must not depend on how documents were divided among workers. All are of whole numbers, 1 / UNIT of a token, to
which the tokens of one word in one document are rounded; no document is ever divided. What a document gives to a topic
of less than half a unit goes to `rest`, so a word's sum remains its number of tokens, and rows stay sparse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.counts.word_counts import Delta
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import INDEX, prefetch
from lda.samplers.numerics.sorting import sort_part
from lda.samplers.priors import Priors

UNIT: Final = 1 << 10
"""Units of a token."""

LEAST_IN_A_STATE: Final = UNIT // 128
LEAST: Final = UNIT // 64
"""Least value that a topic keeps of a word in one state, and in the mean of several: what has less is divided among the
rest of the word's topics, in proportion. On arXiv abstracts at K = 100 that moves 0.8 % of the mass and leaves 360,000
entries of 1,730,000 (ten plain states have 270,000), at 0.001 nats a token of held-out likelihood, which is its noise;
twice as much costs 0.002."""

LEAST_LEFT: Final = 1e-9
"""Least part of a token's sum that must remain without the token. Where less does, which takes priors near their
smallest, nothing but rounding would be left to divide by, and the token counts for its own topic."""

ENTRIES: Final = 1 << 18
"""Entries that are made at a time."""


class DocumentTopics(NamedTuple):
    """The documents of one phase by their topics.

    start: (D + 1,) int64, where the tokens of a document begin, from 0 in the phase; its topics begin there too.
    length: (D,) int32, number of its topics. topic, count: (T,) topics and float32, in the order in which the tokens
    have them. document: (T,) int32, of each token. slot: (T,) of the topics' type, which of its document's topics a
    token has.
    """

    start: NDArray[np.int64]
    length: NDArray[np.int32]
    topic: NDArray[Any]
    count: NDArray[np.float32]  # type: ignore[assignment]  # a field hides tuple.count, which nobody calls
    document: NDArray[np.int32]
    slot: NDArray[Any]


class Terms(NamedTuple):
    """What of phi_kw = (n_kw + beta) / (n_k + bbar) is the same for all words.

    alpha, denominator, inverse, smooth: (K,) float64; n_k + bbar, its inverse, and phi of a word without counts.
    smooth_mass: sum over k of alpha_k smooth_k.
    """

    beta: float
    alpha: NDArray[np.float64]
    denominator: NDArray[np.float64]
    inverse: NDArray[np.float64]
    smooth: NDArray[np.float64]
    smooth_mass: float


class SoftRows(NamedTuple):
    """Sums of units by word and topic, of consecutive words.

    start: (W + 1,) int64. topic: (n,) ascending within a word. value: (n,) int64, maybe negative where `rest` will add
    to it. rest: (W,) int64, what is still to be divided among the topics.
    """

    start: NDArray[np.int64]
    topic: NDArray[Any]
    value: NDArray[np.int64]
    rest: NDArray[np.int64]


def terms_of(totals: NDArray[np.int64], priors: Priors, n_terms: int) -> Terms:
    """The terms of phi with n_k (K,) and these priors. n_terms: V."""
    denominator: NDArray[np.float64] = totals + np.float64(n_terms * priors.beta)
    inverse: NDArray[np.float64] = 1.0 / denominator
    smooth: NDArray[np.float64] = priors.beta * inverse
    # One after the other: how NumPy's sum adds depends on the machine.
    mass = float(np.cumsum(priors.alpha * smooth)[-1])
    return Terms(priors.beta, priors.alpha, denominator, inverse, smooth, mass)


@kernel
def list_topics(
    z: NDArray[Any],
    first_token: int,
    first_document: int,
    first: int,
    last: int,
    n_topics: int,
    out: DocumentTopics,
) -> None:
    """List the topics of documents first .. last - 1 of a phase that begins with first_document and first_token.

    z: (N,) topics. `out.start` is there already.
    """
    place = np.full(n_topics, -1, dtype=np.int64)
    for d in range(first - first_document, last - first_document):
        low, n = out.start[d], 0
        for i in range(low, out.start[d + 1]):
            k = z[first_token + i]
            p = place[k]
            if p < 0:
                p = n
                place[k] = p
                out.topic[low + p] = k
                out.count[low + p] = 0
                n += 1
            out.count[low + p] += np.float32(1)
            out.document[i] = d
            out.slot[i] = p
        out.length[d] = n
        for p in range(n):
            place[out.topic[low + p]] = -1


@helper
def _to_unit(x: float) -> int:
    """The nearest whole number."""
    return int(np.floor(x + 0.5))


@helper
def _set_row(counts: TopicCounts, terms: Terms, w: int, phi: NDArray[np.float64]) -> float:
    """Write phi_kw of row w into phi (K,), which is `smooth`; returns the sum of alpha_k phi_kw."""
    alpha, inverse = terms.alpha, terms.inverse
    row = counts.start[w]
    if row >= 0:
        mass = 0.0
        for k in range(len(phi)):
            phi[k] = (counts.dense[row + k] + terms.beta) * inverse[k]
            mass += alpha[k] * phi[k]
        return mass
    mass = terms.smooth_mass
    for j in range(~row, ~row + counts.length[w]):
        k = counts.topic[j]
        own = counts.count[j] * inverse[k]
        phi[k] += own
        mass += alpha[k] * own
    return mass


@helper
def _clear_row(counts: TopicCounts, terms: Terms, w: int, phi: NDArray[np.float64]) -> None:
    """Make phi (K,) `smooth` again after row w."""
    row = counts.start[w]
    if row >= 0:
        for k in range(len(phi)):
            phi[k] = terms.smooth[k]
    else:
        for j in range(~row, ~row + counts.length[w]):
            phi[counts.topic[j]] = terms.smooth[counts.topic[j]]


@helper
def _weigh(
    topic: NDArray[Any],
    count: NDArray[np.float32],
    low: int,
    n_d: int,
    phi: NDArray[np.float64],
    products: NDArray[np.float64],
) -> float:
    """Write n_dk phi_kw of the n_d topics from `low` on into `products`; returns their sum."""
    # Four sums, so that an addition need not wait for the one before it.
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    at, four = INDEX(low), INDEX(4)
    p, n = INDEX(0), INDEX(n_d)
    while p + four <= n:
        v0 = count[at + p] * phi[topic[at + p]]
        v1 = count[at + p + INDEX(1)] * phi[topic[at + p + INDEX(1)]]
        v2 = count[at + p + INDEX(2)] * phi[topic[at + p + INDEX(2)]]
        v3 = count[at + p + INDEX(3)] * phi[topic[at + p + INDEX(3)]]
        products[p], products[p + INDEX(1)] = v0, v1
        products[p + INDEX(2)], products[p + INDEX(3)] = v2, v3
        s0 += v0
        s1 += v1
        s2 += v2
        s3 += v3
        p += four
    while p < n:
        v0 = count[at + p] * phi[topic[at + p]]
        products[p] = v0
        s0 += v0
        p += INDEX(1)
    return (s0 + s1) + (s2 + s3)


@helper
def _divide(
    topic: NDArray[Any],
    low: int,
    n_d: int,
    products: NDArray[np.float64],
    inverse: float,
    sums: NDArray[np.int64],
) -> int:
    """Add products times `inverse`, as whole numbers, to the sums of their topics; returns what was added."""
    used, at = 0, INDEX(low)
    for p in range(INDEX(n_d)):
        change = int(products[p] * inverse + 0.5)  # none is negative
        sums[topic[at + p]] += change
        used += change
    return used


@kernel
def _soft_rows(
    documents: DocumentTopics,
    order: NDArray[np.int32],
    word_start: NDArray[np.int64],
    begin: int,
    first: int,
    last: int,
    counts: TopicCounts,
    base: int,
    terms: Terms,
    out: SoftRows,
    sums: NDArray[np.int64],
) -> int:
    """Fill `out`, of the words from `begin` on, with the words first .. last - 1, as far as there is room.

    Returns the first word for which there is none. base: the word of the first row of `counts`. sums: (K,) zeros,
    scratch that is left so.
    """
    n_topics, room = len(sums), len(out.topic)
    start, length, topic, count = documents.start, documents.length, documents.topic, documents.count
    document, slot, alpha = documents.document, documents.slot, terms.alpha
    phi = terms.smooth.copy()
    seen = np.zeros(n_topics, dtype=np.uint8)
    listed = np.empty(n_topics, dtype=np.int64)
    products = np.empty(n_topics, dtype=np.float64)
    n = out.start[first - begin]
    for w in range(first, last):
        i, end = word_start[w], word_start[w + 1]
        out.rest[w - begin] = 0
        out.start[w - begin + 1] = n
        if i == end:
            continue
        if n + n_topics > room:
            return w
        mass = _set_row(counts, terms, w - base, phi)
        used, n_listed = 0, 0
        tokens = end - i
        scans = tokens * 16 >= n_topics  # so many tokens soon have all topics: then all are looked through
        while i < end:
            d = document[order[i]]
            low, high = start[d], start[d] + length[d]
            stop = i + 1
            while stop < end and document[order[stop]] == d:
                stop += 1
            if stop < end:
                ahead = start[document[order[stop]]]
                prefetch(topic, ahead)
                prefetch(count, ahead)
            n_d = high - low
            whole = _weigh(topic, count, low, n_d, phi, products) + mass
            inverse = 0.0
            for j in range(i, stop):
                p = low + slot[order[j]]
                k = topic[p]
                n_dk, value, t = float(count[p]), phi[k], terms.denominator[k]
                without = max(value * t - 1.0, 0.0) / (t - 1.0) if t > 1.0 else 0.0
                there, left = (n_dk + alpha[k]) * value, (n_dk - 1.0 + alpha[k]) * without
                z = whole - there + left
                if z > LEAST_LEFT * whole:
                    inverse += 1.0 / z
                    # Its own topic has `left` in place of what all get below, and of its share of the rest.
                    change = _to_unit((left - alpha[k] * value) / z * UNIT) - _to_unit(
                        n_dk * value / z * UNIT
                    )
                else:
                    change = UNIT
                sums[k] += change
                used += change
            used += _divide(topic, low, n_d, products, inverse * UNIT, sums)
            if not scans:
                for p in range(low, high):
                    k = topic[p]
                    if seen[k] == 0:
                        seen[k] = 1
                        listed[n_listed] = k
                        n_listed += 1
            i = stop
        out.rest[w - begin] = tokens * UNIT - used
        if scans:
            for k in range(n_topics):
                if sums[k] != 0:
                    out.topic[n] = k
                    out.value[n] = sums[k]
                    sums[k] = 0
                    n += 1
        else:
            sort_part(listed, 0, n_listed)
            for j in range(n_listed):
                k = listed[j]
                seen[k] = 0
                if sums[k] != 0:
                    out.topic[n] = k
                    out.value[n] = sums[k]
                    sums[k] = 0
                    n += 1
        out.start[w - begin + 1] = n
        _clear_row(counts, terms, w - base, phi)
    return last


def soft_rows(
    documents: DocumentTopics,
    order: NDArray[np.int32],
    word_start: NDArray[np.int64],
    first: int,
    last: int,
    counts: TopicCounts,
    base: int,
    terms: Terms,
) -> SoftRows:
    """Soft counts of the tokens that words first .. last - 1 have in one phase, `rest` not divided yet.

    order, word_start: the phase's tokens by word, as `index_by_word` gives them. counts: n_kw, the first row being of
    word `base`.
    """
    n_topics = len(terms.alpha)
    sums = np.zeros(n_topics, dtype=np.int64)

    def fill(done: int, out: SoftRows) -> int:
        return (
            _soft_rows(
                documents, order, word_start, first, first + done, last, counts, base, terms, out, sums
            )
            - first
        )

    return _in_pieces(fill, last - first, n_topics, documents.topic.dtype)


def spread_rest(rows: SoftRows, counts: Delta, terms: Terms) -> SoftRows:
    """`rows` with `rest` divided among the topics, in proportion to alpha_k phi_kw: no value is negative then.

    counts: of the same words, as a delta from nothing. A word's values add up to what it had before, so to UNIT times
    its tokens.
    """
    cells = np.zeros(len(terms.alpha), dtype=np.int64)

    def fill(done: int, out: SoftRows) -> int:
        return _spread(rows, counts, done, terms, out, cells)

    return _in_pieces(fill, len(rows.rest), len(cells), rows.topic.dtype)


def _in_pieces(
    fill: Callable[[int, SoftRows], int], n_words: int, n_topics: int, dtype: np.dtype[Any]
) -> SoftRows:
    """All rows that `fill` makes. It is told how many rows are there, and returns how many there are then."""
    room = max(ENTRIES, n_topics)
    start, rest = np.zeros(n_words + 1, dtype=np.int64), np.zeros(n_words, dtype=np.int64)
    out = SoftRows(start, np.empty(room, dtype=dtype), np.empty(room, dtype=np.int64), rest)
    topics, values, done = list[NDArray[Any]](), list[NDArray[np.int64]](), 0
    before = 0
    ends = np.zeros(n_words + 1, dtype=np.int64)
    while True:
        start[done] = 0
        now = fill(done, out)
        n = int(start[now])
        topics.append(out.topic[:n].copy())
        values.append(out.value[:n].copy())
        ends[done + 1 : now + 1] = start[done + 1 : now + 1] + before
        before += n
        done = now
        if done == n_words:
            return SoftRows(ends, np.concatenate(topics), np.concatenate(values), rest)


def slice_rows(rows: SoftRows, first: int, last: int) -> SoftRows:
    """Rows first .. last - 1, where they are."""
    low, high = rows.start[first], rows.start[last]
    return SoftRows(
        rows.start[first : last + 1] - low, rows.topic[low:high], rows.value[low:high], rows.rest[first:last]
    )


def joined_rows(parts: list[SoftRows]) -> SoftRows:
    """Rows of consecutive ranges of words as one of them all."""
    offsets = np.cumsum([0] + [len(p.topic) for p in parts])
    starts = [p.start[:-1] + offset for p, offset in zip(parts, offsets[:-1], strict=True)]
    return SoftRows(
        np.concatenate([*starts, offsets[-1:]]),
        np.concatenate([p.topic for p in parts]),
        np.concatenate([p.value for p in parts]),
        np.concatenate([p.rest for p in parts]),
    )


def add_rows(left: SoftRows, right: SoftRows) -> SoftRows:
    """The sum of rows of the same words."""
    most = len(left.topic) + len(right.topic)
    out = SoftRows(
        np.zeros_like(left.start),
        np.empty(most, dtype=left.topic.dtype),
        np.empty(most, dtype=np.int64),
        left.rest + right.rest,
    )
    n = _add(left, right, out)
    return out._replace(topic=out.topic[:n].copy(), value=out.value[:n].copy())


@kernel
def _add(left: SoftRows, right: SoftRows, out: SoftRows) -> int:
    """Write the sum to `out`, which has room for both; returns how many entries it has."""
    n = 0
    for w in range(len(out.start) - 1):
        a, a_end = left.start[w], left.start[w + 1]
        b, b_end = right.start[w], right.start[w + 1]
        while a < a_end or b < b_end:
            if b >= b_end or (a < a_end and left.topic[a] < right.topic[b]):
                k, value = left.topic[a], left.value[a]
                a += 1
            elif a >= a_end or right.topic[b] < left.topic[a]:
                k, value = right.topic[b], right.value[b]
                b += 1
            else:
                k, value = left.topic[a], left.value[a] + right.value[b]
                a += 1
                b += 1
            if value != 0:
                out.topic[n] = k
                out.value[n] = value
                n += 1
        out.start[w + 1] = n
    return n


@kernel
def _spread(
    rows: SoftRows,
    counts: Delta,
    first: int,
    terms: Terms,
    out: SoftRows,
    cells: NDArray[np.int64],
) -> int:
    """`spread_rest` from row `first` on, as far as `out` has room; returns the first row for which it has none."""
    n_topics, room = len(cells), len(out.topic)
    alpha, smooth, inverse = terms.alpha, terms.smooth, terms.inverse
    most = 0.0
    for k in range(n_topics):
        most = max(most, alpha[k] * smooth[k])
    weight = np.zeros(n_topics, dtype=np.float64)
    n = out.start[first]
    for w in range(first, len(rows.rest)):
        begin, end, rest = rows.start[w], rows.start[w + 1], rows.rest[w]
        out.rest[w] = 0
        out.start[w + 1] = n
        if begin == end and rest == 0:
            continue
        if n + n_topics > room:
            return w
        low, high = counts.start[w], counts.start[w + 1]
        mass, whole = terms.smooth_mass, rest
        for j in range(low, high):
            mass += alpha[counts.topic[j]] * counts.change[j] * inverse[counts.topic[j]]
        for j in range(begin, end):
            cells[rows.topic[j]] = rows.value[j]
            whole += rows.value[j]
        for j in range(low, high):
            k = counts.topic[j]
            weight[k] = alpha[k] * counts.change[j] * inverse[k]
        per = rest / mass
        # Mostly nothing comes of what beta alone gives: then only topics that are there need a look.
        dense = most * abs(per) >= 0.5
        if dense:
            for k in range(n_topics):
                share = _to_unit(per * (weight[k] + alpha[k] * smooth[k]))
                cells[k] += share
        else:
            for j in range(low, high):
                k = counts.topic[j]
                share = _to_unit(per * (weight[k] + alpha[k] * smooth[k]))
                cells[k] += share
        n = _emit(rows, counts, w, dense, whole, out, n, cells)
        for j in range(low, high):
            weight[counts.topic[j]] = 0.0
        out.start[w + 1] = n
    return len(rows.rest)


@helper
def _emit(
    rows: SoftRows,
    counts: Delta,
    w: int,
    dense: bool,
    whole: int,
    out: SoftRows,
    n: int,
    cells: NDArray[np.int64],
) -> int:
    """Write the cells of word w, all but the least, as a row whose sum is `whole`; returns where it ends.

    All cells are 0 afterwards.
    """
    first, left, best = n, whole, n
    largest, most = 0, -1
    a, a_end = rows.start[w], rows.start[w + 1]
    b, b_end = counts.start[w], counts.start[w + 1]
    k = 0
    while True:
        if dense:
            if k == len(cells):
                break
            topic = k
            k += 1
        elif a < a_end and (b >= b_end or rows.topic[a] <= counts.topic[b]):
            topic = int(rows.topic[a])
            if b < b_end and counts.topic[b] == topic:
                b += 1
            a += 1
        elif b < b_end:
            topic = int(counts.topic[b])
            b += 1
        else:
            break
        if cells[topic] >= LEAST_IN_A_STATE:
            out.topic[n] = topic
            out.value[n] = cells[topic]
            left -= cells[topic]
            if cells[topic] > out.value[best]:
                best = n
            n += 1
        elif cells[topic] > most:
            largest, most = topic, int(cells[topic])
        cells[topic] = 0
    if n == first:  # so thin that no topic has enough: as it was counted
        total = 0
        for j in range(counts.start[w], b_end):
            total += int(counts.change[j])
        if total * UNIT != whole:  # tokens that topics began with are among the counts: the largest takes all
            out.topic[n] = largest
            out.value[n] = whole
            return n + 1
        for j in range(counts.start[w], b_end):
            out.topic[n] = counts.topic[j]
            out.value[n] = np.int64(counts.change[j]) * UNIT
            n += 1
    elif left != 0:
        scale, spare = left / (whole - left), left
        for j in range(first, n):
            more = int(np.floor(out.value[j] * scale))
            out.value[j] += more
            spare -= more
        out.value[best] += spare
    return n


def mean_of(
    rows: SoftRows, n_states: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """The mean of sums over n_states states, in tokens, as the arrays of a CSR matrix: (start, topic, value).

    Topics with less than LEAST are left out. A word's values add up to its tokens, but for rounding to float32.
    """
    start = np.zeros_like(rows.start)
    topic = np.empty(len(rows.topic), dtype=np.int32)
    value = np.empty(len(rows.topic), dtype=np.float32)
    n = _mean(rows, n_states, start, topic, value)
    return start, topic[:n].copy(), value[:n].copy()


@kernel
def _mean(
    rows: SoftRows,
    n_states: int,
    start: NDArray[np.int64],
    topic: NDArray[np.int32],
    value: NDArray[np.float32],
) -> int:
    """`mean_of` into arrays with room for all entries; returns how many there are."""
    n = 0
    for w in range(len(rows.rest)):
        whole, kept, most = np.int64(0), np.int64(0), np.int64(1)
        for j in range(rows.start[w], rows.start[w + 1]):
            whole += rows.value[j]
            if rows.value[j] > most:
                most = rows.value[j]
            if rows.value[j] >= LEAST * n_states:
                kept += rows.value[j]
        least = LEAST * n_states
        if kept == 0:  # the largest alone, or those that are as large
            least = int(most)
            for j in range(rows.start[w], rows.start[w + 1]):
                if rows.value[j] >= least:
                    kept += rows.value[j]
        for j in range(rows.start[w], rows.start[w + 1]):
            if rows.value[j] >= least:
                topic[n] = rows.topic[j]
                value[n] = rows.value[j] * (whole / kept) / (np.float64(n_states) * UNIT)
                n += 1
        start[w + 1] = n
    return n
