"""Which files are read, in which parts, and what is said of those that cannot be."""

from __future__ import annotations

import csv
import gzip
import json
import pickle
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import lda
from lda.corpus import DataError, build_corpus, read_corpus
from lda.corpus.inputs import find
from lda.corpus.inputs.file_list import read_file_list
from lda.corpus.inputs.find import find_inputs
from lda.corpus.inputs.input_file import InputFile
from lda.corpus.inputs.parts import MOST_FETCHED, MOST_FILES, parts_of
from lda.corpus.inputs.reading import read_files, read_part
from lda.corpus.readers.options import ReadOptions

WORDS = ("bread", "milk", "größe", "日本", "wine", "salt", "oil", "rice")

Rows = list[tuple[str | None, object]]


def records(n: int, seed: int, name: str) -> list[dict[str, object]]:
    made = random.Random(seed)
    return [
        {"id": f"{name}-{i}", "text": " ".join(made.choices(WORDS, k=made.randrange(12))), "lang": "en"}
        for i in range(n)
    ]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A folder of JSON lines, CSV and Parquet, packed and not, in folders of folders, beside what Spark leaves."""
    root = tmp_path / "lake"
    for place, folder in enumerate(("2026-01", "2026-02/late")):
        (root / folder).mkdir(parents=True)
        lines = "".join(json.dumps(row) + "\n" for row in records(30, place, f"{folder}-j"))
        (root / folder / "part-0.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
        with (root / folder / "part-1.csv").open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, ["id", "text", "lang"])
            table.writeheader()
            table.writerows(records(20, 10 + place, f"{folder}-c"))
        rows = pa.Table.from_pylist(records(25, 20 + place, f"{folder}-p"))
        pq.write_table(rows, root / folder / "part-2.parquet", row_group_size=6)
    (root / "_SUCCESS").touch()
    return root


def of_file(file: InputFile, options: ReadOptions) -> Rows:
    return [
        row for _, batch in read_files([file], options)
        for row in zip(batch.ids.to_pylist(), batch.texts.to_pylist(), strict=True)
    ]  # fmt: skip


def of_parts(files: list[InputFile], options: ReadOptions, target: int) -> tuple[Rows, int]:
    """The documents of all parts, with the ids that whoever joins them makes of lines, and how many parts there are."""
    rows: Rows = []
    parts = parts_of(files, target)
    before = 0
    for number, part in enumerate(pickle.loads(pickle.dumps(parts))):
        assert part.number == number
        before = 0 if part.begins_file else before
        read = read_part(part, options)
        for batch in read:
            ids = batch.ids.to_pylist()
            if batch.numbers is not None:
                numbers = batch.numbers.tolist()
                ids = [
                    f"{part.file.prefix}{before + n}" if i is None else i
                    for i, n in zip(ids, numbers, strict=True)
                ]
            rows += zip(ids, batch.texts.to_pylist(), strict=True)
        before += read.lines
    return rows, len(parts)


def test_a_folder_of_mixed_tables_is_one_corpus(lake: Path, tmp_path: Path) -> None:
    files = find_inputs([lake])
    names = [file.place.removeprefix(f"{lake}/") for file in files]
    assert names == [
        f"{f}/part-{n}" for f in ("2026-01", "2026-02/late") for n in ("0.jsonl.gz", "1.csv", "2.parquet")
    ]
    assert [file.reader.name for file in files] == ["jsonl", "csv", "parquet"] * 2
    assert files[0].prefix == "2026-01/part-0.jsonl.gz:"  # the name alone would be that of another, too
    whole = read_corpus([lake])
    assert whole.n_documents == 150
    globbed = read_corpus([str(lake / "**" / "*.*")])
    listed = tmp_path / "list"
    listed.write_text("\n".join(file.place for file in files) + "\n\n")
    assert globbed.content_hash == read_corpus(read_file_list(listed)).content_hash == whole.content_hash
    listed.write_bytes(b"\0".join(str(file.place).encode() for file in files))
    assert read_file_list(listed) == [file.place for file in files]
    assert build_corpus([lake.as_uri()], tmp_path / "c").content_hash == whole.content_hash
    (lake / "notes.txt").write_text("A folder with anything else in it is one of texts.")
    assert read_corpus([lake]).document_ids().to_pylist() == ["notes.txt"]


def test_parts_give_what_the_whole_gives(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "PART_BYTES", 500)
    files = find_inputs([lake])
    options = ReadOptions()
    whole = [row for file in files for row in of_file(file, options)]
    counts = []
    for target in (10**9, 3000, 500):
        rows, n_parts = of_parts(files, options, target)
        assert rows == whole
        counts.append(n_parts)
    assert counts[0] == 1
    assert counts == sorted(set(counts))
    cut = [part for part in parts_of(files, 500) if part.row_groups is not None and part.file == files[2]]
    assert [part.records_before for part in cut] == [
        6 * part.row_groups[0] for part in cut if part.row_groups
    ]
    assert len(cut) > 1
    many = [InputFile(place=f"f{i}", reader=files[0].reader, size=1) for i in range(3 * MOST_FILES)]
    assert [len(part.files) for part in parts_of(many)] == [MOST_FILES] * 3
    away = [InputFile(place=f"s3://b/f{i}", reader=files[0].reader, size=1) for i in range(200)]
    assert [len(part.files) for part in parts_of(away)] == [MOST_FETCHED] * 6 + [8], "several workers fetch"


@pytest.mark.parametrize("ends", [["\n"], ["\r\n"], ["\n", "\r\n", "\r"]])
def test_lines_are_cut_between_any_bytes(tmp_path: Path, ends: list[str]) -> None:
    chance = random.Random(len(ends))
    asian = json.dumps({"text": "日本 wine"}, ensure_ascii=False)
    rows = [chance.choice(("", json.dumps({"id": f"k{i}", "text": "größe"}), asian)) for i in range(40)]
    # The first lines have no text, and no part is to guess from its own lines what the file has.
    text = "".join(row + chance.choice(ends) for row in [json.dumps({"body": None, "x": 1})] * 3 + rows)
    for name, head, tail in (("a.jsonl", b"", ""), ("b.txt", b"\xef\xbb\xbf", "open")):
        path = tmp_path / name
        path.write_bytes(head + (text + tail).encode())
        (file,) = find_inputs([path], format="jsonl" if name == "a.jsonl" else "lines")
        options = ReadOptions(text="text" if name == "a.jsonl" else None)
        whole = of_file(file, options)
        for target in (1, 7, 64, 400):
            rows_of_parts, n_parts = of_parts([file], options, target)
            assert rows_of_parts == whole, (name, target)
            assert n_parts == -(-file.size // target)


def test_what_cannot_be_cut_is_one_part(tmp_path: Path) -> None:
    line = json.dumps({"text": "bread"}) + "\n"
    (tmp_path / "utf16.jsonl").write_bytes((line * 50).encode("utf-16"))
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress((line * 50).encode()))
    (tmp_path / "t.csv").write_text('text\n"a\nb"\n' * 50)
    (tmp_path / "cut.jsonl").write_text(line * 50)
    for name in ("utf16.jsonl", "packed.jsonl", "t.csv"):
        assert len(parts_of(find_inputs([tmp_path / name]), 50)) == 1, name
    assert len(parts_of(find_inputs([tmp_path / "cut.jsonl"]), 50)) > 9
    assert len(parts_of(find_inputs([tmp_path / "cut.jsonl"], encoding="latin-1"), 50)) > 9
    assert len(parts_of(find_inputs([tmp_path / "cut.jsonl"], encoding="shift_jis"), 50)) == 1


def test_a_message_from_the_middle_names_the_line_of_the_file(tmp_path: Path) -> None:
    lines = [json.dumps({"text": "bread"}) for _ in range(90)]
    lines[70] = "{no"
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    parts = parts_of(find_inputs([tmp_path / "a.jsonl"]), 300)
    assert len(parts) > 4
    with pytest.raises(DataError, match=rf"{tmp_path}/a\.jsonl, line 71, column 2 is not JSON"):
        _ = [list(read_part(part, ReadOptions())) for part in parts]


def test_a_folder_of_texts_is_cut_between_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    for i in range(12):
        (folder / str(i % 3)).mkdir(parents=True, exist_ok=True)
        (folder / str(i % 3) / f"{i:02}.txt").write_text("bread and wine " * i)
    files = find_inputs([folder])
    rows, n_parts = of_parts(files, ReadOptions(), 400)
    assert n_parts > 2
    assert rows == of_file(files[0], ReadOptions())
    assert sum(len(part.file.members) for part in parts_of(files, 400)) == 12  # no part carries all names


def test_no_link_leads_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("the keys of who reads it")
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "a.txt").write_text("bread")
    (folder / "b.txt").symlink_to("a.txt")
    assert read_corpus([folder]).n_documents == 2
    (folder / "c.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(
        DataError, match=r"given/c\.txt is a link that leads out of its folder, to .*/secret; put"
    ):
        read_corpus([folder])
    assert read_corpus([str(folder / "*.txt")]).n_documents == 3  # each of them was named
    (folder / "c.txt").unlink()
    (folder / "d").symlink_to(tmp_path)
    with pytest.raises(DataError, match="given/d is a link that leads out"):
        read_corpus([folder])


def test_a_glob_follows_no_link_to_a_folder(tmp_path: Path) -> None:
    """One to a folder above would be followed for ever, or through the whole machine."""
    (tmp_path / "in" / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    (tmp_path / "in" / ".hidden").mkdir()
    for name in ("out/secret", "in/a", "in/sub/b", "in/sub/deep/c", "in/.hidden/d"):
        (tmp_path / f"{name}.txt").write_text("a text\n")
    (tmp_path / "in" / "sub" / "up").symlink_to(tmp_path)
    (tmp_path / "in" / "sub" / "self").symlink_to(".")
    for pattern, names in (
        ("in/**/*.txt", ["a", "b", "c"]),
        ("in/**", ["a", "b", "c"]),
        ("**/deep/*.txt", ["c"]),
        ("in/**/sub/**/*.txt", ["b", "c"]),
    ):
        found = find_inputs([str(tmp_path / pattern)])
        assert [Path(one.place).stem for one in found] == names, pattern
    (tmp_path / "in" / "gone.txt").symlink_to("nowhere")
    with pytest.raises(DataError, match=r"gone\.txt is a link to what is not there"):
        find_inputs([str(tmp_path / "in" / "*.txt")])


def test_a_list_that_names_no_files(tmp_path: Path) -> None:
    """As an input that was given in the place of a list."""
    records = tmp_path / "records.jsonl"
    records.write_text('{"text": "' + "word " * 100 + '"}\n')
    with pytest.raises(DataError, match=r"its name number 1 is longer than names of files are"):
        read_file_list(records)
    with pytest.raises(DataError, match=r"there can be no file"):
        find_inputs(["x" * 300])


def test_inputs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no file matches .*\*\.csv; check the pattern"):
        find_inputs([tmp_path / "*.csv"])
    with pytest.raises(DataError, match="there is no file or folder"):
        find_inputs([str(tmp_path / "none")])
    (tmp_path / "a[1].txt").write_text("bread\n")
    assert find_inputs([tmp_path / "a[1].txt"], format="lines")[0].place == str(tmp_path / "a[1].txt")
    (tmp_path / "list").write_text("\n\n")
    with pytest.raises(DataError, match="list names no inputs; write one a line"):
        read_file_list(tmp_path / "list")
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_file_list(tmp_path / "nolist")


def test_what_differs_between_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "bread", "year": 1999, "lang": "en"}\n')
    (tmp_path / "b.csv").write_text("text,year,lang\nwine,2000,en\n")
    (tmp_path / "c.csv").write_text("text,year\nmilk,2000\n")
    files = [tmp_path / name for name in ("a.jsonl", "b.csv", "c.csv")]
    told = (
        rf"the field 'year' holds numbers in {tmp_path}/a\.jsonl and text in {tmp_path}/b\.csv; all of it becomes "
        rf"text, unless --types says what it is \(year:int\); 1 of 3 files lack the field 'lang': {tmp_path}/c\.csv"
    )
    with pytest.warns(UserWarning, match=told):
        corpus = read_corpus(files)
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.to_pydict() == {"year": ["1999", "2000", "2000"], "lang": ["en", "en", None]}
    with pytest.warns(UserWarning, match=told):
        assert lda.build_corpus(files, tmp_path / "c", processes=1).content_hash == corpus.content_hash
    with pytest.warns(UserWarning, match="^1 of 3 files lack the field 'lang'"):
        read_corpus(files, types="year:int")


def test_all_files_that_lack_the_text_are_named_at_once(tmp_path: Path) -> None:
    for name, field in (("a", "text"), ("b", "body_text"), ("c", "text"), ("d", "txt")):
        (tmp_path / f"{name}.csv").write_text(f"id,{field}\n1,bread\n")
    with pytest.raises(
        DataError, match=r"b\.csv, line 1: no field 'text'.* \(.*d\.csv lack such a field, too\)$"
    ):
        read_corpus([tmp_path], recipe=lda.Recipe(text="text"))
