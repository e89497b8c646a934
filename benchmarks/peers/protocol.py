"""What a driver of the race needs: the job, the documents, the clock and the snapshots. NumPy is all it imports.

A driver is called with the path of a job, a JSON file:

    data      folder with indptr.npy (D + 1,), indices.npy and counts.npy (nnz,): the training documents as a sparse
              matrix of counts, and vocabulary.txt, V terms, one a line; corpus/, the same as a corpus folder of raylda
    out       folder for the snapshots
    k, seed, threads, alpha (a number a topic to begin with), beta
    points    sweeps after which a snapshot is due; the last one ends the run
    levels    those of them that the race is about: a system that is fitted anew for each snapshot makes no others
    seconds   training seconds after which a run ends in any case, with a snapshot; a fit that would take longer is
              not begun
    variant   which of several methods, for drivers that have more than one
    config    the file that describes an external program

It leaves phi-NNNN.npy, (K, V) float32, rows that sum to 1, and then snapshot-NNNN.json: seconds, sweeps, tokens (seen
since the clock began) and alpha, (K,). settings.json says what it was set to. The clock begins when the documents are
in the system's own form, and stands still while a snapshot is taken.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

Model = tuple[Any, Any]
"""phi (K, V), non-negative, rows in any scale; alpha (K,) or a number."""

PAUSED = "paused"
"""A file that stands in `out` while a snapshot is taken: what that needs is not the system's memory."""


class Over(Exception):  # noqa: N818 - nothing is wrong
    """Raised to leave a system's own loop when the time is over."""


class Race:
    """One run of one system."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.data, self.out = Path(job["data"]), Path(job["out"])
        self.k, self.seed, self.threads = int(job["k"]), int(job["seed"]), int(job["threads"])
        self.alpha, self.beta = float(job["alpha"]), float(job["beta"])
        self.points = [int(point) for point in job["points"]]
        self.levels = [int(level) for level in job["levels"]]
        self.most_seconds = float(job["seconds"])
        self.variant, self.config = job.get("variant"), str(job.get("config"))
        self.indptr, self.indices, self.counts = (
            np.load(self.data / f"{name}.npy", mmap_mode="r") for name in ("indptr", "indices", "counts")
        )
        self.vocabulary = (self.data / "vocabulary.txt").read_text(encoding="utf-8").splitlines()
        self.n_documents, self.n_terms = len(self.indptr) - 1, len(self.vocabulary)
        self.n_tokens = int(self.counts.sum(dtype=np.int64))
        self._taken = 0
        self._began = 0.0
        self._stopped = 0.0

    @classmethod
    def of_command_line(cls) -> Race:
        """The run whose job the first argument names; this process then has as many cores as it may use threads."""
        race = cls(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        if hasattr(os, "sched_setaffinity"):  # a system that starts more threads gains nothing
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: race.threads])
        return race

    def documents(self) -> Iterator[np.ndarray[Any, Any]]:
        """Term ids of each document, (N_d,), a term as often as it occurs."""
        for begin, end in zip(self.indptr[:-1], self.indptr[1:], strict=True):
            yield np.repeat(self.indices[begin:end], self.counts[begin:end])

    def settings(self, **values: Any) -> None:  # noqa: ANN401 - whatever there is to say
        """Tell the reader of the results what the system was set to."""
        self._write("settings.json", values)

    def start(self) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def seconds(self) -> float:
        """Training seconds so far."""
        return time.perf_counter() - self._began - self._stopped

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stand still within the block."""
        before = time.perf_counter()
        marker = self.out / PAUSED
        marker.touch()
        try:
            yield
        finally:
            marker.unlink()
            self._stopped += time.perf_counter() - before

    def due(self, sweeps: int) -> bool:
        """Whether a snapshot is due after so many sweeps, or the time is over."""
        return bool(self.points) and (sweeps >= self.points[0] or self.seconds() >= self.most_seconds)

    def sweeps_until_next(self, sweeps: int) -> int:
        """How many sweeps to make before the next snapshot, after `sweeps` of them; no more than time allows."""
        now = self.seconds()
        if not sweeps or now <= 0 or not self.points:
            return 1  # how long one takes is not known yet
        more = min(self.points[0] - sweeps, int((self.most_seconds - now) * sweeps / now))
        return max(1, more)

    def passed(self, sweeps: int, model: Callable[[], Model], tokens: int | None = None) -> bool:
        """Call after each sweep: takes a snapshot where one is due. True when the run is over."""
        if self.due(sweeps):
            now = self.seconds()
            with self.stopped():
                self.record(now, sweeps, model(), tokens)
            if now >= self.most_seconds:
                self.points = []
        return not self.points

    def record(self, seconds: float, sweeps: int, model: Model, tokens: int | None = None) -> None:
        """Write a snapshot of the model after so many training seconds."""
        phi = np.array(model[0], dtype=np.float64)
        phi /= phi.sum(axis=1, keepdims=True)
        name = f"{self._taken:04d}"
        np.save(self.out / f"phi-{name}.npy", phi.astype(np.float32))
        alpha = np.broadcast_to(np.asarray(model[1], dtype=np.float64), (self.k,))
        tokens = sweeps * self.n_tokens if tokens is None else tokens
        body = {"seconds": seconds, "sweeps": sweeps, "tokens": tokens, "alpha": alpha.tolist()}
        self._write(f"snapshot-{name}.json", body)
        self._taken += 1
        self.points = [point for point in self.points if point > sweeps]

    def restarted(self, fit: Callable[[int], tuple[float, Model]]) -> None:
        """Race a system that cannot be looked into: a fit from the beginning for each level.

        fit: takes the number of sweeps, returns the seconds that these took, and the model.
        """
        self.fitted_anew(self.levels, fit)

    def fitted_anew(self, points: Iterable[int], fit: Callable[[int], tuple[float, Model]]) -> None:
        """A fit from the beginning for each number of sweeps, ascending, while the time of a fit is not over."""
        before: tuple[int, float] | None = None
        for sweeps in points:
            if before is not None and before[1] / before[0] * sweeps > self.most_seconds:
                break
            seconds, model = fit(sweeps)
            with self.stopped():
                self.record(seconds, sweeps, model)
            before = (sweeps, seconds)

    def _write(self, name: str, body: object) -> None:
        partial = self.out / f"{name}.partial"
        partial.write_text(json.dumps(body), encoding="utf-8")
        partial.replace(self.out / name)
