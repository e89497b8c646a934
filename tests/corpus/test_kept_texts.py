"""Texts and metadata come along with the words, where they are asked for and only there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lda.corpus import Recipe, build_corpus, iter_documents
from lda.corpus.arrow import is_list
from lda.corpus.stream import iter_texts

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [
    {"id": f"d{i}", "text": f"Gold and Silver {'ore' * (i % 3)}", "year": 1900 + i, "tags": ["x"] * (i % 2)}
    for i in range(10)
]
TERMS = ["gold", "silver"]


@pytest.fixture
def inputs(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "a.parquet")
    lists = [{**row, "text": str(row["text"]).split()} for row in ROWS]
    pq.write_table(pa.Table.from_pylist(lists), tmp_path / "lists.parquet")
    build_corpus([tmp_path / "a.jsonl"], tmp_path / "corpus")
    return {name: tmp_path / name for name in ("a.jsonl", "a.parquet", "lists.parquet", "corpus")}


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "lists.parquet", "corpus"])
def test_texts_and_metadata(inputs: dict[str, Path], name: str) -> None:
    plain = list(iter_documents([inputs[name]], vocabulary_terms=TERMS, batch_documents=4))
    batches = list(iter_documents([inputs[name]], vocabulary_terms=TERMS, batch_documents=4, keep=True))
    assert max(len(batch.ids) for batch in batches) <= 4
    assert [name for batch in batches for name in batch.ids] == [row["id"] for row in ROWS]
    done = 0
    for before, batch in zip(plain, batches, strict=True):
        assert (before.texts, before.metadata) == (None, None)
        np.testing.assert_array_equal(before.words, batch.words)
        assert batch.texts is not None
        assert batch.metadata is not None
        rows = ROWS[done : done + len(batch.ids)]
        assert batch.metadata.to_pylist() == [{"year": row["year"], "tags": row["tags"]} for row in rows]
        texts = batch.texts.to_pylist()
        if name == "corpus":
            assert texts == [str(row["text"]).lower().split() for row in rows]
        elif is_list(batch.texts.type):
            assert texts == [str(row["text"]).split() for row in rows]
        else:
            assert texts == [row["text"] for row in rows]
        done += len(batch.ids)


def test_counts_have_no_texts(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("2 0:3 1:1\n1 0:2\n")
    (batch,) = iter_documents([tmp_path / "a.txt"], format="ldac", vocabulary_terms=["0", "1"], keep=True)
    assert (batch.texts, batch.metadata) == (None, None)
    assert len(batch.words) == 6


def test_texts_in_memory() -> None:
    (batch,) = iter_texts(["Gold", None], recipe=Recipe(), vocabulary_terms=TERMS, keep=True)
    assert batch.texts is not None
    assert batch.texts.to_pylist() == ["Gold", ""]
    (plain,) = iter_texts(["Gold", None], recipe=Recipe(), vocabulary_terms=TERMS)
    assert plain.texts is None
