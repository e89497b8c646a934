"""Lists of inputs: --files-from, of a file or standard input, beside inputs and instead of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from lda.cli import cli
from lda.corpus import Corpus

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: object, code: int = 0, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments], input=stdin)
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{i}.jsonl" for i in range(3)]
    for i, path in enumerate(made):
        words = (("bread", "milk"), ("wine", "salt"), ("oil", "rice"))[i]
        path.write_text("".join(json.dumps({"text": " ".join(words * (k + 1))}) + "\n" for k in range(4)))
    (tmp_path / "list").write_text(f"{made[1]}\n\n{made[2]}\n")
    return made


def test_all_commands_take_lists(files: list[Path], tmp_path: Path) -> None:
    listed = ("--files-from", tmp_path / "list")
    run("corpus", "build", files[0], *listed, "-o", tmp_path / "c", "-q")
    run("corpus", "build", "--files-from", "-", "-o", tmp_path / "d", "-q", stdin="\n".join(map(str, files)))
    run("corpus", "build", tmp_path / "[0-2].jsonl", "-o", tmp_path / "e", "-q")
    hashes = {Corpus.open(tmp_path / name).content_hash for name in "cde"}
    assert len(hashes) == 1
    ids = Corpus.open(tmp_path / "c").document_ids().to_pylist()
    assert ids == [f"{i}.jsonl:{k}" for i in range(3) for k in range(1, 5)]
    model = tmp_path / "m"
    run("fit", *listed, "-k", 2, "-n", 3, "-o", model, "-q")
    topics = run("transform", model, *listed, "--top", 1, "-q").stdout.splitlines()
    assert [json.loads(line)["id"] for line in topics] == ids[4:]
    told = run("evaluate", model, *listed, "--json", "-q")
    assert json.loads(told.stdout)["completion"]["n_documents"] == 8
    assert "wine salt" not in run("corpus", "phrases", *listed, "-q").stdout


def test_lists_that_are_none(files: list[Path], tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    missing = run("corpus", "build", "--files-from", tmp_path / "none", "-o", tmp_path / "c", code=3)
    assert (
        f"the list {tmp_path}/none cannot be read: No such file or directory; check the name"
        in missing.stderr
    )
    nothing = run(
        "corpus", "build", files[0], "--files-from", tmp_path / "empty", "-o", tmp_path / "c", code=3
    )
    assert "empty names no inputs; write one a line" in nothing.stderr
    assert "Missing argument 'INPUT...'" in run("corpus", "build", "-o", tmp_path / "c", code=2).stderr
    (tmp_path / "bad").write_text(f"{files[0]}\n{tmp_path}/gone.jsonl\n")
    gone = run("corpus", "build", "--files-from", tmp_path / "bad", "-o", tmp_path / "c", code=3)
    assert f"there is no file or folder {tmp_path}/gone.jsonl; check the name" in gone.stderr
