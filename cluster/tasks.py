"""Work that falls into independent tasks, done in this process or by workers on a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from lda.cluster.cluster import Cluster, connected
from lda.corpus.machine import available_cores

T = TypeVar("T")
R = TypeVar("R")
T_contra = TypeVar("T_contra", contravariant=True)
R_co = TypeVar("R_co", covariant=True)


class Job(Protocol[T_contra, R_co]):
    """What a worker needs to begin; small, for it travels to each: paths and settings, not what they lead to.

    A job comes from above this package, so it is handed in: workers import its class by name.
    """

    def open(self, threads: int) -> Callable[[T_contra], R_co]:
        """Read what the work needs; returns the function that does one task, with so many threads.

        Whoever does a task, and however often, what it leaves behind must be the same. Raises DataError or OSError
        when something cannot be read: on a cluster that is reported with the name of the node.
        """


def run_tasks(
    job: Job[T, R],
    tasks: Sequence[T],
    on_done: Callable[[R, int], None],
    *,
    cluster: Cluster | None = None,
    threads: int | None = None,
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
) -> None:
    """Have all tasks done, each at least once: after the loss of a worker its task is done again.

    on_done: called in this process with the result of each task, in the order in which they end, and the number
    of workers. cluster: None is this process, with `threads` (None for all cores). note: told what workers there are.
    warn: told of those that are lost.

    Raises ClusterError when there is no cluster, it is too small or fails too often, or a worker cannot work;
    DataError and OSError as the job raised them, with the name of the worker in front.
    """
    if cluster is None:
        work = job.open(threads or available_cores())
        for task in tasks:
            on_done(work(task), 1)
        return
    with connected(cluster) as head:
        from lda.cluster.crew import Crew

        crew = Crew(job, cluster, len(tasks), warn, head)
        note(crew.size)
        try:
            crew.run(tasks, on_done)
        finally:
            crew.close()
