"""The engine of a cluster: the same steps as in one process, done by a driver's actors."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.counts.beginning_digest import first_pass
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.driver import Driver
from lda.cluster.distributed.failures import Losses
from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.documents.token_order import TokenOrder
from lda.cluster.loop.prior_learning import first_priors
from lda.cluster.loop.start_report import StartTeller, nobody
from lda.cluster.loop.validation import choose_heldout, training_mask
from lda.cluster.spec.beginning import Beginning
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import ExchangeReport, StoredCounts
from lda.corpus.storage.places import Storage
from lda.samplers.priors import Priors

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


class ClusterEngine:
    """Engine of `lda.cluster.loop.training_loop` on a cluster. `settings` must be resolved, the corpus on disk.

    With staleness 0 the driver waits for all workers after each sweep, which they would do anyway. Otherwise all
    sweeps are asked for at once, so that no worker waits for the driver, and each goes by the newest priors.
    """

    def __init__(
        self,
        system: ActorSystem,
        corpus: Corpus,
        settings: FitSettings,
        cluster: Cluster,
        interrupted: Callable[[], bool],
        runtime: Runtime = ORDINARY,
        *,
        begin: Beginning | None = None,
        recovering: bool = False,
        tell: Callable[[str], None] = lambda text: None,
        prior: WordPrior | None = None,
    ) -> None:
        self.settings, self.cluster, self.interrupted = settings, cluster, interrupted
        self.priors: Priors = first_priors(settings, begin)
        self._corpus, self._prior, self._begin = corpus, prior, begin
        self.driver = Driver(
            system,
            corpus,
            settings,
            cluster,
            runtime,
            recovering=recovering,
            interrupted=interrupted,
            tell=tell,
            prior=prior,
        )
        self.pass_number = first_pass(begin)
        self._asked: deque[list[Any]] = deque()
        self._done = 0
        self._reports: list[Any] = []

    @property
    def n_tokens(self) -> int:
        """Tokens trained on."""
        return self.driver.trained_tokens

    @property
    def validates(self) -> bool:
        """Whether documents were kept out for validation."""
        return self.settings.validation_fraction > 0

    @property
    def _in_step(self) -> bool:
        return self.cluster.staleness == 0

    def close(self) -> None:
        """Nothing to give back before the result has been taken; `end` does it."""

    def end(self) -> None:
        """End all actors."""
        self.driver.group.close()

    def losses(self) -> Losses:
        """Which actors are gone."""
        return self.driver.group.losses()

    def settle(self) -> None:
        """Call off the passes that have been asked for, so that counts and topics are those of one moment."""
        if self._asked:
            self.driver.stop()
            self.driver.waiting.results([reference for references in self._asked for reference in references])
            self._asked.clear()

    def start(self, told: StartTeller = nobody) -> None:
        """Give every token a topic, as `Engine.start` does; the passes of a stage are asked for at once."""
        schedule = self.driver.schedule
        if self._begin is not None and self._begin.topics is not None:
            self.driver.take_topics(self._order(), self._begin.topics)
            self.pass_number += 1
            told(schedule, 0, 0, self.n_tokens)
            return
        if self._begin is not None and self._begin.counts is not None:
            self.driver.begin_from(self._begin.counts)
        for stage in range(schedule.n_stages):
            passes = [self.driver.first_topics(self.pass_number, stage, self.priors)]
            self.pass_number += 1
            for _ in range(schedule.sweeps):
                if self.interrupted():
                    break
                passes.append(self.driver.resample(self.pass_number, self.priors, stage))
                self.pass_number += 1
            for number, asked in enumerate(passes):
                reports = self.driver.waiting.results(asked)
                told(schedule, stage, number, sum(report.tokens for report in reports))
        if self.beta_sweeps:
            self.learn_beta()

    def check(self, place: Storage, folder: str, files: Mapping[str, str]) -> None:
        """Have the workers look at the files of a checkpoint. Raises ValueError when one is damaged."""
        if problem := self.driver.damage(place.address, folder, files):
            raise ValueError(problem)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take topics, priors and the number of passes from a checkpoint, and count anew."""
        state = checkpoint.state
        self.driver.restore(checkpoint.place.address, checkpoint.folder, list(checkpoint.files))
        self.pass_number, self._done = state.pass_number, state.n_sweeps
        self.priors = Priors(alpha=state.alpha, beta=state.beta)

    def sweep(self) -> bool:
        """Resample every token once; False when interrupted."""
        if self.interrupted():
            return False
        if self._in_step:
            self._asked.append(self.driver.resample(self.pass_number, self.priors))
        elif not self._asked:
            self.driver.set_priors(self.priors)
            for i in range(self.settings.sweeps - self._done):
                self._asked.append(self.driver.resample(self.pass_number + i, None))
        self._reports = self.driver.waiting.results(self._asked.popleft())
        self.driver.counts.check_owners()
        self.driver.waiting.begun = True
        self.pass_number += 1
        self._done += 1
        return True

    def exchanged(self) -> ExchangeReport:
        """What the workers did in the last sweep."""
        reports = self._reports
        return ExchangeReport(
            workers=len(reports),
            bytes_sent=sum(r.sent for r in reports),
            seconds_waited=max((r.waited for r in reports), default=0.0),
            slowest=min((r.tokens / max(r.seconds - r.waited, 1e-9) for r in reports), default=0.0),
        )

    @property
    def beta_sweeps(self) -> int:
        """First sweeps that beta is learned after, each."""
        return self.driver.schedule.beta_sweeps

    def learn_beta(self) -> None:
        """Update beta alone, as a start does."""
        self._learn(beta_alone=True)

    def learn_priors(self) -> None:
        """Update those priors that are to be learned; without steps in common, from what there is."""
        self._learn(beta_alone=False)

    def _learn(self, *, beta_alone: bool) -> None:
        widest, now = self.driver.schedule.widest(self.pass_number), not self._in_step
        self.priors = self.driver.learned(self.priors, now=now, widest=widest, beta_alone=beta_alone)
        if not self._in_step:
            self.driver.set_priors(self.priors)

    def log_likelihood(self) -> float:
        """Joint log-likelihood of the state, nats a token."""
        return self.driver.log_likelihood(self.priors, now=not self._in_step)

    def heldout_score(self) -> float | None:
        """Score of the validation documents, nats a token; None where there are none."""
        return self.driver.heldout_score(self.priors, now=not self._in_step) if self.validates else None

    def matrix(self) -> sp.csr_matrix:
        """The counts (V, K) int32, word-major: for a caller who wants them here."""
        return self.driver.counts.matrix(now=not self._in_step)

    def store(self, place: Storage, folder: str) -> dict[str, str]:
        """Have the topics of all tokens and the sums stored in a folder; returns the files' checksums."""
        return self.driver.checkpoint(place.address, folder)

    @property
    def samples_midway(self) -> bool:
        """Whether all workers stand still between sweeps, so that there is one state to sample."""
        return self._in_step

    def accumulate(self) -> None:
        """Have the aggregators add the soft counts of the present state to their sums over late sweeps."""
        # Without steps in common all passes have ended by now, some of them called off: there is nothing to wait for.
        self.driver.accumulate(self.priors, now=not self._in_step)

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sums, (V, K) float32: for a caller who wants it here."""
        return self.driver.counts.soft(taken)

    def store_counts(self, place: str, taken: int, n_top: int, warn: Callable[[str], None]) -> StoredCounts:
        """Have the aggregators write the counts, and soft ones, into a model's folder."""
        return self.driver.counts.store(place, taken, n_top, warn, now=not self._in_step)

    def _order(self) -> TokenOrder:
        settings = self.settings
        kept = training_mask(self._corpus.n_documents, settings.validation_fraction, settings.seed)
        return TokenOrder(self._corpus, kept)

    def _language(self) -> sp.csr_matrix:
        """What topics are made of: the counts, with the tokens that topics had from the beginning."""
        return self.matrix() if self._prior is None else self._prior.language(self.matrix())

    def token_topics(self) -> NDArray[np.int32]:
        """Topics (N,) of all tokens in the corpus' order; those of documents kept for validation are inferred."""
        order, settings = self._order(), self.settings
        topics = self.driver.token_topics(order)
        heldout, _ = choose_heldout(self._corpus, settings.validation_fraction, settings.seed)
        if heldout is not None:
            heldout.token_topics(self._language(), self.priors, order.others(), topics, settings.seed)
        return topics

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K) int32 of all documents; those kept for validation are inferred."""
        rows = self.driver.document_topics()
        heldout, _ = choose_heldout(self._corpus, self.settings.validation_fraction, self.settings.seed)
        if heldout is None:
            return rows
        inferred = heldout.document_topics(self._language(), self.priors, rows.shape, self.settings.seed)
        return sp.csr_matrix(rows + inferred)
