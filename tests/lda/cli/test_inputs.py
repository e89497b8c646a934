"""What the commands make of inputs that are not quite as the model's were."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest
import tiny
from click.testing import CliRunner, Result

import lda
from lda.cli import cli

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object, code: int = 0, stdin: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments], input=stdin)
    assert result.exit_code == code, result.stderr
    return result


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose text had the fields `name` and `body`."""
    folder = tmp_path_factory.mktemp("model")
    source = tiny.jsonl(folder / "docs.jsonl")
    corpus = lda.read_corpus([source], recipe=lda.Recipe(text="body", id="name"))
    lda.LDA(3, max_iter=3, random_state=0).fit(corpus).save(folder / "m")
    return folder / "m"


def test_documents_without_the_models_id_are_numbered(model: Path, tmp_path: Path) -> None:
    (new := tmp_path / "new.jsonl").write_text('{"body": "bread oven"}\n{"body": "goal match"}\n')
    rows = [json.loads(line) for line in run("transform", model, new).stdout.splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    run("transform", model, new, "-o", tmp_path / "parts")
    assert pq.read_table(tmp_path / "parts").column("id").to_pylist() == ["1", "2"]
    run("evaluate", model, new)
    line = run("transform", model, new, "--id", "name", code=3).stderr
    assert "lines 1 to 2: no field 'name'; it has: 'body'; choose one with --id" in line
    (new := tmp_path / "named.jsonl").write_text('{"body": "bread oven", "name": "mine"}\n')
    assert json.loads(run("transform", model, new).stdout)["id"] == "mine"


def test_input_is_looked_at_before_kernels_are_prepared(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(*_: object, **__: object) -> None:
        raise AssertionError("kernels were prepared for input that cannot be read")

    monkeypatch.setattr("lda.model.model.Model.frozen", prepare)
    (bad := tmp_path / "bad.jsonl").write_text('{"body": 5}\n')
    assert "line 1: the field 'body' must be a string" in run("transform", model, bad, code=3).stderr
    for metric in ("completion", "left-to-right", "diagnostics"):
        assert "line 1: the field 'body'" in run("evaluate", model, bad, "-m", metric, code=3).stderr


def test_standard_input_is_called_stdin(model: Path, tmp_path: Path) -> None:
    result = run("transform", model, "-", "--text", "text", stdin='{"body": "x"}', code=3)
    assert result.stderr.splitlines() == [
        "reading stdin",
        "lda: error: stdin, line 1: no field 'text'; it has: 'body'; choose one with --text",
    ]
    assert (
        "stdin holds no documents"
        in run("transform", model, "-", "--format", "lines", stdin="", code=3).stderr
    )
    (tmp_path / "a.txt").write_text("bread\n")
    row = run(
        "transform", model, "-", tmp_path / "a.txt", "--format", "lines", stdin="oven\n"
    ).stdout.splitlines()[0]
    assert json.loads(row)["id"] == "stdin:1"


def test_what_is_measured_twice_may_be_a_pipe(model: Path, tmp_path: Path) -> None:
    lines = "".join(" ".join(tokens) + "\n" for tokens in tiny.documents(30))
    (tmp_path / "file.txt").write_text(lines)
    os.mkfifo(pipe := tmp_path / "pipe.txt")
    command = ("evaluate", model, "-m", "completion,npmi,diagnostics", "--json")
    expected = json.loads(run(*command, tmp_path / "file.txt").stdout)
    writer = threading.Thread(target=pipe.write_text, args=(lines,), daemon=True)
    writer.start()
    found = json.loads(run(*command, pipe).stdout)
    assert {**found, "inputs": expected["inputs"]} == expected
    found = json.loads(
        run(
            "evaluate", model, "-m", "npmi", "--reference", "-", "--format", "lines", "--json", stdin=lines
        ).stdout
    )
    assert found["npmi"] == expected["npmi"]
    assert "named twice" in run(*command, "-", "--reference", "-", "-m", "npmi", code=3, stdin=lines).stderr


def test_missing_text_is_counted(model: Path, tmp_path: Path) -> None:
    (new := tmp_path / "new.jsonl").write_text(
        '{"body": "bread oven"}\n{"n": 1}\n{"body": null}\n{"body": ""}\n'
    )
    result = run("corpus", "build", new, "-o", tmp_path / "c", "--text", "body")
    assert "4 documents (3 of them empty, 2 for want of a text field), 2 tokens" in result.stderr
    assert "4 (3 empty, 2 for want of a text field)" in run("corpus", "info", tmp_path / "c").stdout
    assert json.loads(run("corpus", "info", tmp_path / "c", "--json").stdout)["n_without_text"] == 2
    result = run("transform", model, new, "-o", tmp_path / "t.jsonl", "--json")
    assert "(3 without known words, 2 for want of a text field, 0 of 2 words unknown)" in result.stderr
    assert json.loads(result.stdout)["n_without_text"] == 2


def test_advice_names_options(tmp_path: Path) -> None:
    build = ("corpus", "build", tmp_path / "a.txt", "-o", tmp_path / "c")
    (tmp_path / "a.txt").write_bytes(b"fine\nna\xefve\n")
    assert "line 2 is not valid utf-8" in (line := run(*build, code=3).stderr)
    assert "--encoding latin-1" in line
    assert "--encoding-errors replace" in line
    for options in (
        ("--encoding", "latin-1"),
        ("--encoding-errors", "replace"),
        ("--encoding-errors", "ignore"),
    ):
        run(*build, *options, "--overwrite")
    assert "encoding 'klingon' is unknown" in run(*build, "--encoding", "klingon", code=2).stderr
    assert "encoding 'hex' is unknown" in run(*build, "--encoding", "hex", code=2).stderr
    assert "--min-df as a count" in run(*build, "--min-df", "0", code=2).stderr
    assert "--max-features must be" in run(*build, "--max-features", "0", code=2).stderr


def test_names_of_files_that_are_no_text(tmp_path: Path) -> None:
    """They stand in the command that a model records, which is written when all the work is done."""
    source = tmp_path / os.fsdecode(b"caf\xe9.txt")
    source.write_text("".join(" ".join(tokens) + "\n" for tokens in tiny.documents(12)))
    target = tmp_path / os.fsdecode(b"m\xe9")
    fitted = json.loads(run("fit", source, "-k", 2, "-n", 1, "-o", target, "--json").stdout)
    assert fitted["model"].endswith(r"/m\udce9")
    info = json.loads(run("info", target, "--json").stdout)
    assert r"caf\udce9.txt" in info["command"]
    for option in ("--text", "--id", "--pattern"):
        line = run("fit", source, "-o", tmp_path / "m", option, os.fsdecode(b"x\xe9"), code=2).stderr
        assert f"{option} must be Unicode text" in line


def test_a_model_is_no_documents(tmp_path: Path) -> None:
    lines = tmp_path / "d.txt"
    lines.write_text("war and peace\nsilver and gold\n" * 5)
    run("fit", lines, "-k", 2, "-n", 3, "-o", tmp_path / "m", "-q")
    for command in (
        ("transform", tmp_path / "m", tmp_path / "m", "-o", tmp_path / "t.csv"),
        ("show", tmp_path / "m", 0, tmp_path / "m"),
        ("fit", tmp_path / "m", "-k", 2, "-o", tmp_path / "n"),
    ):
        assert "is a model, not documents" in run(*command, code=3).stderr
