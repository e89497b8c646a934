"""Many fits: the trials of a study, and a model for each group, side by side and one after the other.

A study is timed as its user waits for it, from the command to the page, by `lda tune`; so are groups, by `lda fit
--group-by`. The same command with one trial, or one group, at a time on one thread is what they are held to: divided by
the cores, it is what a machine without any loss would take. Systems alternate, and medians are told, for other work
on the machine makes seconds differ; processor seconds beside them tell how much more is done side by side.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import click

from benchmarks.corpora import NAMES, SOURCES, built
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table
from lda.cluster import FitSettings
from lda.cluster.spec.job import threads_now
from lda.cluster.tasks import run_tasks
from lda.corpus import Corpus, Recipe, build_corpus
from lda.corpus.machine import available_cores
from lda.experiments.cost import estimated_peak_bytes
from lda.experiments.fitted import fit_into
from lda.model.machine import peak_bytes

TOPICS: Final = (10, 20, 30, 40, 50)
SEEDS: Final = 4

FIELD: Final = "un_region"
REGIONS: Final = (
    "Western Asia", "Western Africa", "Eastern Africa", "Southern Europe", "Caribbean", "South America",
)  # fmt: skip
"""The six with the most words."""


class Took(NamedTuple):
    """Seconds on the clock, and of all processors."""

    seconds: float
    cpu: float


def took(work: Callable[[], object]) -> Took:
    """Do it, and say how long that took; processes that it begins have ended by then."""
    clock, cpu = time.perf_counter(), _cpu()
    work()
    return Took(time.perf_counter() - clock, _cpu() - cpu)


def told(name: str, found: Took) -> Took:
    """Say at once what was found; the table comes after all turns."""
    click.echo(f"{name}: {found.seconds:.1f} s, {found.cpu:.1f} of processors", err=True)
    return found


def _cpu() -> float:
    """Processor seconds of this process and of those that it has begun and that have ended."""
    return sum(
        used.ru_utime + used.ru_stime
        for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def lda(*words: object) -> None:
    """A command, in a process of its own."""
    subprocess.run(
        [sys.executable, "-m", "lda", *map(str, words), "-q"], check=True, stdout=subprocess.DEVNULL
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class EachAlone:
    """A fit of each corpus of a folder into another, as a job."""

    corpora: str
    models: str
    n_topics: int
    sweeps: int

    def open(self, threads: int) -> Callable[[str], float]:
        """The function that fits one, and says how many bytes the process has held by then."""

        def work(name: str) -> float:
            settings = FitSettings(n_topics=self.n_topics, sweeps=self.sweeps, threads=threads_now())
            corpus = Corpus.open(Path(self.corpora, name))
            fit_into(Path(self.models, f"{name}-{threads}"), corpus, settings, overwrite=True)
            return float(peak_bytes() or 0)

        return work


def trials(corpus: Path, scratch: Path, sweeps: int, turns: int, cores: int) -> list[list[object]]:
    """Rows of 20 trials: one at a time, on all cores, and with halving."""
    search = ["tune", corpus, "-k", ",".join(map(str, TOPICS)), "--seeds", SEEDS, "-n", sweeps, "--overwrite"]
    how = {
        "20 trials, one at a time, one thread": ["--at-once", 1, "-j", 1],
        f"20 trials, {cores} at a time": ["--at-once", cores],
        f"20 trials, {cores} at a time, halving": ["--at-once", cores, "--halving"],
    }
    lda(
        "tune", corpus, "-k", "5,6", "-n", 9, "-o", scratch / "first", "--halving"
    )  # kernels compile before any clock runs
    seen = {name: list[Took]() for name in how}
    for turn in range(turns):
        for name, options in how.items():
            command = [*search, "-o", scratch / f"study-{turn}", *options]
            seen[name].append(told(name, took(partial(lda, *command))))
    return _rows(seen, cores)


def groups(
    corpus: Path, scratch: Path, n_topics: int, sweeps: int, turns: int, cores: int
) -> list[list[object]]:
    """Rows of six groups: one at a time on one thread, and on all; side by side."""
    chosen = [word for region in REGIONS for word in ("--group", region)]
    by_region, size = ["fit", corpus, "--group-by", FIELD, *chosen], ["-k", n_topics, "-n", sweeps]
    fit = [*by_region, *size, "--overwrite"]
    lda(*by_region, "-k", n_topics, "-n", 2, "-o", scratch / "groups", "--keep-corpora")
    corpora = sorted(path.name for path in (scratch / "groups" / "corpora").iterdir() if path.is_dir())
    job = EachAlone(
        corpora=str(scratch / "groups" / "corpora"), models=str(scratch), n_topics=n_topics, sweeps=sweeps
    )

    def alone(threads: int) -> None:
        run_tasks(job, corpora, lambda peak, workers: None, processes=1, threads=threads)

    def by_commands() -> None:
        for name in corpora:
            target = scratch / f"command-{name}"
            lda("fit", scratch / "groups" / "corpora" / name, *size, "-o", target, "--overwrite")

    how: dict[str, Callable[[], None]] = {
        "6 groups, one at a time, one thread": lambda: lda(*fit, "-o", scratch / "one", "-j", 1),
        f"6 groups, {cores} cores": lambda: lda(*fit, "-o", scratch / "all"),
        f"6 commands, one after the other, {cores} threads each": by_commands,
        "fits of 6 corpora, one at a time, one thread": lambda: alone(1),
        f"fits of 6 corpora, one at a time, {cores} threads": lambda: alone(cores),
        f"fits of 6 corpora, {cores} side by side, one thread each": lambda: run_tasks(
            job, corpora, lambda peak, workers: None, processes=cores, threads=1
        ),
    }
    seen = {name: list[Took]() for name in how}
    for _ in range(turns):
        for name, work in how.items():
            seen[name].append(told(name, took(work)))
    names = list(how)
    return _rows({name: seen[name] for name in names[:3]}, cores) + _rows(
        {name: seen[name] for name in names[3:]}, cores
    )


def _rows(seen: dict[str, list[Took]], cores: int) -> list[list[object]]:
    """A row for each way; the first is what the others are compared with, turn by turn."""
    first = next(iter(seen.values()))
    rows: list[list[object]] = []
    for name, found in seen.items():
        faster = [a.seconds / b.seconds for a, b in zip(first, found, strict=True)]
        rows.append(
            [
                name,
                f"{median(t.seconds for t in found):.1f}",
                f"{median(t.cpu for t in found):.1f}",
                f"{median(faster):.2f}",
                f"{median(cores / ratio for ratio in faster):.2f}",
            ]
        )
    return rows


def _keep(found: list[float], value: float, workers: int) -> None:
    found.append(value)


def memory(corpus: Path, scratch: Path, topics: Sequence[int]) -> list[list[object]]:
    """Peak memory of fits as estimated and as measured, each in a new process."""
    rows: list[list[object]] = []
    for n_topics in topics:
        peaks: list[float] = []
        job = EachAlone(corpora=str(corpus.parent), models=str(scratch), n_topics=n_topics, sweeps=5)
        run_tasks(job, [corpus.name], partial(_keep, peaks), processes=1, threads=1)
        wanted = estimated_peak_bytes(Corpus.open(corpus), FitSettings(n_topics=n_topics))
        rows.append([n_topics, f"{wanted / 1e6:.0f}", f"{peaks[0] / 1e6:.0f}", f"{wanted / peaks[0]:.2f}"])
    return rows


@click.command()
@click.option("--corpus", "name", type=click.Choice(NAMES), default="sotu", help="Corpus of the study.")
@click.option("--sweeps", type=int, default=200, help="Sweeps of a trial, and of a group's fit.")
@click.option("-k", "n_topics", type=int, default=50, help="Topics of a group's model.")
@click.option("--turns", type=int, default=3, help="Turns of which the medians are taken.")
@click.option(
    "--part", "parts", type=click.Choice(["trials", "groups", "memory"]), multiple=True, help="Only these."
)
@docs_option("the tables into docs/benchmarks.md")
def study(
    name: str, sweeps: int, n_topics: int, turns: int, parts: tuple[str, ...], write_docs: bool
) -> None:
    """Trials and groups side by side, beside one after the other, and the memory of a fit beside its estimate."""
    cores = available_cores()
    rows: list[list[object]] = []
    said = ""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as folder:
        scratch = Path(folder)
        corpus = scratch / name
        if not parts or "groups" not in parts or len(parts) > 1:
            built(name, corpus)
        if not parts or "trials" in parts:
            rows += trials(corpus, scratch, sweeps, turns, cores)
        if not parts or "groups" in parts:
            if SOURCES["ungd"].path.exists():
                recipe = Recipe(text="text", stop_words="english", min_df=5, max_df=0.5, id="id")
                build_corpus([SOURCES["ungd"].path], scratch / "debates", recipe=recipe)
                rows += groups(scratch / "debates", scratch, n_topics, sweeps, turns, cores)
            else:
                click.echo(f"the UN debates are not here: {SOURCES['ungd'].path}", err=True)
        if not parts or "memory" in parts:
            found = memory(corpus, scratch, (20, 100, 1000))
            said = "\n\n" + table(["K", "MB estimated", "MB measured", "ratio"], found)
    about = f"{name}, {sweeps} sweeps, {cores} cores, medians of {turns}; {machine()}"
    header = ["what", "seconds", "of processors", "times as fast", "of a machine without loss"]
    say_and_write("study", f"{about}\n\n" + (table(header, rows) if rows else "") + said, write_docs)
