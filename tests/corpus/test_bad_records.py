"""Bad records are left out and told, and nothing else changes."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lda.building import planning
from lda.building.build import build_corpus as build_by_parts
from lda.corpus import Corpus, DataError, build_corpus, find_phrases, iter_documents, read_corpus
from lda.corpus.files.folder import skipped_file
from lda.corpus.inputs.find import find_inputs
from lda.corpus.readers import delimited, files, record_lines
from lda.corpus.readers.bad_records import (
    BadRecordError,
    BadRecords,
    ErrorLimit,
    SkippedRecord,
    TooManyBadRecordsError,
)
from lda.corpus.readers.good_texts import good_texts
from lda.corpus.readers.jsonl import JsonLinesReader
from lda.corpus.readers.options import ReadOptions
from lda.corpus.storage.places import storage

GOOD = [f"apple pear plum {word}" for word in ("fig", "lime", "cherry", "grape", "quince")]

pytestmark = pytest.mark.filterwarnings("ignore:.*records were skipped")


def documents(corpus: Corpus) -> list[dict[str, Any]]:
    """All documents with id, words and metadata."""
    terms = corpus.vocabulary
    rows = [row for number in range(corpus.n_shards) for row in corpus.batch(number).to_pylist()]
    return [{**row, "tokens": [terms[word] for word in row["tokens"]]} for row in rows]


def skipping(path: Path, **options: Any) -> tuple[Corpus, list[dict[str, Any]]]:
    """The corpus of a file without its bad records, and what is told of them."""
    told = path.parent / "told.jsonl"
    corpus = read_corpus([path], on_error="skip", skipped=told, threads=1, **options)
    rows = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
    assert corpus.n_skipped == len(rows)
    assert all(row["file"] == str(path) for row in rows)
    return corpus, rows


def places(rows: list[dict[str, Any]]) -> list[int]:
    """Lines or rows of skipped records."""
    return [row["row"] if "row" in row else row["line"] for row in rows]


def jsonl(row: int, text: str) -> bytes:
    return json.dumps({"id": f"d{row}", "text": text, "n": row}).encode()


LINE_FORMATS: dict[str, tuple[bytes, Callable[[int, str], bytes], list[bytes]]] = {
    # what stands before, a good line, and bad ones
    "jsonl": (
        b"", jsonl,
        [b'{"id": "x", "text": 3}', b'{"id":', b"[1]", b'{"text": "\xff"}', b'{"id": "\\ud83d", "text": "a"}', b"\0",
         b'{"text": ["a", 3]}', b'{"text": ["a"]}', b"7" * 5000, b'"x"', b"["],
    ),
    "csv": (
        b"id,text\n", lambda row, text: f"d{row},{text}".encode(),
        [b"x", b"x,y,z", b'x,"a"b', b"\xe9,y", b"x,\0", b'x,"open'],
    ),
    "tsv": (b"id\ttext\n", lambda row, text: f"d{row}\t{text}".encode(), [b"x", b"x\ty\tz", b"\xe9\ty", b"x\t\0"]),
    "lines": (b"", lambda row, text: text.encode(), [b"\xe9t\xe9", b"a\0b"]),
    "mallet": (b"", lambda row, text: f"d{row} en {text}".encode(), [b"\xe9 en words", b"a en \0"]),
    "low": (b"11\n", lambda row, text: text.encode(), [b"\xe9t\xe9", b"a\0b"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LINE_FORMATS)
def test_the_corpus_of_a_file_is_that_of_its_good_lines(tmp_path: Path, name: str) -> None:
    head, good, bad = LINE_FORMATS[name]
    lines, expected = [], []
    for row, text in enumerate(GOOD):
        lines.append(good(row, text))
        for one in bad[row :: len(GOOD)]:
            lines.append(one)
            expected.append(len(lines) + head.count(b"\n"))
    if name == "low":
        lines += [b"words"] * (11 - len(lines))
        head_good = f"{len(lines) - len(expected)}\n".encode()
    else:
        head_good = head
    (tmp_path / "good").write_bytes(head_good + b"\n".join(one for one in lines if one not in bad) + b"\n")
    (tmp_path / "bad").write_bytes(head + b"\n".join(lines) + b"\n")
    clean = read_corpus([tmp_path / "good"], format=name, threads=1)
    corpus, told = skipping(tmp_path / "bad", format=name)
    numbered = name in {"lines", "low"}  # documents are called by their lines, which bad ones count among
    assert [{**d, "id": ""} if numbered else d for d in documents(corpus)] == [
        {**d, "id": ""} if numbered else d for d in documents(clean)
    ]
    assert places(told) == expected
    assert all(row["reason"] and row["reason"].isprintable() for row in told)
    with pytest.raises(BadRecordError, match=r"line \d+.* \(--on-error skip\)$"):
        read_corpus([tmp_path / "bad"], format=name, threads=1)


NO_OBJECT = st.binary(min_size=1, max_size=40).filter(lambda data: not set(b"\n\r{\xef\xfe\xff") & set(data))


@settings(deadline=None, max_examples=100, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, 5), NO_OBJECT), max_size=6))
def test_no_good_line_is_lost_whatever_stands_between(
    tmp_path_factory: pytest.TempPathFactory, bad: list[tuple[int, bytes]]
) -> None:
    folder = tmp_path_factory.getbasetemp() / "between"
    folder.mkdir(exist_ok=True)
    lines = [jsonl(0, GOOD[0])]
    for row, text in enumerate(GOOD[1:], 1):
        lines += [data for where, data in bad if where == row]
        lines.append(jsonl(row, text))
    (folder / "d.jsonl").write_bytes(b"\n".join(lines))
    noted = BadRecords()
    batches = list(good_texts(JsonLinesReader(), folder / "d.jsonl", ReadOptions(bad_records=noted)))
    ids = [name for batch in batches for name in batch.ids.to_pylist()]
    assert ids == [f"d{row}" for row in range(len(GOOD))]
    told = [(one.unit, one.number) for one in noted.found().records()]
    assert told == [
        ("line", number)
        for number, line in enumerate(lines, 1)
        if not line.startswith(b'{"id": "d') and line.decode("utf-8", "replace").strip()
    ]


def test_printed_documents_of_mallet(tmp_path: Path) -> None:
    printed = b"a\ten\t0: words (0)\n1: more (1)\n\nb\ten\t0: ill\n1: x (1)\n\nno document\n\nc\ten\t0: plum (2)\n\n"
    (tmp_path / "d").write_bytes(printed)
    corpus, told = skipping(tmp_path / "d", format="mallet")
    assert [row["id"] for row in documents(corpus)] == ["a", "c"]
    assert places(told) == [4, 7]


def test_where_a_table_goes_on_behind_a_lone_quote(tmp_path: Path) -> None:
    rows = 'id,text\n1,"two\nlines"\n2,"never closed\n3,"closed"\n4,plain\n5,"also ""good"""\n6,"till the end\n7,x\n'
    (tmp_path / "d.csv").write_text(rows)
    corpus, told = skipping(tmp_path / "d.csv", recipe=None)
    assert [row["id"] for row in documents(corpus)] == ["1", "3", "4", "5", "7"]
    assert places(told) == [4, 8]
    assert all("broken quoting" in row["reason"] for row in told)


def test_rows_of_parquet(tmp_path: Path) -> None:
    texts = [*GOOD, "x"]
    data = [text.encode() for text in texts]
    data[2] = b"\xe9"
    table = pa.table({"id": [str(i) for i in range(6)], "text": pa.array(data, pa.binary())})
    table = table.set_column(0, "id", pa.array(["0", "1", "2", None, "4", "5"]))
    pq.write_table(table, tmp_path / "d.parquet", row_group_size=2)
    corpus, told = skipping(tmp_path / "d.parquet")
    assert [row["id"] for row in documents(corpus)] == ["0", "1", "4", "4", "5"]
    assert places(told) == [3]
    from lda.corpus import Recipe

    corpus, told = skipping(tmp_path / "d.parquet", recipe=Recipe(id="id"))
    assert [row["id"] for row in documents(corpus)] == ["0", "1", "4", "5"]
    assert places(told) == [3, 4]


def test_a_damaged_row_group_and_a_damaged_footer(tmp_path: Path) -> None:
    table = pa.table({"id": [str(i) for i in range(4)], "text": [f"{text} x" * 50 for text in GOOD[:4]]})
    pq.write_table(table, tmp_path / "d.parquet", row_group_size=2, compression="zstd", use_dictionary=False)
    data = bytearray((tmp_path / "d.parquet").read_bytes())
    column = pq.ParquetFile(tmp_path / "d.parquet").metadata.row_group(0).column(1)
    start = column.data_page_offset
    data[start + 30 : start + column.total_compressed_size] = b"\x55" * (column.total_compressed_size - 30)
    (tmp_path / "d.parquet").write_bytes(data)
    corpus, told = skipping(tmp_path / "d.parquet")
    assert [row["id"] for row in documents(corpus)] == ["2", "3"]
    assert [row["row_group"] for row in told] == [1]
    (tmp_path / "e.parquet").write_bytes(data[:-9])
    (tmp_path / "f.jsonl").write_bytes(jsonl(0, GOOD[0]))
    corpus = read_corpus(
        [tmp_path / "e.parquet", tmp_path / "f.jsonl"], on_error="skip", skipped=tmp_path / "told"
    )
    assert (corpus.n_documents, corpus.n_skipped) == (1, 1)
    row = json.loads((tmp_path / "told").read_text())
    assert row["file"].endswith("e.parquet")
    assert "cannot be read as Parquet" in row["reason"]


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, mtime=0),
    "bz2": lambda data: bz2.compress(data, 1),
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": lambda data: pa.Codec("zstd").compress(data, asbytes=True),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_what_stands_before_a_cut_is_kept(tmp_path: Path, packing: str) -> None:
    lines = [jsonl(row, f"{text} {row * 7919 % 1000003}") for row, text in enumerate(GOOD * 4000)]
    whole = PACKINGS[packing](b"\n".join(lines) + b"\n")
    path = tmp_path / f"d.jsonl.{packing}"
    path.write_bytes(whole[: len(whole) * 9 // 10])
    bad = BadRecords()
    batches = list(good_texts(JsonLinesReader(), path, ReadOptions(bad_records=bad)))
    ids = [name for batch in batches for name in batch.ids.to_pylist()]
    assert ids == [f"d{row}" for row in range(len(ids))]
    assert 0.4 * len(lines) < len(ids) == bad.n_good < len(lines)
    assert [(one.unit, one.number) for one in bad.first] == [("file", None)]
    assert "cut off" in bad.first[0].reason


def test_texts_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, text in enumerate(GOOD):
        (folder / f"{number}.txt").write_text(text)
    (folder / "3.txt").write_bytes(b"\xe9")
    (folder / "2.txt.gz").write_bytes(gzip.compress(b"words " * 99)[:-9])
    told = tmp_path / "told"
    corpus = read_corpus([folder], on_error="skip", skipped=told)
    assert [row["id"] for row in documents(corpus)] == ["0.txt", "1.txt", "2.txt", "4.txt"]
    rows = [json.loads(line) for line in told.read_text().splitlines()]
    assert [Path(row["file"]).name for row in rows] == ["2.txt.gz", "3.txt"]


def test_text_in_another_encoding_is_damage_of_the_file_not_of_each_line(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_bytes("\n".join(GOOD).encode("utf-16-le"))
    (tmp_path / "good.txt").write_text("\n".join(GOOD))
    corpus = read_corpus(
        [tmp_path / "wide.txt", tmp_path / "good.txt"],
        format="lines", on_error="skip", skipped=tmp_path / "told",
    )  # fmt: skip
    assert (corpus.n_documents, corpus.n_skipped) == (5, 1)
    assert "UTF-16" in json.loads((tmp_path / "told").read_text())["reason"]
    (tmp_path / "marked.txt").write_bytes(
        b"\xff\xfe" + b"a\0 \0b\0\n\0" + b"\x00\xd8\n\0" + b"c\0\n\0"
    )  # half a pair
    corpus, told = skipping(tmp_path / "marked.txt", format="lines", recipe=None, tokenizer=str.split)
    assert (corpus.n_documents, places(told)) == (2, [2])


def test_limits() -> None:
    assert str(ErrorLimit.of(20)) == str(ErrorLimit.of("20")) == "20"
    assert str(ErrorLimit.of("1,000")) == "1,000"
    assert str(ErrorLimit.of(0.01)) == str(ErrorLimit.of("1%")) == str(ErrorLimit.of(".01")) == "1 % of all"
    assert not ErrorLimit.of(2).exceeded(2)
    assert ErrorLimit.of(2).exceeded(3)
    assert not ErrorLimit.of(0.1).exceeded(10, 100)
    assert ErrorLimit.of("10%").exceeded(11, 100)
    assert not ErrorLimit.of(0.1).exceeded(11), "as long as nobody knows of how many"
    assert not ErrorLimit.of(None).exceeded(10**9, 10**9)
    wrongs: list[float | str] = [-1, 1.0, "1.5", "x", "", True, float("nan"), "100%", "-1"]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"number of records \(20\), or a share"):
            ErrorLimit.of(wrong)


def test_more_than_allowed_end_the_reading(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(
        b"\n".join([jsonl(0, "plum"), b"1", b"2", b"3", b"4", jsonl(1, "fig")])
    )
    paths = [tmp_path / "d.jsonl"]
    limits: list[tuple[int | str, str]] = [
        (3, "4 records are bad, and --max-errors allows 3"),
        ("50%", "4 of 6 records are bad"),
    ]
    for limit, told in limits:
        with pytest.raises(
            TooManyBadRecordsError, match=rf"{told}.*line 2.*line 3.*line 4.* \.\.\.; correct them"
        ):
            read_corpus(paths, on_error="skip", max_errors=limit)
        with pytest.raises(TooManyBadRecordsError, match=told):
            list(iter_documents(paths, vocabulary_terms=["plum"], on_error="skip", max_errors=limit))
    assert read_corpus(paths, on_error="skip", max_errors=4).n_skipped == 4
    assert read_corpus(paths, on_error="skip", max_errors="70%").n_skipped == 4
    (tmp_path / "all.jsonl").write_bytes(b"1\n2\n")
    with pytest.raises(DataError, match="no record could be read: 2 skipped"):
        read_corpus([tmp_path / "all.jsonl"], on_error="skip")
    (tmp_path / "other.jsonl").write_bytes(b'{"body_text": "x"}\n')
    with pytest.raises(DataError, match=r"no record could be read: 1 skipped, .*has: 'body_text'"):
        read_corpus([tmp_path / "other.jsonl"], on_error="skip")
    with pytest.raises(ValueError, match="needs on_error"):
        read_corpus(paths, max_errors=3)
    with pytest.raises(ValueError, match="stop or skip, got 'go'"):
        read_corpus(paths, on_error="go")


@pytest.mark.filterwarnings("default:.*records were skipped")
def test_one_warning_tells_of_all(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b"\n".join([jsonl(0, "plum fig"), b"1", b"2", jsonl(1, "fig plum")]))
    paths = [tmp_path / "d.jsonl"]
    with pytest.warns(
        UserWarning, match=rf"2 of 4 records were skipped; see {re.escape(str(tmp_path))}/c/skipped"
    ):
        corpus = build_corpus(paths, tmp_path / "c", on_error="skip")
    assert Corpus.open(tmp_path / "c").n_skipped == corpus.n_skipped == 2
    with pytest.warns(
        UserWarning, match=r"2 of 4 records were skipped; .*line 2: is not a JSON object"
    ) as caught:
        list(iter_documents(paths, vocabulary_terms=["plum"], on_error="skip"))
    assert len(caught) == 1
    with pytest.warns(UserWarning, match="2 of 4 records were skipped"):
        find_phrases(paths, on_error="skip")
    build_corpus([tmp_path / "d.jsonl"], tmp_path / "c", on_error="skip", overwrite=True, max_errors=2)


def test_without_bad_records_a_corpus_is_the_same_to_the_bit(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(b"\n".join(jsonl(row, text) for row, text in enumerate(GOOD)))
    for name, on_error in {"a": "stop", "b": "skip"}.items():
        build_corpus([tmp_path / "d.jsonl"], tmp_path / name, on_error=on_error)
    for file in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / file.name).read_bytes() == file.read_bytes()
    assert len(list((tmp_path / "a").iterdir())) == len(list((tmp_path / "b").iterdir()))


def test_parts_tell_what_the_whole_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps({"text": f"{text} {row}", "n": row}).encode() for row, text in enumerate(GOOD * 60)]
    for place in range(5, len(lines), 29):
        lines[place] = [b"\xff", b"{", b'{"text": 1}'][place % 3]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(b"\n".join(lines))[:-20])
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"]
    for path, seconds in zip(paths, (-(10**9), 10**10), strict=True):  # of clocks that are wrong
        os.utime(path, (seconds, seconds))
    build_corpus(paths, tmp_path / "whole", on_error="skip")
    monkeypatch.setattr(planning, "PART_BYTES", 2000)
    monkeypatch.setattr("lda.building.build.WORTH_PARTS", 0)
    with pytest.raises(DataError, match=r"a.jsonl, line 6.*--on-error skip"):
        build_by_parts(paths, tmp_path / "parts", threads=1)
    with pytest.raises(TooManyBadRecordsError, match=r"--max-errors allows 9: .*a.jsonl"):
        build_by_parts(paths, tmp_path / "parts", threads=1, on_error="skip", max_errors=9)
    with pytest.raises(
        TooManyBadRecordsError, match=r"23 of 599 records are bad.* allows 1 % of all: .*line 6: the"
    ):
        build_by_parts(paths, tmp_path / "parts", threads=1, on_error="skip", max_errors="1%")
    tell = list[str]()
    build_by_parts(paths, tmp_path / "parts", threads=1, on_error="skip", tell=tell.append)
    assert any(re.search(r"(\d+) of \1 parts are done", text) for text in tell), "a limit is no other build"
    for name in ("manifest.json", "skipped.jsonl", "vocabulary.arrow", "shard-00000.arrow"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    told = [json.loads(line) for line in (tmp_path / "whole" / "skipped.jsonl").read_text().splitlines()]
    assert places([row for row in told if row["file"].endswith("a.jsonl")]) == list(range(6, 301, 29))


def test_at_uris(
    place: Callable[[str], str], monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    store = storage(place("in"))
    store.write("a.jsonl", b"\n".join([jsonl(0, "plum fig"), b"x", jsonl(1, "fig")]))
    store.write("b.jsonl", jsonl(2, "plum"))
    store.write("c.jsonl", b"y\n" + jsonl(3, "plum"))

    def gone_since(*args: Any, **how: Any) -> Any:
        found = find_inputs(*args, **how)
        store.delete("b.jsonl")
        return found

    monkeypatch.setattr("lda.corpus.build.find_inputs", gone_since)
    corpus = build_corpus([place("in")], place("c"), on_error="skip")
    assert [row["id"] for row in documents(corpus)] == ["d0", "d1", "d3"]
    folder, _, name = skipped_file(place("c")).partition("?")[0].rpartition("/")
    assert name == "skipped.jsonl"
    (data,) = storage(place("c")).folders()
    assert folder.endswith(data)
    text = storage(place("c")).read(f"{data}/skipped.jsonl").decode()
    rows = [json.loads(line) for line in text.splitlines()]
    assert [(row["file"].partition("?")[0][-8:], row.get("line")) for row in rows] == [
        ("/a.jsonl", 2), ("/b.jsonl", None), ("/c.jsonl", 1)
    ]  # fmt: skip
    assert "secret" not in text
    (told,) = [str(one.message) for one in recwarn if "records were skipped" in str(one.message)]
    assert "secret" not in told
    assert "data-" in told


def test_a_list_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_bytes(jsonl(0, "plum") + b"\nx\n")
    with pytest.raises(DataError, match="is no list of skipped records"):
        read_corpus([tmp_path / "d.jsonl"], on_error="skip", skipped=tmp_path / "d.jsonl")
    for _ in range(2):
        read_corpus([tmp_path / "d.jsonl"], on_error="skip", skipped=tmp_path / "told.jsonl")
    (tmp_path / "good.jsonl").write_bytes(jsonl(0, "plum"))
    read_corpus([tmp_path / "good.jsonl"], on_error="skip", skipped=tmp_path / "told.jsonl")
    assert (tmp_path / "told.jsonl").read_bytes() == b"", "the list of an earlier reading must not stay"


def test_nothing_that_is_told_moves_a_terminal_or_tells_a_key() -> None:
    bad = BadRecords()
    bad.skip("s3://KEY:SECRET@b/x\x1b[2J", 3, "bad \x07", excerpt="s3://KEY:SECRET@b/y \x1b[31m" + "x" * 500)
    file = io.BytesIO()
    bad.write(file)
    text = file.getvalue().decode()
    assert "SECRET" not in text
    assert "\x1b" not in text
    assert len(json.loads(text)["excerpt"]) <= 80
    record = SkippedRecord("a", "line", 3, "b", "c")
    error = pickle.loads(pickle.dumps(BadRecordError(record, ": b; mend it")))
    assert (str(error), str(error.moved(4))) == ("a, line 3: b; mend it", "a, line 7: b; mend it")
    assert next(bad.found().records(10)).number == 13


def test_a_line_that_no_memory_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (files, delimited, record_lines):
        monkeypatch.setattr(module, "LONGEST_RECORD", 2**21)
    data = jsonl(0, GOOD[0]) + b'\n{"text": "' + b"a" * (2**22) + b'"}\n' + jsonl(1, GOOD[1])
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(data, 1))
    corpus, told = skipping(tmp_path / "d.jsonl.gz")
    assert (corpus.n_documents, places(told)) == (2, [2])
    assert told[0]["reason"].startswith("is longer than 2,097,152 characters")
    with pytest.raises(DataError, match="line 2 is longer than 2,097,152 characters"):
        read_corpus([tmp_path / "d.jsonl.gz"])
    with pytest.raises(DataError, match="longer than 2,097,152 characters, which no document is"):
        read_corpus([tmp_path / "d.jsonl.gz"], format="text")
    monkeypatch.setattr(delimited, "LONGEST_RECORD", 2**10)
    (tmp_path / "d.csv").write_bytes(b'text,n\nplum,1\n"' + b"a\n" * 2**10 + b"fig,2\n")
    corpus, told = skipping(tmp_path / "d.csv")
    assert (corpus.n_documents, len(told)) == (2, 2**10)
    assert "longer than 1,024 characters" in told[0]["reason"]
    monkeypatch.setattr(files, "UNPACKED_FREELY", 2**20)
    monkeypatch.setattr(files, "MOST_UNPACKED", 100)
    (tmp_path / "bomb.txt.gz").write_bytes(gzip.compress((b"words " * 2**18 + b"\n") * 3, 9))
    with pytest.raises(DataError, match=r"bomb.txt.gz unpacks to more than 100 times its size"):
        read_corpus([tmp_path / "bomb.txt.gz"], format="lines")
