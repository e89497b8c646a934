"""The language model of each phase, built from the counts by all threads."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.resources.arrays import Arrays, InMemory
from lda.cluster.resources.threads import Threads, block_count, blocks
from lda.cluster.resources.work_sharing import Team
from lda.cluster.sweeping.frozen_topics import FrozenTopics
from lda.samplers.counts.row_layout import TopicCounts, WordRows
from lda.samplers.phi.dirichlet_draw import draw_rows, fill_empty_topics, n_blocks, normalise_rows
from lda.samplers.phi.language_model import LanguageModel, empty_model, set_priors
from lda.samplers.phi.posterior_mean import fill_mean
from lda.samplers.priors import Priors

CELLS_PER_TOKEN: Final = 32
"""Cells of phi that are made in the time in which one token is drawn, about."""


class MeanModel:
    """phi_kw = (n_kw + beta) / (n_k + bbar), in the layout of the counts; built anew in place each phase.

    n_terms: V, where `rows` are only a range of the vocabulary. team: the workers that fill the same `arrays`. lag:
    how many rounds the slowest worker of the team may be behind the fastest; there is a model for each of them.
    alpha_parts: whether anybody reads those of the dense rows. frozen_topics: those whose phi does not follow the
    documents; the counts given have what they began with.
    """

    def __init__(
        self,
        rows: WordRows,
        counts: TopicCounts,
        n_terms: int | None = None,
        arrays: Arrays | None = None,
        team: Team | None = None,
        lag: int = 0,
        *,
        alpha_parts: bool = True,
        frozen_topics: FrozenTopics | None = None,
    ) -> None:
        self._alpha_parts, self._frozen_topics = alpha_parts, frozen_topics
        self._n_terms = len(rows.start) if n_terms is None else n_terms
        self._team = team or Team()
        zeros = (arrays or InMemory()).zeros
        # Topics of sparse rows are read where the counts have them, unless another worker of the team may be changing
        # those.
        ahead = lag if self._team.size > 1 else 0
        self._models = [empty_model(rows, None if ahead else counts.topic, zeros) for _ in range(1 + ahead)]
        self._built = 0
        weight = np.zeros(len(rows.start) + 1, dtype=np.int64)
        np.cumsum(np.where(rows.start >= 0, rows.stride, rows.capacity.astype(np.int64) + 1), out=weight[1:])
        self._weight = weight

    def build(
        self,
        counts: TopicCounts,
        topic_totals: NDArray[np.int64],
        priors: Priors,
        threads: Threads,
        step: int,
    ) -> LanguageModel:
        """The model of step number `step`; an earlier one is overwritten."""
        self._built += 1
        model, team = self.model, self._team
        set_priors(model, topic_totals, priors.alpha, priors.beta, self._n_terms)
        n = block_count(int(self._weight[-1]) // CELLS_PER_TOKEN, threads.n * team.size)
        spans = blocks(self._weight, 0, len(self._weight) - 1, n)

        def fill(i: int) -> None:
            fill_mean(model, counts, priors.beta, *spans[i], self._alpha_parts)

        team.share(len(spans), fill, threads)
        team.end()
        if self._frozen_topics is not None:
            self._frozen_topics.leave_nothing_out(model)
        return model

    @property
    def model(self) -> LanguageModel:
        """The model built last."""
        return self._models[self._built % len(self._models)]


class DrawnModel:
    """phi_k ~ Dirichlet(beta + n_k.), all rows dense; a new draw each step, keyed by (seed, step, word).

    frozen_topics: topics whose phi is not drawn.
    """

    def __init__(
        self,
        rows: WordRows,
        seed: int,
        arrays: Arrays | None = None,
        team: Team | None = None,
        frozen_topics: FrozenTopics | None = None,
    ) -> None:
        zeros = (arrays or InMemory()).zeros
        self.model = empty_model(rows, zeros=zeros)
        self._seed, self._team, self._frozen_topics = np.uint64(seed), team or Team(), frozen_topics
        self._sums = zeros(n_blocks(len(rows.start)) * rows.n_topics, np.float64).reshape(-1, rows.n_topics)

    def build(
        self,
        counts: TopicCounts,
        topic_totals: NDArray[np.int64],
        priors: Priors,
        threads: Threads,
        step: int,
    ) -> LanguageModel:
        """The model of step number `step`, by which draws are keyed; the one built before is overwritten."""
        set_priors(self.model, topic_totals, priors.alpha, priors.beta)
        team, key = self._team, np.uint64(step)

        def draw(block: int) -> None:
            self._sums[block] = 0
            draw_rows(self.model, counts, priors.beta, self._seed, key, block, self._sums)

        team.share(len(self._sums), draw, threads)
        totals = self._sums.sum(axis=0)
        # The other workers of the team write the same values to the same cells here, so the order does not matter.
        fill_empty_topics(self.model, self._seed, key, totals)

        def normalise(block: int) -> None:
            normalise_rows(self.model, block, totals)
            if self._frozen_topics is not None:
                self._frozen_topics.put(self.model, priors, block)

        team.share(len(self._sums), normalise, threads)
        team.end()
        return self.model
