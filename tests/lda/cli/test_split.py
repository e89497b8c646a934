"""`lda corpus split` and `lda corpus overlap`: what they print, and how they refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tiny
from commands import fails, run, run_json

from lda.corpus import Corpus

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("rensa", reason="near-duplicates need raylda[dedupe]")


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    return tiny.jsonl(tmp_path / "docs.jsonl")


def test_split_of_raw_documents(documents: Path, tmp_path: Path) -> None:
    out = tmp_path / "split"
    asked = ("corpus", "split", documents, "--text", "body", "--id", "name", "-o", out)
    done = run(*asked, "--by-hash", "id", "0.7,0.3", "--ids")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["part", "documents", "share", "asked", "tokens"]
    assert [line.split()[0] for line in lines[1:]] == ["train", "test"]
    assert sorted(path.name for path in out.iterdir()) == [
        "split.json", "test", "test-ids.txt", "train", "train-ids.txt",
    ]  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs.jsonl", "split"], (
        "nothing is left behind"
    )
    train = Corpus.open(out / "train")
    assert train.recipe is not None
    assert train.vocabulary == Corpus.open(out / "test").vocabulary

    # The same from a finished corpus, and from the JSON.
    run("corpus", "build", documents, "--text", "body", "--id", "name", "-o", tmp_path / "corpus")
    value = run_json(
        "corpus", "split", tmp_path / "corpus", "--by-hash", "id", "0.7,0.3", "--names", "fit,score",
        "-o", tmp_path / "again",
    )  # fmt: skip
    how = json.loads((out / "split.json").read_text())
    assert [part["name"] for part in value["parts"]] == ["fit", "score"]
    assert [part["content_hash"] for part in value["parts"]] == [p["content_hash"] for p in how["parts"]]

    shown = run("corpus", "overlap", out / "test", out / "train", "--near-duplicates", "0.9").stdout
    assert "the same   0 (0.0%)" in shown
    found = run_json("corpus", "overlap", out / "test", tmp_path / "corpus", "--show", "2")
    assert found["exact"] == found["n_documents"] == value["parts"][1]["n_documents"]
    assert [pair["id"] == pair["other"] for pair in found["pairs"]] == [True, True]
    assert "exists already" in fails(3, *asked, "-q")
    assert "is a split, not documents; name one of its parts" in fails(
        3, "fit", out, "-k", 2, "-o", tmp_path / "m", "-q"
    )


def test_what_is_told_of_duplicates(tmp_path: Path) -> None:
    lines = [" ".join(f"w{i}" for i in range(start, start + 60)) for start in range(0, 3000, 60)]
    lines += [lines[0], *(f"{lines[1]} copy{i}" for i in range(20))]
    (tmp_path / "texts.txt").write_text("".join(f"{line}\n" for line in lines))
    asked = ("corpus", "split", tmp_path / "texts.txt", "--format", "lines", "--pattern", r"\w+")
    told = run(*asked, "-o", tmp_path / "a").stderr
    assert "ids only number the documents" in told
    assert "2 documents with the words of another one" in told
    assert "warning: documents have near-duplicates in another part" in told
    assert "keep them together with --near-duplicates 0.9" in told
    told = run(*asked, "--near-duplicates", "0.9", "-o", tmp_path / "b").stderr
    assert "23 documents with near-duplicates" in told
    assert "warning" not in told


def test_bad_input(documents: Path, tmp_path: Path) -> None:
    asked = ("corpus", "split", documents, "--text", "body", "--id", "name", "-q", "-o", tmp_path / "out")
    for arguments, message in (
        (("--by-hash", "id", "0.8,0.3"), "shares must add up to 1, got 0.8,0.3, which make 1.1"),
        (("--by-hash", "id", "most,rest"), "shares must be numbers with commas between them"),
        (("--by-hash", "id", "nan,1"), "above 0 and up to 1"),
        (("--near-duplicates", "0.3"), "in 0.5 ... 1, got 0.3"),
        (("--names", "a,b"), "as many as shares, 3, got 2"),
        (("--by-hash", "id", "0.5,0.5", "--time", "year", "0.5,0.5"), "exclude each other"),
    ):
        assert message in run(*asked, *arguments, code=2).stderr
    assert "no field 'year' besides text and id; it has none" in fails(3, *asked, "--by", "year")
    assert "comes out empty" in fails(3, *asked, "--by-hash", "id", "0.9999,0.0001")
    assert "is a URI" in fails(3, *asked[:-1], "s3://bucket/out")
    assert "is not a corpus" in fails(3, "corpus", "overlap", tmp_path, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["docs.jsonl"]
