"""Reading speed: megabytes of JSON lines per second and core, from files to indexed shards on disk, and its memory."""

from __future__ import annotations

import gzip
import json
import lzma
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import click

from benchmarks.corpora import SOURCES, default_source, recipe
from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table

WATCH: Final = """
import json, os, sys, threading, time

peak = 0
def of(pid):
    try:
        with open(f"/proc/{pid}/status") as file:
            found = dict(line.split(":", 1) for line in file)
    except OSError:
        return 0, 0
    size = lambda name: int(found.get(name, "0 kB").split()[0]) * 1024
    return int(found.get("PPid", 0)), size("RssAnon") + size("RssShmem")
def watch():
    global peak
    while True:
        seen = {int(name): of(name) for name in os.listdir("/proc") if name.isdigit()}
        mine = {os.getpid()}
        while more := {pid for pid, (parent, _) in seen.items() if parent in mine} - mine:
            mine |= more
        peak = max(peak, sum(seen[pid][1] for pid in mine if pid in seen))
        time.sleep(0.1)
threading.Thread(target=watch, daemon=True).start()
"""
"""Watches the memory of this process and of all that it has begun: without what is mapped, which the system takes back
when others need it."""

OURS: Final = (
    WATCH
    + """
from lda import Recipe
from lda.building.build import build_corpus
from lda.cluster import Cluster

path, output, recipe, how = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
if how.pop("ray", None):
    how["cluster"] = Cluster(address="local", workers=how.pop("workers"), threads_per_worker=1)
before = time.perf_counter()
build_corpus([path], output, recipe=Recipe.from_dict(recipe), **how)
print(json.dumps({"seconds": time.perf_counter() - before, "cpu": sum(os.times()[:4]), "peak": peak}))
"""
)

PEER: Final = (
    WATCH
    + """
import re

name, path, fields = sys.argv[1], sys.argv[2], sys.argv[3].split(",")
def texts():
    with open(path, encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            yield " ".join(row[field] for field in fields)
word = re.compile(r"[^\\W\\d_]{2,}")
if name == "gensim":
    from gensim.corpora import Dictionary, MmCorpus
    before = time.perf_counter()
    def tokens():
        for text in texts():
            yield word.findall(text.lower())
    dictionary = Dictionary(tokens())
    dictionary.filter_extremes(no_below=5, no_above=0.5, keep_n=None)
    MmCorpus.serialize(sys.argv[4], (dictionary.doc2bow(words) for words in tokens()))
elif name == "CountVectorizer":
    import scipy.sparse
    from sklearn.feature_extraction.text import CountVectorizer
    before = time.perf_counter()
    made = CountVectorizer(min_df=5, max_df=0.5, stop_words="english").fit_transform(texts())
    scipy.sparse.save_npz(sys.argv[4], made)
else:
    import tomotopy
    before = time.perf_counter()
    corpus = tomotopy.utils.Corpus()
    for text in texts():
        corpus.add_doc(word.findall(text.lower()))
    corpus.save(sys.argv[4])
print(json.dumps({"seconds": time.perf_counter() - before, "cpu": sum(os.times()[:4]), "peak": peak}))
"""
)
"""Each as its documentation has it, from the same file to a file."""

PEERS: Final = {"gensim": "gensim", "CountVectorizer": "sklearn", "tomotopy": "tomotopy"}
"""Names and packages of others."""


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("--repeats", type=int, default=3, help="Runs of which the median is taken.")
@click.option(
    "--gigabytes", type=float, help="Make a text of this size of the corpus, with new words in each copy."
)
@click.option("--ray", is_flag=True, help="Also one and two workers of Ray, which it takes seconds to begin.")
@click.option("--peers/--no-peers", default=True, help="Whether to run others, too.")
@docs_option("the table into docs/benchmarks.md")
def ingest(
    name: str, repeats: int, gigabytes: float | None, ray: bool, peers: bool, write_docs: bool
) -> None:
    """Reading and indexing JSON lines, by one core and two, beside gensim, CountVectorizer and tomotopy."""
    source = SOURCES[name]
    # Decompression is not what is measured, nor a format of one's own.
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        path = Path(scratch) / "text.jsonl"
        _made(name, path, gigabytes)
        megabytes = path.stat().st_size / 1e6
        how = json.dumps(recipe(source).to_dict() | {"text": "text"})
        systems: list[tuple[str, list[str]]] = [
            ("raylda, one process", [OURS, str(path), "", how, json.dumps({"processes": 1, "threads": 1})]),
            ("raylda, two processes", [OURS, str(path), "", how, json.dumps({"processes": 2, "threads": 1})]),
        ]
        if ray:
            systems += [
                (
                    f"raylda, {told} of Ray",
                    [OURS, str(path), "", how, json.dumps({"ray": True, "workers": n})],
                )
                for n, told in ((1, "one worker"), (2, "two workers"))
            ]
        if peers:
            systems += [
                (peer, [PEER, peer, str(path), "text", ""])
                for peer, package in PEERS.items()
                if find_spec(package) is not None
            ]
        rows = []
        for label, (program, *arguments) in systems:
            runs = [_run(program, arguments, Path(scratch)) for _ in range(repeats)]
            seconds = statistics.median(run["seconds"] for run in runs)
            peak = max(run["peak"] for run in runs)
            rows.append(
                [
                    label,
                    f"{megabytes:.0f}",
                    f"{seconds:.1f}",
                    f"{megabytes / seconds:.1f}",
                    # Those of Ray's workers are not this process's to count.
                    "" if "Ray" in label else f"{statistics.median(run['cpu'] for run in runs):.1f}",
                    f"{peak / 1e6:.0f}",
                ]
            )
            click.echo(rows[-1], err=True)
    found = table(["system", "JSON lines, MB", "seconds", "MB/s", "processor, s", "peak, MB"], rows)
    say_and_write("ingest", f"{name}; {machine()}\n\n{found}", write_docs)


def _run(program: str, arguments: list[str], scratch: Path) -> dict[str, Any]:
    """One run in a process of its own; the place of its output is the argument that is empty."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        filled = [argument or f"{folder}/made.npz" for argument in arguments]
        done = subprocess.run(
            [sys.executable, "-c", program, *filled], check=True, stdout=subprocess.PIPE, text=True
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _made(name: str, path: Path, gigabytes: float | None) -> None:
    """The corpus as JSON lines; as often as it takes to make so many, each time with some words of its own."""
    source, copy = SOURCES[name], 0
    before = time.perf_counter()
    texts = _texts(source.path, source.text.split(","))
    with path.open("w", encoding="utf-8") as file:
        while True:
            for number, text in enumerate(texts):
                # A new word in every eighth document, as new names and misspellings come in any text.
                new = f" {_word(copy)}{_word(number)}" if copy and number % 8 == 0 else ""
                file.write(json.dumps({"id": f"{copy}-{number}", "text": text + new}) + "\n")
            copy += 1
            if gigabytes is None or file.tell() >= gigabytes * 1e9:
                break
    click.echo(f"made {path.stat().st_size / 1e6:.0f} MB in {time.perf_counter() - before:.0f} s", err=True)


def _texts(path: Path, fields: list[str]) -> list[str]:
    unpack: dict[str, Any] = {".gz": gzip.open, ".xz": lzma.open}
    with unpack.get(path.suffix, open)(path, "rt", encoding="utf-8") as file:
        lines = file.read().rstrip("\n").split("\n")  # texts hold the rarer ends of lines of Unicode
    if path.with_suffix("").suffix == ".tsv":
        names = lines[0].split("\t")
        columns = [names.index(field) for field in fields]
        return [" ".join(line.split("\t")[c] for c in columns) for line in lines[1:]]
    return [" ".join(str(json.loads(line)[field]) for field in fields) for line in lines]


def _word(number: int) -> str:
    """A number as letters."""
    letters = ""
    while number or not letters:
        number, digit = divmod(number, 26)
        letters += chr(97 + digit)
    return letters
