"""Models to serve and documents to ask about, in a folder that is kept for the next run."""

from __future__ import annotations

import gzip
import json
import lzma
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import click

from benchmarks.corpora import SOURCES
from benchmarks.race.environments import python_of
from benchmarks.race.job import System

WORDS: Final = 50, 100
"""Words of a document that is asked about: fewest and most."""

HELD_OUT, BATCH = 1000, 100
PEER: Final = Path(__file__).with_name("peer.py")
SERVER: Final = ("starlette", "uvicorn", "httptools", "uvloop", "orjson")

PEERS: Final = {
    "gensim": System(
        name="gensim", driver="", package="gensim", requirements=None
    ),  # a dependency of ours, so no environment of its own is needed
    "tomotopy": System(
        name="tomotopy", driver="", package="tomotopy", requirements=("tomotopy==0.14.0", *SERVER)
    ),
}


@dataclass(frozen=True, slots=True)
class Material:
    """What a run needs: files below one folder."""

    folder: Path

    @property
    def model(self) -> Path:
        """The model that is served first; `other` is one of the same kind from another seed."""
        return self.folder / "model"

    @property
    def other(self) -> Path:
        """The model that takes its place."""
        return self.folder / "other"

    @property
    def served(self) -> Path:
        """The folder that is served, and replaced while it is."""
        return self.folder / "served"

    @property
    def tiny(self) -> Path:
        """A model of two topics and few words: what serves it holds hardly more than the interpreter."""
        return self.folder / "tiny"

    @property
    def singles(self) -> Path:
        """Requests of one document, one a line."""
        return self.folder / "singles.jsonl"

    @property
    def batches(self) -> Path:
        """Requests of a hundred documents, one a line."""
        return self.folder / "batches.jsonl"

    @property
    def training(self) -> Path:
        """Documents of the models, one a line, field `text`."""
        return self.folder / "training.jsonl"

    def peer(self, name: str) -> Path:
        """The model of another library."""
        return self.folder / f"{name}.model"


def texts_of(source: str) -> Iterator[str]:
    """The texts of a corpus, raw: abstracts with titles, or stretches of some 75 words of the speeches."""
    path = SOURCES[source].path
    if source == "arxiv":
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            next(lines)
            for line in lines:
                yield ". ".join(line.rstrip("\n").split("\t")[-2:])
    else:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                yield from stretches(json.loads(line)["text"])


def stretches(text: str) -> Iterator[str]:
    """A text in pieces as long as the documents that are asked about, cut between sentences or within long ones."""
    taken: list[str] = []
    for sentence in re.split(r"(?<=[.!?])\s+", text):
        taken += sentence.split()
        while len(taken) >= WORDS[0]:
            yield " ".join(taken[: WORDS[1]])
            taken = taken[WORDS[1] :]
    if taken:
        yield " ".join(taken)


def divide(texts: Iterator[str], material: Material) -> None:
    """Write training documents, and requests of held-out ones: every fourth of those that are short enough."""
    held = list[str]()
    short = 0
    with material.training.open("w", encoding="utf-8") as training:
        for text in texts:
            fits = WORDS[0] <= len(text.split()) <= WORDS[1]
            short += fits
            if fits and short % 4 == 0 and len(held) < HELD_OUT:
                held.append(text)
            else:
                training.write(json.dumps({"text": text}) + "\n")
    if len(held) < BATCH:
        raise click.ClickException(f"of {BATCH} documents to ask about, only {len(held)} are here")
    write_requests(material.singles, [[text] for text in held])
    bounds = range(0, len(held) - len(held) % BATCH + 1, BATCH)
    write_requests(material.batches, [held[i:j] for i, j in pairwise(bounds)])


def write_requests(path: Path, requests: list[list[str]]) -> None:
    """One body of `POST /v1/topics` a line."""
    lines = (json.dumps({"documents": documents}) + "\n" for documents in requests)
    path.write_text("".join(lines), encoding="utf-8")


def made(source: str, topics: int, sweeps: int, folder: Path, say: Callable[[str], None]) -> Material:
    """All of it; what stands there from an earlier run with the same settings is taken as it is."""
    material = Material(folder)
    settings = json.dumps({"source": source, "topics": topics, "sweeps": sweeps, "words": WORDS})
    noted = folder / "settings.json"
    if not (noted.exists() and noted.read_text(encoding="utf-8") == settings):
        folder.mkdir(parents=True, exist_ok=True)
        say(f"documents of {source} are divided")
        divide(texts_of(source), material)
        for path, k, seed, min_df in (
            (material.model, topics, 0, 5),
            (material.other, topics, 1, 5),
            (material.tiny, 2, 0, 2000),
        ):
            say(f"a model of {k} topics is fitted")
            fit(material.training, path, k, sweeps if k > 2 else 2, seed, min_df)
        noted.write_text(settings, encoding="utf-8")
        for name in PEERS:
            material.peer(name).unlink(missing_ok=True)
    return material


def fit(training: Path, model: Path, topics: int, sweeps: int, seed: int, min_df: int) -> None:
    """A model as a user would make it, by the command."""
    options = [
        "--text",
        "text",
        "--stop-words",
        "english",
        "--min-df",
        str(min_df),
        "--max-df",
        "0.5",
        "--overwrite",
    ]
    more = ["-k", str(topics), "-n", str(sweeps), "-s", str(seed), "--top-words", "0", "-o", str(model)]
    _done([sys.executable, "-m", "lda", "fit", str(training), *options, *more])


def peer_model(name: str, material: Material, topics: int, sweeps: int) -> Path:
    """The interpreter under which another library serves; its model is made where it is not there.

    gensim gets our topics. tomotopy can be given none, so it is trained on the same tokens. Raises NotInstalled.
    """
    python = python_of(PEERS[name])
    path = material.peer(name)
    if path.exists():
        return python
    import lda

    model = lda.load(material.model).model_
    if name == "gensim":
        model.to_gensim().save(str(path))
        return python
    words = material.folder / "words.txt"
    known = set(model.vocabulary)
    with material.training.open(encoding="utf-8") as lines, words.open("w", encoding="utf-8") as out:
        for line in lines:
            out.write(
                " ".join(w for w in TOKEN.findall(json.loads(line)["text"].lower()) if w in known) + "\n"
            )
    _done([str(python), str(PEER), str(words), str(path), str(topics), str(sweeps)])
    return python


TOKEN: Final = re.compile(r"[^\W\d_]{2,}")
"""The words of peers; `peer.py` has it, too."""


def _done(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException((done.stderr or done.stdout)[-1000:])
