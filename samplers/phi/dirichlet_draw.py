"""Gamma draws, and the drawn language model phi_k ~ Dirichlet(beta + n_k.) made of them.

phi_kw = g_kw / sum_w g_kw with g_kw ~ Gamma(n_kw + beta). Gamma variables of shape a >= 1 by Marsaglia and
Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000), section 4. Those of a < 1, which are
nearly all, by Ahrens and Dieter, "Computer methods for sampling from gamma, beta, Poisson and binomial
distributions", Computing 12 (1974), algorithm GS: most cost one logarithm and one exponential, where Marsaglia and
Tsang's G(a) = G(a + 1) U^(1/a) costs five and a square root.

Values under the smallest normal float32 become 0.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.streams import Stream, stream, uniform
from lda.samplers.phi.language_model import LanguageModel, add_alpha_parts

VOCABULARY_BLOCK: Final = 512
"""Words whose draws are added up together before the blocks are: a fixed order of summation, so that neither
threads nor aggregators change the last bit of a normaliser."""

_LOG_TINY: Final = math.log(1.2e-38)
_PHI_STREAM: Final = np.uint64(0x70686920647261)


@helper
def gamma_draw(shape: float, numbers: Stream, i: int) -> tuple[float, int]:
    """(one Gamma(shape, 1) draw, index of the stream's next unused number); float64, 0 where under 1.2e-38."""
    if shape < 1.0:
        return small_draw(shape, least_share(shape), numbers, i)
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        radius = math.sqrt(-2.0 * math.log(1.0 - uniform(numbers, i)))
        x = radius * math.cos(2.0 * math.pi * uniform(numbers, i + 1))
        u = 1.0 - uniform(numbers, i + 2)
        i += 3
        v = 1.0 + c * x
        if v <= 0.0:
            continue
        v = v * v * v
        if u < 1.0 - 0.0331 * x * x * x * x or math.log(u) < 0.5 * x * x + d * (1.0 - v + math.log(v)):
            return d * v, i


@helper
def least_share(shape: float) -> float:
    """What `small_draw` takes for 0: the largest p whose p^(1 / shape) is under 1.2e-38."""
    return math.exp(shape * _LOG_TINY)


@helper
def small_draw(shape: float, least: float, numbers: Stream, i: int) -> tuple[float, int]:
    """`gamma_draw` of a shape below 1, for which least is `least_share`: algorithm GS."""
    bound = 1.0 + shape / math.e
    while True:
        p = bound * (1.0 - uniform(numbers, i))
        if p < least:  # rejected in one of 10^37 cases
            return 0.0, i + 1
        v = uniform(numbers, i + 1)
        i += 2
        if p <= 1.0:
            g = math.exp(math.log(p) / shape)
            # exp(-g) is at least 1 - g, which is nearly always enough to know.
            if v < 1.0 - g or v < math.exp(-g):
                return g, i
        else:
            g = -math.log((bound - p) / shape)
            if v < g ** (shape - 1.0):
                return g, i


@helper
def posterior_draw(prior: float, least: float, n: int, numbers: Stream, i: int) -> tuple[float, int]:
    """`gamma_draw` of shape prior + n, n mostly 0; least is `least_share` of the prior, found once for many draws."""
    if n == 0 and prior < 1.0:
        return small_draw(prior, least, numbers, i)
    return gamma_draw(prior + n, numbers, i)


@kernel
def draw_rows(
    model: LanguageModel,
    counts: TopicCounts,
    beta: float,
    seed: np.uint64,
    step: np.uint64,
    block: int,
    sums: NDArray[np.float64],
) -> None:
    """Draw g_kw for the words of one vocabulary block into `model` (all rows dense), unnormalised.

    step: number of the step since the start, so that no two steps share draws. sums: (blocks, K) float64; row `block`
    receives the sum of g_kw over the block's words.
    """
    n_topics = model.n_topics
    n_w = np.zeros(n_topics, dtype=np.int32)
    least = least_share(beta)
    first = block * VOCABULARY_BLOCK
    for w in range(first, min(first + VOCABULARY_BLOCK, len(model.start))):
        numbers = stream(seed ^ _PHI_STREAM, step, np.uint64(w))
        row = counts.start[w]
        if row >= 0:
            for k in range(n_topics):
                n_w[k] = counts.dense[row + k]
        else:
            for j in range(~row, ~row + counts.length[w]):
                n_w[counts.topic[j]] = counts.count[j]
        i = 0
        out = model.start[w]
        for k in range(n_topics):
            g, i = posterior_draw(beta, least, n_w[k], numbers, i)
            model.phi[out + k] = g
            sums[block, k] += model.phi[out + k]
            n_w[k] = 0


@kernel
def normalise_rows(model: LanguageModel, block: int, totals: NDArray[np.float64]) -> None:
    """Divide the rows of one vocabulary block by totals (K,), the sums of all blocks; add their alpha parts."""
    first = block * VOCABULARY_BLOCK
    last = min(first + VOCABULARY_BLOCK, len(model.start))
    for w in range(first, last):
        row = model.start[w]
        for k in range(model.n_topics):
            model.phi[row + k] = model.phi[row + k] / totals[k]
    add_alpha_parts(model, model.start[first] // model.stride, model.start[last - 1] // model.stride + 1)


@kernel
def fill_empty_topics(
    model: LanguageModel, seed: np.uint64, step: np.uint64, totals: NDArray[np.float64]
) -> None:
    """Give each topic of which every draw fell below float32 one word of phi 1; totals (K,) becomes 1 there.

    This happens only to empty topics with V beta << 1 (probability exp(-87 V beta)). Such a Dirichlet draw is one-hot
    up to a factor of about e^-1000, at a uniformly random word.
    """
    n_terms = len(model.start)
    for k in range(model.n_topics):
        if totals[k] == 0:
            numbers = stream(seed ^ _PHI_STREAM, step, np.uint64(n_terms + k))
            w = int(uniform(numbers, 0) * n_terms)
            model.phi[model.start[w] + k] = 1.0
            totals[k] = 1.0


def n_blocks(n_terms: int) -> int:
    """Number of vocabulary blocks."""
    return -(-n_terms // VOCABULARY_BLOCK)
