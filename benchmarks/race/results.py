"""Results as JSON lines: a line a run, appended as soon as it is known, so that a race can go on after a crash."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

FINAL: Final = ("done", "slow")
"""What need not be run again. A failure may have been the machine's, so it is."""


class Key(NamedTuple):
    """What makes two runs the same."""

    corpus: str
    digest: str
    k: int
    system: str
    seed: int
    threads: int
    sweeps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One run of one system, as `Outcome` has it, with what it was a run of.

    sweeps: the last level of the race. points: a dictionary a snapshot, with at least seconds, sweeps and heldout.
    """

    corpus: str
    digest: str
    k: int
    system: str
    seed: int
    threads: int
    sweeps: int
    status: str
    reason: str = ""
    version: str = ""
    date: str = ""
    machine: str = ""
    n_documents: int = 0
    n_tokens: int = 0
    n_terms: int = 0
    n_heldout: int = 0
    peak_bytes: int = 0
    wall_seconds: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)

    @property
    def key(self) -> Key:
        """What this is a run of."""
        return Key(self.corpus, self.digest, self.k, self.system, self.seed, self.threads, self.sweeps)

    @property
    def curve(self) -> list[tuple[float, float]]:
        """(training seconds, held-out nats a token), by time."""
        return sorted((float(point["seconds"]), float(point["heldout"])) for point in self.points)

    @property
    def final(self) -> float | None:
        """Held-out nats a token at the end."""
        return self.curve[-1][1] if self.points else None

    def after(self, sweeps: int) -> tuple[float, float] | None:
        """(training seconds, held-out nats a token) after so many sweeps; None where the run has no such snapshot."""
        for point in self.points:
            if int(point["sweeps"]) == sweeps:
                return float(point["seconds"]), float(point["heldout"])
        return None

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens that the system went over in a training second, to its last snapshot."""
        if not self.points:
            return None
        last = max(self.points, key=lambda point: float(point["seconds"]))
        return float(last["tokens"]) / max(float(last["seconds"]), 1e-9)


def append(path: Path, result: Result) -> None:
    """Add a line, and have it on disk before the next run begins."""
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # cut off in the middle of a line
                file.write(b"\n")
        file.write(json.dumps(asdict(result)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def load(path: Path) -> list[Result]:
    """The last result of each run; a line that was cut off is left out. Empty where there is no file."""
    found: dict[Key, Result] = {}
    if not path.exists():
        return []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            result = Result(**json.loads(line))
        except (json.JSONDecodeError, TypeError):
            continue
        found[result.key] = result
    return list(found.values())


def finished(results: Sequence[Result]) -> set[Key]:
    """Runs that need not be run again."""
    return {result.key for result in results if result.status in FINAL}
