"""Fits that lose workers, aggregators, nodes or the driver, by kill -9: the model shows no trace of it."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import ray
from click.testing import CliRunner
from nodes import TWO, consistent, same, settings

import lda
from lda.cli import cli
from lda.cluster import fit
from lda.cluster.distributed.driver import Driver
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.spec.results import SweepRecord


class Killer:
    """Kills once, some milliseconds after a sweep in `sweeps`, so that it hits any phase."""

    def __init__(self, seed: int, kill: Callable[[], None], sweeps: tuple[int, int] = (5, 9)) -> None:
        rng = np.random.default_rng(seed)
        self.at, self.after, self.kill = int(rng.integers(*sweeps)), float(rng.uniform(0, 0.04)), kill
        self.timer: threading.Timer | None = None

    def __call__(self, record: SweepRecord) -> None:
        if record.sweep == self.at and self.timer is None:
            self.timer = threading.Timer(self.after, self.kill)
            self.timer.start()


def killer(drivers: list[Driver], victim: str, seed: int, sweeps: tuple[int, int] = (5, 9)) -> Killer:
    return Killer(seed, lambda: os.kill(drivers[-1].said[victim].pid, signal.SIGKILL), sweeps)


LONG = settings(sweeps=16, n_samples=2, evaluate_every=8)


@pytest.mark.parametrize(
    ("first", "then", "seed", "kept"),
    [("worker 0", "aggregator 0", 0, True), ("aggregator 0", "worker 1", 1, False)],
)
def test_killed_processes_leave_no_trace_in_the_model(
    nodes: Nodes, drivers: list[Driver], tmp_path: Path, first: str, then: str, seed: int, kept: bool
) -> None:
    """One is killed about when the first checkpoint is written, another later; or there are no checkpoints."""
    early, late = killer(drivers, first, seed, (1, 4)), killer(drivers, then, seed, (7, 12))
    told: list[str] = []

    def on_sweep(record: SweepRecord) -> None:
        early(record)
        late(record)

    place = Checkpointing(path=str(tmp_path), every=3) if kept else None
    result = fit(nodes.corpus, LONG, cluster=TWO, checkpointing=place, on_sweep=on_sweep, warn=told.append)
    # A checkpoint under way when it happened is damaged, and said to be.
    losses = [line for line in told if "is damaged" not in line]
    since = [r"the checkpoint of sweep \d+" if kept else "the beginning"] * 2
    since[0] += "|the beginning"
    for victim, line, point in zip((first, then), losses, since, strict=True):
        assert re.fullmatch(rf"lost {victim} \(process \d+ on [\d.]+\); going on from ({point})", line)
    same(fit(nodes.corpus, LONG), result)


def test_a_loss_without_steps_in_common(nodes: Nodes, drivers: list[Driver], tmp_path: Path) -> None:
    wanted = settings(sweeps=60, validation_fraction=0.0)
    told: list[str] = []
    result = fit(
        nodes.corpus,
        wanted,
        cluster=replace(TWO, staleness=None),
        checkpointing=Checkpointing(path=str(tmp_path), every=1),
        on_sweep=killer(drivers, "worker 1", 5),
        warn=told.append,
    )
    assert "going on from the checkpoint of sweep" in told[-1]
    assert result.n_sweeps == 60
    consistent(nodes.corpus, result)


def test_losses_without_end_are_given_up(nodes: Nodes, drivers: list[Driver]) -> None:
    def kill(record: SweepRecord) -> None:
        os.kill(drivers[-1].said["worker 0"].pid, signal.SIGKILL)

    told: list[str] = []
    with pytest.raises(ClusterError, match=r"lost 1 times, at last worker 0 \(process"):
        fit(nodes.corpus, LONG, cluster=replace(TWO, max_failures=0), on_sweep=kill, warn=told.append)
    assert told == []


def test_a_killed_node_leaves_no_trace_in_the_model(
    nodes: Nodes, drivers: list[Driver], tmp_path: Path
) -> None:
    """One node is left, with room for one worker only."""
    raylet = nodes.second.all_processes["raylet"][0].process.pid
    told: list[str] = []
    try:
        result = fit(
            nodes.corpus,
            LONG,
            cluster=replace(TWO, threads_per_worker=3),
            checkpointing=Checkpointing(path=str(tmp_path), every=3),
            on_sweep=Killer(6, lambda: os.kill(raylet, signal.SIGKILL)),
            warn=told.append,
        )
    finally:
        nodes.renew()
    assert told
    assert re.search(r"lost .*worker \d", told[0])
    assert drivers[-1].n_workers == 1
    same(fit(nodes.corpus, LONG), result)


DRIVER = """
import pickle, sys
from lda.cluster import Checkpointing, Cluster, fit
from lda.corpus import Corpus

address, corpus, place, settings = sys.argv[1:]
fit(
    Corpus.open(corpus), pickle.loads(bytes.fromhex(settings)), warn=print,
    cluster=Cluster(address=address, workers=2, threads_per_worker=1),
    checkpointing=Checkpointing(path=place, every=2), on_sweep=lambda record: print(record.sweep, flush=True),
)
"""


def kill_a_worker() -> None:
    """Whichever it is, of whichever driver."""
    actors = ray._private.state.actors().values()
    pids = [a["Pid"] for a in actors if a["ActorClassName"] == "WorkerActor" and a["State"] == "ALIVE"]
    os.kill(pids[0], signal.SIGKILL)


def test_a_killed_driver_is_resumed_by_any_number_of_workers(nodes: Nodes, tmp_path: Path) -> None:
    """It loses a worker before, of which one line tells; Ray itself stays silent."""
    arguments = [nodes.address, nodes.folder / "small", tmp_path / "c", pickle.dumps(LONG).hex()]
    printed: list[str] = []
    with (
        (tmp_path / "stderr").open("w") as stderr,
        subprocess.Popen(
            [sys.executable, "-c", DRIVER, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line.strip())
            if printed[-1] == "3" and printed.count("3") == 1:
                kill_a_worker()
            if printed[-1] == "9":
                process.kill()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "stderr").read_text() == ""
    words = [line for line in printed if not line.isdecimal() and "is damaged" not in line]
    assert len(words) == 1
    assert re.match(r"lost worker [01] \(process \d+ ", words[0])
    seen: list[int] = []
    result = fit(
        nodes.corpus,
        LONG,
        cluster=replace(TWO, workers=3, aggregators=2),
        checkpointing=Checkpointing(path=str(tmp_path / "c"), every=2, resume=True),
        on_sweep=lambda record: seen.append(record.sweep),
        warn=lambda line: None,  # one that was being written
    )
    assert seen[0] > 6
    same(fit(nodes.corpus, LONG), result)


def test_ctrl_c_keeps_the_model_so_far(nodes: Nodes, tmp_path: Path) -> None:
    """The command as a user runs it: ended by SIGINT, and taken up again."""
    words = [
        "fit",
        nodes.folder / "small",
        "-k",
        24,
        "-o",
        tmp_path / "m",
        "-n",
        400,
        "--checkpoint-every",
        1,
    ]
    on = ["--address", nodes.address, "--workers", 2, "--threads-per-worker", 1, "--progress", "log", "-v"]
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{heeds}; import sys; sys.argv[0] = 'lda'; from lda.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, [*words, *on])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines: list[str] = []
        for line in process.stderr:
            lines.append(line.strip())
            if line.startswith("sweep 5/400"):
                process.send_signal(signal.SIGINT)
    assert process.returncode == 130, lines
    sweep = next(line for line in lines if line.startswith("sweep 5/400"))
    assert re.search(r"M tokens/s, 2 workers \(slowest [\d.]+ M\), [\d.]+ MB sent, waited [\d.]+ s", sweep)
    assert "the model so far is in" in lines[-1]
    assert lines[-1].endswith("--resume")
    shorter = [*map(str, words[:6]), "-n", "20", "-q"]
    for more in (["--resume", *map(str, on[:6])], ["-o", str(tmp_path / "alone")]):
        result = CliRunner().invoke(cli, [*shorter, *more])
        assert result.exit_code == 0, result.stderr
    models = [lda.load(tmp_path / name).model_ for name in ("m", "alone")]
    assert models[0].record.n_sweeps == 20
    assert models[0].fingerprint() == models[1].fingerprint()
