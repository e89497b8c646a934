"""`lda status`: the one line about a run, and what is no status."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from commands import fails, run, run_json
from waiting import until

import lda
from lda.monitoring.run_status import RunStatus

if TYPE_CHECKING:
    from pathlib import Path


def document(**fields: Any) -> dict[str, Any]:
    """A status of a run that is at work, written now."""
    made = RunStatus(command="fit", run="0123abcd", stage="sweeping", sweep=40, sweeps=1000, documents=1234)
    return made.to_dict(now=time.time(), monotonic=0.0, writes=3, every=5.0) | fields


def written(path: Path, **fields: Any) -> Path:
    path.write_text(json.dumps(document(**fields)))
    return path


def test_a_run_at_work_is_one_line(tmp_path: Path) -> None:
    path = written(tmp_path / "s.json", tokens_per_second=31.2e6, eta_seconds=75.0, workers=8, workers_lost=1)
    line = run("status", path).stdout
    assert line == (
        "fit: running, sweeping, sweep 40/1,000, 1,234 documents, 31.20 M tokens/s, 8 workers, 1 min 15 s left, "
        "1 worker lost\n"
    )
    told = run_json("status", path)
    assert (told["sweep"], told["lost"]) == (40, False)


def test_ends_and_silence_are_told_by_the_exit_code(tmp_path: Path) -> None:
    failed = written(tmp_path / "f.json", state="failed", exit_code=3, error="no such \x1b[2Jfile")
    assert (
        "fit: failed, sweep 40/1,000, 1,234 documents, exit code 3, no such \\x1b[2Jfile"
        in run("status", failed, code=1).stdout
    )
    assert run("status", written(tmp_path / "d.json", state="done", exit_code=0)).stdout.startswith(
        "fit: done"
    )
    long_ago = (datetime.now(UTC) - timedelta(seconds=40)).isoformat()
    silent = written(tmp_path / "l.json", updated=long_ago)
    assert "no sign of life for 4" in run("status", silent, code=1).stdout
    ahead = (datetime.now(UTC) + timedelta(days=40)).isoformat()  # of a machine whose clock is wrong
    assert "no sign" not in run("status", written(tmp_path / "a.json", updated=ahead)).stdout


def test_watching_ends_with_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which ends while the command pauses between two looks."""
    status = lda.StatusFile(tmp_path / "s.json")
    status.begin("fit")
    until((tmp_path / "s.json").exists, "no status was written")

    def pause(_seconds: float) -> None:
        status.end("done", 0)

    monkeypatch.setattr("lda.cli.status.time", SimpleNamespace(time=time.time, sleep=pause))
    assert run("status", tmp_path / "s.json", "--watch").stdout.splitlines() == [
        "fit: running, beginning",
        "fit: done",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is not the status of a run"),
        ("[1]", "is not the status of a run"),
        ('{"format": "else"}', "is not the status of a run"),
        (json.dumps(document(sweep="many")), "is damaged: sweep is 'many'"),
        (json.dumps(document(sweep=True)), "is damaged: sweep is True"),
        (json.dumps(document(updated="yesterday")), "is damaged: updated is 'yesterday'"),
        (json.dumps(document(version=2)), "is of version 2, this raylda knows 1"),
        (json.dumps(document()).replace('"every_seconds": 5.0', '"every_seconds": NaN'), "is not the status"),
    ],
)
def test_what_is_no_status(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "s.json").write_text(content)
    assert words in fails(3, "status", tmp_path / "s.json")


def test_none_there(tmp_path: Path) -> None:
    assert "there is no" in fails(3, "status", tmp_path / "nowhere.json")
