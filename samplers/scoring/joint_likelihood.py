"""The joint log-likelihood log p(w, z | alpha, beta) of a state, from histograms.

    sum_d [ lnG(abar) - lnG(abar + N_d) + sum_k lnG(alpha_k + n_dk) - lnG(alpha_k) ]
  + sum_k [ lnG(bbar) - lnG(bbar + n_k) + sum_w lnG(beta + n_kw) - lnG(beta) ]

It follows convergence; it is not predictive, and comparable only at equal priors and vocabulary.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from lda.samplers.counts.histograms import Histogram, topic_and_count
from lda.samplers.priors import Priors


def joint_log_likelihood(
    priors: Priors,
    document_topics: Histogram,
    document_lengths: Histogram,
    topic_words: Histogram,
    topic_totals: NDArray[np.int64],
    n_terms: int,
) -> float:
    """Log p(w, z), nats, of the whole corpus.

    document_topics: from `histograms.document_topics`. document_lengths: documents by N_d > 0.
    topic_words: cells by n_kw > 0. topic_totals: (K,) int64.
    """
    alpha, beta = priors.alpha, priors.beta
    topic, n = topic_and_count(document_topics)
    abar, bbar = float(alpha.sum()), n_terms * beta
    documents = np.sum(document_topics.times * (gammaln(alpha[topic] + n) - gammaln(alpha)[topic]))
    documents += np.sum(document_lengths.times * (gammaln(abar) - gammaln(abar + document_lengths.key)))
    words = np.sum(topic_words.times * (gammaln(beta + topic_words.key) - gammaln(beta)))
    words += np.sum(gammaln(bbar) - gammaln(bbar + topic_totals))
    return float(documents + words)
