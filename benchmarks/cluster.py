"""What a cluster costs: Ray beside one process, bytes and aggregator seconds, checkpoints, and a projection."""

from __future__ import annotations

import statistics
import tempfile
import time
from typing import TYPE_CHECKING, Final

import click

from benchmarks.corpora import SOURCES, default_source, prepared
from benchmarks.exchange import Measured, sweeps_of
from benchmarks.overhead import TURN, against_one_process
from benchmarks.projection import Costs, project
from benchmarks.report import machine, table
from lda.cluster import Checkpointing, FitSettings, fit
from lda.deploy.sizing import Setup

if TYPE_CHECKING:
    from lda.corpus import Corpus

NEVER: Final = 10**6
TARGET: Final = 1e9
"""Tokens a second on 20 nodes of 36 hardware threads, as ESCA's authors reported (Zaheer et al. 2016)."""

THREADS_A_NODE: Final = 36
CORE_OF_A_THREAD: Final = 0.6
"""What a hardware thread is worth of a core measured here: two share one, and gain a fifth by it."""


def checkpoints(corpus: Corpus, settings: FitSettings, repeats: int) -> None:
    """A fit with a checkpoint every 10 sweeps, and one without, in turns."""
    seconds: dict[int, list[float]] = {0: [], 10: []}
    for _ in range(repeats):
        for every, found in seconds.items():
            with tempfile.TemporaryDirectory() as folder:
                before = time.perf_counter()
                where = Checkpointing(path=folder, every=every)
                fit(corpus, settings, document_topics=False, checkpointing=where)
                found.append(time.perf_counter() - before)
    share = statistics.median(seconds[10]) / statistics.median(seconds[0]) - 1
    click.echo(
        f"a checkpoint every 10 sweeps: {100 * share:+.1f} % of the time of a fit of {settings.sweeps} sweeps "
        f"(medians {statistics.median(seconds[10]):.1f} and {statistics.median(seconds[0]):.1f} s)\n"
    )


def exchanged(corpus: Corpus, settings: FitSettings, workers: tuple[int, ...], sweeps: int) -> list[Measured]:
    """Print bytes and seconds of one sweep for several numbers of logical workers."""
    measured = [sweeps_of(corpus, settings, n, sweeps) for n in workers]
    rows = [
        (
            m.workers,
            f"{m.pushed / m.n_tokens:.2f}",
            f"{m.pulled / m.n_tokens:.2f}",
            f"{m.seconds['sample']:.2f}",
            f"{m.seconds['net and encode']:.2f}",
            f"{m.seconds['aggregate'] / m.workers:.2f}",
            f"{m.seconds['take in'] / m.workers:.2f}",
            f"{m.changed:.2f}",
        )
        for m in measured
    ]
    header = (
        "workers", "bytes pushed a token", "bytes pulled a token, each worker", "s sampling, all",
        "s netting, all", "s of an aggregator", "s taking in, each", "tokens changed",
    )  # fmt: skip
    click.echo(f"sweep {sweeps} of {settings.sampler}, as many aggregators as workers, one core each")
    click.echo(table(header, rows) + "\n")
    return measured


def projection(m: Measured, settings: FitSettings, corpus: Corpus, tokens_a_node: float) -> None:
    """Print what 20 and 100 nodes would do."""
    costs, cores = Costs.of(m), THREADS_A_NODE * CORE_OF_A_THREAD
    rows = []
    for nodes in (20, 100):
        for gigabits in (10, 100):
            setup = Setup(
                n_documents=int(corpus.n_documents * tokens_a_node * nodes / corpus.n_tokens),
                n_tokens=int(tokens_a_node * nodes),
                n_terms=corpus.n_terms,
                n_topics=settings.n_topics,
                phases=settings.phases or 1,
                workers=nodes,
                aggregators=nodes,
            )
            p = project(m, setup, costs, cores=cores, bits_per_second=gigabits * 1e9)
            share = p.seconds[p.bottleneck] / sum(p.seconds.values())
            rows.append(
                (
                    nodes,
                    gigabits,
                    f"{p.in_step / 1e9:.2f}",
                    f"{p.overlapped / 1e9:.2f}",
                    f"{p.bottleneck} ({100 * share:.0f} %)",
                    "yes" if p.in_step >= TARGET else "no",
                )
            )
    click.echo(
        f"PROJECTION, not a measurement: {settings.sampler}, K = {settings.n_topics}, {tokens_a_node:,.0f} tokens a "
        f"node, nodes of {THREADS_A_NODE} hardware threads,\neach worth {CORE_OF_A_THREAD} of a core measured here"
    )
    header = ("nodes", "Gbit/s", "G tokens/s in step", "overlapped", "most of a sweep in step", "1 G in step")
    click.echo(table(header, rows) + "\n")


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("-k", "n_topics", type=int, default=1000, help="Topics.")
@click.option("--sampler", "samplers", multiple=True, default=("adlda", "esca"), help="Samplers.")
@click.option("--sweeps", type=int, default=30, help="Sweeps a fit.")
@click.option("--repeats", type=int, default=3, help="Fits of which the median is taken; 0 leaves them out.")
@click.option("--turns", type=int, default=15, help="Turns of the engines, likewise.")
@click.option("--workers", type=int, multiple=True, default=(1, 2, 4, 8), help="Logical workers.")
@click.option("--tokens-a-node", type=float, default=5e8, help="Corpus of the projection.")
def cluster(
    name: str,
    n_topics: int,
    samplers: tuple[str, ...],
    sweeps: int,
    repeats: int,
    turns: int,
    workers: tuple[int, ...],
    tokens_a_node: float,
) -> None:
    """Ray beside one process, what is exchanged, what checkpoints cost, and a projection to many nodes."""
    corpus = prepared(name)
    click.echo(f"{machine()}\n{name}: {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms, K = {n_topics}\n")
    for sampler in samplers:
        settings = FitSettings(
            n_topics=n_topics, sampler=sampler, start="random", sweeps=sweeps, threads=2, evaluate_every=NEVER
        ).resolved()
        fit(corpus, FitSettings(n_topics=16, sampler=sampler, sweeps=1))  # kernels compile before any clock
        if turns:
            click.echo(f"{sampler}, {turns} turns of {TURN} sweeps each, medians")
            against_one_process(corpus, settings, turns)
        if repeats:
            click.echo(f"{sweeps} sweeps, medians of {repeats}")
            checkpoints(corpus, settings, repeats)
        measured = exchanged(corpus, settings, workers, sweeps)
        projection(measured[-1], settings, corpus, tokens_a_node)
