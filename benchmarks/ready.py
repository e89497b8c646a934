"""How soon a first fit is under way, and its memory: without kernels on disk, with them, beside tomotopy.

Each figure is of a process of its own, from its start, imports and reading included: the command of `make demo` until
its first sweep is over, and a script until it has the topics of one new document of a model on disk. tomotopy reads
the same file, with a regular expression for the words.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import click

from benchmarks.published import docs_option, say_and_write
from benchmarks.race.environments import NotInstalled, python_of
from benchmarks.race.job import SYSTEMS
from benchmarks.report import machine, table

SPEECHES: Final = Path(__file__).parent / "data" / "sotu.jsonl.gz"
DONE: Final = "first done"

_PEAK: Final = """
import atexit, sys
def peak():
    try:
        fields = open("/proc/self/status").read()
    except OSError:
        return
    print("peak kB", fields.split("VmHWM:")[1].split()[0], file=sys.stderr, flush=True)
atexit.register(peak)
"""

_FIT: Final = _PEAK + "from lda.cli import main\nmain()\n"

_TRANSFORM: Final = (
    _PEAK
    + """
import lda
model = lda.load(sys.argv[1])
model.transform([["silver", "gold", "bonds", "treasury", "coinage"]])
print("first done", file=sys.stderr, flush=True)
"""
)

_TOMOTOPY: Final = (
    _PEAK
    + """
import gzip, json, re
import tomotopy
words = re.compile("[a-z]{2,}")
model = tomotopy.LDAModel(k=int(sys.argv[2]), min_df=3, seed=1)
for line in gzip.open(sys.argv[1], "rt", encoding="utf-8"):
    model.add_doc(words.findall(json.loads(line)["text"].lower()))
model.train(1, workers=int(sys.argv[3]), show_progress=False)
print("first done", file=sys.stderr, flush=True)
model.train(19, workers=int(sys.argv[3]), show_progress=False)
"""
)

_STEPS: Final = """
import sys
def step(name):
    fields = open("/proc/self/status").read()
    print(name, *(fields.split(key + ":")[1].split()[0] for key in ("RssAnon", "RssFile")), sep="\\t", flush=True)
step("Python")
import numpy
step("NumPy")
import pyarrow, pyarrow.compute
step("Arrow")
import scipy.sparse, scipy.special
step("SciPy")
import llvmlite.binding, numba
step("Numba and LLVM, imported")
import numba.core.registry
numba.njit(lambda x: x)(numpy.zeros(1))
step("Numba and LLVM, in use")
import lda
from lda.cli.entry import go_without_pandas
from lda.corpus import build_corpus
go_without_pandas()
from lda.cli.fit.input import give_back_memory
corpus = build_corpus(
    [sys.argv[1]], sys.argv[2], recipe=lda.Recipe(text="text", id="id", stop_words="en", min_df=3, max_df=0.5)
)
give_back_memory()
step("reading, what it leaves")
from lda.cluster import FitSettings, fit
fit(corpus, FitSettings(n_topics=int(sys.argv[3]), sweeps=20))
step("the fit")
"""


class Seen(NamedTuple):
    """What one process did: seconds until what was waited for, its peak in MB (NaN where the system does not tell)."""

    seconds: float
    peak: float


@click.command()
@click.option("-k", "topics", type=int, default=20, help="Topics.")
@click.option("--threads", type=int, default=2, help="Threads of each system.")
@click.option("--times", type=int, default=5, help="Processes each; medians are told.")
@docs_option("the tables into docs/benchmarks.md")
def ready(topics: int, threads: int, times: int, write_docs: bool) -> None:
    """Seconds to a first sweep and to the topics of a first document, and where the memory of a small fit goes."""
    cold_fit, warm_fit, cold_new, warm_new, peer = (
        list[Seen](),
        list[Seen](),
        list[Seen](),
        list[Seen](),
        list[Seen](),
    )
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        folder = Path(scratch)
        for i in range(times):
            caches = [folder / f"kernels-{i}-{what}" for what in ("fit", "new")]
            cold_fit.append(_fit(folder, caches[0], topics, threads))
            warm_fit.append(_fit(folder, caches[0], topics, threads))
            cold_new.append(_first(_TRANSFORM, [str(folder / "model")], caches[1]))
            warm_new.append(_first(_TRANSFORM, [str(folder / "model")], caches[1]))
            if (seen := _tomotopy(topics, threads)) is not None:
                peer.append(seen)
        steps = _steps(folder, topics)
    rows = [
        _row("raylda, no kernels on disk", cold_fit, cold_new),
        _row("raylda, kernels on disk", warm_fit, warm_new),
        _row("tomotopy", peer, []),
    ]
    found = table(["", "first sweep, s", "first new document, s", "peak of a fit of 20 sweeps, MB"], rows)
    text = f"sotu, K = {topics}, {threads} threads; {machine()}\n\n{found}"
    if steps:
        text += "\n\n" + table(
            ["of which", "its own, MB", "files of libraries, MB", "together so far, MB"], steps
        )
    say_and_write("ready", text, write_docs)


def _row(name: str, fits: list[Seen], new: list[Seen]) -> list[object]:
    def middle(values: list[float], digits: int) -> str:
        return f"{median(values):.{digits}f}" if values else "-"

    return [
        name,
        middle([seen.seconds for seen in fits], 1),
        middle([seen.seconds for seen in new], 1),
        middle([seen.peak for seen in fits], 0),
    ]


def _fit(folder: Path, cache: Path, topics: int, threads: int) -> Seen:
    options = ["--text", "text", "--id", "id", "--stop-words", "en", "--min-df", "3", "--max-df", "0.5"]
    more = ["-k", str(topics), "-n", "20", "--threads", str(threads), "--top-words", "0", "--overwrite"]
    return _first(
        _FIT,
        ["fit", str(SPEECHES), *options, *more, "-o", str(folder / "model"), "-v", "--progress", "log"],
        cache,
        until="sweep 1/",
    )


def _tomotopy(topics: int, threads: int) -> Seen | None:
    try:
        python = python_of(SYSTEMS["tomotopy"])
    except NotInstalled as error:
        click.echo(f"tomotopy: {error}", err=True)
        return None
    return _first(_TOMOTOPY, [str(SPEECHES), str(topics), str(threads)], None, python=python)


def _first(
    code: str, arguments: list[str], cache: Path | None, *, until: str = DONE, python: Path | None = None
) -> Seen:
    """Run a program until it ends. cache: its kernels. until: how the line on stderr begins that is waited for."""
    environment = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    began, at, peak, said = time.perf_counter(), float("nan"), float("nan"), list[str]()
    with subprocess.Popen(
        [str(python or sys.executable), "-c", code, *arguments],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        for line in process.stderr:
            said.append(line)
            if line.startswith(until) and at != at:
                at = time.perf_counter() - began
            if line.startswith("peak kB"):
                peak = int(line.split()[-1]) / 1000
    if process.returncode:
        raise click.ClickException("".join(said[-5:]))
    return Seen(at, peak)


def _steps(folder: Path, topics: int) -> list[list[object]]:
    """What each part adds to the resident memory, in a process that has its kernels on disk: rows of a table."""
    if not Path("/proc/self/status").exists():
        return []
    rows: list[list[object]] = []
    for run in range(2):  # the first one compiles
        rows, anonymous, files = [], 0.0, 0.0
        done = subprocess.run(
            [sys.executable, "-c", _STEPS, str(SPEECHES), str(folder / f"corpus-{run}"), str(topics)],
            check=True, capture_output=True, text=True, env=os.environ | {"NUMBA_CACHE_DIR": str(folder / "steps")},
        )  # fmt: skip
        for line in done.stdout.splitlines():
            name, *numbers = line.split("\t")
            now = [int(number) / 1000 for number in numbers]
            rows.append([name, f"{now[0] - anonymous:.0f}", f"{now[1] - files:.0f}", f"{sum(now):.0f}"])
            anonymous, files = now
    return rows
