"""Workers that take tasks from one queue, and what becomes of a task whose worker is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from lda.cluster.distributed.actor_report import (
    Ready,
    check,
    could_not_begin,
    whereabouts,
)
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.placement import TRY_SECONDS, Room, reserve
from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.distributed.waiting import LOOK_SECONDS, SilentError, Waiting
from lda.cluster.exchange.actor_calls import ActorLostError
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.events import LossLine
from lda.cluster.spec.job import TRIES, Job, Task
from lda.corpus.errors import DataError


class TaskPool:
    """The workers, one in each bundle of a reservation.

    Only tasks and their results pass through the driver. A lost worker's task goes to the end of the queue, so that
    one that kills its workers is tried again when the others are done; in the bundle another worker begins, as soon as
    there is room for it. Rejected: replacing all workers after a loss, as a fit does, because all would read anew.
    """

    def __init__(
        self,
        job: Job[Any, Any],
        cluster: Cluster,
        n_tasks: int,
        warn: Callable[[str], None],
        system: ActorSystem,
        runtime: Runtime = ORDINARY,
    ) -> None:
        """Reserve the CPUs. Raises ClusterError when there are fewer than requested, or others keep them."""
        self.cluster, self.warn, self.n_tasks, self.system = cluster, warn, n_tasks, system
        self.job, self._worker, self._patience = system.put(job), runtime.task_worker, runtime.patience
        self._room: Room | None = None
        self.actors: dict[int, Any] = {}
        self.said: dict[int, Ready] = {}
        # By reference: the worker, and its task, None while it begins.
        self._asked: dict[Any, tuple[int, Task | None]] = {}
        self._idle: set[int] = set()
        self._queue: deque[Task] = deque()
        self._on_lost: Callable[[Any, str], None] | None = None
        self._losses = 0
        self._homeless_since: float | None = None
        self._heard: dict[str, Ready] = {}
        self.waiting = Waiting(
            system,
            self._named,
            self._heard,
            timeout=cluster.worker_timeout,
            tell=warn,
            tell_after=runtime.tell_after,
        )
        self._hire_all(recovering=False)

    def run(
        self,
        tasks: Sequence[Any],
        on_done: Callable[[Any, int], None],
        stop: Callable[[], bool] = lambda: False,
        on_lost: Callable[[Any, str], None] | None = None,
    ) -> None:
        """Have all tasks done, until `stop`; raises as `run_tasks`. Workers stay, unless they are called off."""
        if self._room is None:
            self._hire_all(recovering=False)
        self._on_lost = on_lost
        try:
            self._do_all(tasks, on_done, stop)
        except BaseException:
            self.close()  # what is still at work must not answer the next batch
            raise

    def _do_all(
        self, tasks: Sequence[Any], on_done: Callable[[Any, int], None], stop: Callable[[], bool]
    ) -> None:
        self._queue = waiting = deque(map(Task, tasks))
        while waiting or any(task is not None for _, task in self._asked.values()):
            if stop():
                self.close()  # a call cannot be taken back
                return
            while waiting and self._idle:
                worker, begun = self._idle.pop(), waiting.popleft()
                self._asked[self.actors[worker].do.remote(begun.value)] = worker, begun
            ended, _ = self.system.wait(list(self._asked), LOOK_SECONDS)
            for reference in ended:
                worker, task = self._asked.pop(reference)
                try:
                    answer = self._answer(worker, task, reference)
                except ActorLostError as error:
                    self._replace(worker, task, error)
                    continue
                if task is not None:
                    self._losses = 0
                    on_done(answer, len(self.said))
                self._idle.add(worker)
            self._look_after()
            self._find_room()

    def _named(self) -> dict[str, Any]:
        return {_name(worker): actor for worker, actor in self.actors.items()}

    def _look_after(self) -> None:
        """Replace workers that have been silent for too long."""
        try:
            self.waiting.look()
        except SilentError as error:
            silent = self.waiting.lost()
            for worker in [w for w in self.actors if _name(w) in silent]:
                task = None
                for reference in [r for r, (who, _) in self._asked.items() if who == worker]:
                    _, task = self._asked.pop(reference)
                self._replace(worker, task, error)
        except ActorLostError:  # of which what it was asked will tell
            pass

    def close(self) -> None:
        """End all workers, and give their CPUs back."""
        head = self.system.head
        if head is None or head.answers():
            for actor in self.actors.values():
                self.system.kill(actor)
            if self._room is not None:
                self.system.give_back(self._room.reservation)
        self.actors, self.said, self._room = {}, {}, None
        self._asked.clear()
        self._idle.clear()

    def _hire_all(self, *, recovering: bool) -> None:
        self._room = room = reserve(
            self.system,
            self.cluster,
            max(self.n_tasks, 1),
            recovering=recovering,
            patience=self._patience,
        )
        found = room.slots
        self.size = f"{found.workers} workers with {found.threads} threads each on {found.nodes} nodes"
        try:
            for worker in range(found.workers):
                self._hire(worker, room)
        except BaseException:
            self.close()
            raise

    def _hire(self, worker: int, room: Room) -> None:
        """Begin a worker in its bundle, which waits until there is room."""
        seat, threads = room.seat(worker), room.slots.threads
        self.actors[worker] = self.system.start(
            self._worker, self.job, threads, name=_name(worker), seat=seat
        )
        self._asked[self.actors[worker].begin.remote()] = worker, None

    def _answer(self, worker: int, task: Task | None, reference: Any) -> Any:  # noqa: ANN401
        """What a worker said; with the errors that users can do something about in words of ours."""
        try:
            (answer,) = self.system.get([reference])
        except (DataError, OSError) as error:
            raise _in_words(error, f"{_name(worker)} on {self.said[worker].host}") from error
        if task is None:
            check([(_name(worker), answer)])
            self.said[worker] = self._heard[_name(worker)] = answer
            self._homeless_since = None
        return answer

    def _replace(self, worker: int, task: Task | None, error: ActorLostError) -> None:
        """Hire another worker for a lost one, whose task waits again or is given up.

        Raises ClusterError when workers have been lost in vain too often.
        """
        if (reason := could_not_begin(error)) is not None:
            raise reason from None
        if self.system.head is not None:  # without the head there is no way to find out what was lost
            self.system.head.settle(self.warn)
        said = self.said.pop(worker, None)
        self._heard.pop(_name(worker), None)
        self.waiting.forget([_name(worker)])
        self._idle.discard(worker)
        lost = (
            f"{_name(worker)} ({whereabouts(self.system, said)})" if said else f"{_name(worker)} at its start"
        )
        self._losses += 1
        given_up = False
        if task is not None:
            task.losses += 1
            tries = min(TRIES, self.cluster.max_failures + 1)
            given_up = self._on_lost is not None and task.losses >= tries
        if not given_up and self._losses > self.cluster.max_failures:
            raise ClusterError(
                f"workers were lost {self._losses} times with nothing done in between, at last {lost}"
                f"{f' at {task}' if task is not None else ''}; see the cluster's logs for why"
            ) from None
        then = "is given up" if given_up else "goes to another worker"
        done = f"{task} {then}" if task is not None else "another begins"
        self.warn(LossLine(f"lost {lost}; {done}", lost=_name(worker), then=done, workers=1))
        self.system.kill(self.actors[worker])  # gone as far as this driver can see, perhaps not really
        assert self._room is not None
        self._hire(worker, self._room)
        if task is None:
            return
        if not given_up:
            self._queue.append(task)
        elif self._on_lost is not None:
            self._losses = 0
            self._on_lost(task.value, f"its worker was lost {task.losses} times, the last time {lost}")

    def _find_room(self) -> None:
        """When all workers are dead and no bundle like theirs is free, reserve what CPUs there are."""
        if self.said:
            self._homeless_since = None
            return
        if self.system.head is not None:
            self.system.head.settle(self.warn)
        if self._room is None or self.system.is_whole(self._room.reservation):
            self._homeless_since = None
            return
        now = self.system.now()
        self._homeless_since = self._homeless_since or now
        if now - self._homeless_since >= TRY_SECONDS:
            self.close()
            self._homeless_since = None
            self._hire_all(recovering=True)


def _name(worker: int) -> str:
    return f"worker {worker}"


def _in_words(cause: DataError | OSError, who: str) -> DataError | OSError:
    """The error that a task raised where the cause lies outside the program, with the worker's name."""
    if isinstance(cause, DataError):
        return DataError(f"{who}: {cause}")
    text = f"{who}: {cause.strerror or cause}{f': {cause.filename}' if cause.filename else ''}"
    return OSError(cause.errno, text) if cause.errno else OSError(text)
