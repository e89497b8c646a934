"""Waiting for what must happen, however much else the machine has to do."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

DEADLINE: Final = 120.0
"""Seconds after which something that must happen has not happened; no test passes because of them."""


def until(true: Callable[[], object], what: str, *, seconds: float = DEADLINE) -> None:
    """Wait until the condition holds. Raises AssertionError, which says `what`, after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)


@contextmanager
def silent_writer(pipe: Path, reader: Popen[str]) -> Iterator[None]:
    """Hold a named pipe open for writing, from the moment on in which a process reads it."""
    held: list[int] = []

    def is_read() -> bool:
        assert reader.poll() is None, reader.communicate()
        try:
            held.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        except OSError as error:
            if error.errno != errno.ENXIO:  # as of a pipe that nobody reads
                raise
        return bool(held)

    until(is_read, f"nobody reads {pipe}")
    try:
        yield
    finally:
        os.close(held[0])


def exists(pid: int) -> bool:
    """Whether a process runs; one that has ended, and whose parent has not asked about it, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def session_of(leader: int) -> list[int]:
    """Processes of the session that a process has begun (`start_new_session`), itself among them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):  # it has ended meanwhile
            continue
        if session == str(leader) and state not in "ZX":
            found.append(int(folder.name))
    return found
