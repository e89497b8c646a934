"""Processes that take tasks from one queue, and what becomes of a task whose process dies."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from typing import Any, Final

from lda.cluster.processes.messages import Order, packed
from lda.cluster.processes.worker import Worker
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.events import LossLine
from lda.cluster.spec.job import TRIES, Job, Task

LOOK_SECONDS: Final = 0.1


@dataclass(slots=True)
class _Seat:
    """A worker and what it does: begins (ready is False), has nothing to do, or a task on so many threads."""

    worker: Worker
    ready: bool = False
    task: Task | None = None
    threads: int = 0


@dataclass(slots=True)
class ProcessPool:
    """Up to `processes` workers, each of `threads` threads.

    A task whose worker died is done again when all others are, alone: what has most likely killed it is the memory
    that it took beside them. cores: to be divided among the tasks at work; more than processes times threads where
    the division left some over.
    """

    job: Job[Any, Any]
    processes: int
    threads: int
    cores: int
    warn: Callable[[str], None]
    _seats: list[_Seat] = field(default_factory=list)
    _number: int = 0
    _deaths_at_start: int = 0

    @property
    def size(self) -> str:
        """What there is, in words."""
        return f"{self.processes} processes with {self.threads} threads each"

    def run(
        self,
        tasks: Sequence[Any],
        on_done: Callable[[Any, int], None],
        stop: Callable[[], bool] = lambda: False,
        on_lost: Callable[[Any, str], None] | None = None,
    ) -> None:
        """Have all tasks done; raises as `run_tasks`. Workers stay, but for those that are called off at work."""
        job = packed(self.job)
        queue, again = deque(map(Task, tasks)), deque[Task]()
        try:
            while queue or again or any(seat.task for seat in self._seats):
                if stop():
                    return
                self._hire(job, len(queue) + len(again))
                self._hand_out(queue, again)
                for seat in self._heard():
                    if (lost := self._hear(seat, on_done)) is None:
                        continue
                    task, how = lost
                    if task.losses < TRIES:
                        again.append(task)
                    elif on_lost is not None:
                        on_lost(task.value, f"its worker died {task.losses} times, the last {how}")
                    else:
                        raise ClusterError(
                            f"the worker of {task} died {task.losses} times, the last {how}; "
                            "take fewer processes at a time, or less for each to do"
                        )
        finally:
            self._end([seat for seat in self._seats if seat.task])

    def close(self) -> None:
        """End all workers."""
        self._end(list(self._seats))

    def _hire(self, job: bytes, n_waiting: int) -> None:
        """Begin workers for tasks that wait, as far as there are none that have nothing to do."""
        free = sum(seat.task is None for seat in self._seats)
        for _ in range(min(self.processes - len(self._seats), n_waiting - free)):
            self._seats.append(_Seat(Worker(self._number, job, self.threads)))
            self._number += 1

    def _hand_out(self, queue: deque[Task], again: deque[Task]) -> None:
        while (seat := next((s for s in self._seats if s.ready and s.task is None), None)) is not None:
            if queue:
                self._begin(seat, queue.popleft(), len(queue) + 1)
            elif again and not any(other.task for other in self._seats):
                self._begin(seat, again.popleft(), 1)
            else:
                return

    def _begin(self, seat: _Seat, task: Task, n_waiting: int) -> None:
        """Have a worker do a task, with its share of the cores that stand idle.

        n_waiting: tasks that have not begun, this one included.
        """
        idle = self.cores - sum(other.threads for other in self._seats if other.task)
        beginning = min(n_waiting, self.processes - sum(other.task is not None for other in self._seats))
        seat.task, seat.threads = task, max(1, idle // beginning)
        seat.worker.ask(Order(packed(task.value), seat.threads))

    def _heard(self) -> list[_Seat]:
        """Seats whose workers have something to say, or are dead."""
        ready = wait([seat.worker.pipe for seat in self._seats], LOOK_SECONDS)
        return [seat for seat in self._seats if seat.worker.pipe in ready or seat.worker.silent()]

    def _hear(self, seat: _Seat, on_done: Callable[[Any, int], None]) -> tuple[Task, str] | None:
        """Take what a worker says; a task that it has lost is returned, with how the worker ended."""
        answer = seat.worker.answer()
        if answer is None:
            return self._lost(seat)
        if answer.error is not None:
            answer.error.add_note(f"in {seat.worker}:\n{answer.trace}")
            raise answer.error
        if not seat.ready:
            seat.ready, self._deaths_at_start = True, 0
            return None
        seat.task = None
        on_done(answer.value, len(self._seats))
        return None

    def _lost(self, seat: _Seat) -> tuple[Task, str] | None:
        self._seats.remove(seat)
        how = seat.worker.end()
        if seat.task is not None:
            seat.task.losses += 1
            then = "is tried again when the others are done" if seat.task.losses < TRIES else "is given up"
            self._tell(seat, how, f"{seat.task} {then}")
            return seat.task, how
        if not seat.ready:
            self._deaths_at_start += 1
            if self._deaths_at_start == TRIES:
                raise ClusterError(
                    f"worker processes died {TRIES} times at their start, the last {how}; take fewer at a time"
                )
        self._tell(seat, how, "another begins if it is needed")
        return None

    def _tell(self, seat: _Seat, how: str, then: str) -> None:
        lost = str(seat.worker)
        self.warn(LossLine(f"lost {lost}, {how}; {then}", lost=lost, then=then, workers=1))

    def _end(self, seats: Sequence[_Seat]) -> None:
        for seat in seats:
            seat.worker.dismiss()
        for seat in seats:
            seat.worker.end()
            self._seats.remove(seat)
