"""Work that falls into independent tasks: done in this process, by processes of this machine, or by a cluster."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.distributed.task_pool import TaskPool
from lda.cluster.processes.pool import ProcessPool
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.job import Job, with_threads
from lda.corpus.machine import available_cores
from lda.corpus.presentable import presentable

T = TypeVar("T")
R = TypeVar("R")


def run_tasks(
    job: Job[T, R],
    tasks: Sequence[T],
    on_done: Callable[[R, int], None],
    *,
    cluster: Cluster | None = None,
    threads: int | None = None,
    processes: int | None = None,
    stop: Callable[[], bool] | None = None,
    on_lost: Callable[[T, str], None] | None = None,
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> None:
    """Do all tasks, each at least once: after the loss of a worker its task is done again.

    They begin in the order in which they are given: put those first that take longest, so that all workers end at
    about the same time. What a task may use of this machine it asks `lda.cluster.spec.job.threads_now`.

    Args:
        job: what workers begin with. With processes or a cluster its class, and those of tasks and results, must be
            known by name in other processes: from a module, not from a script's or a notebook's own lines.
        tasks: what each call of the job's work gets.
        on_done: called in this process with the result of each task, in the order in which they end, and the number
            of workers.
        cluster: where to work; None is this machine.
        threads: of this process, or of each of the `processes`; None for all cores, or an equal part of them. Where
            fewer tasks are left than processes, those that begin get the cores of the others, too.
        processes: None for no other process than this one; else so many are begun, at most one a task, which live as
            long as the call and end with this process however it ends. Each opens the job once. They import this
            package, but not the caller's script, which needs no `if __name__ == "__main__"`.
        stop: asked several times a second (in this process between tasks), and no more once it has said yes: then no
            task begins, those at work are ended where they are, and the call returns.
        on_lost: told of a task that has lost its worker three times, and how; it is left out then. None: that raises.
        note: receives a line on the workers.
        warn: receives a line for each worker that is lost.
        runtime: what a cluster is; None for Ray's.

    Raises:
        ClusterError: there is no cluster, it is too small or fails too often, a worker cannot work, or a task was
            lost three times and nobody is there to be told. DataError, OSError: as the job raised them, with the name
            of a cluster's worker in front. Whatever else the job raised comes as it is.
        ValueError: both a cluster and processes, or fewer than one.
    """
    with task_workers(
        job,
        cluster=cluster,
        threads=threads,
        processes=processes,
        at_most=len(tasks),
        note=note,
        warn=warn,
        runtime=runtime,
    ) as workers:
        workers.run(tasks, on_done, stop or (lambda: False), on_lost)


class TaskWorkers(Protocol):
    """Workers that have opened a job, or are about to."""

    def run(
        self,
        tasks: Sequence[Any],
        on_done: Callable[[Any, int], None],
        stop: Callable[[], bool] = lambda: False,
        on_lost: Callable[[Any, str], None] | None = None,
    ) -> None:
        """Do all tasks, as `run_tasks` does; may be called again."""
        ...


@contextmanager
def task_workers(
    job: Job[Any, Any],
    *,
    cluster: Cluster | None = None,
    threads: int | None = None,
    processes: int | None = None,
    cores: int | None = None,
    at_most: int | None = None,
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> Iterator[TaskWorkers]:
    """Workers for tasks that come in several batches: in the block they stay, with what they have opened.

    A worker takes a second or two to begin, so a batch of short tasks would wait for new ones as long as it works.

    Args:
        job: as of `run_tasks`, as all others but at_most.
        cluster: where to work; None is this machine.
        threads: of this process, or of each of the `processes`.
        processes: None for no other process than this one.
        cores: of this machine, to be divided among the processes where `threads` is None; None for all.
        at_most: workers that are of use, which is how many tasks a batch has; None where that is not known.
        note: receives a line on the workers.
        warn: receives a line for each worker that is lost.
        runtime: what a cluster is; None for Ray's.

    Raises:
        ClusterError, DataError, OSError, ValueError: as `run_tasks` does, also from a call of `run`.
    """
    if processes is not None and (cluster is not None or processes < 1):
        raise ValueError(
            f"processes must be 1 or more on this machine, and are not for a cluster, got {processes}; "
            "the workers of a cluster are among its own settings"
        )
    told = _presentable(warn)
    if cluster is not None:
        runtime = runtime or ORDINARY
        with runtime.connect(cluster) as system:
            remote = TaskPool(
                job, cluster, sys.maxsize if at_most is None else at_most, told, system, runtime
            )
            note(remote.size)
            try:
                yield remote
            finally:
                remote.close()
    elif processes is not None:
        cores = cores or available_cores()
        each = threads or max(1, cores // processes)
        pool = ProcessPool(
            job,
            processes if at_most is None else max(1, min(processes, at_most)),
            each,
            processes * each if threads else max(cores, processes * each),
            told,
        )
        note(pool.size)
        try:
            yield pool
        finally:
            pool.close()
    else:
        yield _Here(job, threads or available_cores())


class _Here:
    """This process as a worker."""

    def __init__(self, job: Job[Any, Any], threads: int) -> None:
        self._threads, self._work = threads, job.open(threads)

    def run(
        self,
        tasks: Sequence[Any],
        on_done: Callable[[Any, int], None],
        stop: Callable[[], bool] = lambda: False,
        on_lost: Callable[[Any, str], None] | None = None,
    ) -> None:
        """Do all tasks; nobody is lost here but this process itself."""
        for task in tasks:
            if stop():
                return
            with with_threads(self._threads):
                result = self._work(task)
            on_done(result, 1)


def check_seen(cluster: Cluster, folder: str, *, runtime: Runtime | None = None) -> None:
    """See that all nodes of a cluster see a folder, before anything is written there for their sake.

    Raises ClusterError when there is no cluster, or one of its nodes does not.
    """
    with (runtime or ORDINARY).connect(cluster) as system:
        system.check_seen(folder)


def _presentable(tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: tell(presentable(text))
