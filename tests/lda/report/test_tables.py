"""Tables of a report: the model's numbers, in files that are whole, and in cells that do nothing."""

from __future__ import annotations

import csv
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from made_models import planted_model
from made_surveys import made_groups, made_survey

from lda.corpus.errors import DataError
from lda.report.parts import gathered
from lda.report.table_files import write_tables
from lda.report.tables import TABLES, tables_of
from lda.report.workbook import write_workbook

if TYPE_CHECKING:
    from pathlib import Path

FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "http://evil.example/", "\t=1"]


def tables(**changes: Any) -> dict[str, pa.Table]:
    model = planted_model()
    survey = made_survey(
        model,
        over=made_groups(6, [4, 1], starts=["1900-01-01", "1901-01-01"]),
        by=(made_groups(6, [3, 2], field="party/../x"), made_groups(6, [3, 2], field="PARTY\\..\\x")),
        **changes,
    )
    return tables_of(gathered(model, survey))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_numbers_are_those_of_the_model() -> None:
    model = planted_model()
    found = tables()
    topics = found["topics"].to_pydict()
    assert topics["tokens"] == [topic.tokens for topic in model.topics()]
    assert topics["share"] == [topic.share for topic in model.topics()]
    assert all(title.startswith(f"{k} ") for k, title in enumerate(topics["title"]))
    assert topics["words"] == [", ".join(words) for words in model.top_words(10)]
    words = found["words"].to_pylist()
    phi = model.topic_word
    for row in words:
        assert row["p"] == pytest.approx(phi[row["topic"], model.vocabulary.index(row["word"])], rel=1e-12)
    assert [row["rank"] for row in words if row["topic"] == 3][:3] == [1, 2, 3]
    survey = made_survey(model)
    by_document = found["document_topics"].to_pylist()
    assert [row["id"] for row in by_document] == survey.ids
    assert [np.float32(row["weight"]) for row in by_document] == survey.theta.max(axis=1).tolist()
    assert found["documents"].column("field_year").to_pylist() == list(range(1900, 1912))
    assert found["over"].num_rows == 12
    assert found["over"].to_pylist()[7]["low"] is None or np.isnan(found["over"].to_pylist()[7]["low"])
    assert {name.split("_party")[0].split("_PARTY")[0] for name in found} <= {*TABLES}


def test_csv_holds_texts_as_they_are(tmp_path: Path) -> None:
    ids = [*FORMULAS, 'quo"te', "line\nend", "comma,", "\udce9", "\x1b[2J", ""]
    written = write_tables(tables(ids=ids), tmp_path / "t")
    assert sorted(written) == sorted(path.name for path in (tmp_path / "t").iterdir())
    found = [row["id"] for row in rows(tmp_path / "t" / "documents.csv")]
    assert found == [text.replace("\udce9", "\\udce9") for text in ids]
    assert rows(tmp_path / "t" / "over.csv")[6]["low"] == ""
    weights = [row["weight"] for row in rows(tmp_path / "t" / "documents.csv")]
    assert weights[0] == "0.975"  # float32, in as few digits as give it


def test_fields_make_no_paths(tmp_path: Path) -> None:
    names = write_tables(tables(), tmp_path / "t")
    assert "by_party_.._x.csv" in names
    assert "by_PARTY_.._x-2.csv" in names
    assert not any("/" in name or "\\" in name for name in names)


def test_parquet(tmp_path: Path) -> None:
    write_tables(tables(), tmp_path / "t", form="parquet")
    assert pq.read_table(tmp_path / "t" / "words.parquet").equals(tables()["words"])


def test_a_folder_is_replaced_if_it_is_ours(tmp_path: Path) -> None:
    folder = tmp_path / "t"
    write_tables(tables(), folder)
    with pytest.raises(DataError, match="exists already"):
        write_tables(tables(), folder)
    write_tables(tables(), folder, form="parquet", overwrite=True)
    assert {path.suffix for path in folder.iterdir()} == {".parquet"}
    (folder / "precious.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files than tables"):
        write_tables(tables(), folder, overwrite=True)
    assert (folder / "precious.txt").read_text() == "mine"


def test_a_workbook_has_neither_formulas_nor_links(tmp_path: Path) -> None:
    ids = [*FORMULAS, *(f"doc {i}" for i in range(6))]
    target = tmp_path / "r.xlsx"
    write_workbook(tables(ids=ids), target)
    with zipfile.ZipFile(target) as book:
        sheets = {name: book.read(name).decode() for name in book.namelist() if name.endswith(".xml")}
        assert not any("hyperlink" in name for name in book.namelist())
    assert "=1+1" in "".join(sheets.values())
    assert not any("<f>" in xml or "<hyperlink" in xml for xml in sheets.values())
    with pytest.raises(DataError, match="exists already"):
        write_workbook(tables(), target)


def test_a_workbook_is_the_same_to_the_byte(tmp_path: Path) -> None:
    write_workbook(tables(), tmp_path / "a.xlsx")
    time.sleep(1.1)  # its date of making would have seconds
    write_workbook(tables(), tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_a_sheet_has_an_end(tmp_path: Path) -> None:
    long = {"words": pa.table({"a": pa.array(np.zeros(2**20, dtype=np.int8))})}
    with pytest.raises(DataError, match="1,048,576 rows"):
        write_workbook(long, tmp_path / "r.xlsx")
    assert not (tmp_path / "r.xlsx").exists()


def test_without_documents_there_are_fewer_tables() -> None:
    found = tables_of(gathered(planted_model()))
    assert list(found) == ["topics", "words", "related", "history", "labels"]


def test_columns_of_odd_kinds(tmp_path: Path) -> None:
    fields = pa.table(
        {"list": [[1], None], "large": [2**60, None], "truth": [True, None], "far": [float("inf"), 0.5]}
    )
    model = planted_model()
    parts = gathered(model, replace(made_survey(model, n=2), fields=fields))
    write_tables(tables_of(parts), tmp_path / "t")
    write_workbook(tables_of(parts), tmp_path / "r.xlsx")
    first = rows(tmp_path / "t" / "documents.csv")[0]
    assert (first["field_list"], first["field_large"], first["field_truth"], first["field_far"]) == (
        "[1]", str(2**60), "True", "",
    )  # fmt: skip
