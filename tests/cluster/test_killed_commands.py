"""Commands and drivers that are killed or interrupted, on Ray: what they leave is gone on from."""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import ray
from click.testing import CliRunner
from cluster_fits import TWO, alone, same, settings, threads
from nodes import beside_waiting

import lda
from lda.cli import cli
from lda.cluster import fit
from lda.cluster.spec.checkpointing import Checkpointing

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

pytestmark = pytest.mark.ray
LONG = settings(sweeps=16, n_samples=2, evaluate_every=8)


DRIVER = """
import pickle, sys
from lda.cluster import Checkpointing, Cluster, fit
from lda.corpus import Corpus

address, corpus, place, settings = sys.argv[1:]

def on_sweep(record):
    print(record.sweep, flush=True)
    sys.stdin.readline()  # it goes on when it is told to: it is not to be over before it is killed

fit(
    Corpus.open(corpus), pickle.loads(bytes.fromhex(settings)), warn=print,
    cluster=Cluster(address=address, workers=2, threads_per_worker=1),
    checkpointing=Checkpointing(path=place, every=2), on_sweep=on_sweep,
)
"""


INTERRUPTED = """
import os, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)

def interrupt(event, given):
    # By its own hand: from elsewhere it would come when many more sweeps are done.
    if event == "os.rename" and "sweep-00000005/.manifest" in str(given[0]):
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(interrupt)
sys.argv[0] = "lda"
from lda.cli import main
main()
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
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        for line in process.stdout:
            printed.append(line.strip())
            if printed[-1] == "3" and printed.count("3") == 1:
                kill_a_worker()
            if printed[-1] == "9":
                process.kill()
                break
            if printed[-1].isdecimal():
                process.stdin.write("\n")
                process.stdin.flush()
    assert process.returncode == -signal.SIGKILL
    assert (tmp_path / "stderr").read_text() == ""
    (lost,) = (line for line in beside_waiting(printed) if not line.isdecimal() and "is damaged" not in line)
    assert re.match(r"lost worker [01] \(process \d+ ", lost)
    seen: list[int] = []
    result = fit(
        nodes.corpus,
        LONG,
        cluster=replace(TWO, workers=3, aggregators=2),
        checkpointing=Checkpointing(path=str(tmp_path / "c"), every=2, resume=True),
        on_sweep=lambda record: seen.append(record.sweep),
        warn=lambda line: None,  # one that was being written
        runtime=threads(),
    )
    assert seen[0] > 6
    same(alone(nodes.folder / "small", LONG), result)


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
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", INTERRUPTED, *map(str, [*words, *on])],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        lines = [line.strip() for line in process.stderr]
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
