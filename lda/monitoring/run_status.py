"""`RunStatus`: how a run stands, and the JSON document that tells so."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

State = Literal["running", "done", "failed", "interrupted"]
FORMAT: Final = "raylda-status"
VERSION: Final = 1
"""A field that is added leaves the version as it is; one that goes, or means something else, raises it."""

EVALUATIONS: Final = 100
"""The latest ones that are told; the model has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured after a sweep, in nats a token; None of what was not."""

    sweep: int
    log_likelihood: float | None
    heldout: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStatus:
    """How a run stands. Times are in seconds: `started` since 1970, the others of a clock that never runs backwards.

    Attributes:
        command: "fit", "corpus build", or the name of a method.
        run: of this run; a resumed one has another.
        output: what is written, without keys; "" where nothing is.
        state: "running", or how it ended.
        stage: what is being done, in a word.
        sweep: the last one that is over.
        sweeps: that were asked for.
        sweeps_swept: by this run, those that were repeated after a loss included.
        n_topics: K.
        parts: of this stage that are done.
        n_parts: of this stage; 0 where it has none, or while it is not known.
        bytes_read: of the inputs.
        n_bytes: of all inputs; 0 where it is not known.
        documents: read so far.
        bytes_exchanged: sent by the workers of a cluster, in all sweeps of this run.
        tokens_per_second: of the last sweep or pass; None before.
        workers: alive, 0 where all is done in one process.
        workers_lost: so far.
        checkpoint_sweep: of the last checkpoint; None before there is one.
        checkpoint_time: when it was written, seconds since 1970.
        checkpoints: written by this run.
        resumed_from: the sweep, or the number of parts, after which this run took up an earlier one; None for none.
        evaluations: the latest, the oldest first.
        warnings: how many there were.
        last_warning: the latest; None before.
        retries: requests to a store that were made again, of this process.
        started: when.
        began: when, of the monotonic clock.
        seconds_left: as of `left_at`; None while it is not known.
        left_at: of the monotonic clock.
        exit_code: of the command; None while it runs, and of what is no command.
        error: what ended it, on one line; None if nothing did.
    """

    command: str = ""
    run: str = ""
    output: str = ""
    state: State = "running"
    stage: str = "beginning"
    sweep: int = 0
    sweeps: int = 0
    sweeps_swept: int = 0
    n_topics: int = 0
    parts: int = 0
    n_parts: int = 0
    bytes_read: int = 0
    n_bytes: int = 0
    documents: int = 0
    bytes_exchanged: int = 0
    tokens_per_second: float | None = None
    workers: int = 0
    workers_lost: int = 0
    checkpoint_sweep: int | None = None
    checkpoint_time: float | None = None
    checkpoints: int = 0
    resumed_from: int | None = None
    evaluations: tuple[Evaluation, ...] = field(default=(), repr=False)
    warnings: int = 0
    last_warning: str | None = None
    retries: int = 0
    started: float = 0.0
    began: float = 0.0
    seconds_left: float | None = None
    left_at: float = 0.0
    exit_code: int | None = None
    error: str | None = None

    def eta(self, monotonic: float) -> float | None:
        """Seconds left of the stage, 0 at least, at a moment of the monotonic clock; None where it is not known."""
        if self.seconds_left is None or self.state != "running":
            return None
        return max(0.0, self.seconds_left - (monotonic - self.left_at))

    def to_dict(self, *, now: float, monotonic: float, writes: int, every: float) -> dict[str, Any]:
        """The document.

        Args:
            now: seconds since 1970.
            monotonic: the same moment of the monotonic clock.
            writes: how often the document has been written, this time included.
            every: seconds until it is written again at the latest.
        """
        eta, checkpoint = self.eta(monotonic), None
        if self.checkpoint_sweep is not None and self.checkpoint_time is not None:
            checkpoint = {"sweep": self.checkpoint_sweep, "time": utc(self.checkpoint_time)}
        return {
            "format": FORMAT,
            "version": VERSION,
            "command": self.command,
            "run": self.run,
            "output": self.output,
            "state": self.state,
            "stage": self.stage,
            "sweep": self.sweep,
            "sweeps": self.sweeps,
            "topics": self.n_topics,
            "parts": self.parts,
            "n_parts": self.n_parts,
            "bytes_read": self.bytes_read,
            "n_bytes": self.n_bytes,
            "documents": self.documents,
            "bytes_exchanged": self.bytes_exchanged,
            "tokens_per_second": _rounded(self.tokens_per_second),
            "eta_seconds": _rounded(eta),
            "workers": self.workers,
            "workers_lost": self.workers_lost,
            "checkpoint": checkpoint,
            "resumed_from": self.resumed_from,
            "evaluations": [
                {"sweep": one.sweep, "log_likelihood": one.log_likelihood, "heldout": one.heldout}
                for one in self.evaluations
            ],
            "warnings": self.warnings,
            "last_warning": self.last_warning,
            "network_retries": self.retries,
            "pid": os.getpid(),
            "started": utc(self.started),
            "updated": utc(now),
            "seconds": round(monotonic - self.began, 3),
            "writes": writes,
            "every_seconds": every,
            "exit_code": self.exit_code,
            "error": self.error,
        }


def utc(seconds: float) -> str:
    """A moment, in seconds since 1970, as "2026-11-27T21:40:03.120Z"."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
