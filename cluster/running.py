"""One run at a time on a folder of checkpoints.

A run says in `running.json` who it is, and beats: it writes the file anew every few seconds. Who finds one reads
there whether that run is still going on. On the same host the process is looked for. On another host only the
beat tells, so it is waited for; ages of files lost, as hosts disagree on the time. A run that was killed leaves
the file behind, which holds up nobody on its host, and elsewhere for as long as a few beats take.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from lda.cluster.checkpoint import OtherFitError
from lda.corpus.plain_json import read_object
from lda.corpus.storage import Storage

NAME: Final = "running.json"
BEAT_SECONDS: Final = 5.0
PATIENCE_BEATS: Final = 3
SETTLE_SECONDS: Final = (
    0.05  # in which two that begin at the same moment overwrite each other, and one remains
)


@contextmanager
def alone(place: Storage, tell: Callable[[str], None]) -> Iterator[None]:
    """Be the only run on these checkpoints; nothing is done where this process is that already.

    tell: told that another host's run is being watched for signs of life.

    Raises:
        OtherFitError: another run is at work there.
    """
    me = {"host": socket.gethostname(), "boot": _boot(), "pid": os.getpid(), "began": _began(os.getpid())}
    found = _read(place)
    if found is not None and _same_process(found, me):
        yield
        return
    if found is not None and _at_work(place, found, me, tell):
        raise _refusal(place, found)
    me["run"] = secrets.token_hex(8)
    with suppress(OSError):  # where nothing can be written the first checkpoint will tell
        place.write(NAME, json.dumps(me).encode())
    time.sleep(SETTLE_SECONDS)
    now = _read(place)
    if now is not None and now.get("run") != me["run"]:
        raise _refusal(place, now)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(place, me, ended), daemon=True)
    beating.start()
    try:
        yield
    finally:
        ended.set()
        beating.join(BEAT_SECONDS)
        with suppress(OSError):
            place.delete(NAME)
            place.remove_empty()


def _beat(place: Storage, me: dict[str, Any], ended: threading.Event) -> None:
    beats = 0
    while not ended.wait(BEAT_SECONDS):
        beats += 1
        with suppress(OSError):  # a full disk is told of by the next checkpoint
            place.write(NAME, json.dumps(me | {"beats": beats}).encode())


def _at_work(place: Storage, found: dict[str, Any], me: dict[str, Any], tell: Callable[[str], None]) -> bool:
    if found.get("host") == me["host"]:
        here = found.get("boot") == me["boot"] and isinstance(found.get("pid"), int)
        return here and _began(found["pid"]) == found.get("began") and _exists(found["pid"])
    seconds = PATIENCE_BEATS * BEAT_SECONDS
    tell(f"{place.root} was in use by {_who(found)}; watching for {seconds:.0f} s whether it still is")
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(min(1.0, BEAT_SECONDS))
        now = _read(place)
        if now != found:
            return now is not None  # None: it ended in the meantime
    return False


def _read(place: Storage) -> dict[str, Any] | None:
    """What lies there; None for nothing, or nothing that can be understood."""
    try:
        return read_object(place, NAME)
    except (OSError, ValueError):
        return None


def _same_process(found: dict[str, Any], me: dict[str, Any]) -> bool:
    return all(found.get(key) == value for key, value in me.items())


def _who(found: dict[str, Any]) -> str:
    return f"process {found.get('pid')} on {found.get('host')}"


def _refusal(place: Storage, found: dict[str, Any]) -> OtherFitError:
    return OtherFitError(
        f"{place.root} is in use by another run ({_who(found)}); wait for its end, or take another place "
        "for the checkpoints of this one"
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
