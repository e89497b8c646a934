"""The sequential token rule where topics are few: `rules.sequential_few_topics`, sixteen lanes a document.

A team holds the document's weights n_dk + alpha_k in registers, lane j those of the topics j, j + 16, ...: the
vertical sums of a scan are then one addition a block in each lane. Rows of all words are dense here: sparse ones, which
the CPU writes out for each token, are written out once a phase (`language_model.fill_every_row`). The scans of a
bunch do not depend on one another; only the short chain at the end does, in which each token looks at the topics of the
other three, and lane 4 i + j holds phi of token i at the topic of token j for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from numba import float32, int32

from lda.samplers.cuda.door import (
    F32,
    F64,
    I64,
    SIMULATED,
    TEAM,
    U64,
    WARP,
    Array,
    Scalar,
    anyone,
    cuda,
    div64,
    draw_bits,
    increment,
    kernel,
    lane_prefix,
    lane_with_weight,
    mul32,
    mul64,
    settle,
    shuffle,
    stream_origin,
    team_ballot,
)
from lda.samplers.numerics.prefix_sum_of_four import BUNCH

TEAMS: Final = 2 if SIMULATED else 8
"""Documents in a block of threads."""

RESIDENT_TEAMS: Final = 48
"""Documents that the registers of a multiprocessor shall suffice for. Tokens/s at K = 100 (H100, 55 M tokens) with 32,
40, 48 and 64 of them: 4.15, 4.23, 4.36 and 4.24 thousand million."""

BELOW: Final = F32(0.99999994)


def shared_bytes(n_blocks: int) -> int:
    """Shared memory of a block of threads: counts, the scan and its totals of each team."""
    return TEAMS * 4 * (2 * n_blocks * TEAM + TEAM)


@lru_cache(maxsize=64)
def sweep_kernel(n_blocks: int, *, leave_out: bool, fresh: bool) -> Any:  # noqa: ANN401 - a kernel
    """The kernel for 16 * n_blocks topics; what it returns takes the arrays of the CPU's kernel one by one.

    order: (n_documents,) int64, the documents to sweep, long ones first. phi: (V * stride,) float32, all rows dense.
    """
    blocks, stride = n_blocks, n_blocks * TEAM
    room = 2 * stride + TEAM

    @kernel((TEAMS * TEAM, RESIDENT_TEAMS // TEAMS))
    def sweep(
        words: Array,
        doc_offsets: Array,
        doc_keys: Array,
        order: Array,
        n_documents: Scalar,
        z: Array,
        phi: Array,
        alpha: Array,
        denominator: Array,
        seed: Scalar,
        pass_number: Scalar,
    ) -> None:
        counts = cuda.shared.array(0, int32)
        scan = cuda.shared.array(0, float32)
        block_thread = I64(cuda.threadIdx.x)
        thread = block_thread & (WARP - 1)
        lane, half = thread & (TEAM - 1), thread & TEAM
        at = (block_thread >> 4) * room
        sums, totals = at + stride, at + 2 * stride
        which = I64(cuda.blockIdx.x) * TEAMS + (block_thread >> 4)
        begin, length, key = I64(0), I64(0), U64(0)
        if which < n_documents:
            d = order[U64(which)]
            begin = doc_offsets[U64(d)]
            length = doc_offsets[U64(d + 1)] - begin
            key = doc_keys[U64(d)]
        longest = max(length, shuffle(length, thread ^ TEAM))
        origin, mixed = stream_origin(seed, pass_number, key)
        step = increment(mixed)

        weight = cuda.local.array(blocks, float32)
        prior = cuda.local.array(blocks, float32)
        for b in range(blocks):
            prior[b] = alpha[U64(b * TEAM + lane)]
            counts[U64(at + b * TEAM + lane)] = 0
        settle()
        if not fresh:
            for i in range(lane, length, TEAM):
                cuda.atomic.add(counts, U64(at + I64(z[U64(begin + i)])), 1)
            settle()

        for first in range(0, longest, TEAM):
            mine = first + lane
            inside = mine < length
            w, old = I64(0), I64(0)
            if inside:
                w = I64(words[U64(begin + mine)])
                if not fresh:
                    old = I64(z[U64(begin + mine)])
            row = w * stride
            value, own = F64(0), F64(0)
            if not fresh:
                value = F64(phi[U64(row + old)])
                if leave_out:
                    t = denominator[U64(old)]
                    left = F64(0)
                    if t > 1.0:
                        left = div64(max(mul64(value, t) - 1.0, 0.0), t - 1.0)
                    own = value - left
            bits = draw_bits(origin, step, mine)
            u = mul64(F64(bits >> U64(24)), 1.0 / 1099511627776.0)
            v = mul64(F64(bits & U64(0xFFFFFF)), 1.0 / 16777216.0)
            new = old
            for bunch in range(TEAM // BUNCH):
                opened = first + bunch * BUNCH
                if opened >= longest:
                    break
                member = inside and (lane >> 2) == bunch
                if not fresh:
                    if member:
                        cuda.atomic.sub(counts, U64(at + old), 1)
                    settle()
                for b in range(blocks):
                    weight[b] = F32(counts[U64(at + b * TEAM + lane)]) + prior[b]
                # phi of token lane >> 2 at the topic of token lane & 3
                leader = half + bunch * BUNCH
                other_row = shuffle(row, leader + (lane >> 2))
                pair = phi[U64(other_row + shuffle(new, leader + (lane & 3)))]
                whole, gone = F64(0), F64(0)
                if leave_out and not fresh:
                    kept = F64(F32(counts[U64(at + old)]) + alpha[U64(old)])
                    whole, gone = mul64(kept, value), mul64(kept, own)
                found, mass = I64(0), F64(0)  # of this lane's token, without the others of the bunch
                for slot in range(BUNCH):
                    source = leader + slot
                    base = shuffle(row, source) + lane
                    running = F32(0)
                    for b in range(blocks):
                        running = running + mul32(weight[b], phi[U64(base + b * TEAM)])
                        scan[U64(sums + b * TEAM + lane)] = running
                    total = lane_prefix(running, lane)
                    scan[U64(totals + lane)] = total
                    settle()
                    everything = F64(scan[U64(totals + TEAM - 1)])
                    if leave_out and not fresh:
                        everything = max(everything - gone, 0.0)
                    target = mul64(u, everything)
                    if leave_out and not fresh:
                        # The own token's term leaves the scan: `sequential_few_topics._past_own`.
                        starts = F64(scan[U64(sums + old)]) - whole
                        own_lane = old & (TEAM - 1)
                        if own_lane > 0:
                            starts = starts + F64(scan[U64(totals + own_lane - 1)])
                        if target >= starts + whole - gone:
                            target = target + gone
                    wanted = shuffle(F32(target), source)
                    column = min(I64(cuda.popc(team_ballot(total <= wanted, half))), TEAM - 1)
                    last = sums + (blocks - 1) * TEAM
                    if scan[U64(last + column)] <= 0:
                        column = lane_with_weight(scan, last, column)
                    rest = wanted
                    if column > 0:
                        rest = max(rest - scan[U64(totals + column - 1)], F32(0))
                    rest = min(rest, mul32(scan[U64(last + column)], BELOW))
                    passed = False
                    if lane < blocks - 1:
                        passed = scan[U64(sums + lane * TEAM + column)] <= rest
                    here = I64(cuda.popc(team_ballot(passed, half))) * TEAM + column
                    if lane == bunch * BUNCH + slot:
                        found, mass = here, everything
                    settle()
                for slot in range(BUNCH):
                    source = leader + slot
                    others, same = F64(0), I64(0)
                    # The others are the tokens 0 .. before - 1.
                    before = length - opened if not fresh else I64(slot)
                    for j in range(BUNCH):
                        entry = F64(shuffle(pair, half + slot * BUNCH + j))
                        topic = shuffle(new, leader + j)
                        if j < before:
                            others = others + entry
                            same += I64(topic == old)
                    if not fresh:
                        others = others - (value + mul64(own, F64(same - 1)))
                    target = mul64(v, mass + others)
                    drawn = found
                    falls = target < others and lane == bunch * BUNCH + slot
                    # The branch holds shuffles: both teams take it.
                    if anyone(falls):
                        going = target < others
                        for j in range(BUNCH):
                            entry = F64(shuffle(pair, half + slot * BUNCH + j))
                            topic = shuffle(new, leader + j)
                            if going and j < before and j != slot:
                                drawn = topic
                                target = target - (entry - mul64(own, F64(I64(topic == old))))
                                going = target >= 0
                    drawn = shuffle(drawn, source)
                    if lane == bunch * BUNCH + slot:
                        new = drawn
                    if (lane & 3) == slot and (lane >> 2) > slot:
                        pair = phi[U64(other_row + drawn)]
                if member:
                    cuda.atomic.add(counts, U64(at + new), 1)
                settle()
            if inside:
                z[U64(begin + mine)] = new

    return sweep
