"""A sweeper: documents, the counts they are sampled against, and the passes over them.

The engine of one process holds one, whose counts are those of its aggregator. On a cluster each worker holds
one, whose counts are a replica that follows what the aggregators publish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.documents.assigned_shard import Shard
from lda.cluster.documents.phase_plan import Plan
from lda.cluster.documents.shard_groups import Documents
from lda.cluster.resources.arrays import Arrays, InMemory, OnDisk
from lda.cluster.resources.budget import cut_ranges, document_memory
from lda.cluster.resources.threads import Threads
from lda.cluster.resources.work_sharing import Queues, Team
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping import compile_ahead
from lda.cluster.sweeping.device_sweeper import DeviceAggregator, DeviceModels, DeviceShard
from lda.cluster.sweeping.frozen_topics import FrozenTopics
from lda.cluster.sweeping.given_counts import GivenCounts
from lda.cluster.sweeping.phase_model import DrawnModel, MeanModel
from lda.cluster.sweeping.range_walk import CountSource, Walk
from lda.cluster.sweeping.shared_sampling import Together
from lda.cluster.sweeping.start_schedule import StartSchedule, start_schedule
from lda.corpus.machine import available_memory
from lda.samplers.counts.deltas import joined, merge_deltas
from lda.samplers.counts.row_layout import TopicCounts, WordRows, word_rows
from lda.samplers.counts.word_counts import Delta
from lda.samplers.cuda.available import check_device
from lda.samplers.limits import MAX_COUNT
from lda.samplers.phi.soft_counts import SoftRows, Terms, terms_of
from lda.samplers.priors import Priors
from lda.samplers.registry import sampler
from lda.samplers.rules.collapsed import CurrentCounts

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus

MOST_READERS: Final = 8
"""Threads that may each read all tokens of a phase to count what the phase changed."""


SOFT_CELLS: Final = 1 << 21
FEW_SOFT_CELLS: Final = 1 << 18
"""Words times topics that are counted softly at a time: so many entries, of 10 or 12 bytes, a part may get, and there
are some copies of them for a moment. The second where memory is limited."""


class Sweeper:
    """Samples its documents phase by phase.

    settings must be resolved. keep: (D,) bool, documents of the corpus that are trained on. parts: the logical
    shards held here. lagging: whether counts may lack what `Plan.unseen` allows; pass False if the caller does not
    track which phases the counts include. alone: whether this sweeper alone adds to the counts; with the device "cuda"
    they then lie on the device. prior: tokens that topics have from the beginning.
    With `settings.model_memory` the vocabulary is walked range by range, the counts of each taken from `source`,
    whose own ranges are `ranges`; without a source they are kept here, on disk.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: FitSettings,
        keep: NDArray[np.bool_],
        parts: list[int],
        threads: Threads,
        source: CountSource | None = None,
        ranges: list[tuple[int, int]] | None = None,
        *,
        lagging: bool = True,
        alone: bool = False,
        prior: WordPrior | None = None,
    ) -> None:
        self.sampler = sampler(settings.sampler)
        self.threads, self.prior, self._frozen_topics = threads, prior, FrozenTopics.of(prior)
        self.schedule: StartSchedule = start_schedule(settings, int(keep.sum()), self.sampler)
        phases = settings.phases or 1
        self.plan = Plan(
            n_documents=corpus.n_documents,
            n_terms=corpus.n_terms,
            n_topics=settings.n_topics,
            phases=phases,
            lag=self.sampler.unseen_phases(phases) if lagging else 0,
            n_stages=self.schedule.n_stages,
            first_stage=self.schedule.first_stage,
            seed=settings.seed,
        )
        rows = count_rows(corpus, settings, prior)
        besides = 0 if prior is None else prior.n_bytes
        if self._frozen_topics is not None and settings.model_memory is None:
            # The copy of the counts that phi is made of.
            besides += 4 * (rows.n_dense_rows * rows.stride + rows.n_sparse_slots)
        room = document_memory(settings.memory, settings.model_memory, rows, besides)
        self._soft_cells = SOFT_CELLS if settings.memory is None else FEW_SOFT_CELLS
        self._device: DeviceModels | None = None
        if settings.device == "cuda":
            check_device()
            self._device = DeviceModels(rows, self.sampler)
        kind: Callable[..., Shard] = Shard
        if self._device is not None:
            kind = partial(DeviceShard, reserve=self._device.bytes_needed())
        self.documents = Documents(corpus, self.plan, keep, parts, room, kind)
        self._counts: Aggregator | None = None
        self._model: MeanModel | DrawnModel | None = None
        self._walk: Walk | None = None
        self._together: Together | None = None
        self._given: GivenCounts | None = None
        self._memory = settings.memory, settings.model_memory
        if settings.model_memory is not None:
            if source is None:
                source = self._counts = Aggregator(rows, OnDisk())
                source.begin_with(prior)
            ranges = cut_ranges(rows, ranges or [(0, corpus.n_terms)], settings.model_memory)
            self._walk = Walk(rows, ranges, source, self._frozen_topics)
            return
        self._rows, self._seed = rows, settings.seed
        if self._device is not None and alone:
            self._counts = DeviceAggregator(rows)
            self._counts.begin_with(prior)
            return
        # A draw has no zeros to leave out.
        drawn = self.sampler.language == "drawn"
        self._drawn_rows = (
            word_rows(corpus.term_frequencies, settings.n_topics, all_dense=True) if drawn else None
        )
        self.hold()

    def hold(self) -> None:
        """Keep counts and language model in this process alone; the former ones are dropped."""
        self.hold_counts(InMemory())
        self.hold_model(InMemory(), None)

    def hold_counts(self, arrays: Arrays, *, begun: bool = False) -> None:
        """Keep the counts in `arrays`; `hold_model` must follow.

        begun: another worker has put the tokens that topics have from the beginning there. Raises OSError when there is
        no room for them, or what another worker lends does not fit.
        """
        self._counts = Aggregator(self._rows, arrays)
        self._counts.begin_with(self.prior, there=begun)

    def hold_model(self, arrays: Arrays, team: Team | None) -> None:
        """Keep the language model in `arrays`, filled together with `team`. Raises what `hold_counts` raises."""
        if self._drawn_rows is not None:
            self._model = DrawnModel(self._drawn_rows, self._seed, arrays, team, self._frozen_topics)
        else:
            self._model = MeanModel(
                self._rows,
                self.counts.counts,
                arrays=arrays,
                team=team,
                lag=self.plan.lag,
                alpha_parts=self.sampler.reads_alpha_parts(self.plan.n_topics),
                frozen_topics=self._frozen_topics,
            )

    @property
    def counts(self) -> Aggregator:
        """The counts kept here. Raises RuntimeError where they are fetched range by range from elsewhere."""
        if self._counts is None:
            raise RuntimeError("this sweeper keeps no counts")
        return self._counts

    def lend_documents(self, queues: Queues) -> Together:
        """Put the documents in shared memory, so that other workers on the node can sample them.

        `Together.meet` must follow, and nothing be sampled before. Raises OSError where memory cannot be lent.
        """
        self._together = Together(self.documents.shards[0], queues, self.threads)
        return self._together

    def drop_model(self) -> None:
        """Give the memory of the language model back; nothing can be sampled afterwards."""
        self._model, self._device = None, None

    def begin_from(self, counts: sp.csr_matrix) -> None:
        """Draw the first topics under a language model of other counts (V, K) whole numbers, not at random.

        Tokens that topics have from the beginning are part of it.
        """
        if self.prior is not None:
            counts = self.prior.language(sp.csr_matrix(counts.astype(np.int64)))
        memory, model_memory = self._memory
        self._given = GivenCounts(counts, memory=memory, model_memory=model_memory)

    def first_topics(self, phase: int, pass_number: int, stage: int, priors: Priors) -> None:
        """Topics for the documents that join at `stage`: given the counts so far or others, or uniformly random.

        Where topics have tokens from the beginning, they are drawn in every start: random topics would outnumber what
        is to tell topics apart.
        """
        if self._given is not None:
            self._sample_by_given_counts(self._given, phase, pass_number, priors)
            if phase == self.plan.phases - 1:
                self._given = None
            return
        if self.prior is not None and self.sampler.language != "mean":
            self._first_by_mean(phase, pass_number, stage, priors)
            return
        if self.prior is not None or self.plan.n_stages > 1:
            self._sample(phase, pass_number, stage, priors, fresh=True)
            return
        for shard in self.documents.each():
            shard.scatter(phase, pass_number, self.threads)

    def _first_by_mean(self, phase: int, pass_number: int, stage: int, priors: Priors) -> None:
        """First topics under the posterior mean, for samplers whose own language model is another.

        A draw of phi would have a topic without tokens at a few words, chosen by chance.
        """
        counts, totals = self._language()
        made = MeanModel(self.counts.rows, counts, frozen_topics=self._frozen_topics)
        model = made.build(counts, totals, priors, self.threads, 0)
        for shard in self.documents.each():
            shard.sample(phase, pass_number, self.sampler, model, self.threads, stage=stage, fresh=True)

    def resample(self, phase: int, pass_number: int, stage: int, priors: Priors) -> None:
        """New topics for the phase's documents that have joined by `stage`."""
        if self.sampler.language == "current":
            self._sample_by_current_counts(pass_number, priors)
        else:
            self._sample(phase, pass_number, stage, priors, fresh=False)

    def _sample(self, phase: int, pass_number: int, stage: int, priors: Priors, *, fresh: bool) -> None:
        priors = self.schedule.warm(pass_number, priors)
        if self._walk is not None:
            self._sample_by_range(phase, pass_number, stage, priors, fresh=fresh)
            return
        # With lag 1, phase 1 uses the same counts as phase 0, so phi need not be rebuilt.
        anew = phase == 0 or self.plan.unseen(phase, fresh=fresh) < phase
        if isinstance(self._counts, DeviceAggregator):
            self._sample_on_device(phase, pass_number, stage, priors, fresh=fresh, anew=anew)
            return
        if self._model is None:
            raise RuntimeError("the language model has been dropped")
        if anew:
            counts, totals = self._language()
            self._model.build(counts, totals, priors, self.threads, pass_number * self.plan.phases + phase)
        compile_ahead.wait()
        if self._together is not None:
            self._together.sample(
                phase, pass_number, self.sampler, self._model.model, stage=stage, fresh=fresh
            )
            return
        if self._device is not None:
            self._sample_on_device(phase, pass_number, stage, priors, fresh=fresh, anew=anew)
            return
        for shard in self.documents.each():
            shard.sample(
                phase, pass_number, self.sampler, self._model.model, self.threads, stage=stage, fresh=fresh
            )

    def _language(self) -> tuple[TopicCounts, NDArray[np.int64]]:
        """n_kw and n_k that phi is made of: for frozen topics what they began with."""
        counts, totals = self.counts.counts, self.counts.topic_totals
        if self._frozen_topics is None:
            return counts, totals
        return self._frozen_topics.counts(counts, 0, self.plan.n_terms), self._frozen_topics.totals(totals)

    def _sample_on_device(
        self, phase: int, pass_number: int, stage: int, priors: Priors, *, fresh: bool, anew: bool
    ) -> None:
        """The device's part of a phase; anew: the counts that it sees are not those of the phase before."""
        models, counts = self._device, self._counts
        if models is None:
            raise RuntimeError("the language model has been dropped")
        if anew:
            models.outdate()
        if isinstance(counts, DeviceAggregator):
            model = models.from_counts(counts, priors, fresh=fresh)
        elif self._model is not None:
            model = models.from_host(self._model.model, fresh=fresh)
        for shard in self.documents.each():
            if not isinstance(shard, DeviceShard):
                raise TypeError("only shards on the device can be sampled there")
            if not isinstance(counts, DeviceAggregator):
                shard.remember(phase)
            shard.sample_on_device(phase, pass_number, self.sampler, model, stage=stage, fresh=fresh)

    def _sample_by_range(
        self, phase: int, pass_number: int, stage: int, priors: Priors, *, fresh: bool
    ) -> None:
        walk = self._walk
        if walk is None:
            raise RuntimeError("there are no ranges to walk")
        for shard in self.documents.each():
            shard.begin_ranges(phase)
        # Ranges outside, shards inside: a range's counts travel once a phase, however many shards there are.
        for span, model in walk.models(priors, self.threads):
            for shard in self.documents.each():
                shard.sample_range(
                    phase, pass_number, span, self.sampler, model, self.threads, stage=stage, fresh=fresh
                )

    def _sample_by_current_counts(self, pass_number: int, priors: Priors) -> None:
        """A sweep of one phase, in which each token sees what those before it have become."""
        alpha = np.zeros(self.counts.rows.stride, dtype=np.float32)
        alpha[: self.plan.n_topics] = priors.alpha
        dense, totals = self.counts.counts.dense.copy(), self.counts.topic_totals.copy()
        counts = CurrentCounts(dense, totals, alpha, priors.beta)
        stage = self.plan.n_stages - 1
        compile_ahead.wait()
        for shard in self.documents.each():
            shard.sample(0, pass_number, self.sampler, counts, self.threads, stage=stage, fresh=False)

    def _sample_by_given_counts(
        self, given: GivenCounts, phase: int, pass_number: int, priors: Priors
    ) -> None:
        """First topics of the phase's documents; on the processor, whose bits are those of a device."""
        compile_ahead.wait()
        by_range = len(given.ranges) > 1
        if by_range:
            for shard in self.documents.each():
                shard.begin_ranges(phase)
        for span, model in given.models(priors, self.threads):
            for shard in self.documents.each():
                if by_range:
                    shard.sample_range(
                        phase, pass_number, span, self.sampler, model, self.threads, stage=0, fresh=True
                    )
                else:
                    shard.sample(phase, pass_number, self.sampler, model, self.threads, stage=0, fresh=True)
        for shard in self.documents.each():
            shard.settle(phase)

    def soft_rows(
        self, priors: Priors, ranges: list[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], SoftRows]]:
        """(words first .. last - 1, soft counts of their tokens here) of the present state; `rest` not divided yet.

        Words come in parts of `ranges` or of the ranges that are walked, and come again for each phase and shard: all
        is to be added up. The counts kept here must include what all workers have changed.
        """
        for phase in range(self.plan.phases):
            for shard in self.documents.each():
                shard.list_topics(phase, self.threads)
            for span, base, counts, terms in self._present(priors, ranges):
                for shard in self.documents.each():
                    yield span, shard.soft_rows(phase, span, counts, base, terms, self.threads)

    def _present(
        self, priors: Priors, ranges: list[tuple[int, int]]
    ) -> Iterator[tuple[tuple[int, int], int, TopicCounts, Terms]]:
        """(range of words, word of the first row of these counts, counts, terms of phi) of the present state."""
        words = max(self._soft_cells // self.plan.n_topics, 1)

        def cut(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
            return [
                (low, min(low + words, last)) for first, last in spans for low in range(first, last, words)
            ]

        if self._walk is None and not isinstance(self._counts, DeviceAggregator):
            counts, totals = self._language()
            terms = self._soft_terms(totals, priors)
            for span in cut(ranges):
                yield span, 0, counts, terms
            return
        walk = self._walk or Walk(self.counts.rows, cut(ranges), self.counts, self._frozen_topics)
        terms = self._soft_terms(walk.totals(), priors)
        for span, part in walk.counts(self.threads):
            for piece in cut([span]):
                yield piece, span[0], part.counts, terms

    def _soft_terms(self, totals: NDArray[np.int64], priors: Priors) -> Terms:
        terms = terms_of(totals, priors, self.plan.n_terms)
        return terms if self._frozen_topics is None else self._frozen_topics.terms(terms)

    def changes(self, phase: int, first: int, last: int) -> Iterator[Delta]:
        """What the phase changed of words first .. last - 1, range by range, ascending; netted by all threads."""
        if len(self.documents.shards) == 1:
            shard = self.documents.shards[0]
            spans = shard.by_word.blocks(phase, self.threads, first, last)
            yield from self.threads.map(partial(shard.delta, phase), spans)
            shard.arrays.release()
            return
        # Shard by shard would be quicker, and hold the changes of all words at once.
        for span in self.documents.word_spans(phase, first, last):
            total: Delta | None = None
            for shard in self.documents.each():
                spans = shard.by_word.blocks(phase, self.threads, *span)
                delta = joined(list(self.threads.map(partial(shard.delta, phase), spans)))
                total = delta if total is None else merge_deltas(total, delta)
            if total is not None:
                yield total

    def apply(self, phase: int) -> None:
        """Add what the phase changed to the counts held here."""
        for shard in self.documents.each():
            if isinstance(self._counts, DeviceAggregator) and isinstance(shard, DeviceShard):
                self._counts.count_tokens(shard, phase)
            else:
                self._count(shard, phase)

    def _count(self, shard: Shard, phase: int) -> None:
        found: list[NDArray[np.int64]] = []

        def count(span: tuple[int, int]) -> None:
            found.append(shard.count(phase, span, self.counts, by_document=by_document))
            self.counts.arrays.release()

        # By document each thread has one range of words, and reads the tokens of all.
        by_document = self.threads.n <= MOST_READERS
        self.threads.run(
            count,
            shard.by_word.blocks(phase, self.threads, 0, self.plan.n_terms, finely=not by_document),
        )
        for totals in found:
            self.counts.add_totals(totals)


def count_rows(corpus: Corpus, settings: FitSettings, prior: WordPrior | None = None) -> WordRows:
    """Layout of the counts for a corpus and resolved settings. prior: tokens that topics have from the beginning.

    Raises ValueError when a term occurs too often, or the sampler keeps phi dense and this process could not hold it.
    """
    frequencies = corpus.term_frequencies
    if prior is not None:
        frequencies = frequencies + prior.frequencies
    _check_counts(corpus, frequencies)
    language = sampler(settings.sampler).language
    if language != "mean":
        _check_dense(corpus.n_terms, settings.n_topics, str(settings.sampler))
    return word_rows(frequencies, settings.n_topics, all_dense=language == "current")


def _check_counts(corpus: Corpus, frequencies: NDArray[np.int64]) -> None:
    """Refuse a term of which a topic might hold more tokens than a count can say."""
    most = int(frequencies.max(initial=0))
    if most > MAX_COUNT:
        term = corpus.vocabulary[int(frequencies.argmax())]
        raise ValueError(
            f"a term may occur at most {MAX_COUNT} times in a corpus, got {term!r} {most} times; leave it out as a "
            "stop word, or divide the corpus"
        )


def _check_dense(n_terms: int, n_topics: int, name: str) -> None:
    """Refuse a dense phi that this process may not hold, before the system ends it."""
    needed = 4 * n_terms * n_topics
    there = available_memory()
    if there is not None and needed > there:
        raise ValueError(
            f"the sampler {name} keeps terms x topics numbers, here {needed / 2**30:.1f} GiB, and this process may "
            f"use {there / 2**30:.1f} GiB; take the sampler adlda, fewer topics or fewer terms"
        )
