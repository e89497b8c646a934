"""Tasks done by processes of this machine: in order, side by side, and however often a process dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from small_tasks import Endless, Fits, Forks, Libraries, Squares
from waiting import DEADLINE, exists, until

from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.tasks import run_tasks, task_workers
from lda.corpus import DataError
from lda.corpus.machine import available_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.cluster.spec.job import Job


def done_by(job: Job[Any, Any], tasks: Sequence[Any], **how: Any) -> list[Any]:
    found: list[Any] = []
    run_tasks(job, tasks, lambda value, workers: found.append(value), **how)
    return found


def processes_of(folder: Path) -> list[int]:
    return [int(path.name.removeprefix("busy-")) for path in folder.glob("busy-*")]


def test_each_task_once_and_each_worker_opens_once(tmp_path: Path) -> None:
    notes: list[str] = []
    found = done_by(Squares(str(tmp_path)), range(12), processes=2, threads=1, note=notes.append)
    assert sorted(value for value, _, _ in found) == [task * task for task in range(12)]
    workers = {pid for _, pid, _ in found}
    assert os.getpid() not in workers
    opened = {int(path.name.removeprefix("opened-")): path.read_text() for path in tmp_path.glob("opened-*")}
    assert workers <= opened.keys(), "one may have done all before the other had begun, or while it began"
    assert {opened[pid] for pid in workers} == {"x"}
    assert notes == ["2 processes with 1 threads each"]
    assert not any(map(exists, workers))


def test_workers_stay_for_the_next_batch(tmp_path: Path) -> None:
    """Also after one that was cut off, or has failed; only those that were at work are replaced."""
    found: list[Any] = []
    with task_workers(Squares(str(tmp_path), bad=7), processes=1, threads=1) as workers:
        for batch in ([1], [2, 3]):
            workers.run(batch, lambda value, _: found.append(value))
        assert len({pid for _, pid, _ in found}) == 1
        workers.run([4], lambda value, _: found.append(value), stop=lambda: True)
        with pytest.raises(DataError, match="7 is bad"):
            workers.run([7, 4], lambda value, _: found.append(value))
        workers.run([5], lambda value, _: found.append(value))
        assert exists(found[-1][1])
    assert [value for value, _, _ in found] == [1, 4, 9, 25]
    assert not any(exists(pid) for _, pid, _ in found)


def test_the_last_task_gets_the_cores_of_all(tmp_path: Path) -> None:
    """One process does the first two one after the other; beside the only task of the second call nobody works."""
    assert [n for _, _, n in done_by(Squares(str(tmp_path)), [1, 2], processes=1, threads=3)] == [3, 3]
    assert [n for _, _, n in done_by(Squares(str(tmp_path)), [1], processes=2, threads=3)] == [6]
    assert [n for _, _, n in done_by(Squares(str(tmp_path)), [1], threads=3)] == [3]


def test_libraries_begin_no_more_threads() -> None:
    (found,) = done_by(Libraries(), [None], processes=1, threads=1)
    assert found == {"Arrow": 1, "Numba": 1, "BLAS": "1", "fit": 1}
    assert available_cores() > 1 or os.cpu_count() == 1, "the limit is the worker's alone"


def test_a_killed_worker_loses_no_task(tmp_path: Path) -> None:
    told: list[str] = []
    job = Squares(str(tmp_path), fatal=0, times=2)
    found = done_by(job, range(6), processes=2, threads=1, warn=told.append)
    assert sorted(value for value, _, _ in found) == [task * task for task in range(6)]
    assert found[-1][0] == 0, "it is tried again when the others are done"
    assert len(told) == 2
    assert all(
        "ended by SIGKILL, as by a system that is out of memory; 0 is tried again" in line for line in told
    )


@pytest.mark.slow
def test_fits_side_by_side_are_those_of_one_process(small: Path, tmp_path: Path) -> None:
    """One of them is killed and goes on from its checkpoint, with the threads of both."""
    told: list[str] = []
    beside = done_by(Fits(str(small), str(tmp_path)), range(3), processes=2, threads=1, warn=told.append)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "killed").touch()
    here = done_by(Fits(str(small), str(tmp_path / "here")), range(3), threads=1)
    assert len(told) == 1
    assert sorted((seed, found) for seed, found, _ in beside) == [(seed, found) for seed, found, _ in here]
    assert {seed: made for seed, _, made in beside} == {0: 5, 1: 10, 2: 10}


def test_a_task_that_always_kills_is_told_of(tmp_path: Path) -> None:
    lost: list[tuple[int, str]] = []
    job = Squares(str(tmp_path), fatal=1, times=100)
    found = done_by(
        job,
        range(4),
        processes=2,
        threads=1,
        warn=lambda text: None,
        on_lost=lambda *what: lost.append(what),
    )
    assert sorted(value for value, _, _ in found) == [0, 4, 9]
    assert [task for task, _ in lost] == [1]
    assert lost[0][1].startswith("its worker died 3 times, the last ended by SIGKILL")
    with pytest.raises(ClusterError, match="the worker of 1 died 3 times"):
        done_by(job, range(2), processes=2, threads=1, warn=lambda text: None)


def test_nobody_waits_for_what_a_dead_worker_has_begun(tmp_path: Path) -> None:
    """Which holds the worker's end of the pipe open."""
    lost: list[int] = []
    try:
        done_by(
            *(Forks(str(tmp_path)), [1]),
            processes=1,
            threads=1,
            warn=lambda text: None,
            on_lost=lambda task, _: lost.append(task),
        )
        assert lost == [1]
        assert len(processes_of(tmp_path)) == 3
        assert all(map(exists, processes_of(tmp_path)))
    finally:
        for pid in processes_of(tmp_path):
            os.kill(pid, signal.SIGKILL)


def test_errors_come_as_they_are(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        done_by(Squares(str(tmp_path), bad=2), range(4), processes=1)
    assert str(caught.value) == "2 is bad"
    assert "raise DataError" in caught.value.__notes__[0], "where it was raised"
    with pytest.raises(FileNotFoundError):
        done_by(Squares(str(tmp_path / "missing")), range(4), processes=1)


def test_what_cannot_travel_is_named() -> None:
    class Local:
        def open(self, threads: int) -> Callable[[int], int]:
            return abs

    with pytest.raises(ClusterError, match="must move to a module that can be imported"):
        done_by(Local(), [1], processes=1)


def test_stopped_tasks_clean_up(tmp_path: Path) -> None:
    done_by(Endless(str(tmp_path)), range(5), processes=2, stop=lambda: len(processes_of(tmp_path)) == 2)
    assert not any(map(exists, processes_of(tmp_path)))
    assert not list(tmp_path.glob("temporary-*"))


def test_stopped_between_tasks_in_this_process(tmp_path: Path) -> None:
    found: list[Any] = []
    run_tasks(
        Squares(str(tmp_path)), range(5), lambda value, _: found.append(value), stop=lambda: len(found) == 2
    )
    assert len(found) == 2


def test_processes_are_no_cluster(tmp_path: Path) -> None:
    for how in ({"processes": 0}, {"processes": 2, "cluster": Cluster()}):
        with pytest.raises(ValueError, match="processes must be 1 or more on this machine"):
            done_by(Squares(str(tmp_path)), [1], **how)


SCRIPT = """
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell has its background programs ignore
from lda.cluster.tasks import run_tasks, task_workers
from {module} import {job}
print("once", flush=True)
found = []
run_tasks({job}({folder!r}), [3, 4], lambda value, _: found.append(value), processes=2, threads=1)
print(json.dumps(sorted(value for value, _, _ in found)))
"""


def script(folder: Path, job: str) -> Path:
    """A script without `if __name__ == "__main__"`."""
    path = folder / "script.py"
    path.write_text(SCRIPT.format(module="small_tasks", job=job, folder=str(folder)))
    return path


@pytest.mark.parametrize("by", ["file", "stdin"])
def test_a_script_runs_once(tmp_path: Path, by: str) -> None:
    path = script(tmp_path, "Squares")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run(
        [sys.executable, *([str(path)] if by == "file" else [])],
        input=None if by == "file" else path.read_text(),
        capture_output=True,
        text=True,
        env=environment,
        timeout=DEADLINE,
        check=True,
    )
    first, found = ran.stdout.splitlines()
    assert (first, json.loads(found), ran.stderr) == ("once", [9, 16], "")


def test_a_program_without_standard_files(tmp_path: Path) -> None:
    """As a daemon: the first files that it opens have the numbers of those that are closed."""
    code = SCRIPT.format(module="small_tasks", job="Squares", folder=str(tmp_path))
    code = (
        "import os\nfor number in 0, 1: os.close(number)\nprint = lambda *said, **how: None\n"
        f"{code}\nassert len(found) == 2"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ran = subprocess.run(
        [sys.executable, "-c", code], stderr=subprocess.PIPE, env=environment, timeout=DEADLINE, check=False
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_no_worker_outlives_the_one_that_began_it(tmp_path: Path, by: signal.Signals) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with subprocess.Popen(
        [sys.executable, str(script(tmp_path, "Endless"))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        start_new_session=True,
    ) as process:
        until(lambda: len(processes_of(tmp_path)) == 2, "no task began")
        if by == signal.SIGINT:  # as a terminal does: to all processes of the command
            os.killpg(process.pid, by)
        else:
            process.kill()
        _, said = process.communicate(timeout=DEADLINE)
    assert said.count(b"Traceback") == (by == signal.SIGINT)
    until(lambda: not any(map(exists, processes_of(tmp_path))), "a worker is still there")
    assert not list(tmp_path.glob("temporary-*"))
