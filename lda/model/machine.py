"""What a record says of the machine of a run, and of the code that ran: facts that may matter, and no names.

No name of a host or a user, no address and no path: a model is given to others.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.machine import available_cores, available_memory
from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from lda.cluster.spec.results import FitResult

_COMMIT: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LONGEST: Final = 100
_SECONDS: Final = 5.0
_ROOMS: Final = ("lda", "cluster", "corpus", "samplers")
_STATUS: Final = Path("/proc/self/status")
_CLEAR: Final = Path("/proc/self/clear_refs")
_PEAK: Final = "5"
"""What Linux takes for: forget the peak. See proc_pid_clear_refs(5)."""


def machine_facts(result: FitResult | None = None) -> dict[str, Any]:
    """Operating system, processor, cores and memory that this process may use, kind of Python; of a fit more.

    Returns:
        Strings and whole numbers by name. Of a fit on a GPU of this machine with "gpu", its model; of one on a cluster
        with "workers", "nodes" and "staleness" (null where nobody waits), and then the machine is the driver's.
    """
    found = {
        **_fixed_facts(),
        "cores": available_cores(),
        "memory_bytes": available_memory(),
    }
    if result is None:
        return found
    where = result.circumstances
    if where is not None and where.workers:
        found |= {"workers": where.workers, "nodes": where.nodes, "staleness": where.staleness}
    elif result.settings.device == "cuda":
        from lda.samplers.cuda.available import device_name

        found["gpu"] = _short(device_name())
    return found


@cache
def _fixed_facts() -> dict[str, Any]:
    libc = " ".join(part for part in platform.libc_ver() if part)
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "python": platform.python_implementation(),
        **({"libc": libc} if libc else {}),
    }


def _processor() -> str | None:
    """Model of the processor; None where the system does not tell it."""
    name = ""
    try:
        if sys.platform == "linux":
            lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
            told = (line.partition(":") for line in lines)
            name = next((value for key, _, value in told if key.strip() in ("model name", "cpu model")), "")
        elif sys.platform == "darwin":
            asked = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(asked, capture_output=True, text=True, timeout=_SECONDS, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return _short(" ".join(name.split())) or None


def forget_peak() -> None:
    """Have `peak_bytes` begin anew, where the system can; elsewhere it is of the process since that began."""
    with suppress(OSError):
        _CLEAR.write_text(_PEAK)


def peak_bytes() -> int | None:
    """The most that this process has held since `forget_peak`, mapped files included; None where nothing tells.

    Where that was never called it is of the process, whatever it did before: of a fit in a long session an upper bound.
    """
    with suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@cache
def code_version() -> dict[str, Any] | None:
    """The commit of the checkout that this package is run from, and whether files of it have changed since.

    Returns:
        {"commit": 40 or 64 digits, "changed": True, False, or None where git is not there to tell}; None for a package
        that is installed, which its version tells all of.
    """
    # Not a folder further up: an environment may lie within a checkout of something else.
    root = Path(__file__).resolve().parents[2]
    commit = commit_of(root)
    return None if commit is None else {"commit": commit, "changed": _changed(root)}


def commit_of(root: Path) -> str | None:
    """The commit that a folder is a checkout of, as Git's files have it; None where it is none, or has none yet."""
    try:
        folder = root / ".git"
        if folder.is_file():  # a further work tree, or a submodule
            folder = root / folder.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref:"):
            return head if _COMMIT.fullmatch(head) else None
        name = head.removeprefix("ref:").strip()
        common = folder / "commondir"
        shared = folder / common.read_text(encoding="utf-8").strip() if common.is_file() else folder
        for place in (folder, shared):
            if (place / name).is_file():
                found = (place / name).read_text(encoding="utf-8").strip()
                return found if _COMMIT.fullmatch(found) else None
        packed = (shared / "packed-refs").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    known = (line.split(" ", 1) for line in packed if not line.startswith(("#", "^")))
    found = next((row[0] for row in known if row[1:] == [name]), "")
    return found if _COMMIT.fullmatch(found) else None


def _changed(root: Path) -> bool | None:
    """Whether the package's files differ from the commit. Git is asked: it takes a reader of its packs to know."""
    asked = ["git", "--no-optional-locks", "-C", str(root), "status", "--porcelain", "--", *_ROOMS]
    # Within a hook of Git these name the checkout that is being committed to.
    around = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        said = subprocess.run(asked, capture_output=True, timeout=_SECONDS, check=True, env=around)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return bool(said.stdout.strip())


def _short(name: str) -> str:
    return printable(name)[:_LONGEST]
