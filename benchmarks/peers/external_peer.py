"""Any program that can be called, as a small TOML file describes it; see docs/benchmarks.md.

The program runs from the beginning for each level, with more sweeps each time. Its seconds are those of the whole
call, less those of a call with `startup_sweeps` where that is given.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.peers.formats import READERS, WRITERS, Counts, mallet_state_alpha, read_alpha
    from benchmarks.peers.protocol import Model, Race
else:  # a driver is run as a file, and sees what lies beside it
    from formats import READERS, WRITERS, Counts, mallet_state_alpha, read_alpha
    from protocol import Model, Race


class External:
    """The program and what stands in its file."""

    def __init__(self, race: Race, config: dict[str, Any]) -> None:
        self.race, self.config = race, config
        work = race.out / "work"
        work.mkdir(exist_ok=True)
        self.values: dict[str, Any] = {
            "work": work, "input": work / "input", "output": work / "output",
            "vocabulary": race.data / "vocabulary.txt", "k": race.k, "seed": race.seed, "threads": race.threads,
            "alpha": race.alpha, "alpha_sum": race.alpha * race.k, "beta": race.beta,
        }  # fmt: skip

    def prepare(self) -> None:
        """Write the documents, and run what is not timed."""
        docs = Counts(self.race.indptr, self.race.indices, self.race.counts, self.race.n_terms)
        WRITERS[self.config["input"]](docs, self.values["input"])
        if "prepare" in self.config:
            self._call("prepare", 0)

    def startup(self) -> float:
        """Seconds that a call takes for other things than sweeps; 0 where the file does not tell how to know."""
        sweeps = self.config.get("startup_sweeps")
        return 0.0 if sweeps is None else self._call("command", int(sweeps))

    def fit(self, sweeps: int, startup: float) -> tuple[float, Model]:
        """Run the program with so many sweeps; its seconds, and its topics."""
        seconds = self._call("command", sweeps)
        with self.race.stopped():
            return max(seconds - startup, 1e-3), self._model()

    def _call(self, which: str, sweeps: int) -> float:
        values = {name: str(value) for name, value in self.values.items()} | {"sweeps": str(sweeps)}
        command = [word.format_map(values) for word in shlex.split(self.config[which])]
        command[0] = os.path.expanduser(command[0])
        before = time.perf_counter()
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        seconds = time.perf_counter() - before
        if done.returncode:
            said = (done.stdout.strip().splitlines() or ["no output"])[-1]
            raise SystemExit(f"{command[0]} ended with exit code {done.returncode}: {said}")
        return seconds

    def _model(self) -> Model:
        race, kind, path = self.race, self.config["output"], Path(self.values["output"])
        counts = READERS[kind](path, race.k, race.n_terms) + float(self.config.get("smooth", 0.0))
        alpha = self.config.get("alpha", race.alpha)
        if alpha == "state":
            return counts, mallet_state_alpha(path)
        return counts, read_alpha(Path(alpha.format_map(self.values))) if isinstance(
            alpha, str
        ) else np.array(alpha)


def shown(command: str) -> str:
    """A command in one line, without the folder that its program lies in: that is of this machine alone."""
    program, *arguments = shlex.split(command)
    return " ".join([Path(program).name, *arguments])


def main(race: Race, config: dict[str, Any]) -> None:
    """Run with more and more sweeps."""
    program = External(race, config)
    told = {name: str(config[name]) for name in ("alpha", "version") if name in config}
    race.settings(command=shown(config["command"]), **told)
    program.prepare()
    startup = program.startup()
    race.restarted(lambda sweeps: program.fit(sweeps, startup))


if __name__ == "__main__":
    run = Race.of_command_line()
    main(run, tomllib.loads(Path(run.config).read_text(encoding="utf-8")))
