"""Phi of a phase on the device, from the counts there: `posterior_mean.fill_mean` and `set_priors`, to the bit.

Counts are dense here, (V, stride) int32, whatever rows phi has. A rare word's row of phi is gathered from them once a
phase. Reading the counts of all words takes microseconds where merging changes into sorted rows would take a kernel
of branches.
"""

from __future__ import annotations

from typing import Final

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
    ballot,
    cuda,
    div64,
    mul32,
    mul64,
    shuffle,
)
from lda.samplers.phi.language_model import GROUP

THREADS: Final = WARP if SIMULATED else 256
TEAMS: Final = THREADS // TEAM


@cuda.jit
def set_priors(
    topic_totals: Array,
    beta: Scalar,
    bbar: Scalar,
    n_topics: Scalar,
    denominator: Array,
    inverse: Array,
    smooth: Array,
) -> None:
    """Denominator (stride,) float64 = n_k + bbar, its inverse, and smooth (stride,) float32 = beta / (n_k + bbar).

    Padding beyond n_topics: denominator 1, the others 0. topic_totals: (K,) int64.
    """
    k = I64(cuda.grid(1))
    if k < len(smooth):
        t, r, s = F64(1), F64(0), F32(0)
        if k < n_topics:
            t = F64(topic_totals[U64(k)]) + bbar
            r = div64(1.0, t)
            s = F32(div64(beta, t))
        denominator[U64(k)] = t
        inverse[U64(k)] = r
        smooth[U64(k)] = s


@cuda.jit
def fill_every_row(
    counts: Array, start: Array, beta: Scalar, inverse: Array, smooth: Array, stride: Scalar, phi: Array
) -> None:
    """Phi (V * stride,) float32 with all rows dense; a rare word's as `few_topics` writes it out."""
    i = I64(cuda.grid(1))
    if i < len(phi):
        w, k = i // stride, i % stride
        n = F64(counts[U64(i)])
        if start[U64(w)] >= 0:
            phi[U64(i)] = F32(mul64(n + beta, inverse[U64(k)]))
        else:
            phi[U64(i)] = smooth[U64(k)] + F32(mul64(n, inverse[U64(k)]))


@cuda.jit
def fill_dense_rows(
    counts: Array, dense_words: Array, beta: Scalar, inverse: Array, smooth: Array, stride: Scalar, phi: Array
) -> None:
    """Rows of phi of frequent words, then phi0. dense_words: (rows,) int32, in the order of their rows."""
    i = I64(cuda.grid(1))
    if i < len(phi):
        r, k = i // stride, i % stride
        if r < len(dense_words):
            n = F64(counts[U64(I64(dense_words[U64(r)]) * stride + k)])
            phi[U64(i)] = F32(mul64(n + beta, inverse[U64(k)]))
        else:
            phi[U64(i)] = smooth[U64(k)]


@cuda.jit
def fill_sparse_rows(
    counts: Array,
    sparse_words: Array,
    start: Array,
    slots: Array,
    inverse: Array,
    n_topics: Scalar,
    stride: Scalar,
    length: Array,
    topic: Array,
    weight: Array,
) -> None:
    """Rows of rare words, one a warp: topics ascending, n_kw / (n_k + bbar), 0 in the slots left over.

    sparse_words: (n,) int32. slots: (n,) int32, entries set aside for each.
    """
    which = I64(cuda.grid(1)) // WARP
    lane = I64(cuda.threadIdx.x) & (WARP - 1)
    if which < len(sparse_words):
        w = I64(sparse_words[U64(which)])
        row, base, n = -start[U64(w)] - 1, w * stride, I64(0)
        for first in range(0, n_topics, WARP):
            k, count = first + lane, 0
            if k < n_topics:
                count = counts[U64(base + k)]
            here = I64(ballot(count > 0)) & 0xFFFFFFFF
            if count > 0:
                j = row + n + I64(cuda.popc(here & ((1 << lane) - 1)))
                topic[U64(j)] = k
                weight[U64(j)] = F32(mul64(F64(count), inverse[U64(k)]))
            n += I64(cuda.popc(here))
        for j in range(row + n + lane, row + slots[U64(which)], WARP):
            weight[U64(j)] = 0
        if lane == 0:
            length[U64(w)] = n


@cuda.jit
def add_alpha_parts(
    phi: Array,
    alpha: Array,
    stride: Scalar,
    n_groups: Scalar,
    n_rows: Scalar,
    group_mass: Array,
    row_mass: Array,
) -> None:
    """`language_model.add_alpha_parts` of all rows, a team a row."""
    thread = I64(cuda.threadIdx.x) & (WARP - 1)
    lane, half = thread & (TEAM - 1), thread & TEAM
    r = I64(cuda.grid(1)) // TEAM
    row = r * stride if r < n_rows else I64(0)
    total = F64(0)
    for g in range(n_groups):
        low = g * GROUP
        lanes = F32(0)
        for b in range(low, min(low + GROUP, stride), TEAM):
            lanes = lanes + mul32(alpha[U64(b + lane)], phi[U64(row + b + lane)])
        mass = F64(0)
        for j in range(TEAM):
            mass = mass + F64(shuffle(lanes, half + j))
        if lane == 0 and r < n_rows:
            group_mass[U64(r * n_groups + g)] = F32(mass)
        total = total + mass
    if lane == 0 and r < n_rows:
        row_mass[U64(r)] = total


@cuda.jit
def write_out_rows(
    source: Array,
    start: Array,
    length: Array,
    topic: Array,
    weight: Array,
    stride: Scalar,
    n_rows: Scalar,
    phi: Array,
) -> None:
    """Phi (V * stride,), all rows dense, from that of a `LanguageModel`, `source`: its rows written out.

    A block of threads takes words in turn. n_rows: dense rows in `source`, which phi0 follows.
    """
    me, threads = I64(cuda.threadIdx.x), I64(cuda.blockDim.x)
    for w in range(I64(cuda.blockIdx.x), len(start), I64(cuda.gridDim.x)):
        row, out = start[U64(w)], w * stride
        first = row if row >= 0 else n_rows * stride
        for k in range(me, stride, threads):
            phi[U64(out + k)] = source[U64(first + k)]
        cuda.syncthreads()
        if row < 0:
            for j in range(-row - 1 + me, -row - 1 + I64(length[U64(w)]), threads):
                k = out + I64(topic[U64(j)])
                phi[U64(k)] = phi[U64(k)] + weight[U64(j)]
