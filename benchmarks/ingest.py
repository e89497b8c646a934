"""Reading speed: megabytes of raw text per second and core, from file to indexed corpus on disk."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import click

from benchmarks.corpora import SOURCES, default_source, recipe
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table
from lda.corpus import build_corpus


def our_seconds(path: Path, name: str, threads: int) -> float:
    """Seconds to read, tokenise, index and write."""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        before = time.perf_counter()
        build_corpus([path], Path(scratch) / "corpus", recipe=recipe(SOURCES[name]), threads=threads)
        return time.perf_counter() - before


def sklearn_seconds(texts: list[str], min_df: int) -> float:
    """Seconds of scikit-learn's CountVectorizer on texts already in memory."""
    from sklearn.feature_extraction.text import CountVectorizer

    before = time.perf_counter()
    CountVectorizer(min_df=min_df, max_df=0.5, stop_words="english").fit_transform(texts)
    return time.perf_counter() - before


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--repeats", type=int, default=3, help="Runs of which the median is taken.")
@docs_option("the table into docs/benchmarks.md")
def ingest(name: str, repeats: int, write_docs: bool) -> None:
    """Reading and indexing raw text, beside scikit-learn's CountVectorizer."""
    source = SOURCES[name]
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        # Decompression is not what is measured.
        plain = Path(scratch) / source.path.with_suffix("").name
        plain.write_bytes(_decompressed(source.path))
        texts = _texts(plain, source.text.split(","))
        megabytes = sum(len(text.encode()) for text in texts) / 1e6
        rows = []
        for label, run in (
            ("raylda, 1 thread", lambda: our_seconds(plain, name, 1)),
            ("raylda, 2 threads", lambda: our_seconds(plain, name, 2)),
            ("CountVectorizer, texts in memory", lambda: sklearn_seconds(texts, source.min_df)),
        ):
            seconds = statistics.median(run() for _ in range(repeats))
            rows.append([label, f"{megabytes:.0f}", f"{seconds:.1f}", f"{megabytes / seconds:.1f}"])
    found = table(["system", "text, MB", "seconds", "MB/s"], rows)
    say_and_write("ingest", f"{name}; {machine()}\n\n{found}", write_docs)


def _decompressed(path: Path) -> bytes:
    import gzip
    import lzma

    unpack = {".gz": gzip.decompress, ".xz": lzma.decompress}.get(path.suffix)
    packed = path.read_bytes()
    return packed if unpack is None else unpack(packed)


def _texts(path: Path, fields: list[str]) -> list[str]:
    import json

    lines = path.read_text(encoding="utf-8").splitlines()
    if path.suffix == ".tsv":
        names = lines[0].split("\t")
        columns = [names.index(field) for field in fields]
        return [" ".join(line.split("\t")[c] for c in columns) for line in lines[1:]]
    return [" ".join(str(json.loads(line)[field]) for field in fields) for line in lines]
