"""The likelihood of whole new documents: the left-to-right estimator, by particles that are resampled.

    p(w_d) = prod_n p(w_n | w_<n),      p(w_n | z_<n) = sum_k phi_kw (n_dk + alpha_k) / (n - 1 + abar)

Wallach et al. (ICML 2009, algorithm 3) keep R states of z, resample z_<n of each by Gibbs before every token n,
average p(w_n | z_<n) over them and multiply the averages. Their states are independent, so that a state of which
w_n was improbable keeps its weight: the product of averages is biased unless the Gibbs sweeps mix at once (Buntine,
ACML 2009, discusses unbiased forms). Here a state survives in proportion to its p(w_n | z_<n), which makes this a
particle filter with Gibbs moves, whose product of averages has the expectation p(w_d) exactly, for any R and however
badly the sweeps mix (Del Moral, Doucet and Jasra, JRSS B 2006). Rejected: the
average over R unweighted products, because, although it is unbiased too, a few of its terms outweigh the rest in
documents of a hundred tokens. Of the logarithm we get a lower bound in expectation, by Jensen; it rises to log p(w_d)
with R.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.rules.document_counts import Document, add_token, clear, empty_document, remove_token
from lda.samplers.rules.full_conditional import draw_token

_STREAM: Final = np.uint64(0x6C65667472696768)


@helper
def word_mass(model: LanguageModel, document: Document, w: int, k_d: int, smooth_sum: float) -> float:
    """sum_k (n_dk + alpha_k) phi_kw. smooth_sum: sum over k of n_dk phi0_k."""
    row = model.start[w]
    if row >= 0:
        mass = model.row_mass[row // model.stride]
        for j in range(k_d):
            mass += np.float64(document.n_dk[j]) * np.float64(model.phi[row + document.topics[j]])
        return float(mass)
    mass = model.row_mass[len(model.row_mass) - 1] + smooth_sum
    for j in range(~row, ~row + model.length[w]):
        mass += np.float64(model.weight[j]) * np.float64(document.weight[model.topic[j]])
    return float(mass)


@kernel
def survivors(p: NDArray[np.float64], u: float, ancestors: NDArray[np.int64]) -> None:
    """Systematic resampling: ancestors (R,), each particle r about R p_r / sum(p) times. u: in [0, 1)."""
    step = p.sum() / len(p)
    r, reached = 0, p[0]
    for i in range(len(p)):
        while reached <= (i + u) * step and r + 1 < len(p):
            r += 1
            reached += p[r]
        ancestors[i] = r


@kernel
def left_to_right(
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    doc_keys: NDArray[np.uint64],
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    z: NDArray[Any],
    scores: NDArray[np.float64],
) -> None:
    """Estimate log p(w_d), nats, of documents first .. last - 1 into scores (last - first,) float64.

    doc_keys: (D,) uint64, what random numbers are keyed by. z: (2, R, longest document) topics, scratch.
    A document of n tokens costs R n^2 / 2 draws.
    """
    document = empty_document(model, doc_offsets, first, last)
    smooth = len(model.phi) - model.stride
    alpha_sum = 0.0
    for k in range(model.n_topics):
        alpha_sum += np.float64(model.alpha[k])
    n_particles = z.shape[1]
    p = np.ones(n_particles, dtype=np.float64)
    ancestors = np.zeros(n_particles, dtype=np.int64)
    for d in range(first, last):
        begin, n = doc_offsets[d], doc_offsets[d + 1] - doc_offsets[d]
        numbers = stream(seed ^ _STREAM, np.uint64(0), doc_keys[d])
        drawn = 0
        score = 0.0
        for i in range(n):
            old, new = z[i % 2], z[1 - i % 2]
            for r in range(n_particles):
                k_d = 0
                smooth_sum = 0.0
                for j in range(i - 1):
                    k = old[ancestors[r], j]
                    new[r, j] = k
                    smooth_sum += model.phi[smooth + k]
                    k_d = add_token(document, k, k_d)
                # Token i - 1 gets its first topic, then all tokens so far are resampled.
                for t in range(-1, i):
                    j = i - 1 if t < 0 else t
                    if j < 0:
                        continue
                    if t >= 0:
                        k_d = remove_token(document, int(new[r, j]), k_d)
                        smooth_sum -= model.phi[smooth + new[r, j]]
                    u = uniform(numbers, drawn)
                    drawn += 1
                    k = draw_token(model, document, words[begin + j], -1, False, u, k_d, smooth_sum)
                    new[r, j] = k
                    smooth_sum += model.phi[smooth + k]
                    k_d = add_token(document, new[r, j], k_d)
                p[r] = word_mass(model, document, words[begin + i], k_d, smooth_sum)
                clear(document, k_d)
            score += np.log(p.sum() / n_particles / (i + alpha_sum))
            survivors(p, uniform(numbers, drawn), ancestors)
            drawn += 1
        scores[d - first] = score


def particle_topics(n_particles: int, longest: int, n_topics: int) -> NDArray[Any]:
    """Scratch for `left_to_right`: (2, R, longest document) topics."""
    return np.zeros((2, n_particles, max(longest, 1)), dtype=topic_dtype(n_topics))
