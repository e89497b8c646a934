"""Tasks on a cluster that are called off, or that kill whoever does them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from cluster_fits import TWO, TWO_NODES
from thread_actors import ThreadActors

from lda.cluster.distributed.runtime import Runtime
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.job import threads_now
from lda.cluster.tasks import run_tasks, task_workers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nodes import Nodes


class Deadly:
    """A job whose task 1 ends its worker, on a system of threads; what a task may use is its result."""

    system: ThreadActors

    def open(self, threads: int) -> Callable[[int], tuple[int, int]]:
        def work(task: int) -> tuple[int, int]:
            if task == 1:
                Deadly.system.end()
            return task, threads_now()

        return work


class Waiting:
    """A job whose tasks end when the test says so; `begun` are those that have begun."""

    go_on = threading.Event()
    begun: list[int]

    def open(self, threads: int) -> Callable[[int], int]:
        def work(task: int) -> int:
            Waiting.begun.append(task)
            Waiting.go_on.wait(60)
            return task

        return work


def run(system: ThreadActors, job: Any, cluster: Cluster = TWO, **how: Any) -> list[Any]:
    found: list[Any] = []
    how.setdefault("warn", lambda text: None)
    runtime = Runtime(connect=system.connect)
    run_tasks(job, range(6), lambda value, _: found.append(value), cluster=cluster, runtime=runtime, **how)
    return found


@pytest.mark.parametrize(("max_failures", "tries"), [(10, 3), (0, 1)])
def test_a_task_that_always_ends_its_worker_is_told_of(max_failures: int, tries: int) -> None:
    lost: list[tuple[int, str]] = []
    told: list[str] = []
    Deadly.system = ThreadActors(TWO_NODES)
    cluster = Cluster(workers=2, threads_per_worker=2, max_failures=max_failures)
    found = run(Deadly.system, Deadly(), cluster, on_lost=lambda *what: lost.append(what), warn=told.append)
    assert sorted(found) == [(task, 2) for task in (0, 2, 3, 4, 5)]
    assert [task for task, _ in lost] == [1]
    assert lost[0][1].startswith(f"its worker was lost {tries} times, the last time worker")
    assert len(told) == tries
    assert told[-1].endswith("; 1 is given up")


def test_without_anybody_to_tell_it_is_an_error() -> None:
    Deadly.system = ThreadActors(TWO_NODES)
    with pytest.raises(
        ClusterError, match=r"workers were lost 3 times with nothing done in between, .* at 1;"
    ):
        run(Deadly.system, Deadly(), Cluster(workers=2, threads_per_worker=1, max_failures=2))


def test_called_off() -> None:
    system = ThreadActors(TWO_NODES)
    Waiting.begun = []
    Waiting.go_on.clear()

    def stop() -> bool:
        if len(Waiting.begun) < 2:
            return False
        Waiting.go_on.set()
        return True

    assert run(system, Waiting(), stop=stop) == []
    assert sorted(Waiting.begun) == [0, 1]


def test_workers_stay_for_the_next_batch() -> None:
    """Also after one that was cut off, or has failed."""
    system = ThreadActors(TWO_NODES)
    Waiting.begun = []
    Waiting.go_on.set()
    found: list[int] = []
    with task_workers(Waiting(), cluster=TWO, runtime=Runtime(connect=system.connect)) as workers:
        workers.run([1, 2, 3], lambda value, _: found.append(value))
        workers.run([4], lambda value, _: found.append(value), stop=lambda: True)
        with pytest.raises(ZeroDivisionError):
            workers.run([5], lambda value, _: found.append(1 // 0))
        workers.run([6], lambda value, _: found.append(value))
    assert sorted(found) == [1, 2, 3, 6]


@pytest.mark.ray
def test_killed_processes_of_ray(nodes: Nodes, tmp_path: Path) -> None:
    from nodes import on_nodes

    class Killing:
        """Local, so that it travels with all it says: nodes do not know the modules of tests."""

        def open(self, threads: int) -> Callable[[int], tuple[int, int]]:
            import os
            import signal

            from lda.cluster.spec.job import threads_now

            def work(task: int) -> tuple[int, int]:
                if task == 2:
                    with open(tmp_path / "deaths", "a") as file:
                        file.write("x")
                    os.kill(os.getpid(), signal.SIGKILL)
                return task, threads_now()

            return work

    lost: list[tuple[int, str]] = []
    found: list[Any] = []
    run_tasks(
        Killing(),
        range(6),
        lambda value, _: found.append(value),
        cluster=TWO,
        on_lost=lambda *what: lost.append(what),
        warn=lambda text: None,
        runtime=on_nodes(),
    )
    assert sorted(found) == [(task, 1) for task in (0, 1, 3, 4, 5)]
    assert [task for task, _ in lost] == [2]
    assert (tmp_path / "deaths").read_text() == "xxx"
