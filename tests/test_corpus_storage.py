"""A corpus on disk: written whole or not at all, mapped, checked."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from lda.corpus import Corpus, DataError, Recipe, as_corpus, build_corpus, read_corpus
from lda.corpus.batch_checks import read_batch
from lda.corpus.folder import FolderShards
from lda.corpus.metadata import conform, to_table, unify
from lda.corpus.spill import FolderSpill

MAPS, DESCRIPTORS = Path("/proc/self/maps"), Path("/proc/self/fd")
"""What this process has mapped and opened, where the system tells."""

TEXTS = [["pear", "fig"], [], ["fig", "lime", "fig"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    as_corpus(TEXTS).save(tmp_path / "c")
    return tmp_path / "c"


def test_what_comes_back(folder: Path) -> None:
    made, opened = as_corpus(TEXTS), Corpus.open(folder)
    assert opened.manifest == made.manifest
    assert opened.vocabulary == ["fig", "lime", "pear"]
    assert opened.document_ids().equals(made.document_ids())
    assert opened.metadata() is None
    assert repr(opened) == "Corpus(3 documents, 5 tokens, 3 terms, 3 shards)"
    for index in range(3):
        one, other = made.shard(index), opened.shard(index)
        np.testing.assert_array_equal(one.words, other.words)
        assert other.words.dtype == np.int32
        assert other.doc_offsets.dtype == np.int64
        assert other.doc_offsets[0] == 0
        assert other.first_document == index
    with pytest.raises(IndexError, match=r"0 \.\.\. 2, got 3"):
        opened.shard(3)


def test_shards_are_mapped_and_read_only(folder: Path) -> None:
    shard = Corpus.open(folder).shard(2)
    if MAPS.exists():
        assert "shard-00002" in MAPS.read_text()
    with pytest.raises(ValueError, match="read-only"):
        shard.words[0] = 1


def test_sizes_of_shards_are_known_without_reading_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Corpus.open(folder)
    monkeypatch.setattr(FolderShards, "batch", lambda *_: pytest.fail("a shard was read"))
    assert opened.shard_tokens.tolist() == as_corpus(TEXTS).shard_tokens.tolist() == [2, 0, 3]
    assert len(opened.content_hash) == 64


def test_plain_arrow_files(folder: Path) -> None:
    with pa.OSFile(str(folder / "shard-00002.arrow"), "rb") as file:
        table = pa.ipc.open_file(file).read_all()
    assert table.to_pydict() == {"id": ["2"], "tokens": [[0, 1, 0]]}
    assert sorted(p.name for p in folder.iterdir()) == [
        "manifest.json",
        *(f"shard-0000{i}.arrow" for i in range(3)),
        "vocabulary.arrow",
    ]


def test_pickles_by_path(folder: Path) -> None:
    opened = Corpus.open(folder)
    opened.shard(0)
    again = pickle.loads(pickle.dumps(opened))
    assert again.shard(2).words.tolist() == [0, 1, 0]
    assert pickle.loads(pickle.dumps(as_corpus(TEXTS))).content_hash == opened.content_hash


def test_the_hash_tells_contents_apart() -> None:
    def digest(texts: list[list[str]], ids: str = "xyz") -> str:
        return as_corpus(texts, ids=list(ids)).content_hash

    base = digest(TEXTS)
    # Written down, for models name their corpus by it: a change makes a stranger of every corpus built before.
    assert base == "1fbd278d41a32cb1d1449adc5259f72cd33281f4291ce6b94dc424b52fc15e6a"
    assert len({base, digest(TEXTS[::-1]), digest(TEXTS, "xyw"), digest([["pear"], ["fig"], TEXTS[2]])}) == 4


def test_never_overwritten_by_accident(folder: Path) -> None:
    other = as_corpus([["new"]])
    with pytest.raises(DataError, match="exists; choose another name or allow overwriting"):
        other.save(folder)
    with pytest.raises(DataError, match="exists"):
        build_corpus([folder], folder)
    other.save(folder, overwrite=True)
    assert Corpus.open(folder).vocabulary == ["new"]
    assert [p.name for p in folder.parent.iterdir()] == ["c"]


def test_other_folders_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter").write_text("years of work")
    with pytest.raises(DataError, match="is not a corpus, so it is not overwritten"):
        as_corpus(TEXTS).save(tmp_path / "thesis", overwrite=True)
    with pytest.raises(DataError, match="is not a corpus, so it is not overwritten"):
        as_corpus(TEXTS).save(tmp_path / "thesis" / "chapter", overwrite=True)
    with pytest.raises(DataError, match="does not exist; create it first"):
        as_corpus(TEXTS).save(tmp_path / "no" / "c")


def test_failure_leaves_the_old_corpus_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "good line"}\n{"text": \n')
    with pytest.raises(DataError, match="line 2"):
        build_corpus([tmp_path / "bad.jsonl"], folder, overwrite=True)
    (tmp_path / "the.txt").write_text("the of and\n")
    with pytest.raises(DataError, match="removed by --stop-words 3"):
        build_corpus([tmp_path / "the.txt"], tmp_path / "d", recipe=Recipe(stop_words="en"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jsonl", "c", "the.txt"]
    assert Corpus.open(folder).n_tokens == 5


def test_built_equals_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,text,n\na,pear fig,1\nb,,2\nc,Fig lime,3\n")
    built = build_corpus([tmp_path / "a.csv"], tmp_path / "c", recipe=Recipe(min_df=1, max_df=0.9))
    read = read_corpus([tmp_path / "a.csv"])
    assert built.content_hash == read.content_hash
    metadata = read_corpus([tmp_path / "c"]).metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"n": ["1", "2", "3"]}
    assert built.recipe == Recipe(max_df=0.9)
    with pytest.raises(DataError, match="finished corpus, its words are fixed"):
        read_corpus([tmp_path / "c"], recipe=Recipe(min_df=2))
    with pytest.raises(DataError, match="must be the only input"):
        read_corpus([tmp_path / "c", tmp_path / "a.csv"])
    copied = build_corpus([tmp_path / "c"], tmp_path / "d")
    assert copied.content_hash == built.content_hash


def test_no_file_stays_open(folder: Path) -> None:
    if not DESCRIPTORS.is_dir():
        pytest.skip("needs /proc to count open files")
    before = len(list(DESCRIPTORS.iterdir()))
    corpus = Corpus.open(folder)
    shards = [corpus.shard(i) for i in range(3)]
    assert len(list(DESCRIPTORS.iterdir())) == before
    assert shards[2].words.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        ("manifest.json", None, "it has no manifest.json"),
        ("manifest.json", lambda data: data[:-20], "manifest.json is damaged"),
        (
            "manifest.json",
            lambda data: data.replace(b'"format_version": 1', b'"format_version": 9'),
            "build it again",
        ),
        ("manifest.json", lambda data: data.replace(b'"n_tokens": 5', b'"n_tokens": 6'), "add up to"),
        ("manifest.json", lambda _: b"[]", "damaged"),
        ("manifest.json", lambda _: b'{"format": "other"}', "of the format 'other'"),
        ("vocabulary.arrow", lambda data: data[:-1], "bytes instead of"),
        ("vocabulary.arrow", lambda data: bytes(reversed(data)), "sha256"),
        ("shard-00002.arrow", None, "the file is missing"),
        ("shard-00002.arrow", lambda data: data[: len(data) // 2], "bytes instead of"),
        ("shard-00002.arrow", lambda data: data[:300] + bytes([data[300] ^ 1]) + data[301:], "sha256"),
    ],
)
def test_damage_is_found(folder: Path, file: str, change: object, message: str) -> None:
    path = folder / file
    if callable(change):
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    with pytest.raises(DataError, match=message):
        Corpus.open(folder).shard(2)


def test_not_a_corpus(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder"):
        Corpus.open(tmp_path / "nothing")
    with pytest.raises(DataError, match="is not a corpus"):
        as_corpus(tmp_path)


def test_manifest_holds_no_paths(tmp_path: Path) -> None:
    (tmp_path / "secret-name.txt").write_text("pear fig\n")
    build_corpus([tmp_path / "secret-name.txt"], tmp_path / "c")
    text = (tmp_path / "c" / "manifest.json").read_text()
    assert "secret" not in text
    assert str(tmp_path) not in text
    assert json.loads(text)["recipe"]["lowercase"] is True


def test_metadata_of_batches_is_unified() -> None:
    parts = [
        to_table({"a": [1, 2], "b": ["x", None], "m": [{"k": 1}, "s"]}),
        to_table({"a": [0.5], "c": [True]}),
        to_table({"b": [3], "big": [2**70]}),
        to_table({"empty": [{}], "none": [None]}),
    ]
    schema = unify([None, *(part.schema for part in parts)])
    assert schema is not None
    rows = [
        row for part in parts if (made := conform(part, schema, part.num_rows)) for row in made.to_pylist()
    ]
    assert [row["a"] for row in rows] == [1.0, 2.0, 0.5, None, None]
    assert [row["b"] for row in rows] == ["x", None, None, "3", None]
    assert rows[0]["m"] == '{"k": 1}'
    assert (rows[3]["big"], rows[4]["empty"], rows[2]["c"]) == (str(2**70), "{}", True)
    assert conform(None, schema, 2).num_rows == 2  # type: ignore[union-attr]


def test_spill_on_disk_is_emptied(tmp_path: Path) -> None:
    spill = FolderSpill(tmp_path)
    for i in range(3):
        spill.append(pa.RecordBatch.from_pydict({"x": [i]}))
    assert [b.to_pydict()["x"] for b in spill.peek()] == [[0], [1], [2]]
    assert [b.to_pydict()["x"] for b in spill.drain()] == [[0], [1], [2]]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("compression", ["zstd", "lz4", None])
@pytest.mark.parametrize("coded", [False, True])
def test_compressed_buffers_are_refused(compression: Any, coded: bool) -> None:
    """They might unpack to any size, and Arrow asks for the memory that they speak of."""
    values = pa.array(["pear"] * 50)
    batch = pa.record_batch({"x": values.dictionary_encode() if coded else values})
    if coded:  # so that only the dictionary has buffers worth packing
        batch = batch.slice(0, 0)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(
        sink, batch.schema, options=pa.ipc.IpcWriteOptions(compression=compression)
    ) as writer:
        writer.write_batch(batch)
    if compression is None:
        assert read_batch(sink.getvalue()).equals(batch)
    else:
        with pytest.raises(ValueError, match="compressed"):
            read_batch(sink.getvalue())
