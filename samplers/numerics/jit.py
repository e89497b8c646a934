"""How kernels are compiled: the one place that names Numba's options.

Kernels release the interpreter lock, so a plain thread pool runs them in parallel. Rejected: Numba's own `prange`,
because its default threading layer aborts the process when two Python threads enter it, and because it would divide
the work by thread, whereas everything here is divided by document or by vocabulary range.

Fast-math stays off: the same seed must give the same bits, and reassociated sums would depend on the
vector width of the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from numba import config, njit
from numba.core import event

from lda.samplers.numerics.kept_kernels import KeptKernel
from lda.samplers.numerics.kernel_cache import cache_folder, tell_not_kept

settings = cast("Any", config)  # Numba fills this module in at run time

F = TypeVar("F", bound=Callable[..., Any])


def kernel(function: F) -> F:
    """Compile `function` on first use, without the interpreter lock, and keep the result on disk.

    The undecorated function stays reachable as `function.py_func`. Arguments of the same types every time: others are
    another compilation.
    """
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True}
    made: Any = njit(**options)(function)
    folder = cache_folder()
    if folder is None or made is function:  # the latter is Numba switched off
        return cast("F", made)
    previous = settings.CACHE_DIR
    # Read by Numba when the cache is made; other users of Numba in this process keep their own setting.
    settings.CACHE_DIR = folder
    try:
        # As `enable_caching` does, which `cache=True` calls, with a class of its own.
        made._cache = KeptKernel(function)
    except RuntimeError:  # Numba could not make a folder there
        tell_not_kept(OSError("no folder can be made in it"))
    finally:
        settings.CACHE_DIR = previous
    return cast("F", made)


def helper(function: F) -> F:
    """Compile a small function that kernels call, inlined into them; Python cannot call it.

    It may read and write arrays but not make or slice any: `_nrt=False` drops the reference counting of its
    array arguments. Left in, each call updates a counter per argument, and a token costs 300 ns instead of 60.
    Nor does it take the time to make it callable from Python and to keep it by itself: a quarter of what kernels took.
    """
    options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False}
    return cast("F", njit(nogil=True, error_model="numpy", forceinline=True, **options)(function))


@contextmanager
def count_compiled() -> Iterator[list[str]]:
    """Yields a list that holds, after the block, the kernels compiled in it, a name for each set of types.

    Those that were found on disk are not among them, nor what is compiled into them.
    """
    names: list[str] = []
    with event.install_recorder("numba:compile") as recorder:
        yield names
    for _, told in recorder.buffer:
        made = told.data["dispatcher"]
        if (
            told.is_end
            and made.py_func.__module__.startswith("lda.")
            and not made.targetoptions.get("forceinline")
        ):
            names.append(f"{made.py_func.__module__.removeprefix('lda.samplers.')}.{made.py_func.__name__}")
