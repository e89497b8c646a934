"""Token rules that keep a list of the document's topics: `samplers.sequential` beyond few topics, and `simultaneous`.

Every token takes the shortest of three ways (`samplers.draws`): the document's topics, all topics, or the topics of a
rare word. A team walks each of them with one loop, whose operands alone differ, so that two teams of a warp that
take different ways walk together. What seldom follows (a rare word's smooth part, the alpha part) is walked by both
teams of a warp if one of them needs it.

What does not depend on the document's state (rows, random numbers, the own token's factor) is computed for sixteen
tokens at a time, a token a lane.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from numba import cuda, float32, from_dtype

from lda.samplers.cuda.door import (
    F32,
    F64,
    I64,
    SIMULATED,
    TEAM,
    U64,
    WARP,
    anyone,
    device,
    div64,
    draw_bits,
    increment,
    lane_prefix,
    lane_with_weight,
    matches,
    mul32,
    mul64,
    settle,
    shuffle,
    stream_origin,
    team_ballot,
)
from lda.samplers.draws import SCAN_ALL_FACTOR, SCAN_ALL_OFFSET
from lda.samplers.language import GROUP
from lda.samplers.layout import SHORT_ROW

TEAMS: Final = 2 if SIMULATED else 8
"""Documents in a block of threads."""

BOUNDS: Any = TEAMS * TEAM

KEPT_BLOCKS: Final = GROUP // TEAM
"""Blocks of a scan that are kept; of a longer one, the column that the draw falls to is added up again."""

BELOW: Final = F32(0.99999994)
_DOCUMENT, _ALL_TOPICS, _WORD, _ALPHA = 0, 1, 2, 3


def document_bytes(n_topics: int, longest: int, itemsize: int) -> int:
    """Shared memory that a document of `longest` tokens takes: counts of topics, list of topics, a kept scan."""
    capacity = min(longest, n_topics) + TEAM
    words = -(-(n_topics + capacity) * itemsize // 4)
    return 4 * (_odd(words) + KEPT_BLOCKS * TEAM + TEAM)


def _odd(words: int) -> int:
    """`words` rounded up so that two teams of a warp read from different halves of the 32 banks."""
    return -(-words // WARP) * WARP + TEAM


@lru_cache(maxsize=32)
def sweep_kernel(
    topic_type: Any, *, sequential: bool, leave_out: bool, fresh: bool  # noqa: ANN401 - a NumPy type
) -> Any:  # noqa: ANN401 - a kernel
    """The kernel of one token rule; the arguments of what it returns are those of `sequential.sweep_documents`.

    topic_type: uint16 or uint32, of the topics and counts of a document. order: (n_documents,) int64, the documents to
    sweep, long ones first. capacity: topics that a document may have. scratch: float32, (n_documents * room,) where
    documents are too long or topics too many for shared memory, else of length 0; scratch_counts: the same memory as
    topic_type.
    """
    own_leaves = sequential or leave_out
    per_word, shared_type = 4 // np.dtype(topic_type).itemsize, from_dtype(np.dtype(topic_type))

    @device
    def term(way, j, k_d, n_list, counts, at, topics_at, row, old, c1, c2, t, phi, alpha, topic, weight):
        """Entry j of the scan of a way, whose entries are those below n_list."""
        value = F32(0)
        if j < n_list:
            if way == _DOCUMENT:
                k = I64(counts[U64(topics_at + j)])
                share = F32(counts[U64(at + k)])
                if k == old:
                    share = F32(mul64(F64(share), c1))
                value = mul32(share, phi[U64(row + k)])
            elif way == _ALL_TOPICS:
                share = F32(counts[U64(at + j)]) + alpha[U64(j)]
                if j == old:
                    share = F32(mul64(F64(share), c1))
                value = mul32(share, phi[U64(row + j)])
            elif way == _WORD:
                k = I64(topic[U64(row + j)])
                own = weight[U64(row + j)]
                share = F32(counts[U64(at + k)]) + alpha[U64(k)]
                if k == old:
                    gone = div64(1.0, mul64(F64(own), t))
                    share = F32(mul64(mul64(F64(share), max(1.0 - gone, 0.0)), c2))
                value = mul32(share, own)
            else:
                # alpha part: j counts from the group's first topic, which `at` is here
                share = alpha[U64(topics_at + j)]
                if topics_at + j == old:
                    share = F32(mul64(F64(share), c1))
                value = mul32(share, phi[U64(row + topics_at + j)])
        return value

    @device
    def scan_way(
        way, n_blocks, most, k_d, n_list, counts, at, topics_at, row, old, c1, c2, t, phi, alpha, topic, weight,
        sums, sums_at, lane, thread,
    ):  # fmt: skip
        """Scan n_blocks blocks (at most `most` in either team) of one way; returns (lane's total, prefix over lanes)."""
        running = F32(0)
        for b in range(most):
            if b < n_blocks:
                running = running + term(
                    way, b * TEAM + lane, k_d, n_list, counts, at, topics_at, row, old, c1, c2, t, phi, alpha,
                    topic, weight,
                )  # fmt: skip
                if b < KEPT_BLOCKS:
                    sums[U64(sums_at + b * TEAM + lane)] = running
        return running, lane_prefix(running, lane, thread)

    @device
    def pick_way(
        target, running, total, way, n_blocks, most, k_d, n_list, counts, at, topics_at, row, old, c1, c2, t, phi,
        alpha, topic, weight, sums, sums_at, lane, half,
    ):  # fmt: skip
        """`lanes.pick` of the scan that `scan_way` made: the index that `target` falls to."""
        totals = sums_at + KEPT_BLOCKS * TEAM
        # lane totals, and the prefix over lanes, where all lanes can read them
        settle()
        wanted = F32(target)
        column = min(I64(cuda.popc(team_ballot(total <= wanted, half))), TEAM - 1)
        positive = team_ballot(running > 0, half)
        if (positive >> column) & 1 == 0:
            column = nearest(positive, column)
        own_total = shuffle(running, half + column)
        before = shuffle(total, half + max(column - 1, 0))
        rest = wanted
        if column > 0:
            rest = max(rest - before, F32(0))
        rest = min(rest, mul32(own_total, BELOW))
        passed = I64(0)
        if most <= KEPT_BLOCKS:
            below = False
            if lane < n_blocks - 1:
                below = sums[U64(sums_at + lane * TEAM + column)] <= rest
            passed = I64(cuda.popc(team_ballot(below, half)))
        else:
            again = F32(0)
            for b in range(most):
                if b < n_blocks - 1:
                    again = again + term(
                        way, b * TEAM + column, k_d, n_list, counts, at, topics_at, row, old, c1, c2, t, phi,
                        alpha, topic, weight,
                    )  # fmt: skip
                    passed += I64(again <= rest)
        settle()
        return passed * TEAM + column

    @cuda.jit(launch_bounds=BOUNDS)
    def kernel(
        words, doc_offsets, doc_keys, order, n_documents, z, capacity, scratch, scratch_counts,
        n_topics, stride, n_groups, start, length, phi, topic, weight, alpha, denominator, group_mass, row_mass,
        seed, sweep,
    ):  # fmt: skip
        block_thread = I64(cuda.threadIdx.x)
        thread = block_thread & (WARP - 1)
        lane, half = thread & (TEAM - 1), thread & TEAM
        which = I64(cuda.blockIdx.x) * TEAMS + (block_thread >> 4)
        words_of = (n_topics + capacity + per_word - 1) // per_word
        words_of = (words_of + WARP - 1) // WARP * WARP + TEAM  # as `_odd`
        room = words_of + KEPT_BLOCKS * TEAM + TEAM
        if len(scratch) > 0:
            sums = scratch
            counts = scratch_counts
            place = which * room
        else:
            sums = cuda.shared.array(0, float32)
            counts = cuda.shared.array(0, shared_type)
            place = (block_thread >> 4) * room
        at = place * per_word
        topics_at = at + n_topics
        sums_at = place + words_of
        smooth = I64(len(phi)) - stride
        last_row = I64(len(row_mass)) - 1
        begin, n_tokens, key = I64(0), I64(0), U64(0)
        if which < n_documents:
            d = order[U64(which)]
            begin = doc_offsets[U64(d)]
            n_tokens = doc_offsets[U64(d + 1)] - begin
            key = doc_keys[U64(d)]
        longest = max(n_tokens, shuffle(n_tokens, thread ^ TEAM))
        origin, mixed = stream_origin(seed, sweep, key)
        step = increment(mixed)
        if which < n_documents:
            for k in range(lane, n_topics, TEAM):
                counts[U64(at + k)] = 0
        settle()
        k_d, smooth_sum = I64(0), F64(0)
        if not fresh:
            # The list has topics in the order in which tokens bring them.
            for first in range(0, longest, TEAM):
                inside = first + lane < n_tokens
                k = n_topics + lane  # of no other lane
                share = F32(0)
                if inside:
                    k = I64(z[U64(begin + first + lane)])
                    share = phi[U64(smooth + k)]
                alike = (I64(matches(np.int32(k))) >> half) & 0xFFFF
                leads = inside and alike & ((1 << lane) - 1) == 0
                known = I64(0)
                if inside:
                    known = I64(counts[U64(at + k)])
                joins = team_ballot(leads and known == 0, half)
                settle()
                if leads:
                    counts[U64(at + k)] = known + I64(cuda.popc(alike))
                    if known == 0:
                        counts[U64(topics_at + k_d + I64(cuda.popc(joins & ((1 << lane) - 1))))] = k
                k_d += I64(cuda.popc(joins))
                for j in range(TEAM):
                    other = shuffle(share, half + j)
                    if first + j < n_tokens:
                        smooth_sum = smooth_sum + F64(other)
                settle()

        for first in range(0, longest, TEAM):
            mine = first + lane
            inside = mine < n_tokens
            w, my_old, my_row = I64(0), I64(-1), I64(0)
            my_c1, my_c2, my_surplus, my_mass, my_t = F64(1), F64(1), F64(0), F64(0), F64(1)
            my_phi0 = F32(0)
            if inside:
                w = I64(words[U64(begin + mine)])
                my_row = start[U64(w)]
                if own_leaves and not fresh:
                    my_old = I64(z[U64(begin + mine)])
                    my_phi0 = phi[U64(smooth + my_old)]
                    if leave_out:
                        my_t = denominator[U64(my_old)]
                        if my_row >= 0:
                            there = phi[U64(my_row + my_old)]
                            part = max(1.0 - div64(1.0, mul64(F64(there), my_t)), 0.0)
                            my_c1 = div64(mul64(part, my_t), my_t - 1.0)
                            my_surplus = mul64(F64(mul32(alpha[U64(my_old)], there)), 1.0 - my_c1)
                        else:
                            my_c2 = div64(my_t, my_t - 1.0)
                            # smooth_old of `draws._draw_word_side`
                            my_c1 = mul64(F64(my_phi0), my_c2 - 1.0)
                            my_surplus = mul64(F64(-alpha[U64(my_old)]), my_c1)
                if my_row >= 0:
                    my_mass = max(row_mass[U64(my_row // stride)] - my_surplus, 0.0)
                else:
                    my_mass = max(row_mass[U64(last_row)] - my_surplus, 0.0)
            my_u = mul64(F64(draw_bits(origin, step, mine) >> U64(11)), 1.0 / 9007199254740992.0)
            my_new = I64(0)
            for slot in range(TEAM):
                if first + slot >= longest:
                    break
                source = half + slot
                active = first + slot < n_tokens
                old, row = shuffle(my_old, source), shuffle(my_row, source)
                old_phi0, word = shuffle(my_phi0, source), shuffle(w, source)
                dense = row >= 0
                smooth_now = smooth_sum
                if own_leaves and not fresh:
                    # Take the token out of the document.
                    left = I64(1)
                    if active:
                        left = I64(counts[U64(at + old)]) - 1
                        smooth_now = smooth_sum - F64(old_phi0)
                    settle()
                    if active and lane == 0:
                        counts[U64(at + old)] = left
                    if anyone(left == 0):
                        other = shuffle(k_d, thread ^ TEAM)
                        place_of = I64(0)
                        for b in range((max(k_d, other) + TEAM - 1) // TEAM):
                            there = b * TEAM + lane
                            hit = False
                            if there < k_d:
                                hit = I64(counts[U64(topics_at + there)]) == old
                            hits = team_ballot(hit, half)
                            if hits != 0:
                                place_of = b * TEAM + I64(cuda.popc((hits & -hits) - 1))
                        settle()
                        if left == 0:
                            k_d -= 1
                            if lane == 0:
                                counts[U64(topics_at + place_of)] = counts[U64(topics_at + k_d)]
                    settle()
                c1, c2 = shuffle(my_c1, source), shuffle(my_c2, source)
                t = shuffle(my_t, source)
                alpha_mass, u = shuffle(my_mass, source), shuffle(my_u, source)
                corrected = old if leave_out else I64(-1)
                # Which way?
                doc_blocks = (k_d + TEAM - 1) // TEAM
                way, n_blocks, n_list, base = I64(_DOCUMENT), doc_blocks, k_d, row
                if not dense:
                    base = -row - 1
                    n_list = I64(0)
                    if active:
                        n_list = I64(length[U64(word)])
                    way, n_blocks = I64(_WORD), (n_list + TEAM - 1) // TEAM
                elif SCAN_ALL_FACTOR * doc_blocks > stride // TEAM + SCAN_ALL_OFFSET:
                    way, n_blocks, n_list = I64(_ALL_TOPICS), stride // TEAM, n_topics
                if not active:
                    n_blocks, n_list = I64(0), I64(0)
                most = max(n_blocks, shuffle(n_blocks, thread ^ TEAM))
                running, total = scan_way(
                    way, n_blocks, most, k_d, n_list, counts, at, topics_at, base, corrected, c1, c2, t, phi, alpha,
                    topic, weight, sums, sums_at, lane, thread,
                )  # fmt: skip
                short = way == _WORD and n_list <= SHORT_ROW
                if anyone(short and active):
                    # Few topics are added up one after the other.
                    chain = running
                    for j in range(1, SHORT_ROW):
                        before = shuffle(chain, half + j - 1)
                        if lane == j:
                            chain = before + running
                    if short:
                        total = chain
                mass = F64(shuffle(total, half + (max(n_list - 1, 0) if short else TEAM - 1)))
                if short and n_list == 0:
                    mass = F64(0)
                doc_part = F64(0)
                own_dk = F64(0)
                if not dense:
                    doc_part = max(smooth_now, 0.0)
                    if old >= 0:
                        own_dk = F64(F32(counts[U64(at + old)]))
                        if own_dk > 0:
                            doc_part = doc_part + mul64(own_dk, c1 if leave_out else F64(0))
                goal = F64(0)
                if way == _ALL_TOPICS:
                    goal = mul64(u, mass)
                elif dense:
                    goal = mul64(u, mass + alpha_mass)
                else:
                    goal = mul64(u, mass + doc_part + alpha_mass)
                falls = way != _ALL_TOPICS and not goal < mass
                index = pick_way(
                    goal, running, total, way, n_blocks, most, k_d, n_list, counts, at, topics_at, base, corrected,
                    c1, c2, t, phi, alpha, topic, weight, sums, sums_at, lane, half,
                )  # fmt: skip
                if anyone(short and active):
                    passed = team_ballot(lane < n_list - 1 and F64(total) <= goal, half)
                    if short:
                        index = I64(cuda.popc(passed))
                new = index
                if way == _DOCUMENT and not falls:
                    new = I64(0)
                    if active:
                        new = I64(counts[U64(topics_at + index)])
                if way == _WORD and not falls:
                    new = I64(0)
                    if active:
                        new = I64(topic[U64(base + index)])
                if anyone(falls and active):
                    goal = goal - mass
                    r = row // stride if dense else last_row
                    smooth_falls = falls and active and not dense and goal < doc_part and k_d > 0
                    if anyone(smooth_falls):
                        n_blocks2 = doc_blocks if smooth_falls else I64(0)
                        n_list2 = k_d if smooth_falls else I64(0)
                        most2 = max(n_blocks2, shuffle(n_blocks2, thread ^ TEAM))
                        running, total = scan_way(
                            I64(_DOCUMENT), n_blocks2, most2, k_d, n_list2, counts, at, topics_at, smooth, corrected,
                            c2, c2, t, phi, alpha, topic, weight, sums, sums_at, lane, thread,
                        )  # fmt: skip
                        scanned = F64(shuffle(total, half + TEAM - 1))
                        aim = F64(0)
                        if smooth_falls:
                            aim = mul64(div64(goal, doc_part), scanned)
                        index = pick_way(
                            aim, running, total, I64(_DOCUMENT), n_blocks2, most2, k_d, n_list2, counts, at,
                            topics_at, smooth, corrected, c2, c2, t, phi, alpha, topic, weight, sums, sums_at,
                            lane, half,
                        )  # fmt: skip
                        if smooth_falls:
                            new = I64(counts[U64(topics_at + index)])
                    alpha_falls = falls and active and not smooth_falls
                    if anyone(alpha_falls):
                        factor = c1 if dense else c2
                        if not leave_out:
                            factor = F64(1)
                        surplus = shuffle(my_surplus, source)
                        if not dense:
                            goal = max(goal - doc_part, 0.0)
                        group, own_group = I64(0), old // GROUP if old >= 0 else I64(-1)
                        group_total, looking = F64(0), True
                        for g in range(n_groups):
                            m = F64(group_mass[U64(r * n_groups + g)])
                            if g == own_group:
                                m = max(m - surplus, 0.0)
                            if looking and m > 0:
                                goal = goal - group_total
                                group, group_total = I64(g), m
                                looking = not goal < m
                        low = group * GROUP
                        n_blocks3 = min(GROUP, stride - low) // TEAM
                        weak = old if group == own_group and factor != 1.0 else I64(-1)
                        most3 = max(n_blocks3, shuffle(n_blocks3, thread ^ TEAM))
                        running, total = scan_way(
                            I64(_ALPHA), n_blocks3, most3, k_d, n_blocks3 * TEAM, counts, at, low, r * stride, weak,
                            factor, c2, t, phi, alpha, topic, weight, sums, sums_at, lane, thread,
                        )  # fmt: skip
                        scanned = F64(shuffle(total, half + TEAM - 1))
                        aim = F64(0)
                        if group_total > 0:
                            aim = mul64(min(div64(goal, group_total), 1.0), scanned)
                        index = pick_way(
                            aim, running, total, I64(_ALPHA), n_blocks3, most3, k_d, n_blocks3 * TEAM, counts, at, low,
                            r * stride, weak, factor, c2, t, phi, alpha, topic, weight, sums, sums_at, lane, half,
                        )  # fmt: skip
                        if alpha_falls:
                            new = low + index
                if lane == slot:
                    my_new = new
                if sequential or leave_out:
                    # Back into the document: the new topic, or, where tokens do not see each other, the old one.
                    joins, n = new if sequential else old, I64(0)
                    if active:
                        n = I64(counts[U64(at + joins)])
                        if sequential:
                            smooth_sum = smooth_now + F64(phi[U64(smooth + joins)])
                        if n == 0:
                            if lane == 0:
                                counts[U64(topics_at + k_d)] = joins
                            k_d += 1
                    settle()
                    if active and lane == 0:
                        counts[U64(at + joins)] = n + 1
                    settle()
            if inside:
                z[U64(begin + mine)] = my_new

    return kernel


@device
def nearest(positive, lane):
    """The nearest lane below `lane` with its bit in `positive`, else above it, else lane 0."""
    for j in range(lane - 1, -1, -1):
        if (positive >> j) & 1:
            return I64(j)
    for j in range(lane + 1, TEAM):
        if (positive >> j) & 1:
            return I64(j)
    return I64(0)
