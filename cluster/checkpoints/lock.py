"""One run at a time on a folder of checkpoints.

A run writes a claim, `running-TOKEN.json`, which says who it is, and only then looks whether others have claimed the
place: of two that come at the same moment the one whose claim appears last sees the other's, whatever the order of
their requests. A run that sees another's claim takes its own back, and tries again or is refused. No claim is ever
overwritten by another run, so none can be taken from its owner by mistake. This needs a place that shows at once what
has been written, as file systems, S3, Google Cloud Storage, Azure and HDFS do; conditional writes, which pyarrow does
not offer, would add nothing. In a local folder a lock is held as well, which the system itself gives back when the
process ends, however it ends.

A run that was killed leaves its claim behind. On the same host the process is looked for. On another host only the
beat tells: a claim is written anew every few seconds, and a run that finds one waits for that. Rejected: file ages,
because clocks differ. A run wrongly presumed dead (e.g. on a suspended laptop) finds its claim gone before the next
checkpoint, and stops.
"""

from __future__ import annotations

import errno
import json
import os
import random
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from lda.cluster.spec.errors import CheckpointError, InUseError, OtherFitError
from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.places import LocalStorage, Storage
from lda.corpus.storage.strict_json import read_object

NAME: Final = re.compile(r"running-([0-9a-f]{16})\.json")
LOCK: Final = "running.lock"
BEAT_SECONDS: Final = 5.0
PATIENCE_BEATS: Final = 3
FIRST_PAUSE, LAST_PAUSE = 0.02, 2.0
"""Seconds, at most, until two that saw each other try again: each takes a random part, of twice as long each time."""

NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})
"""What a file system says that has no locks."""

READ_TRIES: Final = 5
LOCK_TRIES: Final = 8
"""Tries for the lock: a run that is just ending still holds it for a moment, and is no reason to refuse."""


class Claim:
    """A run's claim on a place. It holds until `alone` ends, or until another host takes the run for dead.

    buried: tokens of claims of dead runs that have been removed for this one.
    """

    def __init__(self, place: Storage, buried: set[str]) -> None:
        self.place, self.buried, self.token = place, buried, secrets.token_hex(8)
        self.owner = os.getpid(), threading.get_ident()
        self._beats = 0

    def write(self, *, running: bool) -> None:
        """Write it; `running` once it is known that there is no other."""
        about = {**_me(), "running": running, "beats": self._beats, "buried": sorted(self.buried)}
        self.place.write(self._name, json.dumps(about).encode())

    def check(self) -> None:
        """Check that this is still the only run; call before anything that could damage another run's files.

        Raises:
            OtherFitError: another run has taken over. OSError: the place cannot be read.
        """
        there = _claims(self.place)
        others = [about for token, about in there.items() if token != self.token and token not in self.buried]
        running = next((about for about in others if about.get("running") is True), None)
        if self.token not in there or running is not None:
            by = "another run" if running is None else f"another run ({_who(running)})"
            raise OtherFitError(
                f"{self.place.root} has been taken over by {by}, which found no sign of life of this one; "
                "this one ends, and nothing is lost: wait for the end of the other"
            )

    def remove(self) -> None:
        """Take it back."""
        self.place.delete(self._name)

    def beat_until(self, ended: threading.Event, seconds: float) -> None:
        """Write it anew every so many seconds, unless another run has removed it: that would claim the place back."""
        while not ended.wait(seconds):
            self._beats += 1
            with suppress(OSError):  # a full disk or a network that is down is told of by the next checkpoint
                if self.place.size(self._name) is None:
                    return
                self.write(running=True)

    @property
    def _name(self) -> str:
        return f"running-{self.token}.json"


_held: Final[dict[str, Claim]] = {}
"""By place, what this process has claimed."""


@contextmanager
def alone(place: Storage, tell: Callable[[str], None], beat: float = BEAT_SECONDS) -> Iterator[Claim]:
    """Be the only run on these checkpoints; where this thread is that already, its claim is given again.

    tell: told that another host's run is being watched for signs of life. beat: seconds between two of them; the same
    for all runs on a place.

    Raises:
        InUseError: another run is at work there. CheckpointError: nothing can be written there.
    """
    key = os.path.realpath(place.address) if isinstance(place, LocalStorage) else place.address
    held = _held.get(key)
    if held is not None and held.owner == (os.getpid(), threading.get_ident()):
        yield held
        return
    try:
        with _locked(place):
            claim = _entered(place, tell, beat)
            remember(claim.token, claim.remove)
            _held[key] = claim
            ended = threading.Event()
            beating = threading.Thread(target=claim.beat_until, args=(ended, beat), daemon=True)
            beating.start()
            try:
                yield claim
            finally:
                ended.set()
                beating.join(beat)
                del _held[key]
                with suppress(OSError):
                    claim.remove()
                forget(claim.token)
    finally:
        with suppress(OSError):
            place.remove_empty()


@contextmanager
def _locked(place: Storage) -> Iterator[None]:
    """Hold the lock of a local folder within the block; elsewhere there is none."""
    if not isinstance(place, LocalStorage):
        yield
        return
    path = Path(place.address) / LOCK
    lock = _lock(place, path)

    def clear() -> None:
        path.unlink(missing_ok=True)
        place.remove_empty()

    remember(path, clear)
    try:
        yield
    finally:
        if lock is not None:
            # While it is held: a run that has opened this file meanwhile sees that it has no name any more.
            path.unlink(missing_ok=True)
            lock.release()
        forget(path)


def _lock(place: LocalStorage, path: Path) -> FileLock | None:
    """The lock, held; None where the file system knows none, and the claims alone must do."""
    lock = FileLock(path, timeout=0, thread_local=False, fallback_to_soft=False)
    for tried in range(LOCK_TRIES):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout:
            if alive := [about for about in _claims(place).values() if _alive(about)]:
                raise _refusal(place, alive[0]) from None
        except FileNotFoundError:
            pass  # its last user has removed the folder, which was empty
        except OSError as error:
            if error.errno in NO_LOCKS:
                return None
            raise cannot_write(place, error) from error
        else:
            return lock
        _pause(tried)
    raise _refusal(place, None)


def _entered(place: Storage, tell: Callable[[str], None], beat: float) -> Claim:
    try:
        for tried in count():
            buried = _bury(place, tell, beat)
            claim = Claim(place, buried)
            try:
                claim.write(running=False)
                if not _claims(place).keys() - buried - {claim.token}:
                    claim.write(running=True)
                    return claim
            except BaseException:
                with suppress(OSError):
                    claim.remove()
                raise
            claim.remove()
            # The run that was seen may be in by then, or has seen this one as well and taken its own claim back.
            _pause(tried)
    except OSError as error:
        raise cannot_write(place, error) from error
    raise AssertionError


def _bury(place: Storage, tell: Callable[[str], None], beat: float) -> set[str]:
    """Remove the claims of runs that are dead, and return their tokens. Raises OtherFitError for one that is not."""
    dead = set[str]()
    watched: dict[str, dict[str, Any]] = {}
    for token, about in _claims(place).items():
        alive = _alive(about)
        if alive:
            raise _refusal(place, about)
        if alive is None:
            watched[token] = about
        else:
            dead.add(token)
    if watched:
        dead |= _watch(place, watched, tell, beat)
    for token in dead:
        place.delete(f"running-{token}.json")
    return dead


def _watch(
    place: Storage, watched: dict[str, dict[str, Any]], tell: Callable[[str], None], beat: float
) -> set[str]:
    """Tokens of those among `watched` that show no sign of life. Raises OtherFitError as soon as one does."""
    seconds = PATIENCE_BEATS * beat
    who = ", ".join(sorted({_who(about) for about in watched.values()}))
    tell(f"{place.root} was in use by {who}; watching for {seconds:.0f} s whether it still is")
    until = time.monotonic() + seconds
    while watched and time.monotonic() < until:
        time.sleep(min(1.0, beat))
        now = _claims(place)
        watched = {token: about for token, about in watched.items() if token in now}  # others ended meanwhile
        for token, about in watched.items():
            if now[token] != about:
                raise _refusal(place, now[token])
    return set(watched)


def _claims(place: Storage) -> dict[str, dict[str, Any]]:
    """What lies there, by token; of one that cannot be understood nothing is known. Raises OSError."""
    found: dict[str, dict[str, Any]] = {}
    for name in place.files():
        if (match := NAME.fullmatch(name)) is not None:
            with suppress(FileNotFoundError):  # taken back meanwhile
                found[match[1]] = _read(place, name)
    return found


def _read(place: Storage, name: str) -> dict[str, Any]:
    """A claim; empty if it cannot be understood, also not when it is read again: some stores show halves."""
    for _ in range(READ_TRIES):
        with suppress(ValueError):
            return read_object(place, name)
        time.sleep(FIRST_PAUSE)
    return {}


def _alive(about: dict[str, Any]) -> bool | None:
    """Whether a run is still going on, as far as that can be seen from here; None where it cannot."""
    me = _me()
    if about.get("host") != me["host"]:
        return None
    if about.get("boot") != me["boot"]:
        return False
    if about.get("space") != me["space"]:
        return None  # containers may share their host's name, and each numbers its processes from one on
    pid = about.get("pid")
    return isinstance(pid, int) and _began(pid) == about.get("began") and _exists(pid)


def _pause(tried: int) -> None:
    longest = min(FIRST_PAUSE * 2**tried, LAST_PAUSE)
    time.sleep(random.uniform(0, longest))  # noqa: S311 - no secret: two need only differ


def _me() -> dict[str, Any]:
    return {
        "host": socket.gethostname(),
        "boot": _boot(),
        "space": _space(),
        "pid": os.getpid(),
        "began": _began(os.getpid()),
    }


def _who(about: dict[str, Any]) -> str:
    if "host" not in about:
        return "somebody who cannot be made out"
    return f"process {about.get('pid')} on {about.get('host')}"


def _refusal(place: Storage, about: dict[str, Any] | None) -> InUseError:
    who = "" if about is None else _who(about)
    return InUseError(
        f"{place.root} is in use by another run{who and f' ({who})'}; wait for its end, or take another place "
        "for the checkpoints of this one",
        who,
    )


def cannot_write(
    place: Storage, error: OSError, kind: type[CheckpointError] = CheckpointError
) -> CheckpointError:
    """The error of a place where no checkpoint can be written."""
    return kind(
        f"checkpoints cannot be written to {place.root}: {error.strerror or error}; "
        "choose another place for them, or make none (every 0 sweeps)"
    )


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _began(pid: int) -> str | None:
    """When a process began, in ticks since the boot: a number may have gone to another process.

    None if that is not known, and of one that was killed and that its parent has not asked about.
    """
    with suppress(OSError, IndexError):
        state, *values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else values[18]
    return None


def _boot() -> str | None:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None


def _space() -> str | None:
    """The space in which process numbers count: a container has its own."""
    with suppress(OSError):
        return os.readlink("/proc/self/ns/pid")
    return None
