"""`lda fit --resume` as a user meets it: killed, interrupted, damaged, finished, of something else."""

from __future__ import annotations

import errno
import glob
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from click.testing import CliRunner, Result
from waiting import DEADLINE, silent_writer, until

import lda
from lda.cli import cli

if TYPE_CHECKING:
    from collections.abc import Sequence

SWEEPS = 300
HEEDS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
SIGNALLED_AT = """
import os, re, signal, sys

def send(event, given):
    if event == {event!r} and re.search({path!r}, str(given[0])):
        os.kill(os.getpid(), signal.{name})

sys.addaudithook(send)  # it is called before what it is told of
"""


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


def fingerprint(model: Path) -> str:
    return lda.load(model).model_.fingerprint()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.jsonl(tmp_path_factory.mktemp("source") / "docs.jsonl", 200)


def fit(source: Path, model: Path, sweeps: int = SWEEPS, *more: object, every: int = 100) -> list[object]:
    what = ["fit", source, "--text", "body", "-k", 5, "-n", sweeps, "-o", model]
    return [*what, "--checkpoint-every", every, *more]


@pytest.fixture(scope="module")
def undisturbed(source: Path) -> str:
    run(*fit(source, source.parent / "whole", SWEEPS, "-q", every=0))
    return fingerprint(source.parent / "whole")


def start(arguments: Sequence[object], scratch: Path, first: str = HEEDS_CTRL_C) -> subprocess.Popen[str]:
    """The command as a process of its own, its temporary files in a folder of their own."""
    scratch.mkdir(exist_ok=True)
    code = first + "import sys; sys.argv[0] = 'lda'; from lda.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )


def checkpoints(folder: Path) -> list[str]:
    return glob.glob(f"{folder}/sweep-*/manifest.json")  # Path.glob fails where a folder goes meanwhile


@pytest.mark.parametrize(
    ("event", "path", "last"),
    [
        pytest.param("open", r"sweep-0*3/\.topics-0*4\.", 2, id="some documents are written"),
        pytest.param("os.rename", r"sweep-0*3/\.manifest", 2, id="only the manifest is missing"),
        pytest.param("open", r"sweep-0*1$", 3, id="an old one is to be removed"),
        pytest.param("os.rmdir", r"sweep-0*1$", 3, id="an old one has lost its files"),
    ],
)
def test_killed_while_a_checkpoint_is_written(
    source: Path, tmp_path: Path, undisturbed: str, event: str, path: str, last: int
) -> None:
    model, scratch = tmp_path / "m", tmp_path / "scratch"
    command = fit(source, model, every=1)
    with start(command, scratch, SIGNALLED_AT.format(event=event, path=path, name="SIGKILL")) as process:
        process.communicate(timeout=DEADLINE)
    assert process.returncode == -signal.SIGKILL
    assert not model.exists()
    refused = run(*command, code=3).stderr
    assert "holds checkpoints of a run that was cut off, the last after sweep" in refused
    assert "--resume" in refused
    value = json.loads(run(*fit(source, model), "--resume", "--json", "-q").stdout)
    assert value["resumed_from"] == last
    assert (value["sweeps"], value["fingerprint"]) == (SWEEPS, undisturbed)
    assert len(value["history"]) == SWEEPS
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "m.log.jsonl", "scratch"]


def test_ctrl_c_and_resume(source: Path, tmp_path: Path, undisturbed: str) -> None:
    model, scratch = tmp_path / "m", tmp_path / "scratch"
    command = fit(source, model, SWEEPS, "--output-topic-keys", tmp_path / "keys", every=1)
    with start(command, scratch) as process:
        # From outside: what writes checkpoints is a thread, which may be behind a fit that is at its end.
        until(lambda: process.poll() is not None or checkpoints(tmp_path / "m.checkpoint"), "no checkpoint")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, errors
    last = errors.splitlines()[-1]
    assert "to go on after sweep " in last
    assert ": lda fit " in last
    assert last.endswith(" --resume")
    assert list(scratch.iterdir()) == []
    assert lda.load(model).model_.record.interrupted
    keys = (tmp_path / "keys").read_text()
    run(*command, "--resume", "-q")
    assert fingerprint(model) == undisturbed
    assert (tmp_path / "keys").read_text() != keys
    assert not (tmp_path / "m.checkpoint").exists()


def test_terminated_while_reading_leaves_no_temporary_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.txt")
    scratch = tmp_path / "scratch"
    with (
        start(["fit", tmp_path / "endless.txt", "-o", tmp_path / "m"], scratch) as process,
        silent_writer(tmp_path / "endless.txt", process),
    ):
        until(lambda: list(scratch.glob("raylda-*/*/endless.txt")), "what is read is not kept")
        process.terminate()
        _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, errors
    assert list(scratch.iterdir()) == []


# A compiler that does not come back: calls into C, which Python's handlers wait for, with no way out of them.
STUCK = (
    HEEDS_CTRL_C
    + """
import ctypes, sys
from lda.cluster.loop import local_engine as engine

def never(self, *given):
    print("stuck", file=sys.stderr, flush=True)
    while True:
        try:
            ctypes.CDLL(None).sleep(600)
        except KeyboardInterrupt:
            pass

engine.Engine.start = never
sys.argv[0] = "lda"
from lda.cli import main
main()
"""
)
RESTORE = "restore = lambda self, found: never(self)"


def ending(process: subprocess.Popen[str]) -> str:
    """What a process says that is to end soon."""
    try:
        return process.communicate(timeout=DEADLINE)[
            1
        ]  # of ten minutes; within 5 s where there is nothing else to do
    finally:
        process.kill()


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_the_first_sweep_is_obeyed_soon_and_replaces_nothing(
    source: Path, tmp_path: Path, which: signal.Signals
) -> None:
    model, scratch = tmp_path / "m", tmp_path / "scratch"
    run(*fit(source, model, 3, "-q", every=0))
    before = fingerprint(model)
    scratch.mkdir()
    command = fit(source, model, SWEEPS, "--overwrite", "--seed", 9, "-q", every=5)
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, *map(str, command)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as process:
        assert process.stderr is not None
        while process.stderr.readline() != "stuck\n":
            assert process.poll() is None
        process.send_signal(which)
        errors = ending(process)
    assert process.returncode == 130
    assert errors.strip() == "lda: interrupted; outputs that were not complete are discarded"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "m.log.jsonl", "scratch"]
    assert list(scratch.iterdir()) == []
    assert fingerprint(model) == before


@pytest.mark.parametrize("option", ["--resume", "--overwrite"])
def test_an_interrupt_before_the_first_sweep_keeps_the_checkpoints_there_are(
    source: Path, cut_off: Path, undisturbed: str, option: str
) -> None:
    code = STUCK if option == "--overwrite" else STUCK.replace("start = never", RESTORE)
    with subprocess.Popen(
        [sys.executable, "-c", code, *map(str, fit(source, cut_off)), option],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while process.stderr.readline() != "stuck\n":
            assert process.poll() is None
        process.terminate()
        ending(process)
    assert process.returncode == 130
    assert not cut_off.exists()
    value = json.loads(run(*fit(source, cut_off), "--resume", "--json", "-q").stdout)
    assert (value["resumed_from"], value["fingerprint"]) == (10, undisturbed)


@pytest.fixture
def cut_off(source: Path, tmp_path: Path) -> Path:
    """A model's path beside which lie the checkpoints of sweeps 5 and 10, as a killed run leaves them."""
    from lda.corpus import Recipe, read_corpus

    corpus = read_corpus([source], recipe=Recipe(text="body"))
    settings = lda.LDA(5, max_iter=SWEEPS, random_state=0, callbacks=[lambda record: record.sweep == 11])
    settings.fit(corpus, checkpointing=lda.Checkpointing(path=str(tmp_path / "m.checkpoint"), every=5))
    return tmp_path / "m"


def test_damaged_checkpoints_are_said_once_each(source: Path, cut_off: Path, undisturbed: str) -> None:
    place = Path(f"{cut_off}.checkpoint")
    (place / "sweep-00000010" / "topics-00001.bin").write_bytes(b"")
    errors = run(*fit(source, cut_off), "--resume").stderr
    assert errors.count("sweep-00000010 in") == 1
    assert "topics-00001.bin has another checksum" in errors
    assert "resuming after sweep 5, from" in errors
    assert fingerprint(cut_off) == undisturbed


def test_all_damaged_or_none_there_begins_anew(source: Path, cut_off: Path, undisturbed: str) -> None:
    place = Path(f"{cut_off}.checkpoint")
    for manifest in place.glob("*/manifest.json"):
        manifest.write_text("{")
    result = run(*fit(source, cut_off), "--resume", "--json")
    assert result.stderr.count("is damaged") == 2
    assert "there is no checkpoint in" in result.stderr
    assert "starting from the beginning" in result.stderr
    value = json.loads(result.stdout)
    assert (value["resumed_from"], value["fingerprint"]) == (None, undisturbed)
    errors = run(*fit(source, cut_off.with_name("new")), "--resume").stderr
    assert "there is no checkpoint in" in errors
    assert fingerprint(cut_off.with_name("new")) == undisturbed


def test_a_finished_run_says_so_and_ends_well(source: Path, tmp_path: Path) -> None:
    command = fit(source, tmp_path / "m", 20)
    first = json.loads(run(*command, "--json", "-q").stdout)
    assert first["resumed_from"] is None
    again = run(*command, "--resume", "--json", "-q", "-j", 1)
    assert "is finished already; nothing to resume" in again.stderr
    value = json.loads(again.stdout)
    assert value["resumed_from"] == 20
    assert {k: v for k, v in value.items() if k != "resumed_from"} == {
        k: v for k, v in first.items() if k != "resumed_from"
    }
    errors = run(*fit(source, tmp_path / "m", 40), "--resume", "-q", code=3).stderr
    assert "is finished after 20 sweeps, and its checkpoint is gone" in errors
    assert run(*command, code=3).stderr.endswith("(--overwrite)\n")


def test_more_sweeps_and_other_threads(source: Path, cut_off: Path, undisturbed: str) -> None:
    value = json.loads(run(*fit(source, cut_off), "--resume", "-j", 3, "--json", "-q").stdout)
    assert (value["resumed_from"], value["fingerprint"]) == (10, undisturbed)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["-k", 6], "n_topics was 5, is 6"),
        (["-s", 1], "seed was 0, is 1"),
        (["--max-features", 10], "corpus was "),
    ],
)
def test_a_checkpoint_of_another_fit(source: Path, cut_off: Path, more: list[Any], words: str) -> None:
    before = sorted(Path(f"{cut_off}.checkpoint").rglob("*"))
    lines = run(*fit(source, cut_off, SWEEPS, *more), "--resume", "-q", code=3).stderr.splitlines()
    assert len(lines) == 1
    assert "is of another fit: " + words in lines[0]
    assert sorted(Path(f"{cut_off}.checkpoint").rglob("*")) == before
    assert not cut_off.exists()


def test_overwrite_begins_anew(source: Path, cut_off: Path) -> None:
    value = json.loads(run(*fit(source, cut_off, 15, "-k", 6), "--overwrite", "--json", "-q").stdout)
    assert (value["resumed_from"], value["sweeps"], value["n_topics"]) == (None, 15, 6)
    assert not Path(f"{cut_off}.checkpoint").exists()


def test_bad_input_leaves_checkpoints_alone(cut_off: Path) -> None:
    (cut_off.parent / "empty.txt").write_text("")
    run("fit", cut_off.parent / "empty.txt", "-o", cut_off, "--overwrite", "-q", code=3)
    assert len(list(Path(f"{cut_off}.checkpoint").glob("*/manifest.json"))) == 2


def test_no_checkpoints_wanted_touches_none(source: Path, cut_off: Path) -> None:
    run(*fit(source, cut_off, 5, "-q", every=0))
    assert len(list(Path(f"{cut_off}.checkpoint").glob("*/manifest.json"))) == 2


@pytest.mark.parametrize("failing", ["15", "15 20", "15 20 25"])
def test_a_full_disk_ends_a_fit_only_when_three_checkpoints_in_a_row_fail(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: str, failing: str
) -> None:
    from lda.corpus.storage.places import LocalStorage

    write = LocalStorage.write

    def full(self: LocalStorage, name: str, data: bytes | memoryview) -> None:
        if name.endswith("topics-00002.bin") and name.split("/")[0][-2:] in failing.split():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(self, name, data)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStorage, "write", full)
        ends = failing.endswith("25")
        lines = run(*fit(source, tmp_path / "m", 40, every=5), "-q", code=int(ends)).stderr.splitlines()
    assert len(lines) == len(failing.split())
    for line, sweep in zip(lines, failing.split(), strict=True):
        assert f"the checkpoint of sweep {sweep} could not be written" in line
        assert "No space left on device; make room or choose another place" in line
        assert ("the fit goes on" in line) == (sweep != "25")
    if not ends:
        assert sorted(p.name for p in tmp_path.iterdir()) == ["m", "m.log.jsonl"]
        return
    assert lines[-1].endswith("repeat the command with --resume: 3 checkpoints in a row failed")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.checkpoint", "m.log.jsonl"]
    value = json.loads(run(*fit(source, tmp_path / "m"), "--resume", "--json", "-q").stdout)
    assert (value["resumed_from"], value["fingerprint"]) == (10, undisturbed)


def test_places_that_cannot_be(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    errors = run(
        *fit(source, tmp_path / "m", 5, "--checkpoint", tmp_path / "file" / "c", "-q"), code=3
    ).stderr
    assert "checkpoints cannot be written to" in errors
    errors = run(*fit(source, tmp_path / "m", 5, "--checkpoint", tmp_path / "m" / "c", "-q"), code=3).stderr
    assert "which becomes the model" in errors
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_finished_fit_goes_on_to_more_sweeps(source: Path, tmp_path: Path) -> None:
    """From the checkpoint that was kept, to the bits of one fit; where states to average are gone, it says so."""
    model = tmp_path / "m"
    run(*fit(source, tmp_path / "whole", 60, "-q", every=0))
    run(*fit(source, model, 33, "-q", "--keep-checkpoint", every=10))
    assert sorted(p.name for p in (tmp_path / "m.checkpoint").iterdir()) == [
        "sweep-00000030",
        "sweep-00000033",
    ]
    refused = run(*fit(source, model, 60, "-q"), code=3).stderr
    assert "holds checkpoints of an earlier run, the last after sweep 33" in refused
    told = run(*fit(source, model, 35, "-q", "--resume", "--keep-checkpoint")).stderr
    assert (
        "mean of late states one of 2 and not of 5, for that of sweep 33 was not sampled then; -n 38" in told
    )
    assert "warning" not in run(*fit(source, model, 60, "-q", "--resume")).stderr
    assert not (tmp_path / "m.checkpoint").exists()
    once, twice = (lda.load(path).model_ for path in (tmp_path / "whole", model))
    assert once.fingerprint() == twice.fingerprint()
    np.testing.assert_array_equal(once.soft_counts.toarray(), twice.soft_counts.toarray())
    gone = run(*fit(source, model, 90, "-q", "--resume"), code=3).stderr
    assert "is finished after 60 sweeps, and its checkpoint is gone" in gone
    assert f"--init-from {model}" in gone
