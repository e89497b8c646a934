"""The token rule compiled by a second process, while this one reads documents and compiles the small kernels.

Numba compiles one kernel at a time in a process, under a lock, so threads would gain nothing. Both processes keep
what they compile in one folder on disk, where this one finds the rule when it first needs it. Only the first fit on a
machine has anything to gain: it leaves a note in the folder, and later ones start no process.
When the rule is there, the second process goes on to what a fit needs last. Rejected: all kernels divided among
several processes, because the rule takes as long as all others together.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from lda.cluster.spec.fit_settings import FitSettings
from lda.corpus.machine import available_cores
from lda.samplers.numerics.kernel_cache import cache_folder, why_none
from lda.samplers.registry import SAMPLERS, Sampler, sampler

MOST_SECONDS: Final = 300.0
"""A process that takes longer is ended, and the rule compiled here."""

POLL_SECONDS: Final = 0.02

_RULE: Final = "lda.cluster.sweeping.compile_ahead import compile_rule as run"
_FIT: Final = "lda.cluster.first_fit import compile_for_fit as run"


class _Begun(NamedTuple):
    """A process, and what its note in `folder` is about: the rule of a sampler, for so many topics."""

    process: subprocess.Popen[bytes]
    folder: Path
    name: str
    n_topics: int


_lock: Final = threading.Lock()
_asked: Final[set[tuple[str, int]]] = set()
_waited_for: Final[list[_Begun]] = []
_begun: Final[list[_Begun]] = []


def begin_fit(settings: FitSettings) -> None:
    """`begin` for a fit in this process; best called before the documents are read."""
    if settings.device == "cpu" and settings.model_memory is None:
        begin(settings.sampler, settings.n_topics, threads=settings.threads, whole_fit=True)


def begin(
    chosen: str | Sampler, n_topics: int, *, threads: int | None = None, whole_fit: bool = False
) -> None:
    """Have the rule of a sampler compiled for n_topics, where that is worth a process; whole_fit: and then all else.

    It is not where it has been compiled already, what is compiled cannot be kept, or there is but one core or thread
    (threads: as of a fit), and not for a sampler that is not in the table.
    """
    row = sampler(chosen)
    if row != SAMPLERS.get(row.name) or not 1 <= n_topics < 1 << 31:
        return
    if min(available_cores(), threads or 2) < 2 or not _is_python(sys.executable):
        return
    with _lock:
        if (row.name, n_topics) in _asked:
            return
        _asked.add((row.name, n_topics))
        folder = cache_folder(warn=False)  # that is said when the first kernel is compiled
        if folder is None or _has(Path(folder), row.name, n_topics):
            return
        try:
            process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                [
                    sys.executable,
                    "-c",
                    f"import sys; from {_FIT if whole_fit else _RULE}; run(sys.argv[1], int(sys.argv[2]))",
                    row.name,
                    str(n_topics),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,  # an interrupt is for this process: what it has begun to read becomes a model
            )
        except OSError:
            return  # no room for a process: the rule is compiled here
        if not _begun:
            atexit.register(_end)
        _begun.append(_Begun(process, Path(folder), row.name, n_topics))
        _waited_for.append(_begun[-1])


def wait() -> None:
    """Wait until the rules that have been asked for are there, or will not be; to be called before a rule is."""
    if not _waited_for:
        return
    with _lock:
        last = time.monotonic() + MOST_SECONDS
        for begun in _waited_for:
            while begun.process.poll() is None and not _has(begun.folder, begun.name, begun.n_topics):
                if time.monotonic() > last:
                    begun.process.kill()
                    begun.process.wait()
                time.sleep(POLL_SECONDS)
        _waited_for.clear()


def compile_rule(name: str, n_topics: int) -> None:
    """What the second process does first: compile the rule of the sampler `name`, and leave a note that it is there.

    No note where it could not be kept: another fit, with more room, shall try again.
    """
    from lda.samplers.rehearsal import rehearse, same_rule, small_alike

    rehearse(SAMPLERS[name], small_alike(n_topics))
    folder = cache_folder(warn=False)
    if folder is not None and why_none() is None:
        low, high = same_rule(n_topics)
        with suppress(OSError):  # no room for the note either
            (Path(folder) / f"{_mark(name)}{low}-{high}").touch()


def _mark(name: str) -> str:
    """How the names of notes about a sampler begin: another Python or Numba keeps kernels of its own."""
    from importlib.metadata import version

    return f"compiled-{name}-py{sys.version_info.major}.{sys.version_info.minor}-numba{version('numba')}-"


def _has(folder: Path, name: str, n_topics: int) -> bool:
    mark = _mark(name)
    for note in folder.glob(f"{mark}*"):
        low, _, high = note.name.removeprefix(mark).partition("-")
        if low.isdecimal() and high.isdecimal() and int(low) <= n_topics <= int(high):
            return True
    return False


def _is_python(executable: str | None) -> bool:
    """Whether it can be started anew: within another program that is what `sys.executable` names."""
    return bool(executable) and Path(str(executable)).name.lower().startswith(("python", "pypy"))


def _end() -> None:
    for begun in _begun:
        begun.process.kill()
        begun.process.wait()
