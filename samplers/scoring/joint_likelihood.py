"""The joint log-likelihood log p(w, z | alpha, beta) of a state, from histograms.

    sum_d [ lnG(abar) - lnG(abar + N_d) + sum_k lnG(alpha_k + n_dk) - lnG(alpha_k) ]
  + sum_k [ lnG(bbar) - lnG(bbar + n_k) + sum_w lnG(beta + n_kw) - lnG(beta) ]

Where topics had tokens s_kw before any document, phi_k ~ Dirichlet(beta + s_k.), and each term of the second line is
what n_kw + s_kw gives less what s_kw gives. Each token in a frozen topic gives ln phi_kw in place of that.

It follows convergence; it is not predictive, and comparable only at equal priors and vocabulary.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import gammaln

from lda.samplers.counts.histograms import Histogram, topic_and_count, values
from lda.samplers.priors import Priors, TokensBefore


def joint_log_likelihood(
    priors: Priors,
    document_topics: Histogram,
    document_lengths: Histogram,
    topic_words: Histogram,
    topic_totals: NDArray[np.int64],
    n_terms: int,
    before: TokensBefore | None = None,
    fixed: Histogram | None = None,
) -> float:
    """Log p(w, z), nats, of the whole corpus.

    document_topics: from `histograms.document_topics`. document_lengths: documents by N_d > 0.
    topic_words: cells by n_kw > 0. topic_totals: (K,) int64. before: tokens that are in both, and were there before
    any document. fixed: tokens of documents in frozen topics, which are in topic_totals alone, by s_kw.
    """
    alpha, beta = priors.alpha, priors.beta
    topic, n = topic_and_count(document_topics)
    abar, bbar = float(alpha.sum()), n_terms * beta
    documents = np.sum(document_topics.times * (gammaln(alpha[topic] + n) - gammaln(alpha)[topic]))
    documents += np.sum(document_lengths.times * (gammaln(abar) - gammaln(abar + document_lengths.key)))
    if before is None:
        return float(documents + _words(beta, bbar, topic_words, topic_totals))
    words = _words(beta, bbar, topic_words, before.language_totals(topic_totals))
    words -= _words(beta, bbar, before.cells, before.totals)
    if fixed is not None:
        words += float(np.sum(fixed.times * np.log(beta + fixed.key)))
        tokens = topic_totals[before.frozen] - before.totals[before.frozen]
        words -= float(np.sum(tokens * np.log(bbar + before.totals[before.frozen])))
    return float(documents + words)


def joint_log_likelihood_of_counts(
    priors: Priors,
    document_topics: csr_matrix,
    word_topics: csr_matrix,
    language: csr_matrix | None = None,
    before: TokensBefore | None = None,
    fixed: Histogram | None = None,
) -> float:
    """Log p(w, z), nats, of counts: to the bit what `joint_log_likelihood` finds while the state is there.

    document_topics: (D, K), n_dk. word_topics: (V, K), n_kw. language: (V, K), what topics are made of, where they had
    tokens before any document. before, fixed: as of `joint_log_likelihood`.
    """
    keys = document_topics.indices.astype(np.int64) << 32 | document_topics.data.astype(np.int64)
    lengths = np.asarray(document_topics.sum(axis=1, dtype=np.int64)).ravel()
    cells = (word_topics if language is None else language).data
    totals = np.asarray(word_topics.sum(axis=0, dtype=np.int64)).ravel()
    return joint_log_likelihood(
        priors,
        values(keys[document_topics.data > 0]),
        values(lengths),
        values(cells),
        totals if before is None else totals + before.totals,
        word_topics.shape[0],
        before,
        fixed,
    )


def _words(beta: float, bbar: float, cells: Histogram, totals: NDArray[np.int64]) -> float:
    """The second line of the formula."""
    words = np.sum(cells.times * (gammaln(beta + cells.key) - gammaln(beta)))
    words += np.sum(gammaln(bbar) - gammaln(bbar + totals))
    return float(words)
