"""Overlaps of topics: Bhattacharyya's coefficient of p(term | topic), of all pairs of topics of two models.

The overlap of topics p and q is the sum over terms of sqrt(p q): 1 for equal topics, 0 for those without a term in
common. sqrt(1 - overlap) is Hellinger's distance, a metric between 0 and 1. A term that one model lacks has
probability 0 there, so a topic of such terms is far from all topics of that model.

Rejected: the Jensen-Shannon divergence, which `lda.charts.distances` has for the map of one model. The two order
pairs of topics nearly alike, but overlaps are a product of matrices, which takes a few seconds for a thousand topics;
logarithms of all pairs take minutes. And overlaps are scalar products, so that `relations` can ask how much of a
topic several others make up together without going back to the terms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lda.evaluation.relevance import smoothed_totals, smoothing
from lda.evaluation.shared_terms import common_terms

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.shared_terms import CommonTerms
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.int64]

CELLS_AT_ONCE: Final = 1 << 22
"""Terms times topics of a model that are dense at one time: 32 MiB."""

SPARSE: Final = 40
"""How many times as long a product of two entries takes in a sparse matrix as in a dense one."""


def overlaps(first: TopicModel, second: TopicModel, common: CommonTerms | None = None) -> Floats:
    """(K1, K2) float64, the overlap of each topic of the first model with each of the second; 0 without common terms.

    Beta makes all topics dense. But the root of n + beta differs from that of beta for the terms that a topic holds
    only, so terms that few topics hold are multiplied as sparse matrices, and only the others as dense ones, block by
    block. Beside the counts it holds some copies of them, and 100 MB.

    common: the terms of both, where they are known already.
    """
    a = _Roots(first)
    b = a if second is first else _Roots(second)
    rows = [np.arange(a.n_terms)] * 2 if b is a else (common or common_terms(first, second)).rows
    work = a.held[rows[0]] * b.held[rows[1]]
    rare = work * SPARSE < a.n_topics * b.n_topics
    found = _rare(a, b, rows[0][rare], rows[1][rare])
    frequent = [of[~rare] for of in rows]
    step = max(CELLS_AT_ONCE // max(a.n_topics, b.n_topics), 1)
    for low in range(0, len(frequent[0]), step):
        dense = a.dense(frequent[0][low : low + step])
        # Of one array with itself NumPy has half of the work.
        other = dense if b is a else b.dense(frequent[1][low : low + step])
        found += dense.T @ other
    found *= a.scales[:, None]
    found *= b.scales
    return np.minimum(found, 1.0, out=found)  # rounding can make them a little more


def best_pairs(overlaps: Floats) -> tuple[Rows, Rows]:
    """Topics of two models paired one to one, so that their overlaps sum to the most there can be.

    The assignment is Hungarian (Kuhn 1955; scipy.optimize.linear_sum_assignment). With different numbers of topics some
    of the larger model are in no pair.

    Args:
        overlaps: (K1, K2).

    Returns:
        (min(K1, K2),) int64 each, the numbers in the first model, rising, and those in the second.
    """
    from scipy.optimize import linear_sum_assignment

    first, second = linear_sum_assignment(overlaps, maximize=True)
    return first.astype(np.int64, copy=False), second.astype(np.int64, copy=False)


def nearest_others(within: Floats) -> Floats:
    """(K,) the largest overlap of each topic with another one of its model; -1 where there is none.

    within: (K, K), overlaps of a model with itself.
    """
    others = within.copy()
    np.fill_diagonal(others, -1.0)
    return np.asarray(others.max(axis=1, initial=-1.0))


class _Roots:
    """Square roots of smoothed counts; times `scales`, (K,), they are those of p(term | topic).

    held: (V,) int64, topics that hold each term.
    """

    def __init__(self, model: TopicModel) -> None:
        self._counts, self._beta = model.language_counts.tocsr(), smoothing(model)
        self.n_terms, self.n_topics = self._counts.shape
        self.held = np.diff(self._counts.indptr).astype(np.int64)
        totals = smoothed_totals(model)
        self.scales = 1 / np.sqrt(np.where(totals == 0, 1.0, totals))
        self.zero = float(np.sqrt(self._beta))

    def dense(self, terms: Rows) -> Floats:
        """(n, K) float64, of terms by their numbers."""
        dense = np.asarray(self._counts[terms].toarray(), dtype=np.float64)
        dense += self._beta
        np.sqrt(dense, out=dense)
        return dense

    def above_zero(self, terms: Rows) -> csr_matrix:
        """(n, K) CSR float64, by how much each is more than that of a term which the topic does not hold."""
        some = self._counts[terms].astype(np.float64)
        some.data = np.sqrt(some.data + self._beta) - self.zero
        return some


def _rare(a: _Roots, b: _Roots, of_a: Rows, of_b: Rows) -> Floats:
    """(K1, K2) sums over terms of (zero + above) of the one times (zero + above) of the other, multiplied out."""
    above_a = a.above_zero(of_a)
    above_b = above_a if b is a else b.above_zero(of_b)
    found = np.asarray((above_a.T.tocsr() @ above_b).toarray())
    sums_a, sums_b = (np.asarray(above.sum(axis=0)).ravel() for above in (above_a, above_b))
    found += (b.zero * sums_a)[:, None]
    found += a.zero * sums_b + len(of_a) * a.zero * b.zero
    return found
