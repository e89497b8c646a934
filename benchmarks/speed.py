"""Sampling speed: tokens per second of every sampler, beside tomotopy, in one run.

Each rate is over all sweeps after the start, averaged within a fit, and the median over repeats; the systems
alternate, so that a slow minute of the machine falls on all of them.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, Final

import click

from benchmarks.corpora import SOURCES, default_source, documents, prepared
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table
from lda.cluster import FitSettings, fit

if TYPE_CHECKING:
    from lda.corpus import Corpus

BETA: Final = 0.01
SAMPLERS = ("adlda", "esca", "esca-leave-out", "pclda", "uncollapsed")


def our_rate(
    corpus: Corpus, sampler: str, n_topics: int, sweeps: int, threads: int, seed: int
) -> tuple[float, float]:
    """(tokens per second over the sweeps, seconds of the start)."""
    settings = FitSettings(
        n_topics=n_topics, sampler=sampler, sweeps=sweeps, threads=threads, seed=seed, evaluate_every=10**6
    )
    result = fit(corpus, settings, document_topics=False)
    start = result.seconds - result.n_tokens * result.n_sweeps / result.tokens_per_second
    return result.tokens_per_second, start


def tomotopy_model(corpus: Corpus, n_topics: int, seed: int) -> Any:  # noqa: ANN401 - it has no stubs
    """An untrained model of tomotopy with the documents of a corpus; alpha is learned as ours is."""
    import tomotopy

    model = tomotopy.LDAModel(k=n_topics, alpha=min(0.1, 20 / n_topics), eta=BETA, seed=seed)
    names = corpus.vocabulary
    for document in documents(corpus):
        model.add_doc([names[w] for w in document])
    return model


def tomotopy_rate(corpus: Corpus, n_topics: int, sweeps: int, threads: int, seed: int) -> float:
    """Tokens per second of tomotopy's collapsed sampler; the start not counted."""
    model = tomotopy_model(corpus, n_topics, seed)
    model.train(1, workers=threads, show_progress=False)
    before = time.perf_counter()
    model.train(sweeps, workers=threads, show_progress=False)
    return float(model.num_words * sweeps / (time.perf_counter() - before))


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("-k", "topics", type=int, multiple=True, default=(100, 1000), help="Numbers of topics.")
@click.option("--sampler", "samplers", multiple=True, default=SAMPLERS, help="Samplers.")
@click.option("--sweeps", type=int, default=50, help="Sweeps a fit.")
@click.option("--threads", type=int, default=2, help="Threads, and workers of tomotopy.")
@click.option("--repeats", type=int, default=3, help="Fits of which the median is taken.")
@click.option("--peer-sweeps", type=int, default=10, help="Sweeps of tomotopy; 0 leaves it out.")
@docs_option("the table into docs/benchmarks.md")
def speed(
    name: str,
    topics: tuple[int, ...],
    samplers: tuple[str, ...],
    sweeps: int,
    threads: int,
    repeats: int,
    peer_sweeps: int,
    write_docs: bool,
) -> None:
    """Tokens per second of each sampler, beside tomotopy."""
    corpus = prepared(name)
    for sampler in samplers:  # kernels compile before any clock runs
        our_rate(corpus, sampler, 16, 1, threads, 0)
    rows: list[list[object]] = []
    for n_topics in topics:
        rates: dict[str, list[float]] = {}
        starts: dict[str, list[float]] = {}
        for repeat in range(repeats):
            for sampler in samplers:
                rate, start = our_rate(corpus, sampler, n_topics, sweeps, threads, repeat)
                rates.setdefault(f"raylda {sampler}", []).append(rate)
                starts.setdefault(f"raylda {sampler}", []).append(start)
            if peer_sweeps and repeat == 0:
                _peer(rates, corpus, n_topics, peer_sweeps, threads)
        peer = statistics.median(rates.get("tomotopy", [float("nan")]))
        for system, values in rates.items():
            rate = statistics.median(values)
            waited = f"{statistics.median(starts[system]):.1f}" if system in starts else "-"
            rows.append([n_topics, system, f"{rate / 1e6:.1f}", waited, f"{rate / peer:.1f}"])
    about = (
        f"{name}: {corpus.n_documents:,} documents, {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms; "
        f"{threads} threads, {sweeps} sweeps, median of {repeats}; {machine()}"
    )
    found = table(["K", "system", "million tokens/s", "start, s", "times tomotopy"], rows)
    say_and_write("speed", f"{about}\n\n{found}", write_docs)


def _peer(rates: dict[str, list[float]], corpus: Corpus, n_topics: int, sweeps: int, threads: int) -> None:
    try:
        rates["tomotopy"] = [tomotopy_rate(corpus, n_topics, sweeps, threads, 0)]
    except ImportError:
        click.echo("tomotopy is not installed here (pip install tomotopy), so it is left out", err=True)
