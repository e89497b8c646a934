"""Raw texts in an object store, and a store that is slow, busy, cuts what it sends, or keeps some to itself."""

from __future__ import annotations

import gzip
import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bad_store import BadStore
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.corpus import Corpus, DataError, build_corpus, iter_documents, read_corpus
from lda.corpus.inputs import fetching, find
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.parts import parts_of
from lda.corpus.inputs.reading import read_part
from lda.corpus.readers.options import ReadOptions
from lda.corpus.storage import places, remote_file, retries
from lda.corpus.storage.places import storage
from lda.corpus.storage.retries import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Place = Callable[[str], str]


def lines(n: int, word: str) -> bytes:
    return "".join(json.dumps({"text": f"{word} bread wine salt {i}"}) + "\n" for i in range(n)).encode()


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    root = tmp_path / "lake"
    (root / "a").mkdir(parents=True)
    (root / "b 2").mkdir()
    (root / "a" / "x.jsonl").write_bytes(lines(200, "milk"))
    (root / "b 2" / "x.jsonl.gz").write_bytes(gzip.compress(lines(50, "oil")))
    (root / "b 2" / "y.csv").write_text("id,text\n" + "".join(f"{i},rice and salt\n" for i in range(40)))
    rows = [{"id": f"p{i}", "text": "wine and cheese"} for i in range(60)]
    pq.write_table(pa.Table.from_pylist(rows), root / "a" / "z.parquet", row_group_size=10)
    return root


def upload(root: Path, uri: str) -> str:
    store = storage(uri)
    for file in sorted(root.rglob("*")):
        if file.is_file():
            store.write(file.relative_to(root).as_posix(), file.read_bytes())
    return uri


@pytest.fixture
def bad(bucket: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[BadStore, Place]]:
    """The bucket behind a proxy, with little patience: what fails for good does so at once."""
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(places, "CLIENT_ATTEMPTS", 1)
    match = re.search(r"endpoint_override=([\d.]+):(\d+)", bucket)
    assert match is not None
    made = BadStore(match[1], int(match[2]))
    yield made, bucket.replace(f"{match[1]}:{match[2]}", f"127.0.0.1:{made.port}").format
    made.close()


def test_a_lake_in_a_bucket_is_read_as_in_a_folder(lake: Path, bucket: str, tmp_path: Path) -> None:
    uri = upload(lake, bucket.format(f"{tmp_path.name}/lake"))
    here = read_corpus([lake])
    there = build_corpus([uri], tmp_path / "c")
    assert there.content_hash == here.content_hash
    assert there.document_ids().to_pylist() == here.document_ids().to_pylist()
    assert there.document_ids()[0].as_py() == "x.jsonl:1"
    pattern = bucket.format(f"{tmp_path.name}/lake/**/x.json*")
    assert read_corpus([pattern]).content_hash == read_corpus([str(lake / "**" / "x.json*")]).content_hash
    batches = iter_documents([bucket.format(f"{tmp_path.name}/lake/*/*.csv")], vocabulary_terms=["rice"])
    assert sum(len(batch.words) for batch in batches) == 40
    counts = tmp_path / "counts"
    counts.mkdir()
    (counts / "docword.d.txt").write_text("2\n2\n2\n1 1 3\n2 2 1\n")
    (counts / "vocab.d.txt").write_text("bread\nwine\n")
    upload(counts, bucket.format(f"{tmp_path.name}/counts"))
    assert read_corpus([bucket.format(f"{tmp_path.name}/counts/docword.d.txt")]).vocabulary == [
        "bread",
        "wine",
    ]


def test_parts_of_remote_files(
    lake: Path, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = upload(lake, bucket.format(f"{tmp_path.name}/parts"))
    monkeypatch.setattr(find, "PART_BYTES", 1000)
    monkeypatch.setattr(fetching, "BEGINNING_BYTES", 100)
    here, there = parts_of(find_inputs([lake]), 600), parts_of(find_inputs([uri]), 600)
    assert len(here) == len(there) > 8
    assert sum(part.row_groups is not None for part in there) > 1
    for one, other in zip(here, there, strict=True):
        read = read_part(other, ReadOptions()), read_part(one, ReadOptions())
        found, expected = ([pa.table([b.ids, b.texts], ["id", "text"]) for b in part] for part in read)
        assert found == expected
        assert read[0].lines == read[1].lines


def test_a_store_that_fails_now_and_then_changes_nothing(
    lake: Path, bad: tuple[BadStore, Place], bucket: str, tmp_path: Path
) -> None:
    store, place = bad
    upload(lake, bucket.format(f"{tmp_path.name}/lake"))
    store.busy, store.cut, store.delay = 2, 2, 0.005
    found = read_corpus([place(f"{tmp_path.name}/lake")])
    assert found.content_hash == read_corpus([lake]).content_hash
    assert store.told["busy"] > 8
    assert store.told["cut"] > 3
    store.busy = 10**6
    with pytest.raises(NetworkError, match="the network or the store failed 6 times") as caught:
        read_corpus([place(f"{tmp_path.name}/lake/a/x.jsonl")])
    assert "secret" not in str(caught.value)


def test_objects_that_may_not_be_read_are_named(
    lake: Path, bad: tuple[BadStore, Place], bucket: str, tmp_path: Path
) -> None:
    store, place = bad
    upload(lake, bucket.format(f"{tmp_path.name}/lake"))
    store.denied = ("y.csv", "z.parquet")
    result = CliRunner().invoke(
        cli, ["corpus", "build", place(f"{tmp_path.name}/lake"), "-o", str(tmp_path / "c")]
    )
    assert result.exit_code == 3, result.stderr
    assert "2 of 4 files cannot be read: s3://bucket/" in result.stderr
    assert "lake/a/z.parquet cannot be read" in result.stderr
    assert "y.csv" in result.stderr
    assert "secret" not in result.stderr
    assert not (tmp_path / "c").exists()


def test_nothing_there(bucket: str, tmp_path: Path) -> None:
    for uri, message in (
        (bucket.format("none/at/all"), r"there is no file or folder s3://bucket/none/at/all; check the name"),
        (bucket.format("none/*.csv"), r"no file matches s3://bucket/none/\*\.csv; check the pattern"),
        (
            bucket.replace("@bucket/", "@nobucket/").format("x"),
            "there is no bucket s3://nobucket; check the name",
        ),
    ):
        with pytest.raises(DataError, match=message) as caught:
            build_corpus([uri], tmp_path / "c")
        assert "secret" not in str(caught.value)
    gone = bucket.replace("@bucket/", "@nobucket/").format("x")
    for opened in (Corpus.open, lda.load):
        with pytest.raises(DataError, match=r"^there is no bucket s3://nobucket; check the name") as caught:
            opened(gone)
        assert "secret" not in str(caught.value)
    with pytest.raises(DataError, match=r"^there is no bucket s3://nobucket; check the name"):
        build_corpus([bucket.replace("@bucket/", "@nobucket/").format("**/*.csv")], tmp_path / "c")


def test_an_object_that_changes_meanwhile(lake: Path, bucket: str, tmp_path: Path) -> None:
    uri = upload(lake, bucket.format(f"{tmp_path.name}/lake"))
    (part, *_) = parts_of(find_inputs([uri]))
    storage(uri).write("a/x.jsonl", lines(10, "more"))
    with pytest.raises(DataError, match=r"a/x\.jsonl changed since it was found; begin again"):
        list(read_part(part, ReadOptions()))
    assert remote_file.entry_of(bucket.format("nothing")) is None
