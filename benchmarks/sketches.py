"""Sketches for near-duplicates: seconds and errors of rensa and datasketch on the shingles of the same documents."""

from __future__ import annotations

import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import numpy.typing as npt

from benchmarks.corpora import SOURCES, default_source, recipe
from benchmarks.report import machine, table
from lda.corpus import build_corpus
from lda.corpus.documents.near_duplicates import SLOTS
from lda.corpus.documents.shingles import Shingler
from lda.splitting.near_duplicates import near_duplicate_clusters

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.corpus import Corpus

    Sets = list[npt.NDArray[np.uint64]]

SIMILARITIES = (0.5, 0.8, 0.9)
PAIRS = 1000


def shingle_sets(corpus: Corpus) -> Sets:
    """The shingles of each document, each once."""
    shingler, sets = Shingler(corpus.vocabulary, ordered=corpus.ordered), []
    for index in range(corpus.n_shards):
        shard = corpus.shard(index)
        shingles, ends = shingler.of(shard.doc_offsets, shard.words)
        sets += [np.unique(shingles[low:high]) for low, high in pairwise(ends.tolist())]
    return sets


def of_rensa(sets: Sets) -> npt.NDArray[Any]:
    """(n, SLOTS) sketches."""
    import rensa

    ends = np.cumsum([0, *map(len, sets)]).astype(np.uint64)
    made = rensa.RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(sets), ends, SLOTS, 1)
    return np.array(made.to_rows(), dtype=np.uint32)


def of_datasketch(sets: Sets) -> npt.NDArray[Any]:
    """(n, SLOTS) sketches."""
    import datasketch

    made = []
    for one in sets:
        sketch = datasketch.MinHash(SLOTS, seed=1, hashfunc=int)
        sketch.update_batch((one & np.uint64(0xFFFFFFFF)).tolist())
        made.append(sketch.hashvalues)
    return np.array(made)


def errors(sketch: Callable[[Sets], npt.NDArray[Any]], sets: Sets, similarity: float) -> npt.NDArray[Any]:
    """(PAIRS,) what sketches say of pairs of that similarity, less what is true."""
    rng = np.random.default_rng(0)
    ones, others, true = [], [], []
    for one in sets[:PAIRS]:
        shared = round(2 * len(one) * similarity / (1 + similarity))
        new = rng.integers(0, 2**63, len(one) - shared, dtype=np.uint64)
        ones.append(one)
        others.append(np.concatenate([rng.permutation(one)[:shared], new]))
        true.append(shared / (2 * len(one) - shared))
    return np.asarray((sketch(ones) == sketch(others)).mean(axis=1) - true)


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--documents", type=int, default=4000, help="Documents of which datasketch makes sketches.")
def sketches(name: str, documents: int) -> None:
    """Seconds a thousand documents, standard deviation of the estimates, and seconds to find all near-duplicates."""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        corpus = build_corpus([SOURCES[name].path], Path(scratch) / "corpus", recipe=recipe(SOURCES[name]))
        sets = shingle_sets(corpus)
        before = time.perf_counter()
        near_duplicate_clusters(corpus, 0.9)
        found = time.perf_counter() - before
    long = [one for one in sets if len(one) > 50]
    rows = []
    for label, sketch, some in (
        ("rensa", of_rensa, sets),
        ("datasketch", of_datasketch, sets[:documents]),
    ):
        before = time.perf_counter()
        sketch(some)
        seconds = (time.perf_counter() - before) / len(some) * 1000
        deviations = [errors(sketch, long, similarity).std() for similarity in SIMILARITIES]
        rows.append([label, f"{seconds:.4f}", *(f"{deviation:.4f}" for deviation in deviations)])
    theory = [(similarity * (1 - similarity) / SLOTS) ** 0.5 for similarity in SIMILARITIES]
    rows.append(["independent slots", "", *(f"{deviation:.4f}" for deviation in theory)])
    head = ["sketches", "s per 1,000", *(f"error at {similarity}" for similarity in SIMILARITIES)]
    click.echo(f"{name}, {corpus.n_documents:,} documents; {machine()}\n\n{table(head, rows)}")
    click.echo(f"\nall near-duplicates of similarity 0.9, looked at one by one: {found:.1f} s")
