"""Processes that are there and say nothing, as one that is stopped: told of, given up in the end, no bar to Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from nodes import TWO, same, settings

from lda.cluster import fit
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.errors import AbruptEndError
from lda.cluster.tasks import run_tasks
from lda.corpus import as_corpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nodes import Nodes

    from lda.cluster.distributed.driver import Driver
    from lda.cluster.spec.results import SweepRecord

LONG = settings(sweeps=12, evaluate_every=4)
IMPATIENT = replace(TWO, worker_timeout=5.0)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is told of after a second and a half."""
    monkeypatch.setattr("lda.cluster.distributed.waiting.TELL_SECONDS", 1.5)


@pytest.fixture
def stopper(drivers: list[Driver]) -> Iterator[Callable[[str, int], Callable[[SweepRecord], None]]]:
    """Gives a callback that stops a process after a sweep; all go on, or are gone, in the end."""
    stopped: list[int] = []

    def stop(victim: str, sweep: int) -> Callable[[SweepRecord], None]:
        def on_sweep(record: SweepRecord) -> None:
            if record.sweep == sweep and not stopped:
                stopped.append(drivers[-1].said[victim].pid)
                os.kill(stopped[-1], signal.SIGSTOP)

        return on_sweep

    yield stop
    for pid in stopped:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("victim", ["worker 1", "aggregator 0"])
def test_who_stays_silent_is_replaced(
    nodes: Nodes,
    tmp_path: Path,
    quick: None,
    stopper: Callable[..., Callable[[SweepRecord], None]],
    victim: str,
) -> None:
    told: list[str] = []
    result = fit(
        nodes.corpus,
        LONG,
        cluster=IMPATIENT,
        checkpointing=Checkpointing(path=str(tmp_path), every=2),
        on_sweep=stopper(victim, 5),
        warn=told.append,
    )
    where = rf"{victim} \(process \d+ on [\d.]+"
    waiting, lost = told
    assert re.fullmatch(
        rf"waiting for {where}\): no answer for \d s; lost when there is none for 5 s", waiting
    )
    assert re.fullmatch(
        rf"lost {where}, which did not answer\); going on from the checkpoint of sweep 4", lost
    )
    same(fit(nodes.corpus, LONG), result)


def test_who_answers_again_is_waited_for(
    nodes: Nodes, drivers: list[Driver], quick: None, stopper: Callable[..., Callable[[SweepRecord], None]]
) -> None:
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        if text.startswith("waiting"):
            os.kill(drivers[-1].said["worker 0"].pid, signal.SIGCONT)

    result = fit(nodes.corpus, LONG, cluster=TWO, on_sweep=stopper("worker 0", 3), warn=tell)
    assert [text.split(" (")[0] for text in told[:1]] == ["waiting for worker 0"]
    assert told[1:] in ([], ["all answer again"])  # the fit may be over before
    assert len(drivers) == 1
    same(fit(nodes.corpus, LONG), result)


def test_an_interrupt_waits_for_nobody_who_is_silent(
    nodes: Nodes, stopper: Callable[..., Callable[[SweepRecord], None]]
) -> None:
    asked = threading.Event()
    stop = stopper("worker 1", 3)

    def on_sweep(record: SweepRecord) -> None:
        stop(record)
        if record.sweep == 3:
            asked.set()

    begin = time.monotonic()
    with pytest.raises(AbruptEndError, match=r"no answer from worker 1 \(process \d+ on"):
        fit(nodes.corpus, LONG, cluster=TWO, interrupted=asked.is_set, on_sweep=on_sweep)
    assert time.monotonic() - begin < 60


def test_the_task_of_a_silent_worker_goes_to_another(nodes: Nodes, tmp_path: Path, quick: None) -> None:
    class Freezing:
        """A job whose third task stops its worker, the first time. Defined here, so that it travels by value."""

        def open(self, threads: int) -> Callable[[int], int]:
            def work(task: int) -> int:
                stopped = tmp_path / "stopped"
                if task == 2 and not stopped.exists():
                    stopped.touch()
                    os.kill(os.getpid(), signal.SIGSTOP)
                return task * task

            return work

    done: list[int] = []
    told: list[str] = []
    run_tasks(Freezing(), range(8), lambda value, _: done.append(value), cluster=IMPATIENT, warn=told.append)
    assert sorted(done) == [task * task for task in range(8)]
    assert [line.split(" (")[0] for line in told][-1].startswith("lost worker")
    assert told[-1].endswith("2 goes to another worker")
    assert any(line.startswith("waiting for worker") for line in told)


def head_of(parent: int) -> int:
    """The process of the head that another process has started."""
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            status = (folder / "status").read_text()
            if words[0].endswith(b"gcs_server") and f"PPid:\t{parent}\n" in status:
                return int(folder.name)
    raise AssertionError("no head")


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
