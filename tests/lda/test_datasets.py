"""The corpora of `lda.datasets`: the one that ships is what it says, the other is read from where it lies."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import lda
from lda.corpus import DataError

SOTU = Path(__file__).parents[2] / "benchmarks" / "data" / "sotu.jsonl.gz"


def test_the_speeches_are_those_of_the_benchmarks() -> None:
    recipe = lda.Recipe(text="text", id="id", stop_words="en", min_df=20, max_df=0.4)
    corpus = lda.read_corpus([SOTU], recipe=recipe)
    counts = np.zeros((corpus.n_documents, corpus.n_terms), dtype=np.intc)
    d = 0
    for shard in map(corpus.shard, range(corpus.n_shards)):
        for start, stop in zip(shard.doc_offsets[:-1], shard.doc_offsets[1:], strict=True):
            np.add.at(counts[d], shard.words[start:stop], 1)
            d += 1
    order = np.argsort(corpus.vocabulary)
    datasets = lda.datasets  # there without an import of its own
    np.testing.assert_array_equal(datasets.load_speeches(), counts[:, order])
    assert datasets.load_speeches_vocab() == tuple(corpus.vocabulary[i] for i in order)
    with gzip.open(SOTU, "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    assert datasets.load_speeches_titles() == tuple(f"{row['year']} {row['president']}" for row in rows)


def test_it_is_small_enough_to_ship() -> None:
    folder = Path(lda.datasets.__file__).parent
    assert sum(path.stat().st_size for path in folder.glob("speeches.*")) < 300_000


def test_reuters_is_read_from_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LDA_REUTERS", raising=False)
    with pytest.raises(DataError, match=r"does not ship .*reuters\.ldac.*LDA_REUTERS.*load_speeches\(\)"):
        lda.datasets.load_reuters()
    with pytest.raises(DataError, match=r"no file .*reuters\.tokens; name a folder"):
        lda.datasets.load_reuters_vocab(tmp_path)
    (tmp_path / "reuters.ldac").write_text("1 1:2\n1 0:1\n")
    (tmp_path / "reuters.tokens").write_text("bonds\nsilver\n")
    (tmp_path / "reuters.titles").write_text(" 0 A title \n1 Another\n")
    assert lda.datasets.load_reuters(tmp_path).tolist() == [[0, 2], [1, 0]]
    monkeypatch.setenv("LDA_REUTERS", str(tmp_path))
    assert lda.datasets.load_reuters_vocab() == ("bonds", "silver")
    assert lda.datasets.load_reuters_titles() == ("0 A title", "1 Another")
