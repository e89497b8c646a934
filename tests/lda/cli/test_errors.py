"""Bad input: one clear line, the right exit code, nothing written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from click.testing import CliRunner
from commands import fails

import lda
from lda.cli import cli
from lda.cli import entry as command_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _jsonl(*lines: str) -> Callable[[Path], list[object]]:
    def write(folder: Path) -> list[object]:
        (folder / "docs.jsonl").write_text("".join(line + "\n" for line in lines))
        return [folder / "docs.jsonl"]

    return write


def _file(name: str, content: bytes, *options: str) -> Callable[[Path], list[object]]:
    def write(folder: Path) -> list[object]:
        (folder / name).write_bytes(content)
        return [folder / name, *options]

    return write


def _matrix(value: Any) -> Callable[[Path], list[object]]:
    def write(folder: Path) -> list[object]:
        sp.save_npz(folder / "x.npz", sp.csr_matrix(np.array(value)))
        return [folder / "x.npz"]

    return write


def _docword(n_terms: int, word: int) -> Callable[[Path], list[object]]:
    """One UCI document with one word, beside a vocabulary of two."""

    def write(folder: Path) -> list[object]:
        (folder / "docword.x.txt").write_text(f"1\n{n_terms}\n1\n1 {word} 4\n")
        (folder / "vocab.x.txt").write_text("one\ntwo\n")
        return [folder / "docword.x.txt"]

    return write


def _existing_output(folder: Path) -> list[object]:
    (folder / "model").mkdir()
    return [tiny.jsonl(folder / "docs.jsonl")]


GOOD = '{"text": "apples and pears"}'


def _documents(*options: str) -> Callable[[Path], list[object]]:
    return lambda folder: [tiny.jsonl(folder / "docs.jsonl"), "--text", "body", *options]


BAD_INPUTS: dict[str, tuple[Callable[[Path], list[object]], list[str]]] = {
    "missing file": (lambda folder: [folder / "nowhere.txt"], ["nowhere.txt"]),
    "empty corpus": (_file("docs.txt", b""), ["document"]),
    "empty folder": (lambda folder: [(folder / "texts").mkdir() or folder / "texts"], ["texts"]),
    "all empty after filtering": (_file("docs.txt", b"the and of\n", "--stop-words", "en"), ["stop"]),
    "undecodable bytes": (_file("docs.txt", b"fine\nna\xefve\n"), ["docs.txt", "7"]),
    "broken JSON line": (_jsonl(GOOD, '{"text": "cut'), ["docs.jsonl", "2"]),
    "missing field": (_documents("--text", "txt"), ["txt", "name", "body"]),
    "negative counts": (_matrix([[1, -2]]), ["negative"]),
    "fractional counts": (_matrix([[0.5, 2.0]]), ["0.5"]),
    "NaN": (_matrix([[np.nan, 2.0]]), ["NaN"]),
    "ids out of range": (_docword(2, 9), ["docword.x.txt", "9"]),
    "ragged CSV": (_file("docs.csv", b"id,text\n1,one\n2,two,three\n"), ["docs.csv", "3"]),
    "vocabulary shorter than ids": (_docword(3, 3), ["docword.x.txt", "2 terms", "3"]),
    "output exists": (_existing_output, ["--overwrite"]),
    "nothing left to score": (
        lambda folder: [*_jsonl(GOOD)(folder), "--validation-fraction", "0.5"], ["validation_fraction"]
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD_INPUTS)
def test_bad_input_to_fit(tmp_path: Path, kind: str) -> None:
    make, expected = BAD_INPUTS[kind]
    arguments = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    line = fails(3, "fit", *arguments, "-o", tmp_path / "model", "-q")
    for word in expected:
        assert word in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m"
    lda.LDA(3, max_iter=2, random_state=0).fit(tiny.documents()).save(path)
    return path


@pytest.mark.parametrize(
    "kind", ["missing file", "undecodable bytes", "broken JSON line", "missing field", "ragged CSV"]
)
def test_bad_input_to_transform(model: Path, tmp_path: Path, kind: str) -> None:
    arguments = BAD_INPUTS[kind][0](tmp_path)
    before = sorted(tmp_path.rglob("*"))
    fails(3, "transform", model, *arguments, "-o", tmp_path / "out.jsonl", "-q")
    assert sorted(tmp_path.rglob("*")) == before


def test_broken_in_the_middle_leaves_no_output(model: Path, tmp_path: Path) -> None:
    lines = [json.dumps({"text": "bread butter " * 40})] * 20_000
    (source := tmp_path / "docs.jsonl").write_text("\n".join([*lines, "{broken"]))
    for suffix in ("parquet", "npy", "csv"):
        assert "20001" in fails(3, "transform", model, source, "-o", tmp_path / f"out.{suffix}", "-q")
    assert [path.name for path in tmp_path.iterdir()] == ["docs.jsonl"]


def test_bad_models_and_targets(model: Path, tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    for command in ("topics", "info"):
        assert "nowhere" in fails(3, command, tmp_path / "nowhere")
        assert "not a model" in fails(3, command, tmp_path)
    assert ".parquet" in fails(3, "transform", model, source, "-o", tmp_path / "out.xlsx")
    assert "no selection" in fails(3, "transform", model, source, "-o", tmp_path / "out.npy", "--top", 2)
    assert "--overwrite" in fails(3, "transform", model, source, "-o", source)
    line = fails(3, "fit", source, "-o", tmp_path / "m", "--output-doc-topics", tmp_path / "theta.doc")
    assert "theta.doc" in line
    assert "exists" in fails(3, "corpus", "build", source, "--text", "body", "-o", tmp_path, "-q")
    assert "nowhere" in fails(3, "corpus", "info", tmp_path / "nowhere")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["fit"],
        ["fit", "x"],
        ["fit", "x", "-o", "m", "-k", "many"],
        ["fit", "x", "-o", "m", "--sampler", "magic"],
        ["fit", "x", "-o", "m", "--format", "docx"],
        ["fit", "x", "-o", "m", "--alpha", "0.1", "--alpha-sum", "5"],
        ["fit", "x", "-o", "m", "--min-df", "few"],
        ["fit", "x", "-o", "m", "--pattern", "("],
        ["fit", "x", "-o", "m", "--ngram-range", "2,1"],
        ["fit", "x", "-o", "m", "-q", "-v"],
        ["fit", "x", "-o", "m", "--encoding", "klingon"],
        ["fit", "x", "-o", "m", "--encoding", "base64"],
        ["fit", "x", "-o", "m", "-k", "0"],
        ["fit", "x", "-o", "m", "--phases", "0"],
        ["fit", "x", "-o", "m", "--alpha", "nan"],
        ["fit", "x", "-o", "m", "--seed", "-1"],
        ["fit", "x", "-o", "m", "--stop-words", "klingon"],
        ["corpus", "build", "x", "-o", "m", "--stop-words", "klingon"],
        ["transform", "m", "x", "--top", "0"],
        ["topics", "m", "-n", "0"],
    ],
)  # fmt: skip
def test_wrong_usage(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr
    assert not list(tmp_path.iterdir())


def test_unexpected_errors_end_in_one_line(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr("lda.model.model.Model.load", fail)
    line = fails(1, "topics", model)
    assert (
        line
        == "lda: error: ZeroDivisionError: division by zero; run with --traceback (or LDA_TRACEBACK=1) to see where"
    )
    monkeypatch.setenv("LDA_TRACEBACK", "1")
    assert "Traceback" in CliRunner().invoke(cli, ["topics", str(model)]).stderr


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (PermissionError(13, "Permission denied", "m"), 1, "Permission denied: m"),
        (OSError(28, "No space left on device"), 1, "No space left"),
        (MemoryError(), 1, "out of memory"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_exit_codes(error: BaseException, code: int, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.exit_code(error) == code
    assert word in capsys.readouterr().err
