"""`Follower`: knows at any moment how a run stands, from what the run tells while it goes on."""

from __future__ import annotations

import secrets
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from lda.cluster.spec.events import CheckpointWritten, FitEvent, LossLine, Resumed
from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.retries import watching_retries
from lda.monitoring.run_status import EVALUATIONS, Evaluation, RunStatus, State
from lda.monitoring.without_hosts import without_hosts
from lda.progress import SecondsLeft

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.cluster import FitSettings, StartRecord, SweepRecord
    from lda.corpus import Corpus
    from lda.corpus.ingest.build import BuildProgress

LONGEST: Final = 500
"""Characters of a warning or an error."""

PATIENCE: Final = 10.0
HURRY: Final = 0.8
"""Seconds that the end of a run waits for the last that is to be shown; and those where the process is being ended."""

INTERRUPTED: Final = 130
"""Exit code of a command that is ended so."""

THREAD: Final = "lda-monitor"
"""Name of the threads that show a status."""


class Follower:
    """Follows a run, and keeps a `RunStatus` of it. Those that show it to somebody are its subclasses.

    It is a callback of a fit, `LDA(callbacks=[...])`; as a context manager it follows whatever runs within the block.
    What goes wrong in showing the status costs one warning, never the run.

    Attributes:
        status: how the run stands, or how it ended.

    Args:
        now: seconds since 1970.
        monotonic: seconds of a clock that never runs backwards.
    """

    def __init__(
        self, *, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._now, self._monotonic = now, monotonic
        self.status = RunStatus()
        self._left = SecondsLeft(0, monotonic)
        self._lock = threading.Lock()
        self._watching = ExitStack()
        self._began_stage = 0.0
        self._first_parts: int | None = None
        self._resumed_stages = set[str]()
        self._following = self._whole = False

    def __getstate__(self) -> dict[str, Any]:
        # A copy follows nothing yet: neither what is open nor what is held goes along.
        return {**vars(self), "_lock": None, "_watching": None, "_following": False, "_whole": False}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._lock, self._watching = threading.Lock(), ExitStack()

    # What a run tells of itself.

    def begin(self, command: str, output: str = "", run: str | None = None) -> None:
        """A run begins, and ends with `end`, whatever fits and builds begin and end within.

        Args:
            command: what is done: "fit".
            output: the place that is written, which is shown without keys.
            run: a word by which the run is known; None makes one.

        Raises:
            OSError: of a subclass, where it needs something of the machine that is not to be had.
        """
        self._begin(command, output, run or new_run())
        self._whole = True

    def end(self, state: State, exit_code: int | None = None, error: str | None = None) -> None:
        """The run is over. Does nothing if it was over before.

        Args:
            state: how it ended.
            exit_code: of the command, None where there is none.
            error: what ended it; None where nothing did.
        """
        self._finish(state, exit_code, error, PATIENCE)

    def _finish(self, state: State, exit_code: int | None, error: str | None, patience: float) -> None:
        if not self._following:
            return
        self._following = self._whole = False
        self._watching.close()
        forget(self._key)
        said = None if error is None else without_hosts(error)[:LONGEST]
        self.status = replace(self.status, state=state, exit_code=exit_code, error=said, seconds_left=None)
        seconds = round(self._monotonic() - self.status.began, 3)
        self._told(
            "end", state=state, sweep=self.status.sweep, seconds=seconds, exit_code=exit_code, error=said
        )
        self._ended(patience)

    def _cut(self) -> None:
        """The process is being ended, by a thread beside the one that runs."""
        self._finish("interrupted", INTERRUPTED, "interrupted", HURRY)

    @property
    def _key(self) -> str:
        return f"follower {id(self)}"

    def stage(self, name: str) -> None:
        """Something else is being done from now on."""
        if name != self.status.stage:
            self._began_stage, self._first_parts = self._monotonic(), None
            self._set(stage=name, parts=0, n_parts=0, seconds_left=None)
            self._changed()

    def __enter__(self) -> Self:
        self.begin("python")
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._end_by(error, whole=True)

    # As a callback of a fit.

    def on_begin(self, settings: FitSettings, corpus: Corpus) -> None:
        """A fit begins."""
        if not self._following:
            self._begin("fit", "", new_run())
        self._left = SecondsLeft(settings.sweeps, self._monotonic)
        self._set(sweeps=settings.sweeps, n_topics=settings.n_topics, documents=corpus.n_documents)
        self.stage("starting")
        self._told(
            "fit",
            documents=corpus.n_documents,
            tokens=corpus.n_tokens,
            terms=corpus.n_terms,
            topics=settings.n_topics,
            sweeps=settings.sweeps,
            sampler=settings.sampler,
            seed=settings.seed,
        )

    def on_start(self, record: StartRecord) -> None:
        """A pass of the start is over."""
        self._set(tokens_per_second=record.tokens_per_second)

    def __call__(self, record: SweepRecord) -> None:
        """A sweep is over."""
        status = self.status
        evaluations = status.evaluations
        if record.log_likelihood is not None or record.heldout is not None:
            made = Evaluation(
                sweep=record.sweep, log_likelihood=record.log_likelihood, heldout=record.heldout
            )
            evaluations = (*evaluations[1 - EVALUATIONS :], made)
        self._set(
            sweep=record.sweep,
            sweeps_swept=status.sweeps_swept + 1,
            tokens_per_second=record.tokens_per_second,
            workers=record.workers,
            bytes_exchanged=status.bytes_exchanged + record.bytes_exchanged,
            evaluations=evaluations,
            seconds_left=self._left.after(record.sweep),
            left_at=self._monotonic(),
        )
        if record.sweep == status.sweeps:
            self.stage("writing")
        else:
            self.stage("sweeping")

    def on_event(self, event: FitEvent) -> None:
        """Something has happened to the fit."""
        if isinstance(event, CheckpointWritten):
            self._set(
                checkpoint_sweep=event.sweep,
                checkpoint_time=self._now(),
                checkpoints=self.status.checkpoints + 1,
            )
            self._told("checkpoint", sweep=event.sweep, seconds=round(event.seconds, 3))
        elif isinstance(event, Resumed):
            self._set(sweep=event.sweep)
            if not self.status.workers_lost and self.status.resumed_from is None:
                self._set(resumed_from=event.sweep)
            self._told("going on", sweep=event.sweep)
        else:
            self.stage("writing")
            self._told("stopped early", sweep=event.sweep, why=event.why)

    def on_warning(self, text: str) -> None:
        """Something was warned of, a loss of workers among it."""
        said = without_hosts(text)[:LONGEST]
        self._set(warnings=self.status.warnings + 1, last_warning=said)
        if isinstance(text, LossLine):
            self._set(workers_lost=self.status.workers_lost + text.workers)
            self._told("lost", what=without_hosts(text.lost), then=text.then)
        else:
            self._told("warning", text=said)
        self._changed()

    def on_model(self, model: Any) -> None:  # noqa: ANN401 - an `lda.Model`, or what has its record
        """The fit is done."""
        if not self._whole:
            self.end("interrupted" if model.record.interrupted else "done")

    def on_failure(self, error: BaseException) -> None:
        """The fit has failed, or was cut off."""
        self._end_by(error, whole=False)

    # Of a build, and of all that is done in parts.

    def on_state(self, state: BuildProgress) -> None:
        """Parts of a corpus that is built are done."""
        if state.kept and state.stage not in self._resumed_stages:
            self._resumed_stages.add(state.stage)
            if self.status.resumed_from is None:
                self._set(resumed_from=state.kept)
            self._told("going on", stage=state.stage, parts=state.kept)
        self._set(
            bytes_read=max(state.bytes, self.status.bytes_read),
            n_bytes=max(state.n_bytes, self.status.n_bytes),
            documents=max(state.documents, self.status.documents),
        )
        self.on_parts(state.stage, state.parts, state.n_parts, workers=state.workers)

    def on_parts(
        self, stage: str, parts: int, n_parts: int, *, workers: int = 0, seconds_left: float | None = None
    ) -> None:
        """So many parts of a stage are done.

        Args:
            stage: what is being done.
            parts: that are done.
            n_parts: that there are; 0 while it is not known.
            workers: at work; 0 in one process.
            seconds_left: None takes the pace of this run since the first part that it was told of.
        """
        self.stage(stage)
        now = self._monotonic()
        if self._first_parts is None:
            self._first_parts, self._began_stage = parts, now
        made = parts - self._first_parts
        if seconds_left is None and made > 0 and n_parts:
            seconds_left = (now - self._began_stage) * (n_parts - parts) / made
        self._set(parts=parts, n_parts=n_parts, workers=workers, seconds_left=seconds_left, left_at=now)

    def documents(self, n_documents: int) -> None:
        """So many documents have been read."""
        self._set(documents=n_documents)

    # For subclasses.

    def _started(self) -> None:
        """The run has begun."""

    def _changed(self) -> None:
        """The stage is another, or something was warned of."""

    def _told(self, event: str, **facts: object) -> None:
        """Something worth a line has happened."""

    def _retried(self, reason: str) -> None:
        """A request to a store is made again; called in the thread that makes it."""

    def _ended(self, patience: float) -> None:
        """The run is over; whatever is to be waited for may take so many seconds."""

    # The rest.

    def _begin(self, command: str, output: str, run: str) -> None:
        if self._following:
            self.end("failed")
        self.status = RunStatus(
            command=command,
            run=run,
            output=without_hosts(output),
            started=self._now(),
            began=self._monotonic(),
        )
        self._began_stage = self.status.began
        self._resumed_stages.clear()
        self._started()
        self._following = True
        remember(self._key, self._cut)
        self._watching.enter_context(watching_retries(self._retrying))
        self._told("start", command=command)

    def _retrying(self, reason: str) -> None:
        if threading.current_thread().name == THREAD:
            return  # those of showing the status are no affair of the run
        with self._lock:
            self.status = replace(self.status, retries=self.status.retries + 1)
        self._retried(without_hosts(reason)[:LONGEST])

    def _end_by(self, error: BaseException | None, *, whole: bool) -> None:
        if self._whole and not whole:
            return  # whoever began the run ends it
        if error is None:
            self.end("done")
        elif isinstance(error, KeyboardInterrupt):
            self.end("interrupted", error="interrupted")
        else:
            self.end("failed", error=f"{type(error).__name__}: {error}")

    def _set(self, **facts: Any) -> None:  # noqa: ANN401 - fields of `RunStatus`
        # Others read it meanwhile, in threads of their own: one that is whole is replaced by another.
        with self._lock:
            self.status = replace(self.status, **facts)


def new_run() -> str:
    """A word for a run that no other has."""
    return secrets.token_hex(4)
