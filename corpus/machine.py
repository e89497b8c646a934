"""What this process may use: cores and memory, of which a container or a job may have fewer than its machine.

Linux keeps such limits in control groups, as files below /sys/fs/cgroup: one tree for all of them (version 2), or one
for each kind (version 1). A group's limit holds for all groups within it, so the least on the way up counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SYSTEM: Final = Path("/")
"""Where `proc` and `sys` are found unless the caller says otherwise."""


_granted: int | None = None


def grant_cores(n: int | None) -> None:
    """Have `available_cores` say at most n from now on: of a process that shares the machine with others of ours.

    None takes that back. Rejected: the scheduler's affinity, because a process that is bound to a core waits for it
    while others stand idle.
    """
    global _granted  # noqa: PLW0603 - of the process, as what it limits
    _granted = n


def available_cores(system: Path | None = None) -> int:
    """Cores that this process may use, at least 1.

    A quota is rounded up: a thread that may run half the time does more than none, and takes fewer of the blocks.
    """
    limits = [quota for quota in map(_quota, _groups(system or SYSTEM, "cpu")) if quota is not None]
    if _granted is not None:
        limits.append(_granted)
    return max(1, min([_cores_allowed(), *limits]))


def available_memory(system: Path | None = None) -> int | None:
    """Bytes of memory that this process may use; None where the system does not say."""
    limits = [_memory_installed(), *map(_memory_limit, _groups(system or SYSTEM, "memory"))]
    return min((limit for limit in limits if limit is not None), default=None)


def _cores_allowed() -> int:
    """Cores by the scheduler's word; quotas of time on them are another matter."""
    of_process = getattr(os, "process_cpu_count", None)  # Python 3.13
    if of_process is not None:
        return of_process() or 1
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _memory_installed() -> int | None:
    if not hasattr(os, "sysconf") or not {"SC_PHYS_PAGES", "SC_PAGE_SIZE"} <= os.sysconf_names.keys():
        return None
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _groups(system: Path, controller: str) -> Iterator[Path]:
    """Folders that may limit what the controller ("cpu", "memory") gives this process; not all need be there."""
    mounts = system / "sys/fs/cgroup"
    try:
        lines = (system / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = ["0::/", f"1:{controller}:/"]
    for line in lines:
        _, names, group = (*line.split(":", 2), "", "")[:3]
        if names and controller not in names.split(","):
            continue
        parts = [part for part in group.split("/") if part]
        if ".." in parts:  # of a group outside of this namespace, whose top is all that can be seen
            parts = []
        for mount in {mounts / names, mounts / controller} if names else {mounts}:
            # Within a container the group may be called by its name outside, and then only the mount is there.
            for depth in range(len(parts), -1, -1):
                yield mount.joinpath(*parts[:depth])


def _quota(group: Path) -> int | None:
    """Cores' worth of time that a group gets, rounded up; None without a limit."""
    words = _words(group / "cpu.max") or _words(group / "cpu.cfs_quota_us") + _words(
        group / "cpu.cfs_period_us"
    )
    if len(words) != 2 or not all(word.isdecimal() for word in words):  # "max", or -1
        return None
    quota, period = map(int, words)
    return -(-quota // period) if period else None


def _memory_limit(group: Path) -> int | None:
    """Bytes that a group may hold; None without a limit."""
    words = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
    return int(words[0]) if len(words) == 1 and words[0].isdecimal() else None


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except (OSError, ValueError):
        return []
