"""What a start tells of itself: a record of each pass, with the time that is left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lda.cluster.spec.results import StartRecord
from lda.cluster.sweeping.start_schedule import StartSchedule


class StartTeller(Protocol):
    """What an engine calls after each pass of a start."""

    def __call__(self, schedule: StartSchedule, stage: int, number: int, joined: int) -> None:
        """Pass `number` of `stage`, both from 0, is over; `joined` tokens are in the documents that have joined."""
        ...


def nobody(schedule: StartSchedule, stage: int, number: int, joined: int) -> None:
    """Tells nobody."""


class StartReport:
    """Makes records of the passes of one start and hands them to `tell`.

    n_tokens: trained on. seconds: of training so far.
    """

    def __init__(
        self, n_tokens: int, seconds: Callable[[], float], tell: Callable[[StartRecord], object]
    ) -> None:
        self._n_tokens, self._seconds, self._tell = n_tokens, seconds, tell
        self._joined_before = self._joined = 0
        self._last = seconds()

    def __call__(self, schedule: StartSchedule, stage: int, number: int, joined: int) -> None:
        """As of `StartTeller`."""
        if number == 0:
            self._joined_before, self._joined = self._joined, joined
        drawn = joined if number else joined - self._joined_before
        now = self._seconds()
        took, self._last = max(now - self._last, 1e-9), now
        self._tell(
            StartRecord(
                stage=stage + 1,
                n_stages=schedule.n_stages,
                number=number + 1,
                n_passes=1 + schedule.sweeps,
                tokens=joined,
                tokens_per_second=drawn / took,
                seconds=now,
                seconds_left=took / max(drawn, 1) * self._left(schedule, stage, number, joined),
            )
        )

    def _left(self, schedule: StartSchedule, stage: int, number: int, joined: int) -> int:
        """Tokens that the start has still to draw, if each stage doubles them."""
        left = (schedule.sweeps - number) * joined
        for _ in range(stage + 1, schedule.n_stages):
            before, joined = joined, min(2 * joined, self._n_tokens)
            left += joined - before + schedule.sweeps * joined
        return left
