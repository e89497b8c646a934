"""The priors alpha and beta: checked when given, learned from histograms otherwise.

Learning maximises the likelihood of the assignments under the Dirichlet-multinomial by Minka's fixed point
("Estimating a Dirichlet distribution", 2000, equation 55; Wallach 2008, section 2.3, in histogram form):

    alpha_k <- alpha_k (sum_n H_k[n] (psi(n + alpha_k) - psi(alpha_k)) + shape - 1)
                     / (sum_n L[n] (psi(n + abar) - psi(abar)) + rate)

A Gamma(shape, rate) prior keeps a topic that stands empty for a moment from getting alpha = 0 for ever.

The sum of alpha is never learned below the one that learning begins with, `least_sum`. The fixed point sees one state
of the chain, and the two feed each other: a small sum holds a document to the topics that it has, which then ask
for a smaller sum still. Tokens then rarely move, and unseen documents are told worse. Held-out nats a token after
40, 160 and 320 sweeps, beta learned, soft counts of the last five states, and the sum at the end (State of the Union:
mean of two seeds; K = 1000: 80 sweeps, counts of the last state):

                             learned freely                     held at the least
    NIPS, K = 100            -7.444  -7.387  -7.369   3.2       -7.409  -7.346  -7.336   10
    arXiv, K = 100           -7.475  -7.401           3.2       -7.458  -7.395           10
    Debian, K = 50           -7.129  -7.062           0.9       -7.110  -7.043            5
    State of the Union, 20   -8.307  -8.281  -8.282   1.8       -8.312  -8.283  -8.280    2
    newsgroups, K = 20       -7.797  -7.763  -7.758   1.0       -7.790  -7.758  -7.757    2
    arXiv, K = 1000                  -7.268          14.6               -7.236           50

This is also what a learned beta once cost on NIPS (counts, 320 sweeps: -7.373, with 0.01 -7.359): it is wider, and
let the sum of alpha fall further. With the sum held, it gains.

Rejected: half the least sum (NIPS -7.353; arXiv, begun at it, -7.474 after 40 sweeps and -7.380 after 160); twice
(NIPS -7.334; Debian -7.109 and arXiv -7.428 after 160); all alphas fixed and equal (NIPS -7.336, arXiv -7.382 for
-7.359); a Gamma prior of shape 50 around the mean for each alpha_k (NIPS -7.360); one symmetric alpha learned (NIPS
-7.382); learning from the fiftieth sweep on (newsgroups, no better than from the tenth); the chain at the large sum
and the likeliest one, 6, for new documents only (NIPS -7.352 for -7.346 after 160).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import psi

from lda.samplers.counts.histograms import Histogram, topic_and_count
from lda.samplers.limits import PRIOR_MIN

ALPHA_SHAPE: Final = 1.001
ALPHA_RATE: Final = 0.001
ALPHA_STEPS: Final = 5
"""Fixed-point steps an update: the assignments move on anyway, so none is carried to its end."""

ALPHA_FLOOR: Final = 1e-6
ALPHA_START: Final = 0.1
"""Of each topic, where learning begins, but no more than `ALPHA_SUM` in all."""

ALPHA_SUM: Final = 50.0
BETA_STEPS: Final = 20
BETA_START: Final = 0.01
"""Where learning begins, and what it does not go below, for the reason why alpha does not: on a third of arXiv at
K = 1000 it would be 0.0006. Sum of alpha held, 40 and 160 sweeps, one seed: -7.293 and -7.198 with 0.01; learned freely
from the first sweep on -7.293 and -7.222, from the tenth on -7.268 and -7.205, which is better early and worse late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """alpha: (K,) float64, one value a topic. beta: for every word of every topic. None below `PRIOR_MIN`."""

    alpha: NDArray[np.float64]
    beta: float

    def __post_init__(self) -> None:
        if self.alpha.ndim != 1 or not np.all(np.isfinite(self.alpha)) or not np.all(self.alpha >= PRIOR_MIN):
            raise ValueError(f"alpha must be numbers of at least {PRIOR_MIN:g}, got {self.alpha}")
        if not np.isfinite(self.beta) or self.beta < PRIOR_MIN:
            raise ValueError(f"beta must be a number of at least {PRIOR_MIN:g}, got {self.beta}")


class TokensBefore(NamedTuple):
    """Tokens s_kw that topics had before any document, so that phi_k ~ Dirichlet(beta + s_k.).

    cells: how many s_kw equal n, n > 0. totals: s_k, (K,) int64. frozen: topics whose phi these alone make, so that no
    token of a document is among their cells.
    """

    cells: Histogram
    totals: NDArray[np.int64]
    frozen: NDArray[np.int64]

    def language_totals(self, topic_totals: NDArray[np.int64]) -> NDArray[np.int64]:
        """n_k + s_k (K,), that of frozen topics s_k."""
        made = topic_totals.copy()
        made[self.frozen] = self.totals[self.frozen]
        return made


def start_priors(alpha: float | Sequence[float] | str, beta: float | str, n_topics: int) -> Priors:
    """Priors to start with: the given ones, or for "auto" the values that learning begins from.

    Raises ValueError when an array has not K entries or an entry is not a positive number.
    """
    if isinstance(alpha, str):
        start = np.full(n_topics, least_sum(n_topics) / n_topics)
    else:
        start = np.asarray(alpha, dtype=np.float64)
        if start.ndim == 0:
            start = np.full(n_topics, float(start))
        if start.shape != (n_topics,):
            raise ValueError(
                f"alpha must be one number or one per topic ({n_topics}), got {len(start)}; give K numbers"
            )
    return Priors(alpha=start, beta=BETA_START if isinstance(beta, str) else float(beta))


def least_sum(n_topics: int) -> float:
    """The sum of alpha that learning begins with and does not go below."""
    return min(ALPHA_START * n_topics, ALPHA_SUM)


def raised(alpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Alpha (K,) in the same proportions, the sum at least `least_sum`."""
    return alpha * max(1.0, least_sum(len(alpha)) / float(alpha.sum()))


def learn_alpha(
    alpha: NDArray[np.float64], document_topics: Histogram, document_lengths: Histogram
) -> NDArray[np.float64]:
    """Asymmetric alpha (K,) after some fixed-point steps from `alpha`."""
    topic, n = topic_and_count(document_topics)
    times = document_topics.times.astype(np.float64)
    lengths = document_lengths.times.astype(np.float64)
    for _ in range(ALPHA_STEPS):
        gain = times * (psi(n + alpha[topic]) - psi(alpha)[topic])
        numerator = np.bincount(topic, weights=gain, minlength=len(alpha))
        total = float(alpha.sum())
        denominator = float(np.sum(lengths * (psi(document_lengths.key + total) - psi(total))))
        alpha = (alpha * numerator + ALPHA_SHAPE - 1.0) / (denominator + ALPHA_RATE)
        alpha = np.maximum(alpha, ALPHA_FLOOR)
    return alpha


def learn_symmetric_alpha(
    alpha: NDArray[np.float64], document_topics: Histogram, document_lengths: Histogram
) -> NDArray[np.float64]:
    """Alpha (K,), all equal, after some fixed-point steps from the mean of `alpha`.

    The same fixed point for one number a of all topics (Minka 2000, equation 55, its numerators and denominators
    summed over topics):

        a <- a sum_k sum_n H_k[n] (psi(n + a) - psi(a)) / (K sum_n L[n] (psi(n + K a) - psi(K a)))
    """
    n_topics = len(alpha)
    a = float(alpha.mean())
    _, n = topic_and_count(document_topics)
    times = document_topics.times.astype(np.float64)
    lengths = document_lengths.times.astype(np.float64)
    for _ in range(ALPHA_STEPS):
        numerator = float(np.sum(times * (psi(n + a) - psi(a))))
        denominator = float(np.sum(lengths * (psi(document_lengths.key + n_topics * a) - psi(n_topics * a))))
        a = (a * numerator + ALPHA_SHAPE - 1.0) / (n_topics * denominator + ALPHA_RATE)
        a = max(a, ALPHA_FLOOR)
    return np.full(n_topics, a)


def learn_beta(
    beta: float,
    topic_words: Histogram,
    topic_totals: NDArray[np.int64],
    n_terms: int,
    before: TokensBefore | None = None,
) -> float:
    """Symmetric beta after some fixed-point steps from `beta`.

    topic_words: how many n_kw equal n, n > 0. topic_totals: (K,) int64. before: tokens s_kw that are in both, and were
    there before any document. A token that finds n others in its cell, or in its topic, says psi(n + 1 + beta) -
    psi(n + beta) = 1 / (n + beta); the sums over a cell begin at s_kw in place of 0, and the fixed point, whose two
    bounds hold term by term, remains one.
    """
    times = topic_words.times.astype(np.float64)
    if before is not None:
        topic_totals = before.language_totals(topic_totals)
    for _ in range(BETA_STEPS):
        numerator = float(np.sum(times * (psi(topic_words.key + beta) - psi(beta))))
        denominator = n_terms * float(np.sum(psi(topic_totals + n_terms * beta) - psi(n_terms * beta)))
        if before is not None:
            numerator -= float(np.sum(before.cells.times * (psi(before.cells.key + beta) - psi(beta))))
            denominator -= n_terms * float(np.sum(psi(before.totals + n_terms * beta) - psi(n_terms * beta)))
        if numerator <= 0 or denominator <= 0:
            break
        beta = min(max(beta * numerator / denominator, 1e-6), 1e3)
    return beta
