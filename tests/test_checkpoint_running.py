"""Two runs on the same checkpoints: the second is refused, and a killed one holds up nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from lda.cluster import running
from lda.cluster.checkpoint import OtherFitError
from lda.corpus.storage import storage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys
from lda.cluster.running import alone
from lda.corpus.storage import storage

with alone(storage(sys.argv[1]), print):
    print("begun", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at work there."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "c")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield process
        process.kill()


def refuse(_text: str) -> None:
    raise AssertionError("nothing is to be told")


def test_a_second_run_is_refused_until_the_first_has_ended(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    place = storage(tmp_path / "c")
    message = rf"in use by another run \(process {other.pid} on "
    with pytest.raises(OtherFitError, match=message), running.alone(place, refuse):
        pass
    assert (tmp_path / "c" / running.NAME).exists()
    other.communicate("end\n")
    with running.alone(place, refuse), running.alone(place, refuse):  # as the command and its engine do
        assert (tmp_path / "c" / running.NAME).exists()
    assert not (tmp_path / "c").exists()


def test_a_killed_run_holds_up_nobody(other: subprocess.Popen[str], tmp_path: Path) -> None:
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its number is still taken
    assert (tmp_path / "c" / running.NAME).exists()
    with running.alone(storage(tmp_path / "c"), refuse):
        pass


@pytest.mark.parametrize("change", [{"pid": os.getpid(), "began": "1"}, {"boot": "of yesterday"}])
def test_a_number_that_another_process_has_now_is_no_run(tmp_path: Path, change: dict[str, object]) -> None:
    place = storage(tmp_path / "c")
    with running.alone(place, refuse):
        found = json.loads(place.read(running.NAME))
    place.write(running.NAME, json.dumps(found | change).encode())
    with running.alone(place, refuse):
        pass


@pytest.mark.parametrize("beats", [True, False])
def test_a_run_on_another_host_is_known_by_its_beat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beats: bool
) -> None:
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.1)
    place, told, ended = storage(tmp_path / "c"), list[str](), threading.Event()
    found = {"host": "elsewhere", "pid": 7, "began": "1", "boot": "x", "run": "r"}
    place.write(running.NAME, json.dumps(found).encode())
    beating = threading.Thread(target=running._beat, args=(place, found, ended))
    if beats:
        beating.start()
    try:
        if beats:
            message = "process 7 on elsewhere"
            with pytest.raises(OtherFitError, match=message), running.alone(place, told.append):
                pass
        else:
            with running.alone(place, told.append):
                pass
    finally:
        ended.set()
        if beats:
            beating.join()
    assert len(told) == 1
    assert "was in use by process 7 on elsewhere; watching for" in told[0]


def test_what_cannot_be_understood_is_replaced(tmp_path: Path) -> None:
    place = storage(tmp_path / "c")
    place.write(running.NAME, b"{")
    with running.alone(place, refuse):
        assert json.loads(place.read(running.NAME))["pid"] == os.getpid()
