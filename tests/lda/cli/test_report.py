"""`lda report`: one page, tables and a workbook, whole or not at all."""

from __future__ import annotations

import base64
import csv
import gzip
import json
import re
import shutil
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import small_disk
import tiny
from commands import fails, run, run_json

import lda
from lda.report.notebook_page import ReportPage

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "</script><script>alert(1)</script>"
N = 60


def rows_of_source(n: int = N) -> list[dict[str, Any]]:
    return [
        {
            "name": f"doc-{i}",
            "body": " ".join(words),
            "year": 1990 + i // 6,
            "party": "AB"[i % 2],
            "mood": f"mood {i}",
            "day": f"2001-01-{1 + i % 9:02}",
        }
        for i, words in enumerate(tiny.documents(n))
    ]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("source") / "docs.jsonl", rows_of_source())


@pytest.fixture(scope="module")
def model(source: Path) -> Path:
    target = source.parent / "model"
    run("fit", source, "--text", "body", "--id", "name", "-k", 3, "-n", 60, "-o", target, "-q")
    return target


def data_in(page: Path) -> dict[str, Any]:
    """The data that a page carries, as its script unpacks it."""
    packed = re.findall(r'<script type="application/octet-stream"[^>]*>([^<]*)</script>', page.read_text())
    values = [json.loads(gzip.decompress(base64.b64decode(text))) for text in packed]
    [found] = [value for value in values if value.get("format") == 1]
    assert isinstance(found, dict)
    return found


def test_from_end_to_end(source: Path, model: Path, tmp_path: Path) -> None:
    page, tables, book = tmp_path / "r.html", tmp_path / "tables", tmp_path / "r.xlsx"
    value = run_json(
        "report", model, source, "--text", "body", "--over", "year", "--by", "party", "--tables", tables,
        "--xlsx", book, "-o", page, "-q",
    )  # fmt: skip
    assert value["output"] == [str(page), str(tables), str(book)]
    assert value["bytes"] == page.stat().st_size
    assert (value["n_documents"], value["n_trained"], value["n_unknown"], value["n_described"]) == (
        N,
        N,
        0,
        N,
    )
    data = data_in(page)
    loaded = lda.load(model).model_
    assert data["topics"]["tokens"] == [topic.tokens for topic in loaded.topics()]
    assert data["documents"]["id"] == [f"doc-{i}" for i in range(N)]
    theta = run("transform", model, source, "--text", "body", "--id", "name", "-q").stdout.splitlines()
    for row, line in enumerate(theta):
        weights = json.loads(line)["weights"]
        part = slice(*data["documents"]["topics"]["offsets"][row : row + 2])
        topics, shown = (data["documents"]["topics"][name][part] for name in ("topic", "weight"))
        assert shown == pytest.approx([weights[k] for k in topics], rel=1e-3)
        assert topics[0] == int(np.argmax(weights))
    texts = dict(zip(data["texts"]["document"], data["texts"]["pieces"], strict=True))
    bodies = rows_of_source()
    assert texts
    for row, pieces in texts.items():
        assert "".join(text for text, _ in pieces) == bodies[row]["body"]
    assert data["over"]["kind"] == "time"
    assert sum(data["over"]["n_documents"]) == N
    assert [groups["field"] for groups in data["by"]] == ["party"]
    assert data["by"][0]["n_documents"] == [N // 2, N // 2]
    with (tables / "documents.csv").open(newline="") as file:
        assert [row["field_party"] for row in csv.DictReader(file)][:2] == ["A", "B"]


def test_the_same_page_on_any_number_of_threads(source: Path, model: Path, tmp_path: Path) -> None:
    for threads in (1, 2):
        run(
            "report", model, source, "--text", "body", "-j", threads, "-o", tmp_path / f"{threads}.html", "-q"
        )
    assert (tmp_path / "1.html").read_bytes() == (tmp_path / "2.html").read_bytes()


def test_without_documents(model: Path, tmp_path: Path) -> None:
    result = run("report", model, "-o", tmp_path / "r.html")
    assert result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(f"wrote {tmp_path / 'r.html'} in ")
    data = data_in(tmp_path / "r.html")
    assert data["documents"] is None
    assert data["missing"]


def test_several_inputs_a_corpus_and_a_pipe(source: Path, model: Path, tmp_path: Path) -> None:
    rows = rows_of_source()
    halves = [write(tmp_path / f"{i}.jsonl", rows[i * 30 : i * 30 + 30]) for i in range(2)]
    run("report", model, *halves, "--text", "body", "-o", tmp_path / "halves.html", "-q")
    assert data_in(tmp_path / "halves.html")["documents"]["id"] == [f"doc-{i}" for i in range(N)]
    run("corpus", "build", source, "--text", "body", "--id", "name", "-o", tmp_path / "corpus", "-q")
    value = run_json(
        "report", model, tmp_path / "corpus", "-o", tmp_path / "corpus.html", "--by", "party", "-q"
    )
    assert "corpus" not in {row["kind"] for row in value["warnings"]}
    assert value["n_documents"] == N
    piped = run_json(
        "report", model, "-", "--format", "jsonl", "--text", "body", "-o", tmp_path / "pipe.html", "-q",
        stdin=source.read_text(),
    )  # fmt: skip
    assert piped["n_documents"] == N


def test_from_a_bucket(model: Path, bucket: str, source: Path, tmp_path: Path) -> None:
    run(
        "corpus",
        "build",
        source,
        "--text",
        "body",
        "--id",
        "name",
        "-o",
        bucket.format("report/corpus"),
        "-q",
    )
    lda.load(model).save(bucket.format("report/model"))
    value = run_json(
        "report",
        bucket.format("report/model"),
        bucket.format("report/corpus"),
        "-o",
        tmp_path / "r.html",
        "-q",
    )
    assert value["n_documents"] == N
    assert value["model"].startswith("s3://bucket/report/model")
    assert "secret" not in json.dumps(value)
    assert "secret" not in json.dumps(data_in(tmp_path / "r.html"))


def test_the_page_on_standard_output(model: Path) -> None:
    assert run("report", model, "-o", "-", "-q").stdout.lower().startswith("<!doctype html>")
    assert "--json needs -o FILE" in run("report", model, "-o", "-", "--json", code=2).stderr


@pytest.mark.parametrize("option", ["-o", "--tables", "--xlsx"])
def test_what_exists_is_kept(model: Path, tmp_path: Path, option: str) -> None:
    target = tmp_path / "there"
    if option == "--tables":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    else:
        target.write_text("mine")
    elsewhere = [] if option == "-o" else ["-o", tmp_path / "r.html"]
    assert "exists already" in fails(3, "report", model, *elsewhere, option, target)
    assert not (tmp_path / "r.html").exists()
    assert (target / "mine.txt" if target.is_dir() else target).read_text() == "mine"
    if option == "--tables":
        assert "other files than tables" in fails(
            3, "report", model, *elsewhere, option, target, "--overwrite"
        )
    else:
        run("report", model, *elsewhere, option, target, "--overwrite", "-q")
        assert target.stat().st_size > 1000


def test_two_outputs_in_one_place(model: Path, tmp_path: Path) -> None:
    result = run("report", model, "-o", tmp_path / "r", "--xlsx", tmp_path / "r", code=2)
    assert "must name different places" in result.stderr


def test_names_from_a_file_and_of_another_model(source: Path, model: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"1": HOSTILE}))
    run("report", model, "--labels", labels, "-o", tmp_path / "r.html", "-q")
    assert data_in(tmp_path / "r.html")["topics"]["name"][1] == HOSTILE
    assert HOSTILE not in (tmp_path / "r.html").read_text()
    other = {
        "format": "raylda-labels",
        "version": 1,
        "fingerprint": "0" * 64,
        "n_topics": 3,
        "names": {"1": {"name": "x"}},
    }
    labels.write_text(json.dumps(other))
    assert "another model" in fails(
        3, "report", model, source, "--labels", labels, "-o", tmp_path / "s.html", "-q"
    )
    assert not (tmp_path / "s.html").exists()


def test_what_comes_from_outside_is_no_mark_up(model: Path, tmp_path: Path) -> None:
    rows = rows_of_source(6)
    rows[0] |= {"name": HOSTILE, "body": f"{HOSTILE} bread goal \x1b[2J", "party": HOSTILE}
    source = write(tmp_path / "bad.jsonl", rows)
    result = run(
        "report", model, source, "--text", "body", "--by", "party", "--title", HOSTILE, "-o", tmp_path / "r.html",
    )  # fmt: skip
    assert "\x1b" not in result.stderr
    page = (tmp_path / "r.html").read_text()
    assert "alert(1)</script>" not in page
    data = data_in(tmp_path / "r.html")
    assert data["documents"]["id"][0] == data["title"] == HOSTILE
    assert HOSTILE in data["documents"]["fields"]["party"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--over", "decade"], "decade"),
        (["--by", "region"], "region"),
        (["--over", "mood"], "mood 0"),  # shows values that are neither dates nor numbers
    ],
)
def test_fields_that_cannot_be(
    source: Path, model: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    line = fails(3, "report", model, source, "--text", "body", *arguments, "-o", tmp_path / "r.html", "-q")
    assert said in line
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--over", "year"], "--over needs documents"),
        (["--by", "year"], "--by needs documents"),
        (["--documents", "0"], "--documents needs documents"),
        (["--bin", "year"], "--bin needs --over"),
        (["x.jsonl", "--over", "year", "--bin", "fortnight"], "fortnight"),
        (["--described", "-1"], "-1"),
    ],
)
def test_options_that_do_not_go_together(model: Path, arguments: list[str], said: str) -> None:
    assert said in run("report", model, *arguments, code=2).stderr


def test_a_missing_model_and_missing_documents(model: Path, tmp_path: Path) -> None:
    assert "does not exist" in fails(3, "report", tmp_path / "none", "-q")
    assert "none.jsonl" in fails(3, "report", model, tmp_path / "none.jsonl", "-o", tmp_path / "r.html", "-q")


@pytest.mark.parametrize(
    ("package", "options", "said"),
    [
        ("altair", [], "raylda[report]"),
        ("vl_convert", [], "raylda[report]"),
        ("xlsxwriter", ["--xlsx", "r.xlsx"], "raylda[xlsx]"),
    ],
)
def test_a_missing_extra_is_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, package: str, options: list[str], said: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.chdir(tmp_path)
    line = fails(2, "report", tmp_path / "no-model", *options)
    assert f"pip install '{said}'" in line
    assert package in line


def test_a_damaged_model_leaves_the_page_as_it_was(model: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(model, tmp_path / "model")
    with (damaged / "counts.npz").open("r+b") as file:
        file.seek(200)
        file.write(b"\xff\xff\xff")
    (tmp_path / "r.html").write_text("before")
    fails(3, "report", damaged, "-o", tmp_path / "r.html", "--overwrite", "-q")
    assert (tmp_path / "r.html").read_text() == "before"


@pytest.mark.parametrize("option", ["-o", "--tables", "--xlsx"])
def test_a_full_disk_leaves_what_was_there(model: Path, tmp_path: Path, option: str) -> None:
    with small_disk.of_size(tmp_path / "small", "16k") as disk:
        before = disk / "before"
        arguments = ["report", model, "-o", tmp_path / "r.html"] if option != "-o" else ["report", model]
        if option == "--tables":
            before.mkdir()
            (before / "topics.csv").write_text("before")
        else:
            before.write_text("before")
        line = fails(1, *arguments, option, before, "--overwrite", "-q")
        assert f"No space left on device: {before}" in line
        assert (before / "topics.csv" if before.is_dir() else before).read_text() == "before"
        assert [path.name for path in disk.iterdir()] == ["before"]


def test_from_python(source: Path, model: Path, tmp_path: Path) -> None:
    loaded = lda.load(model)
    rows = rows_of_source()
    target = loaded.report(
        tmp_path / "r.html",
        texts=[row["body"] for row in rows],
        metadata={"party": [row["party"] for row in rows]},
        ids=[row["name"] for row in rows],
        by="party",
        labels={0: "Nought"},
    )
    run(
        "report",
        model,
        source,
        "--text",
        "body",
        "--id",
        "name",
        "--by",
        "party",
        "-o",
        tmp_path / "c.html",
        "-q",
    )
    ours, theirs = data_in(tmp_path / "r.html"), data_in(tmp_path / "c.html")
    assert target == tmp_path / "r.html"
    assert ours["documents"]["topics"] == theirs["documents"]["topics"]
    assert ours["by"] == theirs["by"]
    assert ours["topics"]["name"][0] == "Nought"
    page = loaded.model_.report(X=[row["body"].split() for row in rows])
    assert isinstance(page, ReportPage)
    assert page.lower().startswith("<!doctype html>")
    assert repr(page).startswith("ReportPage(")
    assert 'srcdoc="&lt;!doctype html&gt;' in page._repr_html_()
    with pytest.raises(lda.DataError, match="exists already"):
        loaded.report(tmp_path / "r.html")
    with pytest.raises(ValueError, match="over and by"):
        loaded.report(over="year")
    with pytest.raises(ValueError, match="metadata and ids"):
        loaded.report(metadata={"a": [1]})


@pytest.mark.parametrize("kind", ["input", "labels", "model", "in the model", "in the texts"])
def test_nothing_that_is_read_is_replaced(source: Path, model: Path, tmp_path: Path, kind: str) -> None:
    own = shutil.copytree(model, tmp_path / "m")
    texts = tmp_path / "texts"
    texts.mkdir()
    docs, labels = texts / "docs.jsonl", tmp_path / "l.json"
    shutil.copy(source, docs)
    labels.write_text('{"0": "War"}')
    places = {
        "input": docs,
        "labels": labels,
        "model": own / "model.json",
        "in the model": own / "labels.json",
    }
    target = places.get(kind, docs)
    there = target.read_bytes() if target.exists() else None
    named = texts if kind == "in the texts" else docs
    for option in ("-o", "--xlsx"):
        other = ["-o", tmp_path / "r.html"] if option == "--xlsx" else []
        said = fails(
            3,
            "report",
            own,
            named,
            "--text",
            "body",
            "--labels",
            labels,
            option,
            target,
            *other,
            "--overwrite",
            "-q",
        )
        assert "which is read; choose another" in said
    assert (target.read_bytes() if target.exists() else None) == there
    assert not (tmp_path / "r.html").exists()


def test_a_link_to_an_input_is_that_input(source: Path, model: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.jsonl"
    link.symlink_to(source)
    said = fails(3, "report", model, link, "--text", "body", "-o", source, "--overwrite", "-q")
    assert "which is read" in said


def test_a_page_may_lie_beside_texts(source: Path, model: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one two three")
    page = tmp_path / "r.html"
    run("report", model, tmp_path, "--format", "text", "-o", page, "-q")
    assert page.exists()


@pytest.mark.parametrize(
    ("page", "tables", "book"),
    [
        ("t/r.html", "t", "x.xlsx"),
        ("r.html", "t", "t/x.xlsx"),
        ("r.html", "t", "d/../r.html"),
        ("d/../t", "t", "x"),
    ],
)
def test_outputs_do_not_lie_in_one_another(
    model: Path, tmp_path: Path, page: str, tables: str, book: str
) -> None:
    (tmp_path / "d").mkdir()
    outputs = ["-o", tmp_path / page, "--tables", tmp_path / tables, "--xlsx", tmp_path / book]
    result = run("report", model, *outputs, code=2)
    assert "--tables" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


def test_a_file_that_is_no_folder_of_tables_stays(model: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    said = fails(3, "report", model, "-o", tmp_path / "r.html", "--tables", mine, "--overwrite", "-q")
    assert "not a folder of a report's tables" in said
    assert mine.read_text() == "mine"


def test_a_field_without_any_value_is_told_of(model: Path, tmp_path: Path) -> None:
    rows = [{**row, "none": None, "blank": " "} for row in rows_of_source()]
    docs = write(tmp_path / "d.jsonl", rows)
    page = tmp_path / "r.html"
    run("report", model, docs, "--text", "body", "--over", "none", "--by", "blank", "-o", page, "-q")
    missing = " ".join(data_in(page)["missing"])
    assert "Nothing is shown over none: no document" in missing
    assert "Nothing is shown over blank: no document" in missing


def test_numbers_of_a_field_are_whole(model: Path, tmp_path: Path) -> None:
    docs = write(
        tmp_path / "d.jsonl", [{**row, "n": 10**12 + i % 3} for i, row in enumerate(rows_of_source())]
    )
    page = tmp_path / "r.html"
    run("report", model, docs, "--text", "body", "--over", "n", "-o", page, "-q")
    assert data_in(page)["over"]["starts"] == [10**12, 10**12 + 1, 10**12 + 2]


def test_a_corpus_is_the_only_input(source: Path, model: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "c"
    run("corpus", "build", source, "--text", "body", "-o", corpus, "-q")
    for command in (
        ["report", "-o", tmp_path / "r.html"],
        ["transform", "-o", tmp_path / "t.csv"],
        ["transform", "-o", tmp_path / "parts"],
    ):
        said = fails(3, *command, model, corpus, source, "-q")
        assert "is a finished corpus and must be the only input, got 2" in said
        said = fails(3, *command, model, corpus, "--layer", "counts", "-q")
        assert "is a finished corpus and has no layers" in said


def test_a_long_id_does_not_flood_a_terminal(model: Path, tmp_path: Path) -> None:
    docs = write(
        tmp_path / "d.jsonl", [{**row, "name": "x" * 10_000 + row["name"]} for row in rows_of_source()]
    )
    for command in (["topics", model, "--documents", docs], ["show", model, 0, docs]):
        told = run(*command, "--text", "body", "--id", "name", "-q").stdout
        joined = told.replace("\n", "").replace(" ", "")  # `lda show` breaks its lines
        assert "x" * 199 + "…" in joined
        assert "x" * 200 not in joined
