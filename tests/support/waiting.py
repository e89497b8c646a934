"""Waiting for what must happen, however much else the machine has to do."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE: Final = 60.0
"""Seconds after which something that must happen has not happened; no test passes because of them."""


def until(true: Callable[[], object], what: str) -> None:
    """Wait until the condition holds. Raises AssertionError, which says `what`, when it never does."""
    end = time.monotonic() + DEADLINE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


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
