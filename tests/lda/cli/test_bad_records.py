"""--on-error, --max-errors and --skipped of commands that read documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import fails, run, run_json

pytestmark = pytest.mark.filterwarnings("ignore:.*records were skipped")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Twelve documents and two bad lines."""
    words = [
        "apple",
        "pear",
        "plum",
        "fig",
        "lime",
        "cherry",
        "grape",
        "quince",
        "melon",
        "peach",
        "date",
        "kiwi",
    ]
    lines = [json.dumps({"id": f"d{n}", "text": " ".join(words[n % 5 : n % 5 + 6])}) for n in range(12)]
    file = tmp_path / "d.jsonl"
    file.write_text("\n".join([*lines[:5], "{broken s3://KEY:SECRET@b", *lines[5:], "[]"]))
    return file


def test_a_build_stops_or_goes_on(broken: Path, tmp_path: Path) -> None:
    how = ("corpus", "build", broken, "-q")
    told = fails(3, *how, "-o", tmp_path / "c")
    assert told.endswith("or leave such records out (--on-error skip)")
    assert "line 6, column 2 is not JSON" in told
    told = fails(3, *how, "-o", tmp_path / "c", "--on-error", "skip", "--max-errors", "1")
    assert "2 records are bad, and --max-errors allows 1" in told
    assert not (tmp_path / "c").exists()
    found = run_json(*how, "-o", tmp_path / "c", "--on-error", "skip", "--max-errors", "20%")
    assert (found["n_documents"], found["n_skipped"]) == (12, 2)
    rows = [json.loads(line) for line in Path(found["skipped_file"]).read_text().splitlines()]
    assert [(row["file"], row["line"]) for row in rows] == [(str(broken), 6), (str(broken), 14)]
    assert "SECRET" not in str(rows)
    assert "2 bad records skipped" in run("corpus", "info", tmp_path / "c").stdout
    again = run_json(*how, "-o", tmp_path / "d", "--on-error", "skip", "--text", "text")
    assert again["content_hash"] == found["content_hash"]


def test_a_build_without_bad_records_says_so(broken: Path, tmp_path: Path) -> None:
    broken.write_text('{"text": "apple pear"}\n')
    found = run_json("corpus", "build", broken, "-o", tmp_path / "c", "--on-error", "skip")
    assert (found["n_skipped"], found["skipped_file"]) == (0, None)
    assert not (tmp_path / "c" / "skipped.jsonl").exists()
    assert "n_skipped" not in run_json("corpus", "build", broken, "-o", tmp_path / "d")


@pytest.mark.slow
def test_other_commands(broken: Path, tmp_path: Path) -> None:
    skip, model = ("--on-error", "skip", "--skipped", tmp_path / "bad.jsonl"), tmp_path / "m"
    run("fit", broken, "-k", 2, "-n", 3, "-o", model, *skip)
    listed = (tmp_path / "bad.jsonl").read_bytes()
    with pytest.warns(UserWarning, match=r"2 of 14 records were skipped; .*line 6: .*is not JSON"):
        run(
            "corpus",
            "split",
            broken,
            "--by-hash",
            "id",
            "0.5,0.5",
            "-o",
            tmp_path / "split",
            "--on-error",
            "skip",
        )
    assert listed.count(b"\n") == 2
    for command in (
        ("transform", model, broken, "-o", tmp_path / "theta.csv"),
        ("evaluate", model, broken),
        ("report", model, broken, "-o", tmp_path / "page.html"),
        ("corpus", "phrases", broken),
    ):
        (tmp_path / "bad.jsonl").unlink()
        run(*command, *skip)
        assert (tmp_path / "bad.jsonl").read_bytes() == listed, command


def test_what_cannot_be(broken: Path, tmp_path: Path) -> None:
    how = ("corpus", "build", broken, "-o", tmp_path / "c")
    for options, told in (
        (("--max-errors", "3"), "--max-errors goes with --on-error skip"),
        (("--skipped", "x"), "--skipped goes with --on-error skip"),
        (("--on-error", "skip", "--max-errors", "1.5"), "--max-errors must be a number of records"),
        (("--on-error", "skip", "--max-errors", "many"), "--max-errors must be a number of records"),
    ):
        assert told in run(*how, *options, code=2).stderr
    told = fails(3, *how, "-q", "--on-error", "skip", "--skipped", broken)
    assert "no list of skipped records" in told
