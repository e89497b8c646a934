"""The engine in one process: a sweeper whose counts are the aggregator's own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.checkpoints.write import put_topics
from lda.cluster.counts.beginning_digest import first_pass
from lda.cluster.counts.gather_parts import gathered
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.counts.word_range import WordRange
from lda.cluster.documents.token_order import TokenOrder
from lda.cluster.loop.prior_learning import first_priors, learned
from lda.cluster.loop.start_report import StartTeller, nobody
from lda.cluster.loop.validation import choose_heldout
from lda.cluster.resources.threads import Threads
from lda.cluster.spec.beginning import Beginning
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import ExchangeReport, StoredCounts
from lda.cluster.sweeping.sweeper import Sweeper
from lda.corpus.presentable import presentable
from lda.corpus.storage.places import Storage
from lda.samplers.priors import Priors
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


class Engine:
    """State of a fit on one machine: what the documents hold, what their counts add up to, the priors.

    `settings` must be resolved. `interrupted` is polled before each phase. prior: tokens that topics have from the
    beginning. begin: where the chain begins, already checked.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: FitSettings,
        interrupted: Callable[[], bool],
        prior: WordPrior | None = None,
        begin: Beginning | None = None,
    ) -> None:
        self.settings = settings
        self.interrupted = interrupted
        self.threads = Threads(settings.threads or 1)
        self.priors: Priors = first_priors(settings, begin)
        self._begin = begin
        self.heldout, keep = choose_heldout(corpus, settings.validation_fraction, settings.seed)
        self.sweeper = Sweeper(
            corpus, settings, keep, list(range(corpus.n_shards)), self.threads, alone=True, prior=prior
        )
        self._before = None if prior is None else prior.before
        self._order = TokenOrder(corpus, keep)
        self.plan, self.documents = self.sweeper.plan, self.sweeper.documents
        self.aggregator = self.sweeper.counts
        self.words = WordRange(self.aggregator, 0, corpus.n_terms, on_disk=settings.memory is not None)
        self._lengths = self.documents.length_histogram()
        # Number of the next pass over documents, the start's included.
        self.pass_number = first_pass(begin)

    def close(self) -> None:
        """End the engine's threads and drop the language model, whose memory the result may want."""
        self.sweeper.drop_model()
        self.threads.close()

    def start(self, told: StartTeller = nobody) -> None:
        """Give every token a topic: at random, or by the growing start; `told` is called after each whole pass.

        An interrupt cuts the sweeps of the growing start short, not the first topics: without them there would
        be no model to keep.
        """
        if self._begin is not None and self._begin.topics is not None:
            self._take_topics(self._order.split(self._begin.topics, self.documents.parts))
            self.pass_number += 1
            told(self.sweeper.schedule, 0, 0, self.documents.n_tokens)
            return
        if self._begin is not None and self._begin.counts is not None:
            self.sweeper.begin_from(self._begin.counts)
        for stage in range(self.plan.n_stages):
            for phase in range(self.plan.phases):
                self.sweeper.first_topics(phase, self.pass_number, stage, self.priors)
                self.sweeper.apply(phase)
            self.pass_number += 1
            joined = self.documents.tokens_through(stage)
            told(self.sweeper.schedule, stage, 0, joined)
            for i in range(self.sweeper.schedule.sweeps):
                if self._pass(stage):
                    told(self.sweeper.schedule, stage, 1 + i, joined)
        if self.beta_sweeps:
            self.learn_beta()
        self.aggregator.check(self.documents.n_tokens)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take topics, priors and the number of passes from a checkpoint, and count anew."""
        dtype = self.documents.topic_dtype
        self._take_topics((index, checkpoint.topics(index, dtype)) for index in self.documents.parts)
        self.words.restore_sum(checkpoint.place, checkpoint.folder, checkpoint.files)
        state = checkpoint.state
        self.pass_number = state.pass_number
        self.priors = Priors(alpha=state.alpha, beta=state.beta)

    def _take_topics(self, parts: Iterable[tuple[int, NDArray[Any]]]) -> None:
        """Take the topics of all logical shards, and count them."""
        for index, topics in parts:
            self.documents.set_topics(index, topics)
        for phase in range(self.plan.phases):
            self.documents.forget(phase)
            self.sweeper.apply(phase)
        self.aggregator.check(self.documents.n_tokens)

    def sweep(self) -> bool:
        """Resample every token once; False when an interrupt ended the sweep after one of its phases."""
        whole = self._pass(self.plan.n_stages - 1)
        self.aggregator.check(self.documents.n_tokens)
        return whole

    def _pass(self, stage: int) -> bool:
        unseen: deque[int] = deque()  # phases that the next one does not see yet, as on a cluster
        whole = True
        for phase in range(self.plan.phases):
            if self.interrupted():
                whole = False
                break
            self.sweeper.resample(phase, self.pass_number, stage, self.priors)
            unseen.append(phase)
            if len(unseen) > self.plan.lag:
                self.sweeper.apply(unseen.popleft())
        for phase in unseen:
            self.sweeper.apply(phase)
        self.pass_number += whole
        return whole

    @property
    def beta_sweeps(self) -> int:
        """First sweeps that beta is learned after, each."""
        return self.sweeper.schedule.beta_sweeps

    def learn_beta(self) -> None:
        """Update beta alone, as a start does."""
        self._learn(beta_alone=True)

    def learn_priors(self) -> None:
        """Update those priors that are to be learned from the present state."""
        self._learn(beta_alone=False)

    def _learn(self, *, beta_alone: bool) -> None:
        self.priors = learned(
            self.settings,
            self.priors,
            self._lengths,
            self.plan.n_terms,
            lambda: self.documents.topic_histogram(self.threads),
            lambda: (self.aggregator.cell_histogram(), self.aggregator.topic_totals),
            widest=self.sweeper.schedule.widest(self.pass_number),
            beta_alone=beta_alone,
            before=self._before,
        )

    def log_likelihood(self) -> float:
        """Joint log-likelihood of the state, nats a token."""
        total = joint_log_likelihood(
            self.priors,
            self.documents.topic_histogram(self.threads),
            self._lengths,
            self.aggregator.cell_histogram(),
            self.aggregator.topic_totals,
            self.plan.n_terms,
            self._before,
            self.aggregator.frozen_tokens(),
        )
        return total / max(self.documents.n_tokens, 1)

    def heldout_score(self) -> float | None:
        """Score of the validation documents, nats a token; None where there are none."""
        if self.heldout is None:
            return None
        return self.heldout.score(self.aggregator.language(), self.priors, self.settings.seed, self.threads.n)

    @property
    def n_tokens(self) -> int:
        """Tokens trained on."""
        return self.documents.n_tokens

    @property
    def validates(self) -> bool:
        """Whether documents were kept out for validation."""
        return self.heldout is not None

    def exchanged(self) -> ExchangeReport:
        """What was exchanged in the last sweep: nothing, in one process."""
        return ExchangeReport()

    def matrix(self) -> sp.csr_matrix:
        """The counts (V, K) int32, word-major."""
        return self.aggregator.matrix()

    def store(self, place: Storage, folder: str) -> dict[str, str]:
        """Store the topics of all tokens, and the sums, in a folder of a checkpoint; returns the files' checksums."""
        return put_topics(place, folder, self.documents.topics()) | self.words.store_sum(place, folder)

    @property
    def samples_midway(self) -> bool:
        """Whether states can be sampled between sweeps."""
        return True

    def accumulate(self) -> None:
        """Add the soft counts of the present state to their sum over late sweeps."""
        for span, rows in self.sweeper.soft_rows(self.priors, [(0, self.plan.n_terms)]):
            self.words.take(span, rows)
        totals, prior = self.aggregator.totals(), self.aggregator.prior
        if prior is not None:
            totals = prior.language_totals(totals)
        self.words.accumulate(totals, self.priors, self.plan.n_terms)

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sum, (V, K) float32."""
        return self.words.soft(taken)

    def store_counts(self, place: str, taken: int, n_top: int, warn: Callable[[str], None]) -> StoredCounts:
        """Write the counts, and soft ones, into a model's folder. Raises OSError when that is refused."""
        part = self.words.write_part(place, 0, 1, taken, n_top)
        if part.problem is not None:
            raise OSError(presentable(f"the counts could not be written to {place}: {part.problem}"))
        return gathered([part], self.plan.n_terms, self.settings.n_topics, n_top)

    def settle(self) -> None:
        """No-op: in one process nothing is under way between sweeps."""

    def token_topics(self) -> NDArray[np.int32]:
        """Topics (N,) of all tokens in the corpus' order; those of documents kept for validation are inferred."""
        topics = self._order.joined(self.documents.topics())
        if self.heldout is not None:
            counts, seed = self.aggregator.language(), self.settings.seed
            self.heldout.token_topics(counts, self.priors, self._order.others(), topics, seed)
        return topics

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K) int32 of all documents; those kept for validation are inferred."""
        rows = self.documents.document_topics()
        if self.heldout is None:
            return rows
        counts, seed = self.aggregator.language(), self.settings.seed
        inferred = self.heldout.document_topics(counts, self.priors, rows.shape, seed)
        return sp.csr_matrix(rows + inferred)
