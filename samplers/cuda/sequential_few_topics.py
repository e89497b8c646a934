"""The sequential token rule where topics are few: `rules.sequential_few_topics`, sixteen lanes a document.

A team holds the document's counts n_dk in registers, lane j those of the topics j, j + 16, ...: the vertical sums of a
scan are then one addition a block in each lane, and only sums and totals go through shared memory. Rows of all words
are dense here: sparse ones, which the CPU writes out for each token, are written out once a phase
(`language_model.fill_every_row`). What belongs to a token alone, its own phi and its random number, the lanes find for
sixteen tokens at once.
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

TEAMS: Final = 2 if SIMULATED else 8
"""Documents in a block of threads."""

RESIDENT_TEAMS: Final = 48
"""Documents that the registers of a multiprocessor shall suffice for."""

BELOW: Final = F32(0.99999994)


def shared_bytes(n_blocks: int) -> int:
    """Shared memory of a block of threads: the scan and its totals of each team."""
    return TEAMS * 4 * (n_blocks * TEAM + TEAM)


@lru_cache(maxsize=64)
def sweep_kernel(n_blocks: int, *, leave_out: bool, fresh: bool) -> Any:  # noqa: ANN401 - a kernel
    """The kernel for 16 * n_blocks topics; what it returns takes the arrays of the CPU's kernel one by one.

    order: (n_documents,) int64, the documents to sweep, long ones first. phi: (V * stride,) float32, all rows dense.
    """
    blocks, stride = n_blocks, n_blocks * TEAM
    room = stride + TEAM

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
        counts = cuda.shared.array(0, int32)  # where the scan will be
        scan = cuda.shared.array(0, float32)
        block_thread = I64(cuda.threadIdx.x)
        thread = block_thread & (WARP - 1)
        lane, half = thread & (TEAM - 1), thread & TEAM
        at = (block_thread >> 4) * room
        totals = at + stride
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

        n_dk = cuda.local.array(blocks, float32)
        prior = cuda.local.array(blocks, float32)
        for b in range(blocks):
            prior[b] = alpha[U64(b * TEAM + lane)]
            counts[U64(at + b * TEAM + lane)] = 0
        settle()
        if not fresh:
            for i in range(lane, length, TEAM):
                cuda.atomic.add(counts, U64(at + I64(z[U64(begin + i)])), 1)
            settle()
        for b in range(blocks):
            n_dk[b] = F32(counts[U64(at + b * TEAM + lane)])
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
            own = F32(0)
            if not fresh:
                own = phi[U64(row + old)]
                if leave_out:
                    t = denominator[U64(old)]
                    left, lost = F64(0), F64(0)
                    if t > 1.0:
                        left = div64(t, t - 1.0)
                        lost = div64(1.0, t - 1.0)
                    own = F32(max(mul64(F64(own), left) - lost, 0.0))
            u = mul64(F64(draw_bits(origin, step, mine) >> U64(11)), 1.0 / 9007199254740992.0)
            new = old
            for slot in range(TEAM):
                if first + slot >= longest:
                    break
                source = half + slot
                drawn = first + slot < length
                base = shuffle(row, source) + lane
                old_block = I64(-1)  # of the own token's topic, in the lane that has it
                own_phi = F32(0)
                if not fresh:
                    topic = shuffle(old, source)
                    own_phi = shuffle(own, source)
                    if drawn and (topic & (TEAM - 1)) == lane:
                        old_block = topic >> 4
                running = F32(0)
                for b in range(blocks):
                    value = phi[U64(base + b * TEAM)]
                    if not fresh and b == old_block:
                        value = own_phi
                        n_dk[b] = n_dk[b] - F32(1)
                    running = running + mul32(value, n_dk[b] + prior[b])
                    scan[U64(at + b * TEAM + lane)] = running
                total = lane_prefix(running, lane)
                scan[U64(totals + lane)] = total
                settle()
                everything = F64(scan[U64(totals + TEAM - 1)])
                wanted = F32(mul64(shuffle(u, source), everything))
                column = min(I64(cuda.popc(team_ballot(total <= wanted, half))), TEAM - 1)
                last = at + (blocks - 1) * TEAM
                if scan[U64(last + column)] <= 0:
                    column = lane_with_weight(scan, last, column)
                rest = wanted
                if column > 0:
                    rest = rest - scan[U64(totals + column - 1)]
                rest = max(rest, F32(0))
                rest = min(rest, mul32(scan[U64(last + column)], BELOW))
                passed = False
                if lane < blocks - 1:
                    passed = scan[U64(at + lane * TEAM + column)] <= rest
                new_block = I64(cuda.popc(team_ballot(passed, half)))
                if lane == slot:
                    new = new_block * TEAM + column
                if not drawn or lane != column:
                    new_block = I64(-1)
                for b in range(blocks):
                    if b == new_block:
                        n_dk[b] = n_dk[b] + F32(1)
                settle()
            if inside:
                z[U64(begin + mine)] = new

    return sweep
