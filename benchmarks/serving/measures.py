"""What is measured of a server: on schedule with a swap, at most, in batches, and its memory."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.serving.generators import Answered, at_most, on_schedule
from benchmarks.serving.material import BATCH, Material
from benchmarks.serving.servers import Server, serving
from benchmarks.serving.systems import PATH, first_line, ours

VERSION: Final = "etag"
"""A header that differs from model to model for the same request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How long, and how much at a time."""

    rate: int
    seconds: int
    at_most_seconds: int
    connections: int
    batch_connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One system.

    cpu: milliseconds of processor that its processes took for a request on schedule, one at saturation, and for a
    document of a batch. swap: seconds until all answers came from the new model. batch: documents of a batch.
    """

    scheduled: Answered
    singles: Answered
    batches: Answered
    cpu: tuple[float, float, float]
    swap: float | None = None
    batch: int = BATCH


def measured(
    server: Server, material: Material, load: Load, swap: Callable[[], float] | None = None
) -> Measured:
    """All that is measured of a server that stands. swap: done in the middle of the schedule."""
    url = server.base + PATH
    at_most(url, material.singles, load.connections, 2)  # warm
    swapped = list[float]()
    timer = threading.Timer(load.seconds / 2, lambda: swapped.append(swap())) if swap else None
    if timer is not None:
        timer.start()
    began = server.cpu()
    scheduled = on_schedule(url, material.singles, load.rate, load.seconds)
    if timer is not None:
        timer.join()
    first = server.cpu()
    singles = at_most(url, material.singles, load.connections, load.at_most_seconds)
    second = server.cpu()
    batches = at_most(url, material.batches, load.batch_connections, load.at_most_seconds)
    third = server.cpu()
    return Measured(
        scheduled=scheduled,
        singles=singles,
        batches=batches,
        cpu=(
            1000 * (first - began) / max(scheduled.requests, 1),
            1000 * (second - first) / max(singles.requests, 1),
            1000 * (third - second) / max(batches.requests * BATCH, 1),
        ),
        swap=swapped[0] if swapped else None,
    )


def put_in_place(model: Path, place: Path) -> None:
    """Replace a folder by a copy of a model, as one that publishes models would: written beside, then renamed."""
    beside, old = place.with_name(place.name + ".new"), place.with_name(place.name + ".old")
    for path in (beside, old):
        shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(model, beside)
    if place.exists():
        place.rename(old)
    beside.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def swapped(server: Server, model: Path, place: Path, body: bytes, deadline: float = 60) -> float:
    """Replace the folder that is served; seconds until ten answers in a row are of the new model."""
    before = server.post(PATH, body)[1].get(VERSION)
    began, new = time.perf_counter(), 0
    put_in_place(model, place)
    while new < 10 and time.perf_counter() - began < deadline:
        time.sleep(0.05)
        status, headers, _ = server.post(PATH, body)
        new = new + 1 if status == 200 and headers.get(VERSION) != before else 0
    return time.perf_counter() - began if new >= 10 else float("nan")


def memory_of(model: Path, workers: int, bodies: Path) -> float:
    """MB of `lda serve`, all its processes together, once its workers have answered."""
    with serving(ours(model, workers), {}, PATH, first_line(bodies)) as server:
        at_most(server.base + PATH, bodies, 8 * workers, 2)
        return server.memory()
