"""The most relevant words of each topic, after Sievert and Shirley (2014).

relevance(w | k) = lambda log p(w | k) + (1 - lambda) log(p(w | k) / p(w)): with lambda 1 the most probable words, with
0 those that are hardly anywhere else. p(w) is the word's share of all tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

LAMBDA: Final = 0.6
"""What the authors' readers told topics apart by best."""


class WordCounts(Protocol):
    """What relevance needs of a model."""

    @property
    def language_counts(self) -> csr_matrix:
        """(V, K) CSR, n_kw."""
        ...

    @property
    def beta(self) -> float:
        """The prior of a term in a topic."""
        ...

    @property
    def vocabulary(self) -> list[str]:
        """The V terms."""
        ...


def relevant_words(model: WordCounts, n: int, *, lambda_: float = LAMBDA) -> list[list[tuple[str, float]]]:
    """The `n` most relevant words of each topic with their relevance, best first; fewer where it holds fewer.

    Equal ones are ordered by term number.

    Args:
        model: whose topics.
        n: words of each topic.
        lambda_: 0 to 1.

    Raises:
        ValueError: `lambda_` lies elsewhere, or `n` is negative.
    """
    if not 0 <= lambda_ <= 1:
        raise ValueError(f"lambda must lie in 0 to 1, got {lambda_}")
    if n < 0:
        raise ValueError(f"n must be 0 or more, got {n}")
    counts = model.language_counts
    n_terms, n_topics = counts.shape
    of_terms = np.asarray(counts.sum(axis=1, dtype=np.float64)).ravel()
    totals = np.asarray(counts.sum(axis=0, dtype=np.float64)).ravel()
    with np.errstate(divide="ignore"):  # of terms without tokens, which are in no topic
        log_share = np.log(of_terms) - np.log(max(of_terms.sum(), 1e-300))
    columns = counts.tocsc()
    found = []
    for k in range(n_topics):
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        weights = columns.data[part].astype(np.float64)
        terms = columns.indices[part][weights > 0]
        log_p = np.log((weights[weights > 0] + model.beta) / (totals[k] + n_terms * model.beta))
        relevance = log_p - (1 - lambda_) * log_share[terms]
        best = _best(relevance, terms, n)
        found.append([(model.vocabulary[terms[i]], float(relevance[i])) for i in best])
    return found


def _best(values: npt.NDArray[np.float64], terms: npt.NDArray[np.int32], n: int) -> npt.NDArray[np.int64]:
    """Places of the `n` largest values, ties by term number."""
    order = np.lexsort((terms, -values))
    return np.asarray(order[:n], dtype=np.int64)
