"""The corpora that benchmarks run on."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.corpus import Corpus, Recipe, build_corpus

HERE: Final = Path(__file__).parent
SHARED: Final = Path(os.environ.get("RAYLDA_DATA") or HERE.parents[1] / "shared" / "data")
"""Where corpora that do not ship with the project lie; RAYLDA_DATA names another folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a corpus lies and how its text is read.

    text: fields that hold it; empty where each file of a zip archive is a text. min_df: rarest word kept. group: a
    field whose equal values mark near-duplicates, which must not stand on both sides of a split.
    """

    path: Path
    text: str
    min_df: int = 5
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountSource:
    """A corpus that comes counted, so that there is no text to read. vocabulary: its words, one a line."""

    path: Path
    vocabulary: Path
    min_df: int = 5


SOURCES: Final[dict[str, Source]] = {
    "sotu": Source(path=HERE / "data" / "sotu.jsonl.gz", text="text", min_df=3),
    "arxiv": Source(path=SHARED / "arxiv-cs-to2016.tsv.xz", text="title,abstract"),
    "ungd": Source(path=SHARED / "ungd-2000-2024.jsonl.xz", text="text"),
    "debian": Source(path=SHARED / "debian-descriptions.jsonl.xz", text="summary,text", group="source"),
}

ZIPPED: Final[dict[str, Source]] = {"movies": Source(path=SHARED / "movie_reviews.zip", text="")}
"""Folders of texts that come as an archive, which no reader opens."""

COUNTED: Final[dict[str, CountSource]] = {
    "nips": CountSource(
        path=SHARED / "docword.nips-freq20.txt.gz", vocabulary=SHARED / "vocab.nips-freq20.txt"
    ),
}


NAMES: Final = (*SOURCES, *ZIPPED, *COUNTED)
"""All of them."""


def default_source() -> str:
    """ArXiv abstracts where they are, else the corpus that ships with the project."""
    return "arxiv" if SOURCES["arxiv"].path.exists() else "sotu"


def recipe(source: Source | CountSource) -> Recipe:
    """English without stop words, rare words dropped: what a person fitting topics would do."""
    text = source.text or None if isinstance(source, Source) else None
    return Recipe(text=text, stop_words="english", min_df=source.min_df, max_df=0.5)


def built(name: str, folder: Path) -> Corpus:
    """The corpus `name`, built on disk in `folder`.

    Raises FileNotFoundError when its file is not here.
    """
    source = (SOURCES | ZIPPED | COUNTED)[name]
    if not source.path.exists():
        raise FileNotFoundError(f"the corpus {name} is not here: {source.path}")
    vocabulary = source.vocabulary if isinstance(source, CountSource) else None
    if name not in ZIPPED:
        return build_corpus([source.path], folder, recipe=recipe(source), vocabulary=vocabulary)
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as texts:
        with zipfile.ZipFile(source.path) as archive:
            archive.extractall(texts, [name for name in archive.namelist() if name.endswith(".txt")])
        return build_corpus([Path(texts)], folder, recipe=recipe(source))


def prepared(name: str) -> Corpus:
    """The corpus `name`, built on disk in a folder of its own; built once a process."""
    return built(name, Path(tempfile.mkdtemp(prefix="raylda-benchmark-")) / name)


def documents(corpus: Corpus) -> Iterator[NDArray[np.int32]]:
    """The term ids of each document that has any."""
    for i in range(corpus.n_shards):
        shard = corpus.shard(i)
        for begin, end in pairwise(shard.doc_offsets):
            if end > begin:
                yield shard.words[begin:end]
