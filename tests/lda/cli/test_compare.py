"""`lda compare`, `align`, `merge-topics` and `split-topic`: what they print and write, and what they refuse."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny
from commands import fails, run, run_json

import lda

if TYPE_CHECKING:
    from pathlib import Path

TEXT = ("--text", "body", "--id", "name")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of two seeds and one of more topics; the first one has a name for a topic."""
    folder = tmp_path_factory.mktemp("compare")
    tiny.jsonl(folder / "all.jsonl", 60)
    rows = (folder / "all.jsonl").read_text().splitlines(keepends=True)
    (folder / "train.jsonl").write_text("".join(rows[:40]))
    (folder / "new.jsonl").write_text("".join(rows[40:]))
    for name, k, seed in (("a", 3, 0), ("b", 3, 1), ("more", 4, 2)):
        run(
            "fit", folder / "train.jsonl", *TEXT, "-k", k, "-n", 40, "--seed", seed, "-o", folder / name, "-q"
        )
    run("label", folder / "a", "--set", "1=Baking", "-q")
    return folder


def test_a_comparison_for_people(place: Path) -> None:
    found = run("compare", place / "a", place / "b", "--documents", place / "new.jsonl", *TEXT)
    lines = found.stdout.splitlines()
    assert lines[0] == f"A  {place / 'a'}: 3 topics, 15 terms, 40 documents, adlda, seed 0"
    assert "A and B: 3 shared, 0 split, 0 merged, 0 only in A, 0 only in B" in lines
    assert any(line.startswith("held-out: ") and line.endswith("15 terms; nats per token") for line in lines)
    assert any(line.startswith("B  -") and "B - A: " in line for line in lines)
    assert any(line.startswith("shared  1 ") and line.endswith("  Baking") for line in lines)
    assert all(len(line) <= 80 for line in lines[2:])
    assert "note" not in found.stderr


def test_the_same_in_json_with_notes_and_a_page(place: Path, tmp_path: Path) -> None:
    arguments = (
        "compare",
        place / "a",
        place / "b",
        place / "a",
        "--documents",
        place / "train.jsonl",
        *TEXT,
    )
    found = run_json(*arguments, "-o", tmp_path / "page.html")
    assert len(found["models"]) == 3
    assert found["pairs"][1]["overlap"] == pytest.approx(1)
    assert found["scores"][0]["n_trained"] == 40
    assert any("they are the same model" in note for note in found["notes"])
    assert any(
        "40 of 40 scored documents have the words of documents of the training" in n for n in found["notes"]
    )
    assert "<html" in (tmp_path / "page.html").read_text()
    assert fails(3, *arguments, "-o", tmp_path / "page.html", "-q").endswith(
        "allow overwriting (--overwrite)"
    )
    run("compare", place / "a", place / "more", "--rows", 1)


def test_refused_comparisons(place: Path, tmp_path: Path) -> None:
    run("compare", place / "a", code=2)
    assert "two or more models, got 1" in run("compare", place / "a", code=2).stderr
    assert "model" in fails(3, "compare", place / "a", place)
    foreign = tmp_path / "foreign.jsonl"
    foreign.write_text("".join(json.dumps({"body": "uno dos tres"}) + "\n" for _ in range(9)))
    run("fit", foreign, "--text", "body", "-k", 2, "-n", 5, "-o", tmp_path / "foreign", "-q")
    told = fails(3, "compare", place / "a", tmp_path / "foreign")
    assert "share 0 of 15 and 3 terms, with 0.0% of the tokens of" in told
    run("compare", place / "a", place / "b", "--title", "x", code=2)


def test_align_is_what_a_fit_does_with_align_to(place: Path, tmp_path: Path) -> None:
    found = run_json("align", place / "b", "--to", place / "a", "-o", tmp_path / "aligned")
    assert found["n_aligned"] == 3
    fit = ("fit", place / "train.jsonl", *TEXT, "-k", 3, "-n", 40, "--seed", 1, "--align-to", place / "a")
    files = ("--output-doc-topics", tmp_path / "theta.npy", "--topic-word-weights-file", tmp_path / "weights")
    fitted = run_json(*fit, "-o", tmp_path / "fit", *files)
    assert fitted["fingerprint"] == found["fingerprint"]
    one, other = lda.Model.load(tmp_path / "aligned"), lda.Model.load(tmp_path / "fit")
    np.testing.assert_array_equal(one.alpha, other.alpha)
    assert other.soft_counts is not None
    assert one.soft_counts is not None
    np.testing.assert_array_equal(one.soft_counts.toarray(), other.soft_counts.toarray())
    assert one.record.parent == other.record.parent
    assert other.labels.name(1) == "Baking"
    old = lda.Model.load(place / "a")
    assert set(other.top_words(5)[1]) == set(old.top_words(5)[1])
    assert "--align-to" in str(other.record.command)
    # What is written beside the model has the same numbers.
    theta = np.load(tmp_path / "theta.npy")
    themes = [[words for words in tiny.THEMES if other.top_words(1)[k][0] in words.split()] for k in range(3)]
    for d in range(12):
        assert themes[int(theta[d].argmax())] == [tiny.THEMES[d % 3]]
    first = (tmp_path / "weights").read_text().splitlines()[0].split("\t")
    weights = other.last_language_counts.toarray() + other.beta
    assert float(first[2]) == pytest.approx(weights[other.vocabulary.index(first[1]), int(first[0])])
    assert "finished already" in run(*fit, "-o", tmp_path / "fit", *files, "--resume").stderr
    plain = [word for word in (*fit, "-o", tmp_path / "fit", "--resume", "-q") if word != "--align-to"]
    plain.remove(place / "a")
    assert "has its topic numbers from the model" in fails(3, *plain)


def test_align_to_goes_alone(place: Path, tmp_path: Path) -> None:
    fit = ("fit", place / "train.jsonl", *TEXT, "-o", tmp_path / "x", "--align-to", place / "a")
    for other in (("--init-from", place / "b"), ("--group-by", "name"), ("--address", "local")):
        assert f"--align-to does not go with {other[0]}" in run(*fit, *other, code=2).stderr


def test_merge_and_split(place: Path, tmp_path: Path) -> None:
    merged = run_json("merge-topics", place / "a", 1, 0, "-o", tmp_path / "merged")
    assert (merged["n_topics"], merged["topic"], merged["name"]) == (2, 1, "Baking")
    assert merged["moved"] == [{"before": 2, "after": 0}]
    split = run("split-topic", tmp_path / "merged", 1, place / "train.jsonl", *TEXT, "-o", tmp_path / "split")
    assert [line.split()[0] for line in split.stdout.splitlines()] == ["1", "2"]
    compared = run_json("compare", place / "a", tmp_path / "split")
    assert [one["kind"] for one in compared["pairs"][0]["relations"]] == ["shared"] * 3
    info = run_json("info", tmp_path / "split")
    assert info["parent"]["kind"] == "split"
    assert info["command"].startswith("lda split-topic ")
    assert "not with itself" in run("merge-topics", place / "a", 1, 1, "-o", tmp_path / "x", code=2).stderr
    assert "0 to 2, got 7" in run("merge-topics", place / "a", 1, 7, "-o", tmp_path / "x", code=2).stderr
    told = run("split-topic", place / "a", 7, place / "new.jsonl", *TEXT, "-o", tmp_path / "x", code=2).stderr
    assert "0 to 2, got 7" in told
    fails(3, "merge-topics", place / "a", 1, 0, "-o", tmp_path / "merged")


def test_nothing_that_is_read_is_lost_to_an_output(place: Path, tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for name in (a, b):
        shutil.copytree(place / name.name, name)
    before = (b / "model.json").read_bytes()
    assert "would take the place of" in fails(3, "align", a, "--to", b, "-o", b, "--overwrite")
    for command in (
        ("align", a, "--to", b, "-o", b / "new"),
        ("merge-topics", a, 0, 1, "-o", a / "new"),
        ("split-topic", a, 0, place / "train.jsonl", *TEXT, "-o", a / "new"),
        ("reproduce", a, "-o", a / "new"),
    ):
        assert "which is read" in fails(3, *command)
    assert (b / "model.json").read_bytes() == before
    assert not (a / "new").exists()
    run("merge-topics", a, 0, 1, "-o", a, "--overwrite")  # a model may be edited in its place
    assert lda.Model.load(a).n_topics == 2
