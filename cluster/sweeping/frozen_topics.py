"""Topics whose phi does not follow the documents: what is built of counts has for them what they began with."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.counts.word_prior import WordPrior
from lda.samplers.counts.frozen_topics import freeze_topics
from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.phi.dirichlet_draw import VOCABULARY_BLOCK
from lda.samplers.phi.language_model import LanguageModel, add_alpha_parts
from lda.samplers.phi.soft_counts import Terms
from lda.samplers.priors import Priors

NEVER_LEFT: Final = 1e300
"""n_k + bbar of a frozen topic, for the rules that leave the own token out of phi. No token is in such a topic's phi,
so none leaves it: with T so large, T / (T - 1) is 1 and 1 / (T - 1) is 0, and what is left of phi is phi itself. The
kernels need no second case."""


class FrozenTopics:
    """The frozen topics of a `WordPrior`.

    Tokens of documents in them are counted like all others, but not where phi is made: there the counts are copied, and
    have s_kw for these topics. Rejected: leaving such tokens out of the counts, because every delta, check and
    fingerprint would need to know.
    """

    def __init__(self, prior: WordPrior) -> None:
        self._prior = prior
        self._topics = np.array(prior.frozen, dtype=np.int64)
        self._is_frozen = np.zeros(prior.counts.shape[1], dtype=np.uint8)
        self._is_frozen[self._topics] = 1
        # (V, frozen): the columns of these topics alone.
        self._columns: NDArray[np.int32] | None = None

    @classmethod
    def of(cls, prior: WordPrior | None) -> FrozenTopics | None:
        """None where no topic is frozen."""
        return cls(prior) if prior is not None and prior.frozen else None

    def counts(self, counts: TopicCounts, first: int, last: int) -> TopicCounts:
        """A copy of the counts of words first .. last - 1, in which frozen topics have s_kw; topics stay shared."""
        made = counts._replace(dense=counts.dense.copy(), count=counts.count.copy())
        delta = self._prior.between(first, last).delta()
        freeze_topics(made, self._is_frozen, delta.start, delta.topic, delta.change)
        return made

    def totals(self, totals: NDArray[np.int64]) -> NDArray[np.int64]:
        """n_k (K,) int64, that of frozen topics s_k."""
        return self._prior.language_totals(totals)

    def leave_nothing_out(self, model: LanguageModel) -> None:
        """Say in a built model that no own token is in the phi of frozen topics."""
        model.denominator[self._topics] = NEVER_LEFT

    def terms(self, terms: Terms) -> Terms:
        """Likewise in the terms of phi by which soft counts are made."""
        denominator = terms.denominator.copy()
        denominator[self._topics] = NEVER_LEFT
        return terms._replace(denominator=denominator)

    def put(self, model: LanguageModel, priors: Priors, block: int) -> None:
        """Put (s_kw + beta) / (s_k + V beta) of frozen topics into one vocabulary block of a drawn model."""
        if self._columns is None:
            self._columns = self._prior.counts[:, self._topics].toarray()
        n_terms = len(self._columns)
        first, last = block * VOCABULARY_BLOCK, min((block + 1) * VOCABULARY_BLOCK, n_terms)
        weights = self._columns[first:last] + priors.beta
        phi = model.phi.reshape(-1, model.stride)
        phi[first:last, self._topics] = weights / (self._prior.totals[self._topics] + n_terms * priors.beta)
        add_alpha_parts(model, first, last)
