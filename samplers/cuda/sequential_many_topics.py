"""Token rules that keep a list of the document's topics: `rules.sequential` beyond few topics, and `simultaneous`.

Every token takes the shortest of three ways (`rules.full_conditional`): the document's topics, all topics, or the
topics of a rare word. Nearly all take the first; where both teams of a warp do, four blocks of phi are asked for
before the first is added, for a team waits longest for those. Other ways are walked by one loop whose operands alone
differ, so that two teams that take different ways walk together. What seldom follows (a rare word's smooth part, the
alpha part) is walked by both teams if one of them needs it.

What does not depend on the document's state (rows, random numbers, the own token's factor) is computed for sixteen
tokens at a time, a token a lane.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import float32, from_dtype, int32

from lda.samplers.counts.row_layout import SHORT_ROW
from lda.samplers.cuda.door import (
    F32,
    F64,
    I32,
    I64,
    SIMULATED,
    TEAM,
    U64,
    WARP,
    Array,
    Scalar,
    anyone,
    count_bits,
    cuda,
    device,
    div64,
    draw_bits,
    increment,
    kernel,
    lane_prefix,
    matches,
    mul32,
    mul64,
    settle,
    shuffle,
    stream_origin,
    team_ballot,
)
from lda.samplers.phi.language_model import GROUP
from lda.samplers.rules.full_conditional import SCAN_ALL_FACTOR, SCAN_ALL_OFFSET

MOST_TEAMS: Final = 2 if SIMULATED else 8
"""Documents in a block of threads, where shared memory suffices for so many."""

RESIDENT_TEAMS: Final = 32
"""Documents that the registers of a multiprocessor shall suffice for: more wait less, and spill."""

SHARED_BYTES: Final = 48 << 10
"""Shared memory that a block of threads gets without asking for more, on every card."""

GROUP_BITS: Final = GROUP.bit_length() - 1
KEPT_BLOCKS: Final = GROUP // TEAM
"""Blocks of a scan that are kept; of a longer one, the column that the draw falls to is added up again."""

AHEAD: Final = 4
"""Blocks of phi asked for before the first is added."""

BELOW: Final = F32(0.99999994)
_DOCUMENT, _ALL_TOPICS, _WORD = 0, 1, 2


def capacity_of(n_topics: int, longest: int) -> int:
    """Places of a document's list of topics: whole steps of `scan_list`."""
    step = AHEAD * TEAM
    return -(-min(longest, n_topics) // step) * step


def document_bytes(n_topics: int, longest: int, itemsize: int) -> int:
    """Shared memory that a document of `longest` tokens takes: counts, places and list of topics, a kept scan."""
    words = -(-(2 * n_topics + 1 + capacity_of(n_topics, longest)) * itemsize // 4)
    return 4 * (_apart(words) + KEPT_BLOCKS * TEAM + TEAM)


def _apart(words: int) -> int:
    """`words` rounded up so that two teams of a warp read from different halves of the 32 banks."""
    return -(-words // WARP) * WARP + TEAM


@device
def nearest(positive: Scalar, lane: Scalar) -> Scalar:
    """The nearest lane below `lane` with its bit in `positive`, else above it, else lane 0."""
    for j in range(lane - 1, -1, -1):
        if (positive >> j) & 1:
            return I32(j)
    for j in range(lane + 1, TEAM):
        if (positive >> j) & 1:
            return I32(j)
    return I32(0)


@device
def column_of(wanted: Scalar, running: Scalar, total: Scalar, half: Scalar) -> tuple[Scalar, Scalar]:
    """Where `prefix_sum.pick` looks: (lane, remainder within it), from each lane's sum and the prefix over them."""
    column = I32(min(count_bits(team_ballot(total <= wanted, half)), TEAM - 1))
    positive = team_ballot(running > 0, half)
    if (positive >> column) & 1 == 0:
        column = nearest(positive, column)
    own_total = shuffle(running, half + column)
    before = shuffle(total, half + max(column - 1, 0))
    rest = wanted
    if column > 0:
        rest = max(rest - before, F32(0))
    return column, min(rest, mul32(own_total, BELOW))


@device
def kept_index(
    column: Scalar, rest: Scalar, n_blocks: Scalar, sums: Array, sums_at: Scalar, lane: Scalar, half: Scalar
) -> Scalar:
    """The index in that lane, of a scan whose n_blocks blocks were kept."""
    below = False
    if lane < n_blocks - 1:
        below = sums[U64(sums_at + lane * TEAM + column)] <= rest
    return I32(count_bits(team_ballot(below, half)) * TEAM + column)


@device
def scan_list(
    most: Scalar,
    counts: Array,
    at: Scalar,
    topics_at: Scalar,
    phi: Array,
    row: Scalar,
    old: Scalar,
    old_share: Scalar,
    sums: Array,
    sums_at: Scalar,
    lane: Scalar,
) -> Scalar:
    """Scan n_dk phi_kw over the document's topics, at most KEPT_BLOCKS blocks; returns the lane's sum.

    old, old_share: a topic, and what stands for its count. most: blocks of the longer list of the two teams. Places of
    the list beyond K_d hold topic K, whose count is 0: nothing need be compared with K_d.
    """
    running, first = F32(0), I32(0)
    topics = cuda.local.array(AHEAD, int32)
    values = cuda.local.array(AHEAD, float32)
    place = topics_at + lane
    while first < most:
        for q in range(AHEAD):
            topics[q] = I32(counts[U64(place + q * TEAM)])
        for q in range(AHEAD):
            values[q] = phi[U64(row + I64(topics[q]))]
        for q in range(AHEAD):
            share = F32(I32(counts[U64(at + topics[q])]))
            if topics[q] == old:
                share = old_share
            running = running + mul32(share, values[q])
            sums[U64(sums_at + (first + q) * TEAM + lane)] = running
        place = place + AHEAD * TEAM
        first = I32(first + AHEAD)
    return running


@device
def scan_alpha(
    low: Scalar,
    n_blocks: Scalar,
    phi: Array,
    row: Scalar,
    alpha: Array,
    weak: Scalar,
    weak_share: Scalar,
    sums: Array,
    sums_at: Scalar,
    lane: Scalar,
) -> Scalar:
    """Scan alpha_k phi_kw of one group of topics, from topic `low` on; weak, weak_share: as in `scan_list`."""
    running, first = F32(0), I32(0)
    values = cuda.local.array(AHEAD, float32)
    shares = cuda.local.array(AHEAD, float32)
    k = I32(low + lane)
    while first < n_blocks:
        for q in range(AHEAD):
            values[q] = 0
            shares[q] = 0
            if first + q < n_blocks:
                values[q] = phi[U64(row + I64(k) + q * TEAM)]
                shares[q] = alpha[U64(I64(k) + q * TEAM)]
        for q in range(AHEAD):
            share = shares[q]
            if k + q * TEAM == weak:
                share = weak_share
            running = running + mul32(share, values[q])
            sums[U64(sums_at + (first + q) * TEAM + lane)] = running
        k = I32(k + AHEAD * TEAM)
        first = I32(first + AHEAD)
    return running


@device
def term(
    way: Scalar,
    j: Scalar,
    n_list: Scalar,
    counts: Array,
    at: Scalar,
    topics_at: Scalar,
    row: Scalar,
    old: Scalar,
    old_share: Scalar,
    c2: Scalar,
    t: Scalar,
    phi: Array,
    alpha: Array,
    topic: Array,
    weight: Array,
) -> Scalar:
    """Entry j of the scan of any way, whose entries are those below n_list."""
    value = F32(0)
    if j < n_list:
        if way == _DOCUMENT:
            k = I32(counts[U64(topics_at + j)])
            share = F32(counts[U64(at + k)])
            if k == old:
                share = old_share
            value = mul32(share, phi[U64(row + I64(k))])
        elif way == _ALL_TOPICS:
            share = F32(counts[U64(at + j)]) + alpha[U64(j)]
            if j == old:
                share = old_share
            value = mul32(share, phi[U64(row + I64(j))])
        else:
            k = I32(topic[U64(row + I64(j))])
            own = weight[U64(row + I64(j))]
            share = F32(counts[U64(at + k)]) + alpha[U64(k)]
            if k == old:
                gone = div64(1.0, mul64(F64(own), t))
                share = F32(mul64(mul64(F64(share), max(1.0 - gone, 0.0)), c2))
            value = mul32(share, own)
    return value


@device
def scan_terms(
    way: Scalar,
    n_blocks: Scalar,
    n_list: Scalar,
    counts: Array,
    at: Scalar,
    topics_at: Scalar,
    row: Scalar,
    old: Scalar,
    old_share: Scalar,
    c2: Scalar,
    t: Scalar,
    phi: Array,
    alpha: Array,
    topic: Array,
    weight: Array,
    sums: Array,
    sums_at: Scalar,
    lane: Scalar,
) -> Scalar:
    """Scan any way; returns the lane's sum. Teams of a warp may have different numbers of blocks."""
    running, b = F32(0), I32(0)
    while b < n_blocks:
        running = running + term(
            way, I32(b * TEAM + lane), n_list, counts, at, topics_at, row, old, old_share, c2, t, phi, alpha, topic,
            weight,
        )  # fmt: skip
        if b < KEPT_BLOCKS:
            sums[U64(sums_at + b * TEAM + lane)] = running
        b = I32(b + 1)
    return running


@device
def index_again(
    column: Scalar,
    rest: Scalar,
    way: Scalar,
    n_blocks: Scalar,
    n_list: Scalar,
    counts: Array,
    at: Scalar,
    topics_at: Scalar,
    row: Scalar,
    old: Scalar,
    old_share: Scalar,
    c2: Scalar,
    t: Scalar,
    phi: Array,
    alpha: Array,
    topic: Array,
    weight: Array,
) -> Scalar:
    """The index in a lane, of a scan that is made again for that lane alone."""
    again, passed, b = F32(0), I32(0), I32(0)
    while b < n_blocks - 1:
        again = again + term(
            way, I32(b * TEAM + column), n_list, counts, at, topics_at, row, old, old_share, c2, t, phi, alpha, topic,
            weight,
        )  # fmt: skip
        passed = I32(passed + I32(again <= rest))
        b = I32(b + 1)
    return I32(passed * TEAM + column)


def teams_of(document_bytes: int) -> int:
    """Documents in a block of threads, an even number; 0 where shared memory does not suffice for two."""
    teams = MOST_TEAMS
    while teams >= 2 and teams * document_bytes > SHARED_BYTES:
        teams //= 2
    return teams if teams >= 2 else 0


@lru_cache(maxsize=32)
def sweep_kernel(
    topic_type: np.dtype[Any],
    teams: int,
    *,
    sequential: bool,
    leave_out: bool,
    fresh: bool,
    in_shared: bool,
) -> Any:  # noqa: ANN401 - a kernel
    """The kernel of one token rule; what it returns takes the arrays of `sequential.sweep_documents`, one by one.

    topic_type: uint16 or uint32, of the topics and counts of a document. teams: documents in a block of threads.
    in_shared: whether these fit in shared memory. order: (n_documents,) int64, the documents to sweep, long ones first.
    capacity: topics that a document may have, a multiple of AHEAD * TEAM. row_number: (V,) int32, a word's dense row,
    or -1. scratch: float32, where documents lie that do not fit, room for all teams of the call, with anything in it;
    scratch_counts: the same memory as topic_type.
    """
    own_leaves = (sequential or leave_out) and not fresh
    corrects = leave_out and not fresh
    per_word, shared_type = 4 // topic_type.itemsize, from_dtype(topic_type)

    @kernel((teams * TEAM, RESIDENT_TEAMS // teams))
    def sweep(
        words: Array,
        doc_offsets: Array,
        doc_keys: Array,
        order: Array,
        n_documents: Scalar,
        z: Array,
        capacity: Scalar,
        scratch: Array,
        scratch_counts: Array,
        n_topics: Scalar,
        stride: Scalar,
        n_groups: Scalar,
        row_number: Array,
        start: Array,
        length: Array,
        phi: Array,
        topic: Array,
        weight: Array,
        alpha: Array,
        denominator: Array,
        group_mass: Array,
        row_mass: Array,
        seed: Scalar,
        pass_number: Scalar,
    ) -> None:
        block_thread = I32(cuda.threadIdx.x)
        thread = I32(block_thread & (WARP - 1))
        lane, half = I32(thread & (TEAM - 1)), I32(thread & TEAM)
        which = I64(cuda.blockIdx.x) * teams + (block_thread >> 4)
        words_of = (2 * n_topics + 1 + capacity + per_word - 1) // per_word
        words_of = (words_of + WARP - 1) // WARP * WARP + TEAM  # as `_apart`
        room = words_of + KEPT_BLOCKS * TEAM + TEAM
        if in_shared:
            sums = cuda.shared.array(0, float32)
            counts = cuda.shared.array(0, shared_type)
            place = I32((block_thread >> 4) * room)
            at = I32(place * per_word)
            places_at = I32(at + n_topics + 1)
            topics_at = I32(at + 2 * n_topics + 1)
            sums_at = I32(place + words_of)
        else:
            sums = scratch
            counts = scratch_counts
            place = which * room
            at = place * per_word
            places_at = at + n_topics + 1
            topics_at = at + 2 * n_topics + 1
            sums_at = place + words_of
        smooth = I64(len(phi)) - stride
        last_row = I32(len(row_mass) - 1)
        all_blocks = I32(stride >> 4)
        # Beyond so many blocks of the document's topics all topics are scanned, or not all of the scan is kept.
        plain_blocks = I32(min((all_blocks + SCAN_ALL_OFFSET) // SCAN_ALL_FACTOR, KEPT_BLOCKS))
        begin, n_tokens, key = I64(0), I32(0), U64(0)
        if which < n_documents:
            d = order[U64(which)]
            begin = doc_offsets[U64(d)]
            n_tokens = I32(doc_offsets[U64(d + 1)] - begin)
            key = doc_keys[U64(d)]
        longest = max(n_tokens, shuffle(n_tokens, thread ^ TEAM))
        origin, mixed = stream_origin(seed, pass_number, key)
        step = increment(mixed)
        # Also of a team without a document: it scans along with its neighbour, and must find topics that there are.
        k = lane
        while k <= n_topics:
            counts[U64(at + k)] = 0
            k = I32(k + TEAM)
        k = lane
        while k < capacity:
            counts[U64(topics_at + k)] = n_topics
            k = I32(k + TEAM)
        # Without rare words the sum over n_dk phi0_k is not needed.
        rare, first = False, I32(0)
        while first < longest:
            if first + lane < n_tokens and row_number[U64(words[U64(begin + first + lane)])] < 0:
                rare = True
            first = I32(first + TEAM)
        rare = anyone(rare)
        settle()
        k_d, smooth_sum, pending = I32(0), F64(0), F32(0)
        if not fresh:
            # The list has topics in the order in which tokens bring them.
            first = I32(0)
            while first < longest:
                inside = first + lane < n_tokens
                k = I32(n_topics + lane)  # of no other lane
                share = F32(0)
                if inside:
                    k = I32(z[U64(begin + first + lane)])
                    if rare:
                        share = phi[U64(smooth + k)]
                alike = I32((I64(matches(k)) >> half) & 0xFFFF)
                leads = inside and alike & ((1 << lane) - 1) == 0
                known = I32(0)
                if inside:
                    known = I32(counts[U64(at + k)])
                joins = team_ballot(leads and known == 0, half)
                settle()
                if leads:
                    counts[U64(at + k)] = known + count_bits(alike)
                    if known == 0:
                        there = I32(k_d + count_bits(joins & ((1 << lane) - 1)))
                        counts[U64(topics_at + there)] = k
                        counts[U64(places_at + k)] = there
                k_d = I32(k_d + count_bits(joins))
                if rare:
                    for j in range(TEAM):
                        other = shuffle(share, half + j)
                        if first + j < n_tokens:
                            smooth_sum = smooth_sum + F64(other)
                settle()
                first = I32(first + TEAM)

        first = I32(0)
        while first < longest:
            mine = I32(first + lane)
            inside = mine < n_tokens
            w, my_old, my_r, my_row = I32(0), I32(-1), I32(0), I64(0)
            my_c1, my_c2, my_surplus, my_mass, my_t = F64(1), F64(1), F64(0), F64(0), F64(1)
            my_phi0 = F32(0)
            if inside:
                w = I32(words[U64(begin + mine)])
                my_r = row_number[U64(w)]
                my_row = I64(my_r) * stride
                if own_leaves:
                    my_old = I32(z[U64(begin + mine)])
                    my_phi0 = phi[U64(smooth + my_old)]
                    if leave_out:
                        my_t = denominator[U64(my_old)]
                        if my_r >= 0:
                            there = phi[U64(my_row + my_old)]
                            part = max(1.0 - div64(1.0, mul64(F64(there), my_t)), 0.0)
                            my_c1 = div64(mul64(part, my_t), my_t - 1.0) if my_t > 1.0 else F64(0)
                            my_surplus = mul64(F64(mul32(alpha[U64(my_old)], there)), 1.0 - my_c1)
                        else:
                            my_c2 = div64(my_t, my_t - 1.0) if my_t > 1.0 else F64(0)
                            # smooth_old of `full_conditional._draw_word_side`
                            my_c1 = mul64(F64(my_phi0), my_c2 - 1.0)
                            my_surplus = mul64(F64(-alpha[U64(my_old)]), my_c1)
                if my_r >= 0:
                    my_mass = max(row_mass[U64(my_r)] - my_surplus, 0.0)
                else:
                    my_mass = max(row_mass[U64(last_row)] - my_surplus, 0.0)
            my_u = mul64(F64(draw_bits(origin, step, mine) >> U64(11)), 1.0 / 9007199254740992.0)
            my_new = I32(0)
            slot, slots = I32(0), I32(min(TEAM, longest - first))
            while slot < slots:
                source = I32(half + slot)
                active = first + slot < n_tokens
                old, r = shuffle(my_old, source), shuffle(my_r, source)
                dense, row = r >= 0, I64(r) * stride
                if rare:
                    smooth_sum = smooth_sum + F64(pending)
                    pending = F32(0)
                smooth_now = smooth_sum
                left = I32(1)
                if own_leaves:
                    # Take the token out of the document.
                    if rare:
                        old_phi0 = shuffle(my_phi0, source)
                        if active:
                            smooth_now = smooth_sum - F64(old_phi0)
                    if active:
                        left = I32(I32(counts[U64(at + old)]) - 1)
                    settle()
                    if active and lane == 0:
                        counts[U64(at + old)] = left
                    if left == 0:
                        # The last topic of the list takes the place.
                        k_d = I32(k_d - 1)
                        there, moved = I32(counts[U64(places_at + old)]), I32(counts[U64(topics_at + k_d)])
                        if lane == 0:
                            counts[U64(topics_at + there)] = moved
                            counts[U64(places_at + moved)] = there
                            counts[U64(topics_at + k_d)] = n_topics
                    settle()
                u, alpha_mass = shuffle(my_u, source), shuffle(my_mass, source)
                c1, corrected = F64(1), I32(-1)
                if corrects:
                    c1, corrected = shuffle(my_c1, source), old
                doc_blocks = I32((k_d + TEAM - 1) >> 4)
                plain = not active or (dense and doc_blocks <= plain_blocks)
                new, goal, surplus, factor = I32(0), F64(0), F64(0), c1
                falls = False  # to the alpha part
                if not anyone(not plain):
                    n_blocks = doc_blocks if active else I32(0)
                    most = max(n_blocks, shuffle(n_blocks, thread ^ TEAM))
                    old_share = F32(left)
                    if corrects:
                        old_share = F32(mul64(F64(left), c1))
                    running = scan_list(
                        most, counts, at, topics_at, phi, row, corrected, old_share, sums, sums_at, lane
                    )
                    total = lane_prefix(running, lane)
                    mass = F64(shuffle(total, half + TEAM - 1))
                    goal = mul64(u, mass + alpha_mass)
                    falls = not goal < mass
                    column, rest = column_of(F32(goal), running, total, half)
                    settle()
                    index = kept_index(column, rest, n_blocks, sums, sums_at, lane, half)
                    if active and not falls:
                        new = I32(counts[U64(topics_at + index)])
                    goal = goal - mass
                else:
                    word, c2, t = shuffle(w, source), shuffle(my_c2, source), shuffle(my_t, source)
                    way, n_blocks, n_list, base = I32(_DOCUMENT), doc_blocks, k_d, row
                    if not dense:
                        base, n_list = -start[U64(word)] - 1, I32(0)
                        if active:
                            n_list = length[U64(word)]
                        way, n_blocks = I32(_WORD), I32((n_list + TEAM - 1) >> 4)
                    elif SCAN_ALL_FACTOR * doc_blocks > all_blocks + SCAN_ALL_OFFSET:
                        way, n_blocks, n_list = I32(_ALL_TOPICS), all_blocks, I32(n_topics)
                    if not active:
                        n_blocks, n_list = I32(0), I32(0)
                    old_share = F32(left)
                    if corrects:
                        if way == _ALL_TOPICS and active:
                            old_share = old_share + alpha[U64(old)]
                        old_share = F32(mul64(F64(old_share), c1))
                    running = scan_terms(
                        way, n_blocks, n_list, counts, at, topics_at, base, corrected, old_share, c2, t, phi, alpha,
                        topic, weight, sums, sums_at, lane,
                    )  # fmt: skip
                    total = lane_prefix(running, lane)
                    short = active and way == _WORD and n_list <= SHORT_ROW
                    if anyone(short):
                        # Few topics are added up one after the other.
                        chain = running
                        for j in range(1, SHORT_ROW):
                            before = shuffle(chain, half + j - 1)
                            if lane == j:
                                chain = before + running
                        if short:
                            total = chain
                    mass = F64(shuffle(total, half + (max(n_list - 1, 0) if short else TEAM - 1)))
                    doc_part, own_dk = F64(0), F64(0)
                    if not dense:
                        doc_part = max(smooth_now, 0.0)
                        if corrects and active:
                            own_dk = F64(left)
                            if left > 0:
                                doc_part = doc_part + mul64(own_dk, c1)
                    if way == _ALL_TOPICS:
                        goal = mul64(u, mass)
                    elif dense:
                        goal = mul64(u, mass + alpha_mass)
                    else:
                        goal = mul64(u, mass + doc_part + alpha_mass)
                    falls = way != _ALL_TOPICS and not goal < mass
                    column, rest = column_of(F32(goal), running, total, half)
                    settle()
                    index = I32(0)
                    if anyone(n_blocks > KEPT_BLOCKS):
                        index = index_again(
                            column, rest, way, n_blocks, n_list, counts, at, topics_at, base, corrected, old_share, c2,
                            t, phi, alpha, topic, weight,
                        )  # fmt: skip
                    else:
                        index = kept_index(column, rest, n_blocks, sums, sums_at, lane, half)
                    if anyone(short):
                        passed_bits = team_ballot(lane < n_list - 1 and F64(total) <= goal, half)
                        if short:
                            index = count_bits(passed_bits)
                    if active and not falls:
                        new = index
                        if way == _DOCUMENT:
                            new = I32(counts[U64(topics_at + index)])
                        elif way == _WORD:
                            new = I32(topic[U64(base + index)])
                    goal = goal - mass
                    smooth_falls = falls and active and not dense and goal < doc_part and k_d > 0
                    if anyone(smooth_falls):
                        settle()
                        n_blocks = doc_blocks if smooth_falls else I32(0)
                        n_list = k_d if smooth_falls else I32(0)
                        old_share = F32(mul64(own_dk, c2))
                        running = scan_terms(
                            I32(_DOCUMENT), n_blocks, n_list, counts, at, topics_at, smooth, corrected, old_share, c2,
                            t, phi, alpha, topic, weight, sums, sums_at, lane,
                        )  # fmt: skip
                        total = lane_prefix(running, lane)
                        scanned = F64(shuffle(total, half + TEAM - 1))
                        aim = F64(0)
                        if smooth_falls:
                            aim = mul64(div64(goal, doc_part), scanned)
                        column, rest = column_of(F32(aim), running, total, half)
                        settle()
                        if anyone(n_blocks > KEPT_BLOCKS):
                            index = index_again(
                                column, rest, I32(_DOCUMENT), n_blocks, n_list, counts, at, topics_at, smooth,
                                corrected, old_share, c2, t, phi, alpha, topic, weight,
                            )  # fmt: skip
                        else:
                            index = kept_index(column, rest, n_blocks, sums, sums_at, lane, half)
                        if smooth_falls:
                            new = I32(counts[U64(topics_at + index)])
                            falls = False
                    if not dense:
                        factor = c2 if corrects else F64(1)
                        goal = max(goal - doc_part, 0.0)
                if anyone(falls and active):
                    settle()
                    if not dense:
                        r = last_row
                    own_group = I32(-1)
                    if corrects:
                        surplus = shuffle(my_surplus, source)
                        if old >= 0:
                            own_group = I32(old >> GROUP_BITS)
                    group, group_total, looking = I32(0), F64(0), True
                    g = I32(0)
                    while g < n_groups:
                        m = F64(group_mass[U64(I64(r) * n_groups + g)])
                        if g == own_group:
                            m = max(m - surplus, 0.0)
                        if looking and m > 0:
                            goal = goal - group_total
                            group, group_total = I32(g), m
                            looking = not goal < m
                        g = I32(g + 1)
                    low = I32(group << GROUP_BITS)
                    n_blocks = I32(min(GROUP, stride - low) >> 4)
                    weak, weak_share = I32(-1), F32(0)
                    if group == own_group and factor != 1.0:
                        weak, weak_share = old, F32(mul64(F64(alpha[U64(old)]), factor))
                    running = scan_alpha(
                        low, n_blocks, phi, I64(r) * stride, alpha, weak, weak_share, sums, sums_at, lane
                    )
                    total = lane_prefix(running, lane)
                    scanned = F64(shuffle(total, half + TEAM - 1))
                    aim = F64(0)
                    if group_total > 0:
                        aim = mul64(min(div64(goal, group_total), 1.0), scanned)
                    column, rest = column_of(F32(aim), running, total, half)
                    settle()
                    index = kept_index(column, rest, n_blocks, sums, sums_at, lane, half)
                    if falls and active:
                        new = I32(low + index)
                if lane == slot:
                    my_new = new
                if sequential or own_leaves:
                    # Back into the document: the new topic, or, where tokens do not see each other, the old one.
                    joins, n = new if sequential else old, I32(0)
                    if active:
                        n = I32(counts[U64(at + joins)])
                        if sequential:
                            smooth_sum = smooth_now
                            if rare:
                                pending = phi[U64(smooth + joins)]
                        if n == 0:
                            if lane == 0:
                                counts[U64(topics_at + k_d)] = joins
                                counts[U64(places_at + joins)] = k_d
                            k_d = I32(k_d + 1)
                    settle()
                    if active and lane == 0:
                        counts[U64(at + joins)] = n + 1
                settle()
                slot = I32(slot + 1)
            if inside:
                z[U64(begin + mine)] = my_new
            first = I32(first + TEAM)

    return sweep
