"""Where compiled kernels lie. Found without Numba, which takes half a second to import."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parents[1]
"""All of `samplers/`: a kernel calls helpers of several folders."""


def digest_of_sources(folder: Path) -> str:
    """sha256, in hex, of all Python sources below `folder`: their names and what they hold."""
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(str(source.relative_to(folder)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


def cache_folder(*, warn: bool = True) -> str | None:
    """Folder of compiled kernels, one per version of these sources; None where there are none and none can be written.

    warn: say so, once in a process. Numba checks only the file of a kernel, not the files of the functions it calls, so
    a cache beside the sources would go stale; a name made from all sources cannot. It also keeps compiled files out of
    site-packages, where they would outlive an uninstall, and where Numba would put them if this folder were given to
    it and could not be written.
    """
    folder, problem = _found()
    if problem is not None and warn:
        _say_once(problem)
    return folder


def why_none() -> str | None:
    """Why no kernels can be kept, or one of this process could not be, and the remedy; None where all can."""
    return _found()[1] or next(iter(_failures), None)


def tell_not_kept(error: Exception) -> None:
    """Warn, once in a process, that a compiled kernel could not be written, and why."""
    _failures.append(_problem(_found()[0], error, "make room there, or "))
    _say_once(_failures[0])


_failures: Final[list[str]] = []


@lru_cache(maxsize=1)
def _found() -> tuple[str | None, str | None]:
    base = os.environ.get("NUMBA_CACHE_DIR")
    if not base:
        caches = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
        base = os.path.join(caches, "raylda")
    folder = os.path.join(base, f"kernels-{digest_of_sources(SOURCES)[:16]}")
    try:
        if base.startswith("~"):
            raise OSError("this user has no home folder")
        os.makedirs(folder, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder, None
    except OSError as error:
        if any(Path(folder).rglob("*.nbi")):
            return folder, None  # of use as it is; a kernel that it lacks cannot be kept, which is then told
        return None, _problem(folder, error)


def _problem(folder: str | None, error: Exception, remedy: str = "") -> str:
    reason = getattr(error, "strerror", None) or str(error)
    return (
        f"compiled kernels cannot be kept in {folder!r} ({reason}), so every process compiles them "
        f"anew, for seconds; {remedy}set XDG_CACHE_HOME or NUMBA_CACHE_DIR to a folder that can be written"
    )


@lru_cache(maxsize=1)
def _say_once(problem: str) -> None:
    warnings.warn(problem, RuntimeWarning, stacklevel=3)
