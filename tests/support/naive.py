"""Slow twins of the kernels in plain Python: what a kernel must do, with the same rounding.

Integers are Python's, every float32 operation is written out, and nothing is shared with the compiled code but
the constants of its layout. Model and token rules are in `naive_rules.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import gammaln, psi

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

f32 = np.float32
BITS = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
THETA_STREAM, PHI_STREAM = 0x7468657461206472, 0x70686920647261
SPLIT_STREAM, SHARE_STREAM = 0x73706C6974, 0x7368617265


# Random numbers


def mix(x: int) -> int:
    """Stafford's variant 13."""
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & BITS
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & BITS
    return x ^ (x >> 31)


def increment(x: int) -> int:
    """Odd, with enough bits that differ from their neighbour."""
    x = ((x ^ (x >> 33)) * 0xFF51AFD7ED558CCD) & BITS
    x = ((x ^ (x >> 33)) * 0xC4CEB9FE1A85EC53) & BITS
    x = (x ^ (x >> 33)) | 1
    return x ^ 0xAAAAAAAAAAAAAAAA if (x ^ (x >> 1)).bit_count() < 24 else x


class Stream:
    """Random numbers of (seed, sweep, key); `stream(i)` is number i."""

    def __init__(self, seed: int, sweep: int, key: int) -> None:
        b = mix(mix((seed + GOLDEN) & BITS) ^ ((sweep * GOLDEN + 0xBF58476D1CE4E5B9) & BITS))
        self.origin = mix(b ^ ((key + GOLDEN) & BITS))
        self.step = increment((self.origin + b) & BITS)

    def bits(self, i: int) -> int:
        return mix((self.origin + self.step * (i + 1)) & BITS)

    def __call__(self, i: int) -> float:
        return (self.bits(i) >> 11) / 2.0**53


def gamma(shape: float, stream: Stream, i: int) -> tuple[float, int]:
    """(Gamma(shape) by Marsaglia and Tsang, below 1 by Ahrens and Dieter; next free number of the stream)."""
    tiny = 1.2e-38
    while shape < 1:
        p = (math.e + shape) / math.e * (1 - stream(i))
        if p < tiny**shape:
            return 0.0, i + 1
        v, i = stream(i + 1), i + 2
        if p <= 1:
            g = p ** (1 / shape)
            accepted = v < math.exp(-g)
        else:
            g = -math.log(((math.e + shape) / math.e - p) / shape)
            accepted = v < g ** (shape - 1)
        if accepted:
            return g, i
    d = shape - 1 / 3
    c = 1 / math.sqrt(9 * d)
    while True:
        x = math.sqrt(-2 * math.log(1 - stream(i))) * math.cos(2 * math.pi * stream(i + 1))
        u = 1 - stream(i + 2)
        i += 3
        v = (1 + c * x) ** 3
        if v > 0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return d * v, i


# Prefix sums in sixteen lanes


class Scan(NamedTuple):
    """rows: (blocks, 16) running sums of each lane. lanes: (16,) running sum over the lanes' totals."""

    rows: NDArray[np.float32]
    lanes: NDArray[np.float32]

    @property
    def total(self) -> float:
        return float(self.lanes[15])


def scan(p: NDArray[np.float32]) -> Scan:
    """Running sums of p, its length rounded up to whole blocks of 16."""
    assert p.dtype == np.float32
    blocks = np.pad(p, (0, -len(p) % 16)).reshape(-1, 16)
    rows = np.zeros_like(blocks)
    total = np.zeros(16, dtype=np.float32)
    for b, block in enumerate(blocks):
        total = total + block
        rows[b] = total
    for step in (1, 2, 4, 8):
        total = total + np.concatenate([np.zeros(step, dtype=np.float32), total[:-step]])
    return Scan(rows, total)


def pick(s: Scan, target: float) -> int:
    """The index whose stretch of the running sum holds `target`; one of positive weight if there is any."""
    wanted = f32(target)
    ends = s.rows[-1]
    lane = min(int(np.sum(s.lanes <= wanted)), 15)
    if ends[lane] <= 0:
        below = [j for j in range(lane) if ends[j] > 0]
        above = [j for j in range(lane + 1, 16) if ends[j] > 0]
        lane = below[-1] if below else above[0] if above else 0
    rest = max(f32(wanted - s.lanes[lane - 1]), f32(0)) if lane else wanted
    if rest >= ends[lane]:
        rest = f32(ends[lane] * f32(0.99999994))
    blocks = np.flatnonzero(s.rows[:, lane] > rest)
    return int(blocks[0] if len(blocks) else len(s.rows) - 1) * 16 + lane


# Counting


def counts(words: NDArray[Any], z: NDArray[Any], n_terms: int, n_topics: int) -> NDArray[np.int64]:
    """n_kw as (V, K), of the tokens that have a topic."""
    n = np.zeros((n_terms, n_topics), dtype=np.int64)
    for w, k in zip(words, z, strict=True):
        if k < n_topics:
            n[w, k] += 1
    return n


def document_counts(z: NDArray[Any], doc_offsets: NDArray[Any], n_topics: int) -> NDArray[np.int64]:
    """n_dk as (D, K)."""
    n = np.zeros((len(doc_offsets) - 1, n_topics), dtype=np.int64)
    for d in range(len(n)):
        for k in z[doc_offsets[d] : doc_offsets[d + 1]]:
            n[d, k] += 1
    return n


def histogram(numbers: Iterable[int]) -> dict[int, int]:
    """How often each positive number occurs."""
    times: dict[int, int] = {}
    for n in map(int, numbers):
        if n > 0:
            times[n] = times.get(n, 0) + 1
    return times


# Likelihood and priors, from the counts themselves


def log_joint(n_dk: NDArray[Any], n_wk: NDArray[Any], alpha: NDArray[Any], beta: NDArray[Any]) -> float:
    """log p(w, z): a Dirichlet-multinomial for each document and each topic. alpha: (K,). beta: (V,)."""

    def dirichlet_multinomial(n: NDArray[Any], prior: NDArray[Any]) -> float:
        sums = gammaln(prior.sum()) - gammaln(prior.sum() + n.sum())
        return float(sums + np.sum(gammaln(prior + n) - gammaln(prior)))

    return sum(dirichlet_multinomial(n, alpha) for n in n_dk) + sum(
        dirichlet_multinomial(n, beta) for n in n_wk.T
    )


def learned_alpha(alpha: NDArray[Any], n_dk: NDArray[Any], steps: int) -> NDArray[np.float64]:
    """Minka's fixed point with the Gamma(1.001, rate 0.001) prior, document by document."""
    alpha = np.array(alpha, dtype=np.float64)
    for _ in range(steps):
        top = sum(psi(alpha + n) - psi(alpha) for n in n_dk)
        bottom = sum(psi(alpha.sum() + n.sum()) - psi(alpha.sum()) for n in n_dk)
        alpha = np.maximum((alpha * top + 0.001) / (bottom + 0.001), 1e-6)
    return alpha


def learned_beta(beta: float, n_wk: NDArray[Any], steps: int) -> float:
    """Minka's fixed point for a symmetric prior, topic by topic."""
    n_terms = len(n_wk)
    for _ in range(steps):
        top = sum(np.sum(psi(beta + n) - psi(beta)) for n in n_wk.T)
        bottom = sum(n_terms * (psi(n_terms * beta + n.sum()) - psi(n_terms * beta)) for n in n_wk.T)
        beta = float(beta * top / bottom)
    return beta


# New documents


def content_key(words: Iterable[int]) -> int:
    """Key of a document from its sorted words."""
    tokens = sorted(map(int, words))
    key = len(tokens)
    for w in tokens:
        key = mix(((key ^ w) * 0x100000001B3) & BITS)
    return key


def held_half(n_tokens: int, key: int, seed: int) -> list[bool]:
    """Which tokens of a document are scored: floor(n / 2) of them, by selection sampling."""
    stream = Stream(seed ^ SPLIT_STREAM, 0, key)
    wanted, held = n_tokens // 2, []
    for i in range(n_tokens):
        held.append(stream(i) * (n_tokens - i) < wanted)
        wanted -= held[-1]
    return held
