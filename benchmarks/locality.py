"""Where the time of a sweep goes: phi, sampling, counting; and how much of sampling is waiting for memory.

There need be no counters of the processor for that. A document that is resampled many times in a row finds all that it
reads in the nearest cache; resampled once in each of many rounds over the corpus, it finds it where it lies in a sweep.
The work is the same, so what the rounds take longer is memory.
"""

from __future__ import annotations

import itertools
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
import numpy as np

from benchmarks.corpora import SOURCES, default_source, prepared
from benchmarks.report import machine, table
from lda.cluster import FitSettings
from lda.cluster.loop.local_engine import Engine

if TYPE_CHECKING:
    from lda.cluster.documents.assignments import Assigned, Span
    from lda.corpus import Corpus
    from lda.samplers.phi.language_model import LanguageModel

ROUNDS = 12
TOKENS = 300_000
"""Resampled in each round: many times what the nearest caches hold of phi."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Seconds of each part of a sweep by one thread, and nanoseconds a token of sampling."""

    phi: float
    sampling: float
    counting: float
    cold: float
    near: float


def parts_of(engine: Engine) -> tuple[float, float, float]:
    """Seconds for phi, for sampling and for counting in one sweep."""
    sweeper, shard = engine.sweeper, engine.documents.shards[0]
    spent = np.zeros(3)
    model = sweeper._model
    if model is None:
        raise RuntimeError("the engine has been closed")
    for phase in range(engine.plan.phases):
        marks = [time.perf_counter()]
        counts, totals = engine.aggregator.counts, engine.aggregator.topic_totals
        built = model.build(counts, totals, engine.priors, engine.threads, engine.pass_number * 10 + phase)
        marks.append(time.perf_counter())
        shard.sample(
            phase,
            engine.pass_number,
            sweeper.sampler,
            built,
            engine.threads,
            stage=engine.plan.n_stages - 1,
            fresh=False,
        )
        marks.append(time.perf_counter())
        sweeper.apply(phase)
        marks.append(time.perf_counter())
        spent += np.diff(marks)
    engine.pass_number += 1
    return float(spent[0]), float(spent[1]), float(spent[2])


def nanoseconds(
    engine: Engine, assigned: Assigned, spans: list[Span], model: LanguageModel, tokens: int, *, near: bool
) -> float:
    """Nanoseconds, by token, of resampling spans of documents: each many times in a row, or all in many rounds."""
    rounds = range(engine.pass_number, engine.pass_number + ROUNDS)
    order = ((s, r) for s in spans for r in rounds) if near else ((s, r) for r in rounds for s in spans)
    sampler, seed = engine.sweeper.sampler, engine.settings.seed
    before = time.perf_counter()
    for span, sweep in order:
        assigned.sample(span, sweep, seed, sampler, model, fresh=False)
    return (time.perf_counter() - before) / (tokens * ROUNDS) * 1e9


def shares(corpus: Corpus, settings: FitSettings, sweeps: int, repeats: int) -> Shares:
    """The shares of a sweep after `sweeps` of them."""
    engine = Engine(corpus, settings, lambda: False)
    try:
        engine.start()
        for sweep in range(sweeps):
            engine.sweep()
            if sweep % 5 == 4:
                engine.learn_priors()
        found = [parts_of(engine) for _ in range(repeats)]
        model = engine.sweeper._model
        if model is None:
            raise RuntimeError("the engine has been closed")
        assigned = engine.documents.shards[0].assigned
        last = int(np.searchsorted(assigned.doc_offsets, TOKENS))
        spans, tokens = list(itertools.pairwise(range(last + 1))), int(assigned.doc_offsets[last])
        # A call costs some microseconds, whatever it is for.
        nothing = [(0, 0)] * len(spans)
        pairs = []
        for _ in range(repeats):
            call = nanoseconds(engine, assigned, nothing, model.model, tokens, near=False)
            pairs.append(
                [
                    nanoseconds(engine, assigned, spans, model.model, tokens, near=near) - call
                    for near in (False, True)
                ]
            )
        cold, near = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
        phi, sampling, counting = (statistics.median(part[i] for part in found) for i in range(3))
        return Shares(phi, sampling, counting, cold, near)
    finally:
        engine.close()


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("-k", "numbers", type=int, multiple=True, default=(100, 1000), help="Topics.")
@click.option("--sampler", "samplers", multiple=True, default=("adlda", "esca"), help="Samplers.")
@click.option("--sweeps", type=int, default=40, help="Sweeps before the one that is looked at.")
@click.option("--repeats", type=int, default=3, help="Measurements of which the median is taken.")
def locality(
    name: str, numbers: tuple[int, ...], samplers: tuple[str, ...], sweeps: int, repeats: int
) -> None:
    """Where the time of a sweep goes, and how much of it is waiting for memory; one thread."""
    corpus = prepared(name)
    click.echo(f"{machine()}\n{name}: {corpus.n_tokens:,} tokens, one thread, after {sweeps} sweeps\n")
    rows = []
    for n_topics in numbers:
        for sampler in samplers:
            settings = FitSettings(
                n_topics=n_topics, sampler=sampler, threads=1, evaluate_every=10**6
            ).resolved()
            found = shares(corpus, settings, sweeps, repeats)
            whole = found.phi + found.sampling + found.counting
            rows.append(
                (
                    f"{n_topics:,}",
                    sampler,
                    *(f"{100 * part / whole:.0f} %" for part in (found.phi, found.sampling, found.counting)),
                    f"{1e9 * found.sampling / corpus.n_tokens:.0f}",
                    f"{found.cold:.0f}",
                    f"{found.near:.0f}",
                    f"{100 * (1 - found.near / found.cold):.0f} %",
                )
            )
            click.echo("  ".join(rows[-1]), err=True)
    header = (
        "K", "sampler", "phi", "sampling", "counting", "ns a token sampled", "one by one", "all at hand", "memory",
    )  # fmt: skip
    click.echo(table(header, rows))
