"""A corpus and a model that go on living: an append beside a build, and going on beside a fit from scratch."""

from __future__ import annotations

import gzip
import lzma
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import click

from benchmarks.corpora import SOURCES, Source, default_source, recipe
from benchmarks.report import machine, table
from lda.building.append import append_corpus
from lda.cluster import FitSettings, fit
from lda.corpus import Corpus, build_corpus, read_corpus
from lda.model.going_on import SAMPLED_ONWARD, beginning
from lda.model.model import Model

HELD_OUT = 20
"""Each document of so many is kept out to score on."""


def lines_of(source: Source, most: int | None) -> tuple[list[bytes], list[bytes]]:
    """The header of the file, if it has one, and its documents, a line each."""
    opened = lzma.open if source.path.suffix == ".xz" else gzip.open
    with opened(source.path) as file:
        lines = file.readlines()
    heads = 1 if ".tsv" in source.path.name else 0
    return lines[:heads], lines[heads:][:most]


def written(folder: Path, name: str, source: Source, header: list[bytes], lines: list[bytes]) -> Path:
    """A file of these documents."""
    suffix = ".tsv" if ".tsv" in source.path.name else ".jsonl"
    path = folder / f"{name}{suffix}"
    path.write_bytes(b"".join(header + lines))
    return path


@click.group()
def living() -> None:
    """Append to a corpus, and go on from a model."""


@living.command("append")
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--share", default=0.01, help="Of the documents, the last ones, that are appended.")
@click.option("--threads", default=1, help="Of the reading.")
@click.option("--repeats", default=3, help="Appends, of which the median is taken; each to a fresh corpus.")
def append(name: str, share: float, threads: int, repeats: int) -> None:
    """Seconds to append the last documents, beside those of building the corpus of all."""
    source = SOURCES[name]
    header, lines = lines_of(source, None)
    cut = round(len(lines) * (1 - share))
    how = recipe(source)
    rows, ratios = [], []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        folder = Path(scratch)
        whole = written(folder, "all", source, header, lines)
        before = written(folder, "before", source, header, lines[:cut])
        after = written(folder, "after", source, header, lines[cut:])
        for repeat in range(repeats):
            began = time.perf_counter()
            build_corpus([whole], folder / f"all-{repeat}", recipe=how, threads=threads)
            built = time.perf_counter() - began
            build_corpus([before], folder / f"corpus-{repeat}", recipe=how, threads=threads)
            began = time.perf_counter()
            made = append_corpus(folder / f"corpus-{repeat}", [after], threads=threads, skip_known=True)
            appended = time.perf_counter() - began
            ratios.append(appended / built)
            rows.append([f"{built:.2f}", f"{made.n_documents:,}", f"{appended:.3f}", f"{ratios[-1]:.2%}"])
    click.echo(f"{name}, {len(lines):,} documents, {threads} threads; {machine()}\n")
    click.echo(table(["build of all, s", "appended", "append, s", "share of the build"], rows))
    click.echo(f"\nmedian {statistics.median(ratios):.2%}")


@living.command("onward")
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--documents", "most", type=int, help="Take only the first so many.")
@click.option("--topics", default=100, help="Of the models.")
@click.option("--share", default=0.05, help="Of the documents, the last ones, that are new.")
@click.option("--sweeps", default=200, help="Of the fits from scratch.")
@click.option("--onward", "counts", default="10,20,40", help="Sweeps of those that go on.")
@click.option("--seeds", default=1, help="Fits of each kind.")
@click.option("--threads", type=int, help="Of the fits.")
def onward(
    name: str,
    most: int | None,
    topics: int,
    share: float,
    sweeps: int,
    counts: str,
    seeds: int,
    threads: int | None,
) -> None:
    """Seconds and held-out log-likelihood of fits to a corpus that has grown: from scratch, and from a model."""
    source = SOURCES[name]
    header, lines = lines_of(source, most)
    kept = [line for number, line in enumerate(lines) if number % HELD_OUT]
    out = [line for number, line in enumerate(lines) if not number % HELD_OUT]
    cut = round(len(kept) * (1 - share))
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        folder = Path(scratch)
        place = folder / "corpus"
        build_corpus([written(folder, "before", source, header, kept[:cut])], place, recipe=recipe(source))
        before = Corpus.open(place)
        settings = FitSettings(n_topics=topics, sweeps=sweeps, threads=threads)
        earlier = Model.from_fit(fit(before, settings), before)
        new = append_corpus(
            place, [written(folder, "after", source, header, kept[cut:])], skip_known=True
        ).corpus
        scored = read_corpus([written(folder, "held-out", source, header, out)], recipe=recipe(source))

        def measured(label: str, seed: int, n: int, *, goes_on: bool) -> tuple[float, float]:
            """Seconds and nats a token of one fit."""
            begin = beginning(earlier, new) if goes_on else None
            chosen = FitSettings(n_topics=topics, sweeps=n, seed=seed, threads=threads)
            if goes_on:  # as `lda fit --init-from` does: under the model's priors
                chosen = replace(chosen, start="given", optimize_interval=0, sample_interval=SAMPLED_ONWARD)
            began = time.perf_counter()
            made = Model.from_fit(fit(new, chosen, begin=begin), new)
            seconds = time.perf_counter() - began
            return seconds, made.heldout_score(scored).log_likelihood

        plans = [("from scratch", sweeps, False)] + [("going on", int(n), True) for n in counts.split(",")]
        at_first = None
        for label, n, goes_on in plans:
            found = [measured(label, seed, n, goes_on=goes_on) for seed in range(1, seeds + 1)]
            seconds = statistics.median(one[0] for one in found)
            score = statistics.mean(one[1] for one in found)
            at_first = seconds if at_first is None else at_first
            rows.append([label, str(n), f"{seconds:.1f}", f"{seconds / at_first:.0%}", f"{score:.4f}"])
    click.echo(
        f"{name}, {new.n_documents:,} documents, {new.n_tokens:,} tokens, {topics} topics; {machine()}\n"
    )
    click.echo(table(["fit", "sweeps", "seconds", "of scratch", "nats a token"], rows))
