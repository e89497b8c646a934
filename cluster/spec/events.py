"""What happens to a fit beside its sweeps, for those who follow it: resumed, stored, stopped, lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

Reason = Literal["converged", "callback", "interrupted", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """The fit goes on from the checkpoint of this sweep: one of an earlier run or, after a loss, one of its own."""

    sweep: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointWritten:
    """The state after this sweep has been stored, which took so many seconds."""

    sweep: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedEarly:
    """The fit ends after this sweep, though more were asked for.

    why: "converged" (it improves no more), "callback" (one wished it), "interrupted" (the user did) or "paused".
    """

    sweep: int
    why: Reason


FitEvent = Resumed | CheckpointWritten | StoppedEarly


class LossLine(str):
    """A warning of lost workers that carries its facts, by way of whatever takes warnings.

    Rejected: a callback of its own beside `warn`, which each of the many functions that hand `warn` on would have to
    hand on, too.

    Attributes:
        lost: which, without the names of hosts: "worker 1, aggregator 0".
        then: what is done about it, in words.
        workers: how many of them were workers.
    """

    lost: str
    then: str
    workers: int

    def __new__(cls, text: str, *, lost: str, then: str, workers: int) -> Self:
        """The line as people read it, and its facts."""
        made = super().__new__(cls, text)
        made.lost, made.then, made.workers = lost, then, workers
        return made

    def changed(self, text: str) -> LossLine:
        """The same facts in other words."""
        return LossLine(text, lost=self.lost, then=self.then, workers=self.workers)
