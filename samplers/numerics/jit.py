"""How kernels are compiled: the one place that names Numba's options.

Kernels release the interpreter lock, so a plain thread pool runs them in parallel. Rejected: Numba's own `prange`,
because its default threading layer aborts the process when two Python threads enter it, and because it would divide
the work by thread, whereas everything here is divided by document or by vocabulary range.

Fast-math stays off: the same seed must give the same bits, and reassociated sums would depend on the
vector width of the machine.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from numba import config, njit

settings = cast("Any", config)  # Numba fills this module in at run time

F = TypeVar("F", bound=Callable[..., Any])


SOURCES: Final = Path(__file__).parents[1]
"""All of `samplers/`: a kernel calls helpers of several folders."""


def digest_of_sources(folder: Path) -> str:
    """sha256, in hex, of all Python sources below `folder`: their names and what they hold."""
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        digest.update(str(source.relative_to(folder)).encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()


@lru_cache(maxsize=1)
def cache_folder() -> str | None:
    """Folder of compiled kernels, one per version of these sources; None where none can be written, which is said once.

    Numba checks only the file of a kernel, not the files of the functions it calls, so a cache beside the
    sources would go stale; a name made from all sources cannot. It also keeps compiled files out of
    site-packages, where they would outlive an uninstall, and where Numba would put them if this folder were given to
    it and could not be written.
    """
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
            return folder
    except OSError as error:
        reason = error.strerror or str(error)
        warnings.warn(
            f"compiled kernels cannot be kept in {folder!r} ({reason}), so every process compiles them anew, for "
            "seconds; set XDG_CACHE_HOME or NUMBA_CACHE_DIR to a folder that can be written",
            RuntimeWarning,
            stacklevel=2,
        )
        return None


def kernel(function: F) -> F:
    """Compile `function` on first use, without the interpreter lock, and keep the result on disk.

    The undecorated function stays reachable as `function.py_func`. Arguments of the same types every time: others are
    another compilation.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    folder = cache_folder()
    if folder is None:
        return cast("F", njit(**options)(function))
    previous = settings.CACHE_DIR
    # Read by Numba when the cache is attached, that is within the next call; other users of Numba in this
    # process keep their own setting.
    settings.CACHE_DIR = folder
    try:
        return cast("F", njit(cache=True, **options)(function))
    finally:
        settings.CACHE_DIR = previous


def helper(function: F) -> F:
    """Compile a small function that kernels call, inlined into them; Python cannot call it.

    It may read and write arrays but not make or slice any: `_nrt=False` drops the reference counting of its
    array arguments. Left in, each call updates a counter per argument, and a token costs 300 ns instead of 60.
    Nor does it take the time to make it callable from Python and to keep it by itself: a quarter of what kernels took.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return cast("F", njit(nogil=True, error_model="numpy", forceinline=True, **options)(function))
