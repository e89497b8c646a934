"""Memory of a fit: peak resident bytes per token, beside the stated bound.

The bound is 12 bytes a token, plus the model, plus 300 MB for the interpreter and its packages. The model is
counts and phi: 8 bytes a cell of a dense row, and an entry of a sparse one, as `samplers/counts/row_layout.py` lays
them out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.corpora import SOURCES, built, default_source
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table

PER_TOKEN = 12
FIXED = 300e6

CHILD = """
import json, sys, threading, time
from pathlib import Path

peak = 0
def watch():
    global peak
    while True:
        fields = Path("/proc/self/statm").read_text().split()
        peak = max(peak, int(fields[1]) * 4096)
        time.sleep(0.005)

from lda.corpus import Corpus
from lda.cluster import FitSettings, fit
from lda.samplers.counts.row_layout import word_rows
from lda.samplers.registry import SAMPLERS
folder, n_topics, sampler, sweeps = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
corpus = Corpus.open(folder)
threading.Thread(target=watch, daemon=True).start()
result = fit(corpus, FitSettings(n_topics=n_topics, sampler=sampler, sweeps=sweeps, threads=2), document_topics=False)
rows = word_rows(corpus.term_frequencies, n_topics, all_dense=SAMPLERS[sampler].language == "drawn")
model = 8 * (rows.n_dense_rows * rows.stride + rows.n_sparse_slots)
print(json.dumps({
    "peak": peak, "tokens": corpus.n_tokens, "model": model, "rate": result.tokens_per_second,
    "start": result.seconds - corpus.n_tokens * result.n_sweeps / result.tokens_per_second,
}))
"""


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("-k", "topics", type=int, multiple=True, default=(100, 1000), help="Numbers of topics.")
@click.option("--sampler", "samplers", multiple=True, default=("adlda", "esca"), help="Samplers.")
@click.option("--sweeps", type=int, default=20, help="Sweeps a fit.")
@docs_option("the table into docs/benchmarks.md")
def memory(
    name: str, topics: tuple[int, ...], samplers: tuple[str, ...], sweeps: int, write_docs: bool
) -> None:
    """Peak resident memory of fits of a corpus on disk, each in a process of its own."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        folder = Path(scratch) / name
        built(name, folder)
        for n_topics in topics:
            for sampler in samplers:
                # Once a machine and version the kernels are compiled; LLVM's memory is not that of a fit.
                measured(folder, n_topics, sampler, 1)
                rows.append(_row(n_topics, sampler, measured(folder, n_topics, sampler, sweeps)))
    found = table(["K", "sampler", "tokens", "model, MB", "peak, MB", "bound, MB", "within"], rows)
    say_and_write("memory", f"{name}; {machine()}\n\n{found}", write_docs)


def measured(folder: Path, n_topics: int, sampler: str, sweeps: int) -> dict[str, float]:
    """A fit of the corpus in `folder`, by two threads of a process of its own.

    peak: resident bytes. model: bytes of counts and phi. tokens. rate: tokens a second. start: seconds before.
    """
    command = [sys.executable, "-c", CHILD, str(folder), str(n_topics), sampler, str(sweeps)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found: dict[str, float] = json.loads(out)
    return found


def _row(n_topics: int, sampler: str, seen: dict[str, float]) -> list[object]:
    bound = PER_TOKEN * seen["tokens"] + seen["model"] + FIXED
    numbers = [f"{seen[key] / 1e6:.0f}" for key in ("model", "peak")]
    return [
        n_topics,
        sampler,
        f"{seen['tokens']:,.0f}",
        *numbers,
        f"{bound / 1e6:.0f}",
        seen["peak"] <= bound,
    ]
