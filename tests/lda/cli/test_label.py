"""`lda label`, and names in what other commands print and write."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
import tiny
from commands import fails, run, run_json

from lda import Model
from lda.labels.labels_file import parse_labels
from lda.transform.topic_writers import PARQUET_LABELS

if TYPE_CHECKING:
    from pathlib import Path

NAME = "War & <b>peace</b>, 戦争"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("label")
    tiny.jsonl(folder / "d.jsonl")
    run(
        "fit",
        folder / "d.jsonl",
        "--text",
        "body",
        "--id",
        "name",
        "-k",
        3,
        "-n",
        20,
        "-q",
        "-o",
        folder / "m",
    )
    return folder


@pytest.fixture
def model(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "m", tmp_path / "m")


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "l.json"
    path.write_text(json.dumps({"0": NAME, "2": "Stars"}))
    return path


def names(model: Path) -> dict[int, str]:
    return {number: label.name for number, label in Model.load(model).labels.names.items()}


def test_names_are_kept_shown_and_taken_away(model: Path, labels: Path) -> None:
    assert "none of 3 topics has a name" in run("label", model).stdout
    told = run("label", model, labels)
    assert "2 of 3 topics named in " in told.stderr
    assert told.stdout == run("label", model).stdout
    head, *lines = told.stdout.splitlines()
    assert head.split() == ["topic", "name", "source"]
    assert [line.split()[0] for line in lines] == ["0", "2"]
    assert NAME in lines[0]
    run("label", model, "--set", "1=Bread and  butter", "--set", "2=")
    assert names(model) == {0: NAME, 1: "Bread and butter"}
    value = run_json("label", model)
    assert value["names"]["1"]["when"] is not None
    assert parse_labels(json.dumps(value).encode()) == Model.load(model).labels, "--json is a labels.json"
    run("label", model, labels, "--set", "1=Other")
    assert names(model) == {0: NAME, 1: "Other", 2: "Stars"}
    run("label", model, labels)
    assert names(model) == {0: NAME, 2: "Stars"}, "a file replaces all there were"
    assert "no topic is named" in run("label", model, "--clear").stderr
    assert names(model) == {}
    assert not (model / "labels.json").exists()


def test_the_model_stays_what_it_is(model: Path, labels: Path) -> None:
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    run("label", model, labels)
    after = {path.name: path.read_bytes() for path in model.iterdir()}
    assert {name: after[name] for name in before} == before
    assert run_json("info", model)["n_named_topics"] == 2
    assert "3, 2 of them named" in run("info", model).stdout


def test_suggestions_are_a_file_to_edit(model: Path, tmp_path: Path) -> None:
    run("label", model, "--set", "1=Mine")
    out = tmp_path / "s.json"
    value = run_json("label", model, "--suggest", "-o", out)
    assert [one["topic"] for one in value["suggestions"]] == [0, 1, 2]
    assert names(model) == {1: "Mine"}, "nothing is changed"
    found = parse_labels(out.read_bytes())
    assert found.name(1) == "Mine"
    assert found.name(0) == value["suggestions"][0]["name"]
    assert found.names[0].source == "suggested"
    assert "exists already" in fails(3, "label", model, "--suggest", "-o", out, "-q")
    run("label", model, out, "--overwrite", "-o", out, "-q")
    assert len(names(model)) == 3


def test_phrases_of_documents_are_suggested(model: Path, made: Path) -> None:
    value = run_json("label", model, "--suggest", "--documents", made / "d.jsonl")
    phrases = [phrase for one in value["suggestions"] for phrase in one["phrases"]]
    assert all(phrase["count"] >= 3 and phrase["score"] > 10 for phrase in phrases)
    assert "reading" in run("label", model, "--suggest", "--documents", made / "d.jsonl").stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--set", "War"], "a name is set as TOPIC=NAME"),
        (["--set", "7=War"], "topics 0 to 2, got a name for topic 7"),
        (["--set", "1=a\x1bb"], "must not hold control characters"),
        (["--set", "1=" + "x" * 201], "at most 200 characters"),
        (["--clear", "--set", "1=x"], "--clear takes all names away"),
        (["--suggest", "--set", "1=x"], "--suggest changes nothing"),
        (["--force"], "--force is for the names in a FILE"),
        (["--overwrite"], "--overwrite is for -o FILE"),
        (["--documents", "x"], "to --suggest: give that as well"),
    ],
)
def test_wrong_usage(model: Path, arguments: list[str], told: str) -> None:
    result = run("label", model, *arguments, code=2)
    assert told in " ".join(result.stderr.split())
    assert "\x1b" not in result.stderr
    assert names(model) == {}


def test_documents_in_another_encoding(model: Path, tmp_path: Path) -> None:
    text = tmp_path / "old.csv"
    text.write_bytes(b"name,body\n" + "x,caf\xe9 bread bread\n".encode("latin-1") * 3)
    options = ("--format", "csv", "--encoding", "latin-1", "-q")
    assert "--encoding latin-1" in fails(3, "label", model, "--suggest", "--documents", text, "-q")
    assert len(run_json("label", model, "--suggest", "--documents", text, *options)["suggestions"]) == 3
    assert "--encoding latin-1" in fails(3, "topics", model, "--documents", text, "-q")
    wanted = ("--documents-format", "csv", "--encoding", "latin-1", "-q")
    topics = run_json("topics", model, "--documents", text, *wanted)["topics"]
    assert topics[0]["documents"][0]["n_tokens"] == 2


def test_bad_files(model: Path, labels: Path, tmp_path: Path) -> None:
    run("label", model, labels)
    assert "cannot be read" in fails(3, "label", model, tmp_path / "none", "-q")
    labels.write_text('{"names": {"1": "x"}, "n_topics": 9}')
    assert "another model (9 topics)" in fails(3, "label", model, labels, "-q")
    assert "is not a model" in fails(3, "label", tmp_path, labels, "-q")
    assert names(model) == {0: NAME, 2: "Stars"}, "what was there stays"
    run("label", model, labels, "--force")
    assert names(model) == {1: "x"}


def test_a_folder_that_cannot_be_written(model: Path, labels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lda.corpus.storage.places import LocalStorage

    def full(self: object, name: str, data: object) -> None:
        raise OSError(28, "No space left on device", name)

    monkeypatch.setattr(LocalStorage, "write", full)
    assert "No space left on device" in fails(1, "label", model, labels, "-q")


def rows(text: str, delimiter: str = "\t") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def test_topics_have_names_only_where_there_are_some(model: Path, labels: Path) -> None:
    plain = {form: run("topics", model, "--format", form).stdout for form in ("table", "tsv", "md", "json")}
    named = {form: run("topics", model, "--labels", labels, "--format", form).stdout for form in plain}
    assert all(NAME not in text and '"name"' not in text for text in plain.values())
    assert plain["tsv"].splitlines()[0].endswith("\tword_10")
    assert plain["md"].startswith("| topic | share | alpha | words |")
    assert [row[:-1] for row in rows(named["tsv"])] == rows(plain["tsv"]), "names come behind all there was"
    assert [row[-1] for row in rows(named["tsv"])] == ["name", NAME, "", "Stars"]
    assert [topic["name"] for topic in json.loads(named["json"])["topics"]] == [NAME, None, "Stars"]
    assert named["md"].splitlines()[0] == "| topic | name | share | alpha | words |"
    assert "War \\& \\<b\\>peace\\</b\\>" in named["md"]
    head, first, second, _ = named["table"].splitlines()
    assert head.split() == ["topic", "share", "alpha", "name", "words"]
    assert NAME in first
    assert len(second.split()) > 3
    run("label", model, labels)
    kept = {form: run("topics", model, "--format", form).stdout for form in plain}
    assert kept == named, "those that the model keeps are the same as those of a file"
    other = labels.with_name("other.json")
    other.write_text('["a", "b", "c"]')
    assert [row[-1] for row in rows(run("topics", model, "--labels", other, "--format", "tsv").stdout)][
        1:
    ] == list("abc")


def test_a_hostile_name_commands_nothing(model: Path) -> None:
    (model / "labels.json").write_text(r'{"1": "\u001b]0;x\u0007"}')
    with pytest.warns(UserWarning, match="the topics have no names") as told:
        result = run("topics", model)
    assert "\x1b" not in result.stdout + result.stderr + str(told[0].message)


class TestTransform:
    """Names are written when they are asked for, and never change what is written without them."""

    @pytest.fixture(autouse=True)
    def _named(self, model: Path, made: Path, labels: Path, tmp_path: Path) -> None:
        run("label", model, labels)
        self.model, self.labels, self.folder = model, labels, tmp_path
        self.documents = made / "d.jsonl"
        self.unnamed = made / "m"

    def written(self, name: str, *options: object, model: Path | None = None) -> Path:
        out = self.folder / name
        run("transform", model or self.model, self.documents, "-o", out, "--overwrite", "-q", *options)
        return out

    @pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.npy", "x.parquet"])
    def test_nothing_changes_unasked(self, name: str) -> None:
        kept = self.written(name).read_bytes()
        assert kept == self.written(name, model=self.unnamed).read_bytes()

    def test_a_header_says_them(self) -> None:
        plain, named = (
            rows(self.written("x.csv", *options).read_text(), ",")
            for options in ((), ("--labels", self.labels))
        )
        assert plain[0] == ["id", "topic_0", "topic_1", "topic_2"]
        assert named[0] == ["id", f"topic_0 {NAME}", "topic_1", "topic_2 Stars"]
        assert named[1:] == plain[1:]

    def test_rows_have_a_last_column(self) -> None:
        top = ("--top", 2)
        plain = rows(self.written("x.tsv", *top).read_text())
        named = rows(self.written("x.tsv", *top, "--labels", self.labels).read_text())
        assert [row[:3] for row in named] == plain
        assert named[0][3] == "name"
        assert {(row[1], row[3]) for row in named[1:]} <= {("0", NAME), ("1", ""), ("2", "Stars")}

    def test_json_lines(self) -> None:
        path = self.written("x.jsonl", "--top", 3, "--labels", self.labels)
        for line in path.read_text().splitlines():
            for topic in json.loads(line)["topics"]:
                assert topic["name"] == {0: NAME, 1: None, 2: "Stars"}[topic["topic"]]
        text = run("transform", self.model, self.documents, "--top", 1, "--labels", self.labels, "-q").stdout
        assert '"name": ' in text

    def test_parquet(self) -> None:
        plain = pq.read_table(self.written("x.parquet"))
        named = pq.read_table(self.written("y.parquet", "--labels", self.labels))
        assert named.equals(plain)
        metadata: Any = named.schema.metadata
        assert parse_labels(metadata[PARQUET_LABELS]).name(0) == NAME
        top = pq.read_table(self.written("z.parquet", "--top", 1, "--labels", self.labels))
        assert top.column_names == ["id", "topics", "weights", "names"]
        for row in top.to_pylist():
            assert row["names"] == [{0: NAME, 1: None, 2: "Stars"}[topic] for topic in row["topics"]]

    def test_a_folder_of_parts(self) -> None:
        plain = self.written("plain")
        named = self.written("parts", "--labels", self.labels)
        assert parse_labels((named / "_labels.json").read_bytes()).name(2) == "Stars"
        assert (named / "part-00000.parquet").read_bytes() == (plain / "part-00000.parquet").read_bytes()
        assert pq.read_table(named).num_rows == 60, "readers pass over the file"
        self.written("parts")
        assert not (named / "_labels.json").exists(), "names of what was replaced go"

    @pytest.mark.parametrize("name", ["x.jsonl", "x.npy"])
    def test_where_there_is_no_place_for_them(self, name: str) -> None:
        out = self.folder / name
        said = fails(3, "transform", self.model, self.documents, "-o", out, "--labels", self.labels, "-q")
        assert "no place for names" in said
        assert not out.exists()

    def test_names_of_another_model(self) -> None:
        self.labels.write_text('{"n_topics": 5, "names": {}}')
        for name in ("x.csv", "parts"):
            out = self.folder / name
            said = fails(3, "transform", self.model, self.documents, "-o", out, "--labels", self.labels, "-q")
            assert "another model (5 topics)" in said
            assert not out.exists()


@pytest.mark.parametrize("output", ["taken.json", "m/model.json", "m/labels.json", "."])
def test_names_stay_where_the_output_is_refused(model: Path, output: str) -> None:
    taken = model.parent / "taken.json"
    taken.write_text("mine")
    description = (model / "model.json").read_bytes()
    again = ["--overwrite"] if output.startswith("m/") else []
    fails(3, "label", model, "--set", "1=Stars", "-o", model.parent / output, "-q", *again)
    assert not (model / "labels.json").exists()
    assert taken.read_text() == "mine"
    assert (model / "model.json").read_bytes() == description


def test_standard_output_is_no_file_of_names(model: Path) -> None:
    assert "--json prints" in run("label", model, "--suggest", "-o", "-", code=2).stderr
