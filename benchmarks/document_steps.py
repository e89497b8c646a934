"""What the steps on documents cost: seconds of a corpus without and with each, and near-duplicates by datasketch."""

from __future__ import annotations

import lzma
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmarks.corpora import SOURCES
from benchmarks.report import machine, table
from lda.corpus import Recipe, build_corpus, read_corpus
from lda.corpus.arrow import string_list
from lda.corpus.documents.steps import DocumentSteps

if TYPE_CHECKING:
    from lda.corpus import Corpus

STEPS: dict[str, dict[str, Any]] = {
    "nothing": {},
    "where": {"where": "date >= '2010-01-01' and primary_category in (cs.LG, cs.CL, cs.CV)"},
    "where, all fulfil it": {"where": "date >= '1900-01-01'"},
    "split-tokens 100": {"split_tokens": 100},
    "types auto": {"types": "auto"},
    "dedupe exact": {"dedupe": "exact"},
    "dedupe 0.9": {"dedupe": 0.9},
    "join-by primary_category": {"join_by": "primary_category"},
}


def by_datasketch(corpus: Corpus, texts: list[str], threshold: float) -> tuple[int, float]:
    """Documents that datasketch's index calls near-duplicates of an earlier one that stays, and the seconds.

    By stretches of three words, as ours, but told by sketches alone.
    """
    import datasketch

    before = time.perf_counter()
    index = datasketch.MinHashLSH(threshold=threshold, num_perm=128)
    found = 0
    word = re.compile(r"[^\W\d_]{2,}")
    for number, text in enumerate(texts):
        words = word.findall(text.lower())
        sketch = datasketch.MinHash(128, seed=1)
        sketch.update_batch({" ".join(words[i : i + 3]).encode() for i in range(len(words) - 2)})
        if index.query(sketch):
            found += 1
        else:
            index.insert(str(number), sketch)
    return found, time.perf_counter() - before


@click.command()
@click.option("--corpus", "name", type=click.Choice(["arxiv"]), default="arxiv", help="Corpus.")
@click.option("--threads", type=int, default=1, help="Threads.")
@click.option("--against/--not-against", default=True, help="Whether datasketch is timed.")
def document_steps(name: str, threads: int, *, against: bool) -> None:
    """Seconds to read a corpus with each step, and how many documents it leaves."""
    source = SOURCES[name]
    rows = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        path = Path(scratch) / "texts.tsv"
        with lzma.open(source.path) as packed:
            path.write_bytes(packed.read())
        for label, how in STEPS.items():
            before = time.perf_counter()
            made = build_corpus(
                [path],
                Path(scratch) / "corpus",
                recipe=Recipe(text=source.text),
                overwrite=True,
                threads=threads,
                steps=DocumentSteps(**how),
            )
            seconds = time.perf_counter() - before
            megabytes = path.stat().st_size / 1e6
            rows.append([label, f"{seconds:.1f}", f"{megabytes / seconds:.1f}", f"{made.n_documents:,}"])
        if against:
            whole = read_corpus([path], recipe=Recipe(text=source.text), threads=threads)
            texts = [" ".join(line.split("\t")[4:]) for line in path.read_text().splitlines()[1:]]
            found, seconds = by_datasketch(whole, texts, 0.9)
            left = len(string_list(whole.document_ids())) - found
            rows.append(["datasketch 0.9 alone", f"{seconds:.1f}", f"{megabytes / seconds:.1f}", f"{left:,}"])
    click.echo(f"{name}, {threads} threads; {machine()}\n\n{table(['step', 's', 'MB/s', 'documents'], rows)}")
