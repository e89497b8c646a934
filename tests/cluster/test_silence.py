"""Actors that are there and say nothing, as processes that are stopped: told of, given up in the end, no bar to Ctrl-C.

On threads, with a clock that runs faster, and only while nothing but the silent is waited for; once each on processes
of Ray.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cluster_fits import TWO, TWO_NODES, alone, same, settings
from thread_actors import ThreadActors

from lda.cluster import fit
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.errors import AbruptEndError
from lda.cluster.tasks import run_tasks
from lda.corpus import Corpus, as_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nodes import Nodes

    from lda.cluster import Cluster
    from lda.cluster.distributed.actor_report import Ready
    from lda.cluster.spec.results import SweepRecord

LONG = settings(sweeps=12, evaluate_every=4)
IMPATIENT = replace(TWO, worker_timeout=5.0)
QUICK = 5.0
"""How many times as fast the clock runs."""


def silencer(
    system: ThreadActors, victim: str, sweep: int, after: Callable[[], None] = lambda: None
) -> Callable[[SweepRecord], None]:
    """Has an actor fall silent after a sweep, once."""
    silent: list[str] = []

    def on_sweep(record: SweepRecord) -> None:
        if record.sweep == sweep and not silent:
            silent.append(victim)
            system.silence(victim)
            after()

    return on_sweep


def quick(system: ThreadActors) -> Runtime:
    return Runtime(connect=system.connect, tell_after=1.5)


@pytest.mark.parametrize("victim", ["worker 1", "aggregator 0"])
def test_who_stays_silent_is_replaced(small: Path, tmp_path: Path, victim: str) -> None:
    told: list[str] = []
    system = ThreadActors(TWO_NODES, speed=QUICK, stepwise=True)
    result = fit(
        Corpus.open(small),
        LONG,
        cluster=IMPATIENT,
        checkpointing=Checkpointing(path=str(tmp_path), every=2),
        on_sweep=silencer(system, victim, 5),
        warn=told.append,
        runtime=quick(system),
    )
    replaced_lines(victim, told, IMPATIENT)
    same(alone(small, LONG), result)


def replaced_lines(victim: str, told: list[str], on: Cluster) -> None:
    where = rf"{victim} \(process \d+ on [\d.]+"
    waiting, lost = told
    assert re.fullmatch(
        rf"waiting for {where}\): no answer for \d+ s; lost when there is none for {on.worker_timeout:.0f} s",
        waiting,
    )
    assert re.fullmatch(
        rf"lost {where}, which did not answer\); going on from the checkpoint of sweep 4", lost
    )


@pytest.mark.ray
def test_a_stopped_process_is_replaced(nodes: Nodes, tmp_path: Path) -> None:
    from nodes import on_nodes

    patient = replace(TWO, worker_timeout=15.0)  # real seconds: the others, too, may be slow to answer
    stopped: list[int] = []
    attempts: list[Mapping[str, Ready]] = []
    told: list[str] = []

    def on_sweep(record: SweepRecord) -> None:
        if record.sweep == 5 and not stopped:
            stopped.append(attempts[-1]["worker 1"].pid)
            os.kill(stopped[-1], signal.SIGSTOP)

    try:
        result = fit(
            nodes.corpus,
            LONG,
            cluster=patient,
            checkpointing=Checkpointing(path=str(tmp_path), every=2),
            on_sweep=on_sweep,
            warn=told.append,
            runtime=on_nodes(tell_after=7.0, on_started=attempts.append),
        )
    finally:
        for pid in stopped:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
    replaced_lines("worker 1", told, patient)
    same(alone(nodes.folder / "small", LONG), result)


def test_who_answers_again_is_waited_for(small: Path) -> None:
    told: list[str] = []
    system = ThreadActors(TWO_NODES, speed=QUICK, stepwise=True)

    def tell(text: str) -> None:
        told.append(text)
        if text.startswith("waiting"):
            system.go_on("worker 0")

    attempts: list[object] = []
    runtime = replace(quick(system), on_started=attempts.append)
    wanted = settings(sweeps=60, evaluate_every=20)
    result = fit(
        Corpus.open(small),
        wanted,
        cluster=TWO,
        on_sweep=silencer(system, "worker 0", 3),
        warn=tell,
        runtime=runtime,
    )
    assert [text.split(" (")[0] for text in told[:1]] == ["waiting for worker 0"]
    assert told[1:] in ([], ["all answer again"])  # the fit may be over before
    assert len(attempts) == 1
    same(alone(small, wanted), result)


def test_an_interrupt_waits_for_nobody_who_is_silent(small: Path) -> None:
    asked = threading.Event()
    system = ThreadActors(TWO_NODES, speed=QUICK, stepwise=True)
    with pytest.raises(AbruptEndError, match=r"no answer from worker 1 \(process \d+ on"):
        fit(
            Corpus.open(small),
            LONG,
            cluster=TWO,
            interrupted=asked.is_set,
            on_sweep=silencer(system, "worker 1", 3, asked.set),
            runtime=Runtime(connect=system.connect),
        )


class Freezing:
    """A job whose third task has its worker fall silent, the first time."""

    system: ThreadActors
    lock = threading.Lock()
    silent = 0

    def open(self, threads: int) -> Callable[[int], int]:
        def work(task: int) -> int:
            with Freezing.lock:
                first, Freezing.silent = task == 2 and not Freezing.silent, Freezing.silent + (task == 2)
            if first:
                Freezing.system.silence()
            return task * task

        return work


def test_the_task_of_a_silent_worker_goes_to_another() -> None:
    Freezing.system, Freezing.silent = ThreadActors(TWO_NODES, speed=QUICK, stepwise=True), 0
    done: list[int] = []
    told: list[str] = []
    run_tasks(
        Freezing(),
        range(8),
        lambda value, _: done.append(value),
        cluster=IMPATIENT,
        warn=told.append,
        runtime=quick(Freezing.system),
    )
    assert sorted(done) == [task * task for task in range(8)]
    waiting, lost = (
        line for line in told if line != "all answer again"
    )  # which is so until the last task is done
    assert waiting.startswith("waiting for worker")
    assert lost.startswith("lost worker")
    assert lost.endswith("2 goes to another worker")


def head_of(parent: int) -> int:
    """The process of the head that another process has started."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            status = (folder / "status").read_text()
            if words[0].endswith(b"gcs_server") and f"PPid:\t{parent}\n" in status:
                return int(folder.name)
    raise AssertionError("no head")


@pytest.mark.ray
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGSTOP])
def test_without_its_head_a_fit_ends_in_good_order(tmp_path: Path, by: signal.Signals) -> None:
    """Ray would end the process after that time, with a paragraph of its own and exit code 1."""
    as_corpus(np.ones((40, 30), dtype=np.int64)).save(tmp_path / "corpus")
    words = ["fit", str(tmp_path / "corpus"), "-o", str(tmp_path / "m"), "-k", "4", "-n", "1000000", "--json"]
    on = ["--address", "local", "--workers", "1", "--threads-per-worker", "1", "--checkpoint-every", "1"]
    environment = os.environ | {
        "RAY_gcs_rpc_server_reconnect_timeout_s": "20",
        "HOME": str(tmp_path),
        "NUMBA_CACHE_DIR": os.environ.get("NUMBA_CACHE_DIR", ""),
    }
    with subprocess.Popen(
        [sys.executable, "-m", "lda", *words, *on, "--progress", "log", "-v"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in environment.items() if value},
    ) as process:
        assert process.stderr is not None
        lines: list[str] = []
        head = 0
        try:
            for line in process.stderr:
                lines.append(line.strip())
                if line.startswith("sweep 3/"):
                    head = head_of(process.pid)
                    os.kill(head, by)
        finally:
            if by == signal.SIGSTOP and head:
                os.kill(head, signal.SIGKILL)
    said = [line for line in lines if not line.startswith("sweep")]
    assert process.returncode == 4, said
    assert said[-1].startswith("lda: error: the head of the cluster (")
    assert "to go on after sweep" in said[-1]
    assert said[-1].endswith("--resume")
