"""The loop of a fit: sweeps, priors, evaluations, checkpoints; the same for every engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.checkpoints.manifest import RunState
from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.checkpoints.store import CheckpointStore
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.loop.early_stopping import Patience, Samples
from lda.cluster.loop.start_report import StartTeller
from lda.cluster.spec.events import CheckpointWritten, FitEvent, Reason, StoppedEarly
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import (
    Circumstances,
    CountsTo,
    ExchangeReport,
    FitResult,
    StoredCounts,
    SweepRecord,
)
from lda.corpus.storage.places import Storage
from lda.samplers.priors import Priors


class AnyEngine(Protocol):
    """What the loop needs of an engine, in one process or on a cluster."""

    settings: FitSettings
    priors: Priors
    pass_number: int
    interrupted: Callable[[], bool]

    @property
    def n_tokens(self) -> int:
        """Tokens trained on."""
        ...

    @property
    def validates(self) -> bool:
        """Whether documents were kept out for validation."""
        ...

    def start(self, told: StartTeller = ...) -> None:
        """Give every token its first topic; `told` is called after each pass."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take the state of a checkpoint."""
        ...

    def sweep(self) -> bool:
        """Resample every token once; False when it was interrupted."""
        ...

    def exchanged(self) -> ExchangeReport:
        """What was exchanged in the last sweep."""
        ...

    @property
    def beta_sweeps(self) -> int:
        """First sweeps that beta is learned after, each."""
        ...

    def learn_beta(self) -> None:
        """Update beta alone, as a start does."""
        ...

    def learn_priors(self) -> None:
        """Update the priors that are to be learned."""
        ...

    def log_likelihood(self) -> float:
        """Joint log-likelihood, nats a token."""
        ...

    def heldout_score(self) -> float | None:
        """Score of the validation documents, nats a token."""
        ...

    def matrix(self) -> sp.csr_matrix:
        """The counts (V, K)."""
        ...

    @property
    def samples_midway(self) -> bool:
        """Whether states can be sampled between sweeps; else only when all have ended."""
        ...

    def accumulate(self) -> None:
        """Add the soft counts of the present state to their sum over late sweeps."""
        ...

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean (V, K) of the `taken` states in the sum; None where there are none."""
        ...

    def store(self, place: Storage, folder: str) -> dict[str, str]:
        """Store all topics and the sum; returns the files' checksums."""
        ...

    def store_counts(self, place: str, taken: int, n_top: int, warn: Callable[[str], None]) -> StoredCounts:
        """Write the counts, and soft ones, into a model's folder, with the n_top heaviest words of each topic."""
        ...

    def settle(self) -> None:
        """End what is under way: the loop calls no more sweeps."""
        ...

    def token_topics(self) -> NDArray[np.int32]:
        """Topics (N,) of all tokens, in the corpus' order."""
        ...

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K)."""
        ...

    def close(self) -> None:
        """Release the threads, actors and memory that sweeping needed."""
        ...


class Clock:
    """Training seconds: runs except while paused."""

    def __init__(self) -> None:
        self._from = time.perf_counter()
        self._paused = 0.0

    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._from - self._paused

    def add(self, seconds: float) -> None:
        """Count seconds of an earlier run in."""
        self._paused -= seconds

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stand still within the block."""
        before = time.perf_counter()
        try:
            yield
        finally:
            self._paused += time.perf_counter() - before


class Run:
    """The sweeps after the start."""

    def __init__(
        self,
        engine: AnyEngine,
        clock: Clock,
        on_sweep: Callable[[SweepRecord], bool | None],
        checkpoints: CheckpointStore | None,
        pause_after: int | None = None,
        on_event: Callable[[FitEvent], object] = lambda event: None,
    ) -> None:
        self.engine, self.clock, self.on_sweep, self.checkpoints = engine, clock, on_sweep, checkpoints
        self.on_event = on_event
        s = engine.settings
        self.patience = Patience(s.tol, s.n_iter_no_change)
        self.samples = Samples(s.n_samples or 0, s.sample_interval or 1, s.sweeps)
        self.history: list[SweepRecord] = []
        self.n_sweeps = 0
        self.was_interrupted = self.was_paused = False
        self.sweeping = 0.0
        # Rejected: fewer sweeps in the settings, because these decide which states are sampled and when to evaluate.
        self._pause_after = s.sweeps if pause_after is None else min(pause_after, s.sweeps)
        self._kept: int | None = None  # the sweep of the last checkpoint
        self.evaluating = 0.0
        self.began = time.time()
        self.resumed_after: int | None = None

    def sweeps(self) -> None:
        """Sweep until the last, a pause, an interrupt, a callback or convergence."""
        settings = self.engine.settings
        self.was_interrupted = self.engine.interrupted()
        stop: bool | None = False
        while self.n_sweeps < self._pause_after and not self.was_interrupted:
            before = self.clock.seconds()
            if not self.engine.sweep():
                self.was_interrupted = True
                break
            self.n_sweeps += 1
            interval = settings.optimize_interval
            if interval and self.n_sweeps >= settings.burn_in and self.n_sweeps % interval == 0:
                self.engine.learn_priors()
            elif self.n_sweeps <= self.engine.beta_sweeps:
                self.engine.learn_beta()
            if self.engine.samples_midway and self.samples.take(self.n_sweeps):
                self.engine.accumulate()
            seconds = self.clock.seconds()
            self.sweeping += seconds - before
            with self.clock.paused():
                began = time.perf_counter()
                record = self._record(before, seconds)
                self.evaluating += time.perf_counter() - began
                self.history.append(record)
                stop = self.on_sweep(record)
            value = record.heldout if self.engine.validates else record.log_likelihood
            converged = self.patience.exhausted(value)
            wished, stop = bool(stop), converged or stop
            # Not when the fit ends here: resumed from this sweep, it would not know that it had.
            due = self.checkpoints is not None and self.checkpoints.due(self.n_sweeps) and not stop
            if due and self._keep():
                self._kept = self.n_sweeps
            if stop:
                self._tell_early("callback" if wished else "converged")
                break
        self.was_paused = self.n_sweeps < settings.sweeps and not (stop or self.was_interrupted)
        if not stop:
            self._tell_early("paused" if self.was_paused else "interrupted")
        if self.was_paused and self._kept != self.n_sweeps:
            self._keep(needed=True)
        if (
            self.checkpoints is not None
            and self.checkpoints.settings.at_end
            and self.n_sweeps == settings.sweeps
            and self._kept != self.n_sweeps
            and not (stop or self.was_interrupted)
        ):
            self._keep()
        self.engine.settle()
        if settings.n_samples and not self.samples.taken:
            # It ended before the sweeps that were to be sampled: what there is is the present state.
            self.engine.accumulate()
            self.samples.taken = (self.n_sweeps,)

    def _tell_early(self, why: Reason) -> None:
        if self.n_sweeps < self.engine.settings.sweeps:
            self.on_event(StoppedEarly(sweep=self.n_sweeps, why=why))

    def _keep(self, *, needed: bool = False) -> bool:
        assert self.checkpoints is not None
        began = time.monotonic()
        written = self.checkpoints.write(self._state(), self.engine.store, needed=needed)
        if written:
            self.on_event(CheckpointWritten(sweep=self.n_sweeps, seconds=time.monotonic() - began))
        return written

    def _state(self) -> RunState:
        return RunState(
            n_sweeps=self.n_sweeps,
            pass_number=self.engine.pass_number,
            alpha=self.engine.priors.alpha,
            beta=self.engine.priors.beta,
            history=list(self.history),
            seconds=self.clock.seconds(),
            sweeping=self.sweeping,
            patience=self.patience.state,
            sampled=self.samples.taken,
        )

    def restore(self, state: RunState) -> None:
        """Go on after the sweep of `state`; the engine has its own part."""
        self.n_sweeps, self.sweeping = state.n_sweeps, state.sweeping
        self._kept = state.n_sweeps
        self.resumed_after = state.n_sweeps
        self.history = list(state.history)
        self.patience.state = state.patience
        self.samples.taken = state.sampled
        self.clock.add(state.seconds)

    def _record(self, before: float, seconds: float) -> SweepRecord:
        settings, engine = self.engine.settings, self.engine
        exchange = engine.exchanged()
        evaluate = self.n_sweeps % settings.evaluate_every == 0 or self.n_sweeps == settings.sweeps
        return SweepRecord(
            sweep=self.n_sweeps,
            seconds=seconds,
            tokens_per_second=engine.n_tokens / max(seconds - before, 1e-9),
            log_likelihood=engine.log_likelihood() if evaluate else None,
            heldout=engine.heldout_score() if evaluate else None,
            alpha_sum=float(engine.priors.alpha.sum()),
            beta=engine.priors.beta,
            bytes_exchanged=exchange.bytes_sent,
            seconds_waited=exchange.seconds_waited,
            workers=exchange.workers,
            slowest_worker=exchange.slowest,
        )

    def result(
        self,
        counts_to: CountsTo | None,
        warn: Callable[[str], None],
        prior: WordPrior | None = None,
        *,
        document_topics: bool,
        token_topics: bool,
    ) -> FitResult:
        """The state as it is now; its counts are written where counts_to says, if it does."""
        engine, taken = self.engine, len(self.samples.taken)
        stored, began = None, time.perf_counter()
        if counts_to is not None:
            stored = engine.store_counts(counts_to.place(), taken, counts_to.top_words, warn)
        writing = time.perf_counter() - began
        return FitResult(
            topic_word_counts=None if stored else engine.matrix(),
            soft_counts=None if stored else engine.soft(taken),
            alpha=engine.priors.alpha,
            beta=engine.priors.beta,
            doc_topic_counts=engine.document_topics() if document_topics else None,
            token_topics=engine.token_topics() if token_topics else None,
            history=self.history,
            n_sweeps=self.n_sweeps,
            interrupted=self.was_interrupted,
            paused=self.was_paused,
            seed=engine.settings.seed,
            settings=engine.settings,
            n_tokens=engine.n_tokens,
            seconds=self.clock.seconds(),
            tokens_per_second=engine.n_tokens * self.n_sweeps / max(self.sweeping, 1e-9),
            stored=stored,
            word_prior=None if prior is None else prior.counts,
            frozen_topics=() if prior is None else prior.frozen,
            circumstances=Circumstances(
                began=self.began,
                seconds_evaluating=self.evaluating,
                seconds_writing=writing,
                resumed_after=self.resumed_after,
            ),
        )
