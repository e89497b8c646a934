"""How long `lda report` takes, how much memory, and how large its page is: speeches, abstracts, and a thousand topics.

Each figure is of a process of its own, from its start, imports, reading and checksums included. Models are fitted once,
and kept in a folder. The thousand topics are made up: each is a draw of words with frequencies as in text, documents
mix a few of them, and nothing but the number of topics and words is like a real corpus.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import click
import numpy as np
import scipy.sparse as sp

from benchmarks.corpora import SHARED, SOURCES
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table

TEXT: Final = ["--stop-words", "en", "--max-df", "0.5"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is reported on: the input with its options, those of the fit, and those of the report."""

    name: str
    input: Path
    source: list[str]
    fit: list[str]
    report: list[str]


CASES: Final = (
    Case(
        name="sotu, K = 20",
        input=SOURCES["sotu"].path,
        source=["--text", "text", "--id", "id"],
        fit=["--min-df", "3", *TEXT, "-k", "20"],
        report=["--over", "year", "--by", "party"],
    ),
    Case(
        name="arxiv, K = 100",
        input=SHARED / "arxiv-cs-to2016.tsv.xz",
        source=["--text", "title,abstract", "--id", "id"],
        fit=["--min-df", "5", *TEXT, "-k", "100"],
        report=["--over", "date", "--by", "primary_category"],
    ),
)

WAYS: Final[tuple[tuple[str, list[str]], ...]] = (("", []), (", no texts", ["--documents", "0"]))


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(".benchmarks/report"),
    help="Models and pages, kept.",
)
@click.option("--threads", type=int, default=2, help="Threads of the report.")
@click.option("--topics", type=int, default=1000, help="Topics of the made model.")
@click.option("--terms", type=int, default=50_000, help="Terms of the made model.")
@docs_option("the table into docs/benchmarks.md")
def report(folder: Path, threads: int, topics: int, terms: int, write_docs: bool) -> None:
    """Seconds, memory and size of pages, and what of them are texts."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for case in CASES:
        if not case.input.exists():
            click.echo(f"{case.name}: {case.input} is not here", err=True)
            continue
        model = folder / case.name.replace(", K = ", "-")
        if not model.exists():
            fit = [
                "fit",
                str(case.input),
                *case.source,
                *case.fit,
                "-o",
                str(model),
                "-q",
                "--top-words",
                "0",
            ]
            _run(fit, threads)
        for what, options in WAYS:
            arguments = [str(model), str(case.input), *case.source, *case.report, *options]
            rows.append([case.name + what, *_timed(arguments, folder, threads)])
    made = folder / f"made-{topics}-{terms}"
    if not (made / "model").exists():
        _make(made, topics, terms)
    for what, options in WAYS:
        arguments = [str(made / "model"), str(made / "documents.npz"), *options]
        rows.append([f"made, K = {topics:,}, V = {terms:,}{what}", *_timed(arguments, folder, threads)])
    head = ["", "documents", "described", "with text", "seconds", "of processors", "peak, MB", "page, MB"]
    say_and_write("report", f"{machine()}\n\n{table(head, rows)}", write_docs)


def _run(arguments: list[str], threads: int) -> str:
    code = "from lda.cli import main\nmain()\n"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--threads", str(threads)],
        stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise click.ClickException(f"lda {' '.join(arguments)} ended with exit code {done.returncode}")
    return done.stdout


_PEAK: Final = """
import atexit, resource, sys
from lda.cli import main
def tell():
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
atexit.register(tell)
main()
"""


def _timed(arguments: list[str], folder: Path, threads: int) -> list[str]:
    """documents, described, with text, seconds, those of processors, peak, size of one report."""
    page = folder / "report.html"
    began = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable, "-c", _PEAK, "report", *arguments, "-o", str(page), "--overwrite", "--json", "-q",
            "--threads", str(threads),
        ],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        raise click.ClickException(done.stderr[-500:])
    value = json.loads(done.stdout)
    click.echo(f"{arguments[0]}: {seconds:.1f} s, {value['bytes'] / 1e6:.2f} MB", err=True)
    processors, peak = map(float, done.stderr.split()[-2:])
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kB elsewhere
    return [
        f"{value['n_documents']:,}",
        f"{value['n_described']:,}",
        f"{value['n_texts']:,}",
        f"{seconds:.1f}",
        f"{processors:.1f}",
        f"{peak / unit:,.0f}",
        f"{value['bytes'] / 1e6:.2f}",
    ]


def _make(folder: Path, n_topics: int, n_terms: int, n_documents: int = 20_000, length: int = 120) -> None:
    """A model whose counts are draws from its topics, and documents that mix some of these."""
    import lda

    rng = np.random.default_rng(0)
    frequency = 1.0 / np.arange(1, n_terms + 1)  # as in text (Zipf), whatever the words
    counts = sp.lil_matrix((n_terms, n_topics), dtype=np.int32)
    own = []
    for k in range(n_topics):
        terms = rng.choice(n_terms, size=min(2000, n_terms), replace=False, p=frequency / frequency.sum())
        p = rng.dirichlet(np.full(len(terms), 0.05))
        found = rng.multinomial(rng.integers(2_000, 20_000), p)
        counts[terms[found > 0], k] = found[found > 0][:, None]
        own.append((terms, p))
    rows = []
    for _ in range(n_documents):
        topics = rng.choice(n_topics, size=4, replace=False)
        words = np.concatenate([rng.choice(own[k][0], size=length // 4, p=own[k][1]) for k in topics])
        rows.append(
            sp.csr_matrix(
                (np.ones(len(words), dtype=np.int32), (np.zeros(len(words), int), words)), (1, n_terms)
            )
        )
    n_tokens = int(counts.sum())
    seed = lda.LDA(2, max_iter=2, random_state=0).fit(np.eye(3, dtype=np.int32)).model_
    model = lda.Model(
        counts=counts.tocsr(),
        alpha=np.full(n_topics, 0.1),
        beta=0.01,
        vocabulary=[f"term{i}" for i in range(n_terms)],
        record=replace(
            seed.record,
            named_terms=False,
            n_documents=n_documents,
            n_tokens=n_tokens,
            n_trained_tokens=n_tokens,
        ),
    )
    folder.mkdir(parents=True, exist_ok=True)
    sp.save_npz(folder / "documents.npz", sp.vstack(rows).tocsr())
    model.save(folder / "model")
