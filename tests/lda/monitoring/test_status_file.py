"""The status file: always whole, right to the end, and never in the way of the run."""

from __future__ import annotations

import copy
import json
import pickle
import socket
import threading
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from commands import fails, run
from waiting import until

import lda
from lda.cluster import CheckpointWritten, FitSettings, Resumed, SweepRecord
from lda.corpus import DataError, as_corpus
from lda.corpus.presentable import without_keys
from lda.monitoring.follower import THREAD, Follower
from lda.monitoring.without_hosts import without_hosts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def read(path: Path) -> dict[str, Any]:
    """The document: strict JSON, and a whole one."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    value = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert isinstance(value, dict)
    return value


def sweep(number: int, **more: Any) -> SweepRecord:
    facts: dict[str, Any] = {
        "sweep": number, "seconds": 1.0, "tokens_per_second": 1e6, "log_likelihood": None, "heldout": None,
        "alpha_sum": 1.0, "beta": 0.01,
    }  # fmt: skip
    return SweepRecord(**(facts | more))


def test_a_fit_is_told_of_from_its_beginning_to_its_end(tmp_path: Path) -> None:
    path, seen = tmp_path / "status.json", list[dict[str, Any]]()
    status = lda.StatusFile(path, every=0.01)

    def look(record: SweepRecord) -> None:
        if record.sweep == 3:
            status._changed()
            until(lambda: path.exists() and read(path)["sweep"] == 3, "the third sweep is not told of")
            seen.append(read(path))

    counts = tiny.counts()
    followed = lda.LDA(
        3, max_iter=10, random_state=1, validation_fraction=0.1, evaluate_every=5, callbacks=[status, look]
    ).fit(counts)

    (during,), last = seen, read(path)
    assert (during["state"], during["stage"], during["sweeps"], during["topics"]) == (
        "running",
        "sweeping",
        10,
        3,
    )
    assert during["exit_code"] is None
    assert (last["state"], last["sweep"], last["eta_seconds"], last["error"]) == ("done", 10, None, None)
    assert [one["sweep"] for one in last["evaluations"]] == [5, 10]
    assert all(one["heldout"] < 0 for one in last["evaluations"])
    assert last["writes"] > during["writes"]
    assert last["run"] == during["run"]
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]
    alone = lda.LDA(3, max_iter=10, random_state=1, validation_fraction=0.1, evaluate_every=5).fit(counts)
    assert followed.model_.fingerprint() == alone.model_.fingerprint()


def test_a_clock_that_runs_backwards_breaks_nothing() -> None:
    """Somebody sets the clock of the machine back by years; seconds and the time left are of another clock."""
    wall, steady = [2e9], [100.0]
    follower = Follower(now=lambda: wall[0], monotonic=lambda: steady[0])
    follower.on_begin(FitSettings(n_topics=3, sweeps=20), as_corpus(tiny.counts()))
    for number in range(1, 6):
        steady[0] += 4.0
        wall[0] -= 1e8
        follower(sweep(number))

    told = follower.status.to_dict(now=wall[0], monotonic=steady[0] + 10.0, writes=1, every=5.0)

    assert told["eta_seconds"] == 15 * 4.0 - 10.0
    assert told["seconds"] == 30.0
    assert told["updated"] < told["started"]
    assert follower.status.eta(steady[0] + 1e6) == 0.0


def test_going_back_after_a_loss_is_no_guide_to_the_time_left() -> None:
    steady = [0.0]
    follower = Follower(monotonic=lambda: steady[0])
    follower.on_begin(FitSettings(n_topics=3, sweeps=20), as_corpus(tiny.counts()))
    for number, took in ((1, 90.0), (2, 1.0), (3, 1.0), (4, 1.0), (2, 500.0), (3, 1.0)):
        if (number, took) == (2, 500.0):
            follower.on_event(Resumed(sweep=1))
        steady[0] += took
        follower(sweep(number))
    assert follower.status.eta(steady[0]) == 17.0
    assert (follower.status.sweep, follower.status.sweeps_swept) == (3, 6)


def test_a_full_disk_costs_one_warning_and_not_the_fit(full_disk: Path) -> None:
    (full_disk / "more").write_bytes(bytes(4 << 10))
    said: list[str] = []
    status = lda.StatusFile(full_disk / "status.json", every=0.01, warn=said.append)
    log = lda.RunLog(full_disk / "log.jsonl", warn=said.append)
    model = lda.LDA(3, max_iter=20, random_state=1, callbacks=[status, log]).fit(tiny.counts())
    assert model.n_iter_ == 20
    assert sorted(line.split(" of this run cannot be written to ")[0] for line in said) == [
        "the log", "the status"
    ]  # fmt: skip
    assert all("No space left on device" in line and line.endswith("goes on without") for line in said)
    # With room again the next run writes as ever.
    (full_disk / "other").unlink()
    lda.LDA(3, max_iter=2, random_state=1, callbacks=[status]).fit(tiny.counts())
    assert read(full_disk / "status.json")["state"] == "done"


def test_a_bucket_that_does_not_answer_neither_ends_nor_slows_the_fit() -> None:
    """One that takes the connection and says nothing, which is worse than one that is not there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        uri = f"s3://key:hush@bucket/run/status.json?endpoint_override=127.0.0.1:{port}&scheme=http&region=us-east-1"
        said: list[str] = []
        lda.LDA(3, max_iter=1, random_state=1).fit(tiny.counts())  # kernels are compiled before anybody waits
        status = lda.StatusFile(uri, every=0.01, patience=0.2, warn=said.append)
        model = lda.LDA(3, max_iter=20, random_state=1, callbacks=[status]).fit(tiny.counts())
        assert model.n_iter_ == 20
        assert any(thread.name == THREAD for thread in threading.enumerate()), "it still waits for an answer"
    (line,) = said
    assert "s3://bucket/run/status.json (there was no answer for 0.2 seconds); the run goes on" in line
    assert "hush" not in line + repr(status)


def test_in_a_bucket_it_is_replaced_and_nothing_else_is(bucket: str) -> None:
    uri = bucket.format("watched/status.json")
    said: list[str] = []
    lda.LDA(3, max_iter=5, random_state=1, callbacks=[lda.StatusFile(uri, warn=said.append)]).fit(
        tiny.counts()
    )
    from lda.corpus.storage.places import storage

    place = storage(bucket.format("watched"))
    assert json.loads(place.read("status.json"))["state"] == "done"
    place.write("status.json", b"precious")
    lda.LDA(3, max_iter=5, random_state=1, callbacks=[lda.StatusFile(uri, warn=said.append)]).fit(
        tiny.counts()
    )
    assert place.read("status.json") == b"precious"
    (line,) = said
    assert "exists and is not the status of a run, so it is not replaced" in line
    assert without_keys(line) == line


def test_what_is_no_status_is_not_replaced(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    precious = tmp_path / "precious.json"
    precious.write_text('{"a": 1}')
    fit = ("fit", source, "--text", "body", "-k", 3, "-n", 2, "-q")
    for place, words in {
        precious: "exists and is not the status of a run",
        source: "exists and is not the status of a run",
        tmp_path / "m" / "status.json": "which the command writes",
        tmp_path: "is a folder",
    }.items():
        assert words in fails(3, *fit, "-o", tmp_path / "m", "--status", place)
    assert precious.read_text() == '{"a": 1}'
    with pytest.raises(DataError, match="names no file"):
        lda.StatusFile("s3://key:hush@bucket/")


def failing(kind: type[BaseException], *words: str) -> Callable[[SweepRecord], None]:
    def callback(record: SweepRecord) -> None:
        if record.sweep == 4:
            raise kind(*words)

    return callback


def test_every_end_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "status.json"
    own = "gpu-17.cluster"
    monkeypatch.setattr(socket, "gethostname", lambda: own)
    for error, state, words in (
        (ValueError, "failed", "ValueError: s3://bucket/x of HOST at HOST:9000 \\x1b[2J"),
        (KeyboardInterrupt, "interrupted", "interrupted"),
    ):
        texts = [f"s3://key:hush@bucket/x of {own} at 10.0.0.1:9000 \x1b[2J"] if state == "failed" else []
        model = lda.LDA(
            3, max_iter=10, random_state=1, callbacks=[lda.StatusFile(path), failing(error, *texts)]
        )
        with pytest.raises(error):
            model.fit(tiny.counts())
        told = read(path)
        assert (told["state"], told["sweep"], told["error"]) == (state, 4, words)
    with lda.StatusFile(path) as status:
        status.stage("dreaming")
    assert read(path)["state"] == "done"


def test_commands_end_with_their_exit_code(tmp_path: Path) -> None:
    source, path = tiny.jsonl(tmp_path / "docs.jsonl"), tmp_path / "status.json"
    fit = ("fit", source, "--text", "body", "-k", 3, "-n", 12, "-q", "--status", path)
    run(*fit, "-o", tmp_path / "m")
    told = read(path)
    assert (told["command"], told["state"], told["exit_code"], told["sweep"]) == ("fit", "done", 0, 12)
    assert told["checkpoint"]["sweep"] == 10
    line = fails(3, *fit, "-o", tmp_path / "m")
    told = read(path)
    assert (told["state"], told["exit_code"]) == ("failed", 3)
    assert line == f"lda: error: {told['error']}"
    # How the run is followed is no part of what repeats it, and none of the model.
    assert "--status" not in json.loads((tmp_path / "m" / "model.json").read_text())["run"]["command"]


def test_a_process_that_is_ended_the_hard_way_says_so(tmp_path: Path) -> None:
    """As where a compiler runs, which does not come back: another thread ends the process, and undoes what it can."""
    from lda.corpus.storage import leftovers

    status = lda.StatusFile(tmp_path / "status.json")
    status.begin("fit")
    thread = threading.Thread(target=leftovers.undo_all)
    thread.start()
    thread.join()
    told = read(tmp_path / "status.json")
    assert (told["state"], told["exit_code"]) == ("interrupted", 130)
    status.end("done")  # too late
    assert read(tmp_path / "status.json")["state"] == "interrupted"


def test_copies_follow_nothing_yet(tmp_path: Path) -> None:
    """Estimators are copied and pickled with their callbacks."""
    for follower in (
        lda.StatusFile(tmp_path / "a.json"),
        lda.RunLog(tmp_path / "a.jsonl"),
        lda.MetricsServer(),
    ):
        follower.begin("fit")
        for copied in (copy.deepcopy(follower), pickle.loads(pickle.dumps(follower))):
            copied.end("done")
            assert follower.status.state == "running"
        follower.end("done")


def test_a_checkpoint_is_told_of(tmp_path: Path) -> None:
    follower = Follower(now=lambda: 1.5)
    follower.begin("fit", "s3://key:hush@bucket/m")
    follower.on_event(CheckpointWritten(sweep=10, seconds=0.1))
    told = follower.status.to_dict(now=2.0, monotonic=3.0, writes=1, every=5.0)
    assert told["checkpoint"] == {"sweep": 10, "time": "1970-01-01T00:00:01.500Z"}
    assert told["output"] == "s3://bucket/m"
    follower.end("done")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "lost worker 1 (process 77 on node-7.cluster, with its node); going on",
            "process 77 on HOST, with its",
        ),
        ("worker 0 on gpu3: no room", "worker 0 on HOST no room"),
        ("ray://10.1.2.3:10001 does not answer", "ray://HOST:10001 does"),
        ("s3://b/x?endpoint_override=minio:9000&scheme=http", "?endpoint_override=HOST&scheme=http"),
        ("version 1.2.3 of 1.2.3.4.5", "version 1.2.3 of 1.2.3.4.5"),
    ],
)
def test_hosts_are_not_named(text: str, shown: str) -> None:
    assert shown in without_hosts(text)


def test_a_build_is_told_of_by_its_parts(tmp_path: Path) -> None:
    """In this process, but by parts, as processes do it."""
    source, path = tiny.jsonl(tmp_path / "docs.jsonl", 400), tmp_path / "status.json"
    run("corpus", "build", source, "--text", "body", "-o", tmp_path / "corpus", "--status", path, "-q")
    told = read(path)
    assert (told["command"], told["state"], told["exit_code"]) == ("corpus build", "done", 0)
    recipe = lda.Recipe(text="body")
    with lda.StatusFile(path) as status:
        lda.build_corpus(
            [source], tmp_path / "by-parts", recipe=recipe, processes=1, on_state=status.on_state
        )
    told = read(path)
    assert (told["documents"], told["bytes_read"], told["n_bytes"]) == (400, *[source.stat().st_size] * 2)
    assert told["parts"] == told["n_parts"] > 0
    assert told["resumed_from"] is None


def test_a_build_that_goes_on_says_from_where() -> None:
    from lda.corpus.ingest.build import BuildProgress

    steady = [0.0]
    follower = Follower(monotonic=lambda: steady[0])
    follower.begin("corpus build")
    for parts in (40, 41, 42):
        follower.on_state(
            BuildProgress(stage="scanning", parts=parts, n_parts=50, kept=40, bytes=parts, n_bytes=50)
        )
        steady[0] += 10.0
    told = follower.status
    assert (told.resumed_from, told.bytes_read, told.n_bytes) == (40, 42, 50)
    assert told.eta(20.0) == 80.0  # at the pace of this run, ten seconds a part
    follower.end("done")
