"""Two runs on the same checkpoints: the second is refused, and a killed one holds up nobody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from filelock import FileLock
from waiting import until

from lda.cluster import CheckpointError
from lda.cluster.checkpoints import lock
from lda.cluster.spec.errors import OtherFitError
from lda.corpus.storage.places import FOLDERS_MADE, LocalStorage, Storage, storage

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = """
import sys
from lda.cluster.checkpoints.lock import alone
from lda.corpus.storage.places import storage

with alone(storage(sys.argv[1]), print):
    print("begun", flush=True)
    sys.stdin.readline()
"""

RACE = """
import sys
from lda.cluster.spec.errors import OtherFitError
from lda.cluster.checkpoints.lock import alone
from lda.corpus.storage.places import storage

for line in sys.stdin:
    try:
        with alone(storage(line.strip()), print):
            print("in", flush=True)
            sys.stdin.readline()
    except OtherFitError:
        print("refused", flush=True)
        sys.stdin.readline()
    print("out", flush=True)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def ask(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that is at work there."""
    with start(HOLD, str(tmp_path / "c")) as process:
        assert answer(process) == "begun"
        yield process
        process.kill()


@pytest.fixture(scope="module")
def racers() -> Iterator[list[subprocess.Popen[str]]]:
    """Two processes that claim a place whenever they are told to."""
    with start(RACE) as one, start(RACE) as two:
        yield [one, two]
        for process in (one, two):
            process.kill()


def refuse(_text: str) -> None:
    raise AssertionError("nothing is to be told")


def claims(folder: Path) -> list[Path]:
    return sorted(folder.glob("running-*.json"))


@pytest.mark.parametrize("kind", ["folder", "uri", "s3"])
def test_of_two_at_the_same_moment_exactly_one_gets_in(
    racers: list[subprocess.Popen[str]], tmp_path: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """Two processes, 200 times: with the lock of a local folder, and with nothing but claims."""
    if kind == "s3":
        place, times = request.getfixturevalue("bucket").format(f"{tmp_path.name}/c"), 15
    else:
        place, times = str(tmp_path / "c") if kind == "folder" else (tmp_path / "c").as_uri(), 200
    for _ in range(times):
        for process in racers:
            ask(process, place)
        assert sorted(answer(process) for process in racers) == ["in", "refused"]
        for process in racers:
            ask(process, "end")
        assert [answer(process) for process in racers] == ["out", "out"]
    assert storage(place).files() == {}


class Slow:
    """A store whose writes take as long as they are told to."""

    def __init__(self, place: Storage, seconds: float) -> None:
        self._place, self._seconds = place, seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place, name)

    def write(self, name: str, data: bytes | memoryview) -> None:
        time.sleep(self._seconds)
        self._place.write(name, data)


def test_writes_that_appear_late_let_only_one_in(tmp_path: Path) -> None:
    inside, refused = list[float](), list[float]()
    together, both_done = threading.Barrier(2), threading.Barrier(2)

    def claim(seconds: float) -> None:
        place: Any = Slow(storage((tmp_path / "c").as_uri()), seconds)
        together.wait()
        try:
            with lock.alone(place, refuse):
                inside.append(seconds)
                both_done.wait(60)
        except OtherFitError:
            refused.append(seconds)
            both_done.wait(60)

    threads = [threading.Thread(target=claim, args=(seconds,)) for seconds in (0.1, 0.2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(inside), len(refused)) == (1, 1)


@pytest.mark.parametrize("uri", [False, True])
def test_another_thread_of_the_same_process_is_another_run(tmp_path: Path, uri: bool) -> None:
    place, caught = storage((tmp_path / "c").as_uri() if uri else tmp_path / "c"), list[Exception]()

    def second() -> None:
        try:
            with lock.alone(place, refuse):
                pass
        except OtherFitError as error:
            caught.append(error)

    with lock.alone(place, refuse):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert len(caught) == 1


def test_a_second_run_is_refused_until_the_first_has_ended(
    other: subprocess.Popen[str], tmp_path: Path
) -> None:
    place = storage(tmp_path / "c")
    message = rf"in use by another run \(process {other.pid} on "
    with pytest.raises(OtherFitError, match=message), lock.alone(place, refuse):
        pass
    assert len(claims(tmp_path / "c")) == 1
    other.communicate("end\n")
    with lock.alone(place, refuse) as claim, lock.alone(place, refuse) as same:
        assert claim is same  # as the command and its engine do
        claim.check()
        assert len(claims(tmp_path / "c")) == 1
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("uri", [False, True])
def test_a_killed_run_holds_up_nobody(other: subprocess.Popen[str], tmp_path: Path, uri: bool) -> None:
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and its number is still taken
    assert len(claims(tmp_path / "c")) == 1
    with lock.alone(storage((tmp_path / "c").as_uri() if uri else tmp_path / "c"), refuse) as claim:
        claim.check()
        assert len(claims(tmp_path / "c")) == 1


@pytest.mark.parametrize(
    "change", [{"pid": os.getpid(), "began": "1"}, {"boot": "of yesterday"}, {"pid": "none"}]
)
def test_a_number_that_another_process_has_now_is_no_run(tmp_path: Path, change: dict[str, object]) -> None:
    place = storage(tmp_path / "c")
    left = lock._me() | change
    place.write("running-0123456789abcdef.json", json.dumps(left).encode())
    with lock.alone(place, refuse):
        assert "0123456789abcdef" not in claims(tmp_path / "c")[0].name


class Beating:
    """A store in which another run's claim is written anew before each look at what lies there."""

    def __init__(self, place: Storage, name: str, about: dict[str, Any]) -> None:
        self._place, self._name, self._about, self._beats = place, name, about, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._place, name)

    def files(self) -> dict[str, int]:
        self._beats += 1
        self._place.write(self._name, json.dumps(self._about | {"beats": self._beats}).encode())
        return self._place.files()


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"space": "pid:[of a container]"}])
@pytest.mark.parametrize("beats", [True, False])
def test_a_run_that_cannot_be_seen_from_here_is_known_by_its_beat(
    tmp_path: Path, beats: bool, change: dict[str, str]
) -> None:
    place, told = storage(tmp_path / "c"), list[str]()
    found = lock._me() | {"pid": 7, "began": "1", "running": True} | change
    name = "running-0123456789abcdef.json"
    place.write(name, json.dumps(found).encode())
    if beats:
        beating: Any = Beating(place, name, found)
        with (
            pytest.raises(OtherFitError, match="process 7 on "),
            lock.alone(beating, told.append, 0.1),
        ):
            pass
    else:
        with lock.alone(place, told.append, 0.1) as claim:
            # It was only asleep, and goes on beating: it will find this one, which goes on, too.
            place.write(name, json.dumps(found).encode())
            claim.check()
    assert len(told) == 1
    assert "was in use by process 7 on " in told[0]


@pytest.mark.parametrize("back", [False, True])
def test_who_was_taken_for_dead_finds_that_out(tmp_path: Path, back: bool) -> None:
    """Whether or not its beat puts its claim back after it was removed."""
    place = storage(tmp_path / "c")
    with lock.alone(place, refuse) as claim:
        new = lock._me() | {"host": "elsewhere", "pid": 7, "running": True, "buried": [claim.token]}
        place.write("running-0123456789abcdef.json", json.dumps(new).encode())
        if not back:
            place.delete(f"running-{claim.token}.json")
        with pytest.raises(OtherFitError, match=r"taken over by another run \(process 7 on elsewhere\)"):
            claim.check()
    assert [path.name for path in claims(tmp_path / "c")] == ["running-0123456789abcdef.json"]


def test_a_run_beats_while_it_goes_on(tmp_path: Path) -> None:
    with lock.alone(storage(tmp_path / "c"), refuse, 0.05):
        (path,) = claims(tmp_path / "c")
        before = json.loads(path.read_text())["beats"]
        until(lambda: json.loads(path.read_text())["beats"] != before, "no beat")


def test_a_beat_does_not_claim_back(tmp_path: Path) -> None:
    place = storage(tmp_path / "c")
    with lock.alone(place, refuse, 3600.0) as claim:
        (path,) = claims(tmp_path / "c")
        waits: list[float] = []

        class Pauses(threading.Event):
            """In the second pause between two beats the claim is removed."""

            def wait(self, timeout: float | None = None) -> bool:
                assert timeout is not None
                waits.append(timeout)
                if len(waits) == 2:
                    assert json.loads(path.read_text())["beats"] == 1
                    place.delete(path.name)
                return False

        claim.beat_until(Pauses(), 5.0)
        assert waits == [5.0, 5.0]
        assert not path.exists()
        with pytest.raises(OtherFitError, match="has been taken over by another run, which found no sign"):
            claim.check()


def test_what_cannot_be_understood_is_replaced_unless_it_changes(tmp_path: Path) -> None:
    place, told = storage(tmp_path / "c"), list[str]()
    place.write("running-0123456789abcdef.json", b"{")
    with lock.alone(place, told.append, 0.1):
        assert len(claims(tmp_path / "c")) == 1
    assert "in use by somebody who cannot be made out; watching" in told[0]


def test_a_place_that_cannot_be_claimed_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match="checkpoints cannot be written to"),
        lock.alone(storage(tmp_path / "file" / "c"), refuse),
    ):
        pass


def test_a_file_system_without_locks_makes_do_with_claims(
    other: subprocess.Popen[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(FileLock, "acquire", none)
    with pytest.raises(OtherFitError, match="in use by"), lock.alone(storage(tmp_path / "c"), refuse):
        pass
    with lock.alone(storage(tmp_path / "d"), refuse) as claim:
        claim.check()


class Contested(type(Path())):  # type: ignore[misc]
    """A folder that somebody else removes, as empty, before each of the next few files is made in it."""

    removals: ClassVar[int]

    def open(self, *given: Any, **more: Any) -> Any:
        if Contested.removals:
            Contested.removals -= 1
            LocalStorage(Path(self.parent)).remove_empty()
        return super().open(*given, **more)


@pytest.mark.parametrize("removals", [1, 2, FOLDERS_MADE - 1, FOLDERS_MADE])
def test_a_folder_that_another_removes_as_empty_is_made_again(tmp_path: Path, removals: int) -> None:
    Contested.removals = removals
    place = LocalStorage(Contested(tmp_path / "c"))
    if removals < FOLDERS_MADE:
        place.write("a", b"x")
        assert place.read("a") == b"x"
    else:  # nobody tries for ever
        with pytest.raises(FileNotFoundError):
            place.write("a", b"x")
    assert Contested.removals == 0
    assert [path.name for path in tmp_path.glob("c/*")] == ["a"] * (removals < FOLDERS_MADE)
