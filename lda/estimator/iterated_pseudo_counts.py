"""Topics of a document by iterated pseudo-counts: deterministic, and without a prior in what comes out.

Buntine, W. (2009), Estimating Likelihoods for Topic Models, ACML, section 3.3, the first-order version. With q_w(k) the
topics of a token of the term w, n_w its tokens in the document, and S_k = sum_w n_w q_w(k):

    q_w(k)  is in proportion to  phi_kw (S_k - q_w(k) + alpha_k)

Tokens of one term have the same q in every step, so terms are gone through and not tokens.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


def topics_by_pseudo_counts(
    doc_offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    topic_word: Floats,
    alpha: Floats,
    *,
    max_iter: int,
    tol: float,
) -> Floats:
    """Topic proportions of documents.

    Args:
        doc_offsets: (D + 1,) int64; document d has words[doc_offsets[d]:doc_offsets[d + 1]].
        words: (N,) int32, term ids.
        topic_word: (K, V) float64, p(term | topic), all above 0.
        alpha: (K,) float64, the prior of each topic.
        max_iter: steps after the first one, in which the document's other tokens do not count yet.
        tol: stop when all q of all tokens changed by less than this together.

    Returns:
        (D, K) float64, S / N_d, rows summing to 1; the mean of the prior for a document without tokens.
    """
    theta = np.empty((len(doc_offsets) - 1, len(alpha)))
    for d, (start, stop) in enumerate(pairwise(doc_offsets)):
        if start == stop:
            theta[d] = alpha / alpha.sum()
            continue
        terms, tokens = np.unique(words[start:stop], return_counts=True)
        theta[d] = _topics_of_one(topic_word[:, terms].T, tokens.astype(np.float64), alpha, max_iter, tol)
    return theta


def _topics_of_one(phi: Floats, tokens: Floats, alpha: Floats, max_iter: int, tol: float) -> Floats:
    """(K,) of one document. phi: (terms, K). tokens: (terms,)."""
    q = np.zeros_like(phi)
    for _ in range(max_iter + 1):
        new = phi * (tokens @ q - q + alpha)
        new /= new.sum(axis=1, keepdims=True)
        change = float(tokens @ np.abs(new - q).sum(axis=1))
        q = new
        if change < tol:
            break
    sums: Floats = tokens @ q
    sums /= sums.sum()
    return sums
