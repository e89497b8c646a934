"""Workers that take tasks from one queue, and what becomes of a task whose worker is lost."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayActorError, RayTaskError
from ray.util.placement_group import placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from lda.cluster.distributed.actor_report import (
    Ready,
    check,
    could_not_begin,
    introduce,
    one_line,
    whereabouts,
)
from lda.cluster.distributed.connection import environment
from lda.cluster.distributed.failures import LOST
from lda.cluster.distributed.placement import TRY_SECONDS, reserve
from lda.cluster.distributed.waiting import LOOK_SECONDS, SilentError, Waiting
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.job import Job
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head


class TaskActor:
    """A worker. What keeps it from working is told by `begin`: an error would only say that it died."""

    def __init__(self, job: Job[Any, Any], threads: int) -> None:
        self.job, self.threads = job, threads

    def begin(self) -> Ready:
        """Read what the work needs; returns where this worker runs, and whether it can work."""
        problem: str | None = None
        try:
            self.work = self.job.open(self.threads)
        except Exception as error:  # noqa: BLE001 - whatever it is, the driver tells of it
            problem = one_line(error)
        return introduce(problem)

    @ray.method(concurrency_group="pulse")
    def alive(self) -> None:
        """Answer, whatever else this worker is doing."""

    def do(self, task: Any) -> Any:  # noqa: ANN401 - the job knows what its tasks and results are
        """Do one task."""
        return self.work(task)


class Crew:
    """The workers, one in each bundle of a placement group.

    Only tasks and their results pass through the driver. A lost worker's task goes to the end of the queue, so that
    one that kills its workers is tried again when the others are done; in the bundle another worker begins, as soon as
    Ray finds room for it. Replacing all workers after a loss, as a fit does, would have them all read anew.
    """

    def __init__(
        self,
        job: Job[Any, Any],
        cluster: Cluster,
        n_tasks: int,
        warn: Callable[[str], None],
        head: Head | None = None,
    ) -> None:
        """Take the CPUs. Raises ClusterError when there are fewer than asked for, or others keep them."""
        self.cluster, self.warn, self.n_tasks, self.head = cluster, warn, n_tasks, head
        self.job = ray.put(job)
        self.group: Any = None
        self.actors: dict[int, Any] = {}
        self.said: dict[int, Ready] = {}
        self._asked: dict[Any, tuple[int, Any]] = {}  # reference -> (worker, its task; None while it begins)
        self._idle: set[int] = set()
        self._queue: deque[Any] = deque()
        self._losses = 0
        self._homeless_since: float | None = None
        self._heard: dict[str, Ready] = {}
        self.waiting = Waiting(self._named, self._heard, timeout=cluster.worker_timeout, tell=warn, head=head)
        self._hire_all(recovering=False)

    def run(self, tasks: Sequence[Any], on_done: Callable[[Any, int], None]) -> None:
        """Have all tasks done; raises as `run_tasks`."""
        self._queue = waiting = deque(tasks)
        while waiting or any(task is not None for _, task in self._asked.values()):
            while waiting and self._idle:
                worker, task = self._idle.pop(), waiting.popleft()
                self._asked[self.actors[worker].do.remote(task)] = worker, task
            ended, _ = ray.wait(list(self._asked), timeout=LOOK_SECONDS)
            for reference in ended:
                worker, task = self._asked.pop(reference)
                try:
                    answer = self._answer(worker, task, reference)
                except LOST as error:
                    if task is not None:
                        waiting.append(task)
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
                if task is not None:
                    self._queue.append(task)
                self._replace(worker, task, error)
        except LOST:  # of which what it was asked will tell
            pass

    def close(self) -> None:
        """End all workers, and give their CPUs back."""
        if self.head is None or self.head.answers():
            for actor in self.actors.values():
                with suppress(*LOST):
                    ray.kill(actor)
            if self.group is not None:
                remove_placement_group(self.group)
        self.actors, self.said, self.group = {}, {}, None
        self._asked.clear()
        self._idle.clear()

    def _hire_all(self, *, recovering: bool) -> None:
        self.group, room = reserve(self.cluster, max(self.n_tasks, 1), recovering=recovering)
        self.threads = room.threads
        self.size = f"{room.workers} workers with {room.threads} threads each on {room.nodes} nodes"
        try:
            for worker in range(room.workers):
                self._hire(worker)
        except BaseException:
            self.close()
            raise

    def _hire(self, worker: int) -> None:
        """Begin a worker in its bundle, which waits until there is room."""
        place = PlacementGroupSchedulingStrategy(self.group, placement_group_bundle_index=worker)
        remote = ray.remote(concurrency_groups={"pulse": 1})  # type: ignore[call-overload]  # missing in its stubs
        actor = remote(TaskActor).options(
            num_cpus=self.threads, scheduling_strategy=place, runtime_env=environment()
        )
        self.actors[worker] = actor.remote(self.job, self.threads)
        self._asked[self.actors[worker].begin.remote()] = worker, None

    def _answer(self, worker: int, task: Any, reference: Any) -> Any:  # noqa: ANN401
        """What a worker said; with the errors that users can do something about in words of ours."""
        try:
            answer = ray.get(reference)
        except RayTaskError as error:
            raise _in_words(error, f"{_name(worker)} on {self.said[worker].host}") from error
        if task is None:
            check([(_name(worker), answer)])
            self.said[worker] = self._heard[_name(worker)] = answer
            self._homeless_since = None
        return answer

    def _replace(self, worker: int, task: Any, error: Exception) -> None:  # noqa: ANN401
        """Hire another worker for a lost one. Raises ClusterError when that has been in vain too often."""
        if isinstance(error, RayActorError) and (reason := could_not_begin(error)):
            raise reason from None
        if self.head is not None:  # without it Ray could not say what was lost
            self.head.settle(self.warn)
        said = self.said.pop(worker, None)
        self._heard.pop(_name(worker), None)
        self.waiting.forget([_name(worker)])
        self._idle.discard(worker)
        lost = f"{_name(worker)} ({whereabouts(said)})" if said else f"{_name(worker)} at its start"
        self._losses += 1
        if self._losses > self.cluster.max_failures:
            raise ClusterError(
                f"workers were lost {self._losses} times with nothing done in between, at last {lost}"
                f"{f' at {task}' if task is not None else ''}; see the cluster's logs for why"
            ) from None
        self.warn(
            f"lost {lost}; {f'{task} goes to another worker' if task is not None else 'another begins'}"
        )
        with suppress(*LOST):
            ray.kill(self.actors[worker])  # gone as far as this driver can see, perhaps not really
        self._hire(worker)

    def _find_room(self) -> None:
        """When all workers are lost and Ray finds no room for others like them, take what room there is."""
        if self.said:
            self._homeless_since = None
            return
        if self.head is not None:
            self.head.settle(self.warn)
        if placement_group_table(self.group)["state"] == "CREATED":
            self._homeless_since = None
            return
        now = time.monotonic()
        self._homeless_since = self._homeless_since or now
        if now - self._homeless_since >= TRY_SECONDS:
            self.close()
            self._homeless_since = None
            self._hire_all(recovering=True)


def _name(worker: int) -> str:
    return f"worker {worker}"


def _in_words(error: RayTaskError, who: str) -> BaseException:
    """The error that a task raised, with the worker's name where the cause lies outside the program."""
    cause: BaseException = error.cause
    if isinstance(cause, DataError):
        return DataError(f"{who}: {cause}")
    if isinstance(cause, OSError):
        text = f"{who}: {cause.strerror or cause}{f': {cause.filename}' if cause.filename else ''}"
        return OSError(cause.errno, text) if cause.errno else OSError(text)
    return cause
