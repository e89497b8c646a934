"""Work that falls into independent tasks, done in this process or by workers on a cluster."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.distributed.task_pool import TaskPool
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.job import Job
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
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> None:
    """Do all tasks, each at least once: after the loss of a worker its task is done again.

    on_done: called in this process with the result of each task, in the order in which they end, and the number
    of workers. cluster: None is this process, with `threads` (None for all cores). note: receives a line on the
    workers. warn: receives a line for each worker that is lost. runtime: what a cluster is; None for Ray's.

    Raises ClusterError when there is no cluster, it is too small or fails too often, or a worker cannot work;
    DataError and OSError as the job raised them, with the name of the worker in front.
    """
    if cluster is None:
        work = job.open(threads or available_cores())
        for task in tasks:
            on_done(work(task), 1)
        return
    runtime = runtime or ORDINARY
    with runtime.connect(cluster) as system:
        pool = TaskPool(job, cluster, len(tasks), lambda text: warn(presentable(text)), system, runtime)
        note(pool.size)
        try:
            pool.run(tasks, on_done)
        finally:
            pool.close()
