"""A sweeper: documents, the counts they are sampled against, and the passes over them.

The engine of one process holds one, whose counts are those of its aggregator. On a cluster each worker holds
one, whose counts are a replica that follows what the aggregators publish.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lda.cluster.aggregator import Aggregator
from lda.cluster.phase_model import DrawnModel, MeanModel
from lda.cluster.settings import FitSettings
from lda.cluster.shard import Plan, Shard
from lda.cluster.start import Stages, stages
from lda.cluster.threads import Threads
from lda.samplers.counting import Delta
from lda.samplers.layout import WordRows, word_rows
from lda.samplers.priors import Priors
from lda.samplers.registry import sampler
from lda.samplers.start import document_shares

if TYPE_CHECKING:
    from lda.corpus.store import Corpus


class Sweeper:
    """Samples its documents phase by phase.

    settings must be resolved. keep: (D,) bool, documents of the corpus that are trained on. parts: the logical
    shards held here.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: FitSettings,
        keep: NDArray[np.bool_],
        parts: list[int],
        threads: Threads,
    ) -> None:
        self.sampler = sampler(settings.sampler)
        self.threads = threads
        self.stages: Stages = stages(settings, int(keep.sum()), self.sampler)
        self.plan = Plan(
            n_documents=corpus.n_documents,
            n_terms=corpus.n_terms,
            n_topics=settings.n_topics,
            phases=settings.phases or 1,
            levels=self.stages.levels,
            first_stage=self.stages.first_stage,
            seed=settings.seed,
        )
        shares = np.zeros(corpus.n_documents, dtype=np.float64)
        document_shares(np.uint64(settings.seed), np.uint64(0), shares)
        self.shard = Shard((corpus.shard(i) for i in parts), self.plan, keep, shares)
        self.counts = Aggregator(count_rows(corpus, settings))
        self._model: MeanModel | DrawnModel
        if self.sampler.language == "drawn":
            # A draw has no zeros to leave out.
            rows = word_rows(corpus.term_frequencies, settings.n_topics, all_dense=True)
            self._model = DrawnModel(rows, settings.seed)
        else:
            self._model = MeanModel(self.counts.rows, self.counts.counts)

    def drop_model(self) -> None:
        """Give the memory of the language model back; nothing can be sampled afterwards."""
        del self._model

    def first_topics(self, phase: int, tick: int, level: int, priors: Priors) -> None:
        """Topics for the documents that join at `level`: drawn given the counts so far, or uniformly random."""
        if self.plan.levels > 1:
            self._sample(phase, tick, level, priors, fresh=True)
        else:
            self.shard.scatter(phase, tick, self.threads)

    def resample(self, phase: int, tick: int, level: int, priors: Priors) -> None:
        """New topics for the phase's documents that have joined by `level`."""
        if self.sampler.language == "current":
            self._collapsed(tick, priors)
        else:
            self._sample(phase, tick, level, priors, fresh=False)

    def _sample(self, phase: int, tick: int, level: int, priors: Priors, *, fresh: bool) -> None:
        counts, totals = self.counts.counts, self.counts.topic_totals
        model = self._model.build(counts, totals, priors, self.threads, tick * self.plan.phases + phase)
        self.shard.sample(phase, tick, self.sampler, model, self.threads, level=level, fresh=fresh)

    def _collapsed(self, tick: int, priors: Priors) -> None:
        alpha = np.zeros(self.counts.rows.stride, dtype=np.float32)
        alpha[: self.plan.n_topics] = priors.alpha
        n_wk, totals = self.counts.counts.dense.copy(), self.counts.topic_totals.copy()
        self.shard.sample_collapsed(tick, n_wk, totals, alpha, priors.beta)

    def deltas(self, phase: int) -> Iterator[Delta]:
        """What the phase changed, range by range of words, ascending; netted by all threads."""
        spans = self.shard.word_blocks(phase, self.threads)
        return self.threads.map(lambda span: self.shard.delta(phase, span), spans)

    def apply(self, phase: int) -> None:
        """Add what the phase changed to the counts held here."""
        spans = self.shard.word_blocks(phase, self.threads)
        for totals in self.threads.map(lambda s: self.counts.add(self.shard.delta(phase, s)), spans):
            self.counts.add_totals(totals)


def count_rows(corpus: Corpus, settings: FitSettings) -> WordRows:
    """Layout of the counts for a corpus and resolved settings.

    Raises ValueError when the sampler keeps phi dense and this machine could not hold it.
    """
    language = sampler(settings.sampler).language
    if language != "mean":
        _check_dense(corpus.n_terms, settings.n_topics, settings.sampler)
    return word_rows(corpus.term_frequencies, settings.n_topics, all_dense=language == "current")


def _check_dense(n_terms: int, n_topics: int, name: str) -> None:
    """Refuse a dense phi that this machine cannot hold, before the machine finds out."""
    needed = 4 * n_terms * n_topics
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else needed
    if needed > there:
        raise ValueError(
            f"the sampler {name} keeps terms x topics numbers, here {needed / 2**30:.0f} GiB, and this machine has "
            f"{there / 2**30:.0f} GiB; take the sampler adlda, fewer topics or fewer terms"
        )
