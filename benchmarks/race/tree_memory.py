"""Memory of a process and of all that it starts."""

from __future__ import annotations

import os
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


def tree(pid: int) -> list[int]:
    """The process and its descendants; empty where /proc does not tell."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for thread in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in thread.read_text().split()]
            except OSError:
                continue  # ended in between
    return found


def resident(pid: int) -> int:
    """Bytes in memory of the process and its descendants.

    Of one process its resident set, which costs nothing to ask for. Of several the proportional sets: pages that they
    share are counted once, as they would not be in a sum of resident sets.
    """
    pids = tree(pid)
    if len(pids) == 1:
        return _resident(pid)
    return sum(_proportional(one) for one in pids)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def _proportional(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except (OSError, IndexError, ValueError):
        pass
    return _resident(pid)
