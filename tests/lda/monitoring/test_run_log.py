"""The log of a run: what was lost, when, and what was done about it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from click.testing import CliRunner
from cluster_fits import TWO_NODES, Endings
from commands import run
from thread_actors import ThreadActors

import lda
from lda.cli import cli
from lda.cluster import LossLine, Runtime
from lda.cluster.distributed.worker import PhaseEvent
from lda.corpus.storage.places import storage
from lda.corpus.storage.retries import retried

if TYPE_CHECKING:
    from collections.abc import Callable


def events(content: Path | bytes) -> list[dict[str, Any]]:
    """All lines, each a whole object."""
    data = content.read_bytes() if isinstance(content, Path) else content
    assert data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def names(told: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in told]


def test_a_worker_that_is_lost_is_told_of_with_what_was_done(small: Path, tmp_path: Path) -> None:
    """A fit on two nodes, of which one loses a worker in the fourth sweep."""
    system = ThreadActors(TWO_NODES)
    endings = Endings(system, ("worker 1", PhaseEvent(0, 11, told=False)))
    runtime = Runtime(connect=system.connect, on_phase=endings)
    words = (
        f"fit {small} -k 8 -n 6 --phases 3 --evaluate-every 2 --checkpoint-every 2 --address local --workers 2 "
        f"--threads-per-worker 1 -o {tmp_path / 'm'} --status {tmp_path / 'status.json'} -q"
    ).split()
    done = CliRunner().invoke(cli, words, obj=runtime)
    assert done.exit_code == 0, done.stderr
    assert not endings.left

    told = events(tmp_path / "m.log.jsonl")
    lost = names(told).index("lost")
    assert names(told)[:3] == ["start", "fit", "checkpoint"]
    assert told[lost]["what"] == "worker 1"
    assert told[lost]["then"] == "going on from the checkpoint of sweep 2"
    assert (told[lost + 1]["event"], told[lost + 1]["sweep"]) == ("going on", 2)
    assert told[-1]["event"] == "end"
    assert (told[-1]["state"], told[-1]["exit_code"]) == ("done", 0)
    assert len({line["run"] for line in told}) == 1
    status = json.loads((tmp_path / "status.json").read_text())
    assert (status["workers"], status["workers_lost"], status["resumed_from"]) == (2, 1, None)
    assert status["bytes_exchanged"] > 0
    assert status["run"] == told[0]["run"]
    assert "process" in done.stderr  # a person is told where it ran; here nobody is
    assert not any("127.0.0" in json.dumps(line) for line in told)


def test_a_fit_that_is_resumed_goes_on_in_the_same_log(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    fit = ("fit", source, "--text", "body", "-k", 3, "--checkpoint-every", 5, "-o", tmp_path / "m", "-q")

    def cut(event: Any) -> None:
        raise KeyboardInterrupt

    log = lda.RunLog(tmp_path / "m.log.jsonl")
    corpus = lda.read_corpus([source], recipe=lda.Recipe(text="body"))
    from lda.cluster import Checkpointing, FitSettings
    from lda.cluster import fit as fit_corpus
    from lda.progress import whole_fit

    settings = FitSettings(n_topics=3, sweeps=20)
    with pytest.raises(KeyboardInterrupt), whole_fit([log], settings, corpus):
        fit_corpus(
            corpus,
            settings,
            on_sweep=lambda record: cut(record) if record.sweep == 12 else log(record),
            on_event=log.on_event,
            checkpointing=Checkpointing(path=str(tmp_path / "m.checkpoint"), every=5),
        )
    run(*fit, "-n", 20, "--resume")

    told = events(tmp_path / "m.log.jsonl")
    # Of two checkpoints within a minute the first is told: a quick fit has several a second.
    assert names(told) == [
        *("start", "fit", "checkpoint", "end"),
        *("start", "fit", "going on", "checkpoint", "end"),
    ]
    assert [line["state"] for line in told if line["event"] == "end"] == ["interrupted", "done"]
    assert told[6]["sweep"] == 10
    assert len({line["run"] for line in told}) == 2
    assert all(line["time"].endswith("Z") for line in told)


def test_no_log_is_left_by_what_fails_before_it_begins_or_wants_none(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    fit = ("fit", source, "-k", 3, "-n", 3, "-o", tmp_path / "m", "-q")
    run(*fit, "--text", "nowhere", code=3)
    run(*fit, "--text", "body", "--no-log")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs.jsonl", "m"]
    # Something else that has its name costs a warning, and stays.
    (tmp_path / "m.log.jsonl").write_text('{"precious": 1}\n')
    line = run(*fit, "--text", "body", "--overwrite").stderr
    assert "exists and is not the log of runs, so it is not replaced" in line
    assert (tmp_path / "m.log.jsonl").read_text() == '{"precious": 1}\n'
    assert "exclude each other" in run(*fit, "--log", tmp_path / "l", "--no-log", code=2).stderr


def test_a_model_is_the_same_with_and_without_followers(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    fit = ("fit", source, "--text", "body", "-k", 3, "-n", 6, "--seed", 5, "-q", "-o")
    run(*fit, tmp_path / "alone", "--no-log")
    run(*fit, tmp_path / "followed", "--status", tmp_path / "s.json", "--metrics-port", 0)
    for path in (tmp_path / "alone").iterdir():
        if path.suffix != ".json":  # which has the seconds, and the name of the output
            assert path.read_bytes() == (tmp_path / "followed" / path.name).read_bytes(), path.name
    assert len(list((tmp_path / "alone").iterdir())) == len(list((tmp_path / "followed").iterdir()))


def test_half_a_line_is_cut_off_before_others_follow(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with lda.RunLog(path):
        pass
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"time": "2026-01')
    with lda.RunLog(path):
        pass
    assert path.read_bytes().startswith(whole)
    assert names(events(path)) == ["start", "end"] * 2


def test_its_size_is_bounded_and_whole_lines_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with lda.RunLog(path, most_bytes=5000) as log:
        for number in range(200):
            log.on_warning(f"warning {number}")
            assert path.stat().st_size <= 5000 + 300
    told = events(path)
    assert names(told)[0] == "shortened"
    assert told[0]["format"] == "raylda-log"
    kept = [line["text"] for line in told if line["event"] == "warning"]
    assert kept == [f"warning {number}" for number in range(200 - len(kept), 200)]
    with lda.RunLog(path):  # it is known as a log still
        pass


def test_in_a_bucket_lines_are_added_too(bucket: str) -> None:
    uri = bucket.format("watched/m.log.jsonl")
    for _ in range(2):
        with lda.RunLog(uri) as log:
            log.on_warning("careful")
    told = events(storage(bucket.format("watched")).read("m.log.jsonl"))
    assert names(told) == ["start", "warning", "end"] * 2
    assert len({line["run"] for line in told}) == 2


def test_requests_that_are_made_again_are_told_of_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    left, steady = [3], [0.0]

    def request() -> str:
        left[0] -= 1
        if left[0] >= 0:
            raise ConnectionResetError("Connection reset by 10.0.0.7")
        return "answer"

    with lda.RunLog(tmp_path / "log.jsonl", monotonic=lambda: steady[0]) as log:
        assert retried(request) == "answer"
        left[0], steady[0] = 2, 61.0
        retried(request)
        assert log.status.retries == 5
    told = [line for line in events(tmp_path / "log.jsonl") if line["event"] == "network"]
    assert [(line["times"], line["reason"]) for line in told] == [
        (1, "Connection reset by HOST"), (3, "Connection reset by HOST")
    ]  # fmt: skip


def test_workers_of_all_kinds_are_counted_when_they_are_lost() -> None:
    log = lda.RunLog.__mro__[1]()  # a `Follower` that shows nothing
    log.begin("tune")
    log.on_warning(LossLine("lost worker 3 (process 1); x", lost="worker 3 (process 1)", then="x", workers=1))
    log.on_warning("something else")
    assert (log.status.workers_lost, log.status.warnings) == (1, 2)
    log.end("done")


def test_warnings_of_a_fit_in_python_are_logged(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with lda.RunLog(path) as log:
            warned: Callable[[str], None] = lda.progress.warnings_to([log], warnings.warn)
            warned("the checkpoint of sweep 10 could not be written")
    assert events(path)[1]["text"] == "the checkpoint of sweep 10 could not be written"
