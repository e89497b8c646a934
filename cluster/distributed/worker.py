"""`WorkerActor`: the actor around a sweeper.

A worker goes from step to step on its own: it pulls from each aggregator the versions it has not seen, samples,
and pushes one message to each. The driver only says how many passes to make.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.checkpoints.read import damage
from lda.cluster.checkpoints.write import put_topics, topics_name
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.actor_report import Ready, introduce, one_line
from lda.cluster.distributed.actor_system import concurrency_group
from lda.cluster.distributed.async_push import Outbox
from lda.cluster.documents.assignments import LentDocuments
from lda.cluster.exchange.actor_calls import Calls
from lda.cluster.exchange.delta_codec import decode, encode
from lda.cluster.exchange.replica import Replica
from lda.cluster.exchange.shared_mailbox import SharedMailbox
from lda.cluster.loop.validation import choose_heldout, training_mask
from lda.cluster.resources.shared_memory import Lent
from lda.cluster.resources.threads import Threads
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.sweeper import Sweeper
from lda.corpus.corpus import Corpus
from lda.corpus.storage.places import storage
from lda.samplers.counts.histograms import Histogram
from lda.samplers.counts.word_counts import Delta
from lda.samplers.cuda.available import DeviceError, check_device
from lda.samplers.priors import Priors

SOFT_ROWS_UNDER_WAY: Final = 8
"""Messages of soft counts that a worker has sent and no aggregator confirmed: they bound its memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassReport:
    """What one worker did in one pass.

    tokens: resampled. seconds: wall time of the pass, waiting included. waited: seconds spent waiting for counts.
    sent, received: bytes.
    """

    tokens: int
    seconds: float
    waited: float
    sent: int
    received: int


class PhaseEvent(NamedTuple):
    """A worker is about to resample the phase of a step, or (told) has pushed what changed in it."""

    worker: int
    step: int
    told: bool


class WorkerActor:
    """A sweeper that follows the aggregators' counts.

    `begin` reports start-up errors; raising in __init__ would only show up as a dead actor. on_phase: called twice in
    each step, in the process of the worker.
    """

    def __init__(
        self,
        calls: Calls,
        number: int,
        corpus: Corpus,
        settings: FitSettings,
        parts: list[int],
        threads: int,
        ranges: list[tuple[int, int]],
        staleness: int | None,
        on_phase: Callable[[PhaseEvent], None] | None = None,
        prior: WordPrior | None = None,
    ) -> None:
        self.calls, self.on_phase, self.prior = calls, on_phase, prior
        self.number, self.settings, self.ranges = number, settings, ranges
        self.in_step = staleness == 0
        self.threads = Threads(threads)
        self.corpus, self.parts = corpus, parts
        self.problem: str | None = None
        self.no_device: str | None = None
        self.aggregators: list[Any] = []
        self.step = 0
        self.counted = -1  # number of steps included in the counts now used
        self.fetched = 0  # bytes, since the last step began
        self.priors: Priors | None = None
        self.stopped = False

    def begin(self) -> Ready:
        """Read the documents; returns whether this worker can work.

        Not in __init__: the actor could not answer `alive` while it loads.
        """
        if self.settings.device != "cpu":
            try:
                check_device()
            except DeviceError as error:  # the processor draws the same topics
                self.no_device, self.settings = str(error), replace(self.settings, device="cpu")
        corpus, settings = self.corpus, self.settings
        try:
            if self.number == 0:  # it does the scoring, so it loads the validation documents from all shards
                self.heldout, keep = choose_heldout(corpus, settings.validation_fraction, settings.seed)
            else:
                self.heldout = None
                keep = training_mask(corpus.n_documents, settings.validation_fraction, settings.seed)
            source = self if settings.model_memory is not None else None
            # Workers that may run ahead of each other need no lag to do so.
            self.sweeper = Sweeper(
                corpus,
                settings,
                keep,
                self.parts,
                self.threads,
                source,
                self.ranges,
                lagging=self.in_step,
                prior=self.prior,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, the driver tells of it
            self.problem = one_line(error)
        return introduce(self.calls, self.problem, self.no_device)

    @concurrency_group("control")
    def ready(self) -> Ready:
        """Where this worker runs, and what it runs."""
        return introduce(self.calls, self.problem)

    @concurrency_group("pulse")
    def alive(self) -> None:
        """Answer, whatever else this worker is doing."""

    def connect(self, aggregators: list[Any]) -> Histogram:
        """Take the aggregators' handles; returns the lengths of the documents held here."""
        self.aggregators = aggregators
        self.outbox = Outbox(self.number, aggregators, self.calls)
        self.replica = Replica(self.number, self.sweeper, self.settings.n_topics, aggregators, self.calls)
        return self.sweeper.documents.length_histogram()

    def lend(self, size: int) -> Lent | None:
        """Begin a replica for `size` workers of this node; None where that cannot be done."""
        return self.replica.lend(size)

    def borrow(self, lent: Lent, rank: int, size: int) -> bool:
        """Use the replica that another worker of this node has begun; False where it cannot be reached."""
        return self.replica.borrow(lent, rank, size)

    def lend_documents(self) -> LentDocuments | None:
        """Put this worker's documents in shared memory, so that other workers on the node can sample them.

        None where that cannot be done.
        """
        return self.replica.lend_documents()

    def help(self, team: list[LentDocuments | None]) -> None:
        """Sample the team's documents together with it. team: what each worker of the node lends, by rank."""
        self.replica.help(team)

    def keep_own(self) -> None:
        """Go back to a replica that this worker shares with none."""
        self.replica.keep_own()

    def open_mailbox(self, shape: tuple[int, int, int], lent: Lent | None = None) -> Lent | None:
        """Begin the mailbox of all workers, or open the one another has begun (`lent`); None where that fails.

        shape: (workers, parts, kept) of `SharedMailbox`.
        """
        try:
            self.mailbox = SharedMailbox(*shape, lent, self.calls.check)
        except OSError:
            return None
        return self.mailbox.lent

    def use_mailbox(self) -> None:
        """Tell each other directly from now on, and the aggregators nothing: they read the replica."""
        self.replica.read_mailbox(self.mailbox)

    def count_all(self) -> None:
        """Bring the counts to all steps made so far, so that aggregators can read them; all workers must be asked."""
        self._catch_up(self.step)

    def damage(self, place: str, folder: str, files: dict[str, str]) -> str | None:
        """What is wrong with one of these files of a checkpoint, or None. Raises OSError when it cannot be read."""
        return damage(storage(place), folder, files)

    def restore(self, place: str, folder: str) -> None:
        """Take the topics of the documents held here from a checkpoint; `tell_all` must follow."""
        source, documents = storage(place), self.sweeper.documents
        for index in documents.parts:
            data = source.read(f"{folder}/{topics_name(index)}")
            documents.set_topics(index, np.frombuffer(data, dtype=documents.topic_dtype))

    def take_topics(self, parts: list[tuple[int, NDArray[Any]]]) -> None:
        """Take topics of documents held here, by logical shard; `tell_all` must follow."""
        for index, topics in parts:
            self.sweeper.documents.set_topics(index, topics)

    def begin_from(self, counts: list[Any]) -> None:
        """Draw the first topics under a language model of other counts. counts: a reference to them, (V, K)."""
        (given,) = self.calls.get(counts)
        self.sweeper.begin_from(given)

    def tell_all(self) -> None:
        """Push all topics held here as new. Must be called on all workers: each waits for what the others push."""
        for phase in range(self.sweeper.plan.phases):
            self._catch_up(self.step)
            self.sweeper.documents.forget(phase)
            self._push(phase)
            self.step += 1
        self.outbox.confirm()

    @concurrency_group("control")
    def set_priors(self, priors: Priors) -> None:
        """Priors for the passes that are asked for without any."""
        self.priors = priors

    @concurrency_group("control")
    def stop(self) -> None:
        """Skip all passes not yet begun."""
        self.stopped = True

    def first_topics(self, pass_number: int, stage: int, priors: Priors) -> PassReport:
        """The pass that gives the documents of `stage` their first topics."""
        return self._pass(pass_number, stage, priors, first=True)

    def resample(self, pass_number: int, stage: int, priors: Priors | None) -> PassReport:
        """One pass over the documents that have joined by `stage`; without priors, under those last set."""
        chosen = priors or self.priors
        if self.stopped or chosen is None:
            return PassReport(tokens=0, seconds=0.0, waited=0.0, sent=0, received=0)
        return self._pass(pass_number, stage, chosen, first=False)

    def _pass(self, pass_number: int, stage: int, priors: Priors, *, first: bool) -> PassReport:
        begin, waited, sent, received = time.perf_counter(), 0.0, 0, 0
        for phase in range(self.sweeper.plan.phases):
            before = time.perf_counter()
            received += self._catch_up(self.step - self.sweeper.plan.unseen(phase, fresh=first))
            waited += time.perf_counter() - before
            if self.on_phase is not None:
                self.on_phase(PhaseEvent(self.number, self.step, told=False))
            work = self.sweeper.first_topics if first else self.sweeper.resample
            work(phase, pass_number, stage, priors)
            sent += self._push(phase)
            if self.on_phase is not None:
                self.on_phase(PhaseEvent(self.number, self.step, told=True))
            self.step += 1
        # With staleness 0 no confirmation is needed: readers of the counts wait for the last step of this pass.
        if not self.in_step:
            self.outbox.confirm()
        elif self.settings.model_memory is None and not first and self.sweeper.plan.lag:
            # Apply all but the last phase now, while other workers finish.
            received += self._catch_up(self.step - 1)
            self.replica.team.end()
        return PassReport(
            tokens=self.sweeper.documents.tokens_through(stage),
            seconds=time.perf_counter() - begin,
            waited=waited,
            sent=sent,
            received=received,
        )

    def count_softly(self, priors: Priors) -> None:
        """Give the aggregators the soft counts of the tokens held here, after all steps made so far.

        All workers must be asked, and none make a step before all have answered.
        """
        self._catch_up(self.step)
        given: deque[Any] = deque()
        for span, rows in self.sweeper.soft_rows(priors, self.ranges):
            given.append(self._owner(span[0]).take_soft.remote(span, rows))
            if len(given) > SOFT_ROWS_UNDER_WAY:
                self.calls.get([given.popleft()])
        self.calls.get(list(given))

    def _owner(self, word: int) -> Any:  # noqa: ANN401 - handles are opaque
        """The aggregator of a word."""
        spans = zip(self.aggregators, self.ranges, strict=True)
        return next(a for a, (low, high) in spans if low <= word < high)

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) that this step begins from, of all aggregators."""
        asked = [a.totals.remote(self.step, self.counted) for a in self.aggregators]
        parts: list[NDArray[np.int64]] = self.calls.get(asked)
        total: NDArray[np.int64] = np.sum(parts, axis=0)
        return total

    def between(self, first: int, last: int) -> Delta:
        """The counts of words first .. last - 1 that this step begins from, fetched from their aggregator."""
        ((reference,),) = self.calls.get([self._owner(first).between.remote(first, last)])
        (message,) = self.calls.get([reference])
        self.fetched += len(message)
        return decode(message, self.settings.n_topics)

    def _catch_up(self, counted: int) -> int:
        """Bring the counts to the steps before `counted`, which the present step begins from; returns bytes received.

        A worker that walks the vocabulary fetches counts while it samples; here it only waits for its turn.
        """
        self.counted, before = counted, self.counted
        if self.settings.model_memory is not None:
            self.totals()
            received, self.fetched = self.fetched, 0
            return received
        if counted == before:
            return 0
        return self.replica.catch_up(counted)

    def _push(self, phase: int) -> int:
        """Send what the phase changed; returns its bytes. Whether it has arrived is asked for a step later."""
        messages = [self._message(phase, first, last) for first, last in self.ranges]
        if self.replica.mailbox is not None:
            self.replica.mailbox.leave(self.number, self.step, [b"".join(pieces) for pieces in messages])
        else:
            self.outbox.push(self.step, messages)
        return sum(len(piece) for message in messages for piece in message)

    def _message(self, phase: int, first: int, last: int) -> list[bytes]:
        """What the phase changed of words first .. last - 1: in pieces where memory is short, else in one."""
        changes = self.sweeper.changes(phase, first, last)
        if self.settings.memory is None:
            return [encode(changes, first, last)]
        return [encode([part], part.first, part.first + len(part.start) - 1) for part in changes]

    @concurrency_group("control")
    def topic_histogram_now(self) -> Histogram:
        """Like `topic_histogram`, but callable during a pass: some documents then have new topics, some old ones."""
        return self.sweeper.documents.topic_histogram(self.threads)

    def topic_histogram(self) -> Histogram:
        """Documents by (topic, n_dk)."""
        return self.sweeper.documents.topic_histogram(self.threads)

    @concurrency_group("control")
    def checkpoint(self, place: str, folder: str) -> dict[str, str]:
        """Store the topics held here; returns file names and their checksums.

        During a pass some of them are new and some old. That is a valid state: counts are made of the topics anew.
        """
        return put_topics(storage(place), folder, self.sweeper.documents.topics())

    def heldout_score(self, priors: Priors) -> float | None:
        """Score of the validation documents under the newest counts; None where there are none."""
        return self._score(priors, self.step)

    @concurrency_group("control")
    def heldout_score_now(self, priors: Priors) -> float | None:
        """Like `heldout_score`, but callable during a pass: under the counts that the aggregators have by now."""
        return self._score(priors, 0)

    def _score(self, priors: Priors, step: int) -> float | None:
        if self.heldout is None:
            return None
        # Not from the replica: the workers that share it would all have to catch up at the same time.
        parts = self.calls.get([a.language.remote(step) for a in self.aggregators])
        counts = sp.csr_matrix(sp.vstack(parts, format="csr"))
        return self.heldout.score(counts, priors, self.settings.seed, self.threads.n)

    def token_topics(self) -> list[tuple[int, NDArray[Any]]]:
        """(logical shard, topics of its tokens) of the documents held here, in the order of `Shard.topics`."""
        return list(self.sweeper.documents.topics())

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K) of the documents held here; other rows are empty."""
        return self.sweeper.documents.document_topics()
