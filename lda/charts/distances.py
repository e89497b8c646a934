"""Distances between topics: the square root of the Jensen-Shannon divergence of p(word | topic).

With natural logarithms, so that a distance lies between 0 and sqrt(log 2) = 0.8326; it is a metric (Endres and
Schindelin, "A new metric for probability distributions", 2003). `scipy.spatial.distance.jensenshannon` is the same
number for one pair.

With f(x) = x log x, JSD(p, q) = (sum f(p) + sum f(q) - sum f(p + q)) / 2 + log 2, so all that is asked for is
S_ij = sum over words of f(p_iw + p_jw). Beta makes p dense: K^2 V / 2 logarithms. But a topic differs from its smoothed
zero, b_i = beta / (n_i + V beta), in a few words only, so words of rare use are summed over the topics that hold them.
Rejected: one pair after the other by SciPy, because that takes half an hour for K = 1,000 and V = 100,000.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from lda.corpus.machine import available_cores
from lda.evaluation.relevance import smoothed_totals, smoothing

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]

FREQUENT: Final = 0.25
"""Share of topics from which on a word is summed over all pairs of topics: one logarithm a pair, and no index."""

WORDS_AT_ONCE: Final = 256
"""Frequent words of which p is dense at one time."""

ROUNDING: Final = 1e-13
"""Divergences below come from rounding alone; they are 0."""


class Nearest(NamedTuple):
    """Topics nearest to each topic, itself left out.

    topics: (K, n) int32, nearest first, equal ones by number. distances: (K, n) float64.
    """

    topics: npt.NDArray[np.int32]
    distances: Floats


def topic_distances(model: TopicModel, *, threads: int | None = None) -> Floats:
    """(K, K) float64, symmetric with a diagonal of 0: sqrt of the Jensen-Shannon divergence of all pairs, base e.

    Exact to rounding: divergences to about 1e-14, and those below 1e-13 are 0. It holds some ten times K^2 numbers
    beside the counts. K = 1,000 topics over 100,000 words with 14 M entries take some 20 s on two cores, K = 100 one
    or two (see docs/benchmarks.md).

    Args:
        model: whose p(word | topic) is compared.
        threads: None takes all cores; the answer does not depend on it.
    """
    counts = model.language_counts.tocsr().astype(np.float64)
    beta = smoothing(model)
    n_topics = counts.shape[1]
    totals = _divisors(model)
    zeros = np.full(n_topics, beta) / totals
    held = np.diff(counts.indptr)
    frequent = held >= max(FREQUENT * n_topics, 2)
    sums = _frequent_sums(counts[frequent], beta, totals, threads)
    sums += _rare_sums(counts[~frequent], beta, totals, zeros, threads)
    own = _own_sums(counts, beta, totals, zeros)
    distances = _roots((own[:, None] + own[None, :] - sums) / 2 + np.log(2))
    np.fill_diagonal(distances, 0.0)
    return distances


def distances_to(model: TopicModel, topic: int, *, threads: int | None = None) -> Floats:
    """(K,) float64, the distances of all topics to one: a row of `topic_distances`, to rounding, in a K-th of the time.

    Args:
        model: whose p(word | topic) is compared.
        topic: its number.
        threads: None takes all cores; the answer does not depend on it.
    """
    columns = model.language_counts.tocsc()
    columns.sum_duplicates()
    n_terms, n_topics = columns.shape
    beta, totals = smoothing(model), _divisors(model)

    def p(k: int) -> Floats:
        dense = np.full(n_terms, beta)
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        dense[columns.indices[part]] += columns.data[part]
        return np.asarray(dense / totals[k])

    mine = p(topic)
    own = _x_log_x(mine).sum()

    def divergence(k: int) -> float:
        its = p(k)
        return float((own + _x_log_x(its).sum() - _x_log_x(mine + its).sum()) / 2 + np.log(2))

    with ThreadPoolExecutor(threads or available_cores()) as pool:
        distances = _roots(np.array(list(pool.map(divergence, range(n_topics)))))
    distances[topic] = 0.0
    return distances


def nearest_topics(distances: Floats, n: int = 5) -> Nearest:
    """The `n` nearest topics of each, fewer where there are fewer.

    Args:
        distances: (K, K), as of `topic_distances`.
        n: how many, 0 or more.

    Raises:
        ValueError: `n` is negative.
    """
    if n < 0:
        raise ValueError(f"n must be 0 or more, got {n}")
    others = np.array(distances, dtype=np.float64)
    np.fill_diagonal(others, np.inf)
    n = min(n, len(others) - 1)
    topics = np.argsort(others, axis=1, kind="stable")[:, :n].astype(np.int32)
    return Nearest(topics, np.take_along_axis(others, topics.astype(np.int64), axis=1))


def _divisors(model: TopicModel) -> Floats:
    """(K,) what makes p(word | topic) of smoothed counts; of a topic of no words at all, 1: it stays one of zeros."""
    totals = smoothed_totals(model)
    return np.where(totals == 0, 1.0, totals)


def _roots(divergences: Floats) -> Floats:
    return np.asarray(np.sqrt(np.where(divergences < ROUNDING, 0.0, np.minimum(divergences, np.log(2)))))


def _x_log_x(x: Floats) -> Floats:
    """X log x, 0 at 0: there the smallest positive number stands for it, which times its logarithm is nothing."""
    logs = np.log(x) if x.size and x.min() > 0 else np.log(np.maximum(x, np.finfo(np.float64).tiny))
    logs *= x
    return np.asarray(logs)


def _own_sums(counts: csr_matrix, beta: float, totals: Floats, zeros: Floats) -> Floats:
    """(K,) sums of f(p_iw) over all words, the negative entropies."""
    topics = counts.indices
    of_held = np.bincount(topics, _x_log_x((counts.data + beta) / totals[topics]), len(totals))
    return of_held + (counts.shape[0] - np.bincount(topics, minlength=len(totals))) * _x_log_x(zeros)


def _frequent_sums(counts: csr_matrix, beta: float, totals: Floats, threads: int | None) -> Floats:
    """(K, K) sums of f(p_iw + p_jw) over words that many topics hold."""
    n_terms, n_topics = counts.shape
    sums = np.zeros((n_topics, n_topics))
    for first in range(0, n_terms, WORDS_AT_ONCE):
        dense = counts[first : first + WORDS_AT_ONCE].toarray().T
        p = np.ascontiguousarray((dense + beta) / totals[:, None])

        def row(i: int, p: Floats = p) -> None:  # each row is one thread's alone
            sums[i, i:] += _x_log_x(p[i:] + p[i]).sum(axis=1)

        with ThreadPoolExecutor(threads or available_cores()) as pool:
            list(pool.map(row, range(n_topics)))
    return np.asarray(np.triu(sums) + np.triu(sums, 1).T)


def _rare_sums(counts: csr_matrix, beta: float, totals: Floats, zeros: Floats, threads: int | None) -> Floats:
    """The same over the other words.

    As if no two topics held the same word, first: topic i's words against b_j, j's against b_i, and b_i against b_j for
    all that neither holds. Then each word that several topics hold is put right.
    """
    n_terms, n_topics = counts.shape
    held = np.bincount(counts.indices, minlength=n_topics).astype(np.float64)
    against = _against_zeros(counts, beta, totals, zeros)
    both_zero = _x_log_x(zeros[:, None] + zeros[None, :])
    sums = against + against.T + (n_terms - held[:, None] - held[None, :]) * both_zero
    shared = np.flatnonzero(np.diff(counts.indptr) > 1)
    # In as many parts whatever the number of threads, for sums of floats depend on how they are split.
    parts = np.array_split(shared, min(8, max(len(shared), 1)))

    def corrections(words: npt.NDArray[np.int64]) -> Floats:
        found = np.zeros(n_topics * n_topics)
        for w in words:
            part = slice(counts.indptr[w], counts.indptr[w + 1])
            topics = counts.indices[part].astype(np.int64)
            b = zeros[topics]
            both = np.stack(((counts.data[part] + beta) / totals[topics], b))
            value = _x_log_x(both[:, None, :, None] + both[None, :, None, :])  # of p and b with p and b
            change = value[0, 0]
            change -= value[0, 1]
            change -= value[1, 0]
            change += value[1, 1]
            found[(topics[:, None] * n_topics + topics).ravel()] += change.ravel()
        return found.reshape(n_topics, n_topics)

    with ThreadPoolExecutor(min(threads or available_cores(), 8)) as pool:
        for found in pool.map(corrections, parts):
            sums += found
    return sums


def _against_zeros(counts: csr_matrix, beta: float, totals: Floats, zeros: Floats) -> Floats:
    """(K, K): for topics i and j the sum of f(p_iw + b_j) over words that i holds.

    A smooth function of log b_j, singular only a distance of pi away from the real axis. So a Chebyshev interpolant
    through a few dozens of points has all digits that a float has, and costs K times fewer logarithms.
    """
    columns = counts.tocsc()
    p = (columns.data + beta) / np.repeat(totals, np.diff(columns.indptr))
    starts, n_topics = columns.indptr[:-1], counts.shape[1]

    def at(values: Floats) -> Floats:
        """(n, K): the sums of all topics for n values of b."""
        found = np.zeros((len(values), n_topics))
        some = np.diff(columns.indptr) > 0
        for row, b in zip(found, values, strict=True):
            if some.any():
                row[some] = np.add.reduceat(_x_log_x(p + b), starts[some])
        return found

    different = np.unique(zeros)
    if len(different) <= 64:
        return np.asarray(at(different)[np.searchsorted(different, zeros)].T)
    logs = np.log(zeros)
    middle, half = (logs.max() + logs.min()) / 2, (logs.max() - logs.min()) / 2
    reach = np.pi / half
    # Errors fall as rho^-degree, rho the sum of half axes of the ellipse that the singularity leaves free.
    degree = int(np.ceil(38 / np.log(reach + np.hypot(reach, 1))))
    if degree + 1 >= len(different):
        return np.asarray(at(different)[np.searchsorted(different, zeros)].T)
    coefficients = chebyshev.chebinterpolate(lambda t: at(np.exp(middle + half * t)), degree)  # type: ignore[type-var]
    return np.asarray(chebyshev.chebval((logs - middle) / half, coefficients))
