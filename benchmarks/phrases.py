"""Finding phrases: seconds of our counts, and of gensim's on the same words, which it gets ready-made."""

from __future__ import annotations

import dataclasses
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import click

from benchmarks.corpora import SOURCES, default_source, recipe
from benchmarks.report import machine, table
from lda.corpus import Corpus, Recipe, build_corpus


def build_seconds(path: Path, how: Recipe, threads: int) -> tuple[float, int]:
    """Seconds to build a corpus, and how many phrases it has."""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        before = time.perf_counter()
        made = build_corpus([path], Path(scratch) / "corpus", recipe=how, threads=threads)
        seconds = time.perf_counter() - before
        assert made.recipe is not None
        return seconds, len(made.recipe.phrase_pairs or ())


def words_of(corpus: Corpus) -> list[list[str]]:
    """The documents as lists of words."""
    terms = corpus.vocabulary
    found = []
    for number in range(corpus.n_shards):
        _, _, offsets, words = corpus.shard(number)
        spelled = [terms[word] for word in words.tolist()]
        found += [spelled[low:high] for low, high in pairwise(offsets.tolist())]
    return found


def gensim_seconds(words: list[list[str]], scoring: str) -> tuple[float, int]:
    """Seconds of gensim to count, score and join, and how many phrases it finds; all words are in memory."""
    from gensim.models.phrases import Phrases

    before = time.perf_counter()
    found = Phrases(words, scoring=scoring, threshold=0.5 if scoring == "npmi" else 10.0).freeze()
    for document in words:
        found[document]
    return time.perf_counter() - before, len(found.phrasegrams)


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--phrases", type=click.Choice(["npmi", "count"]), default="npmi", help="How pairs are scored.")
@click.option("--threads", type=int, default=1, help="Of the reading.")
@click.option("--repeats", type=int, default=3, help="Runs of which the median is taken.")
def phrases(name: str, phrases: str, threads: int, repeats: int) -> None:
    """A corpus with and without phrases, beside gensim's Phrases on its words."""
    source = SOURCES[name]
    plain = dataclasses.replace(recipe(source), min_df=1, max_df=1.0)
    joined = dataclasses.replace(plain, phrases=phrases)
    runs = {
        "raylda, read and indexed": lambda: build_seconds(source.path, plain, threads),
        "raylda, with phrases": lambda: build_seconds(source.path, joined, threads),
    }
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        words = words_of(build_corpus([source.path], Path(scratch) / "corpus", recipe=plain))
    scoring = {"npmi": "npmi", "count": "default"}[phrases]
    rows = []
    for label, run in (*runs.items(), ("gensim, words in memory", lambda: gensim_seconds(words, scoring))):
        made = [run() for _ in range(repeats)]
        rows.append([label, f"{statistics.median(seconds for seconds, _ in made):.1f}", f"{made[0][1]:,}"])
    n_tokens = sum(map(len, words))
    found = table(["system", "seconds", "phrases"], rows)
    click.echo(f"{name}, {n_tokens:,} words, {phrases}; {machine()}\n\n{found}")
