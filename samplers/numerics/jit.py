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
def _cache_folder() -> str:
    """Folder of compiled kernels, one per version of these sources.

    Numba checks only the file of a kernel, not the files of the functions it calls, so a cache beside the
    sources would go stale; a name made from all sources cannot. It also keeps compiled files out of
    site-packages, where they would outlive an uninstall.
    """
    base = os.environ.get("NUMBA_CACHE_DIR") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache"), "raylda"
    )
    return os.path.join(base, f"kernels-{digest_of_sources(SOURCES)[:16]}")


def kernel(function: F) -> F:
    """Compile `function` on first use, without the interpreter lock, and keep the result on disk.

    The undecorated function stays reachable as `function.py_func`.
    """
    return _compiled(function)


def helper(function: F) -> F:
    """Compile a small function that kernels call, inlined into them.

    It may read and write arrays but not make or slice any: `_nrt=False` drops the reference counting of its
    array arguments. Left in, each call updates a counter per argument, and a token costs 300 ns instead of 60.
    """
    return _compiled(function, forceinline=True, _nrt=False)


def _compiled(function: F, **options: Any) -> F:  # noqa: ANN401 - Numba's options are of any type
    previous = settings.CACHE_DIR
    # Read by Numba when the cache is attached, that is within the next call; other users of Numba in this
    # process keep their own setting.
    settings.CACHE_DIR = _cache_folder()
    try:
        try:
            return cast("F", njit(nogil=True, cache=True, error_model="numpy", **options)(function))
        except RuntimeError:  # nowhere to write: compile anew in each process
            return cast("F", njit(nogil=True, error_model="numpy", **options)(function))
    finally:
        settings.CACHE_DIR = previous
