"""One run of one system: a process is started, watched, and its snapshots are scored."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.peers.protocol import PAUSED
from benchmarks.race.job import PEERS, Job, System
from benchmarks.race.tree_memory import resident

if TYPE_CHECKING:
    from benchmarks.race.score import Scorer

WATCH_SECONDS: Final = 0.1
THREAD_LIMITS: Final = ("OMP", "OPENBLAS", "MKL", "NUMBA", "RAYON", "NUMEXPR", "LOKY_MAX_CPU")


@dataclass(slots=True)
class Outcome:
    """What became of a run.

    status: "done", "slow" (stopped at the limit; what it had reached by then is in points), or "failed".
    peak_bytes: of the process and those it started, while its clock ran. points: a dictionary a scored snapshot.
    """

    status: str
    reason: str = ""
    peak_bytes: int = 0
    wall_seconds: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)


def run(system: System, python: Path, job: Job, limit: float, scorer: Scorer) -> Outcome:
    """Run a system in a process of its own for at most `limit` seconds, and score the snapshots it leaves.

    Scoring comes after the run, so that it takes no core from it.
    """
    out = Path(job.out)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    file = out / "job.json"
    file.write_text(json.dumps(job.to_dict()), encoding="utf-8")
    command = [str(python), str(PEERS / system.driver), str(file)]
    outcome = _watched(command, out, job.threads, limit, ours=system.requirements is None)
    if (out / "settings.json").exists():
        outcome.settings = json.loads((out / "settings.json").read_text(encoding="utf-8"))
    try:
        outcome.points = scorer.score_all(out)
    except ValueError as error:
        outcome.status, outcome.reason = "failed", str(error)
    if outcome.status == "done" and not outcome.points:
        outcome.status, outcome.reason = "failed", "it ended without a snapshot"
    return outcome


def _watched(command: list[str], out: Path, threads: int, limit: float, *, ours: bool) -> Outcome:
    """Run a command until its end or the limit, and note the most memory that its processes held at a time.

    ours: it runs in the environment of this process, and finds the modules that this one does.
    """
    environment = dict(os.environ) | {f"{name}_NUM_THREADS": str(threads) for name in THREAD_LIMITS}
    environment["LOKY_MAX_CPU_COUNT"] = str(threads)
    if not ours:
        environment.pop("PYTHONPATH", None)
    began, peak = time.monotonic(), 0
    with (out / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, start_new_session=True
        )
        try:
            while process.poll() is None:
                if time.monotonic() - began > limit:
                    reason = f"stopped after {limit:.0f} s of wall-clock time"
                    return Outcome("slow", reason, peak, time.monotonic() - began)
                if not (out / PAUSED).exists():
                    peak = max(peak, resident(process.pid))
                time.sleep(WATCH_SECONDS)
        finally:
            _end(process)
    seconds = time.monotonic() - began
    if process.returncode:
        return Outcome("failed", _last_line(out / "log.txt", process.returncode), peak, seconds)
    return Outcome("done", "", peak, seconds)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those it started, which are of its own session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _last_line(log: Path, code: int) -> str:
    lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    said = lines[-1].strip() if lines else "no output"
    how = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
    return f"{said[:200]} ({how})"
