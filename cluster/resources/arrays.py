"""Arrays in memory, or in files of which only the part at work is in memory."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
import tempfile
from functools import lru_cache
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lda.samplers.numerics.prefix_sum import aligned_zeros

_DROP: Final = getattr(mmap, "MADV_DONTNEED", None)


class Arrays(Protocol):
    """Where arrays come from."""

    def zeros(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """A zeroed array (length,)."""
        ...

    def release(self) -> None:
        """Say that the arrays will not be read for a while."""
        ...


class InMemory:
    """Ordinary arrays."""

    def zeros(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """A zeroed array (length,) on a cache line."""
        return aligned_zeros(length, dtype)

    def release(self) -> None:
        """No-op: the arrays stay in memory."""


class OnDisk:
    """Arrays in unnamed files of the temporary folder, mapped into memory while they are used.

    The files have no names, so that nothing is left behind by a process that is killed. Space is reserved at
    once: a disk that runs full later would end the process by a signal instead of an error. Rejected: reading and
    writing files in pieces, because with mapped files kernels take one array whether it lies in memory or not.
    """

    def __init__(self, folder: str | None = None) -> None:
        self._folder = folder
        self._maps: list[mmap.mmap] = []

    def zeros(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """A zeroed array (length,). Raises OSError when the disk has no room for it."""
        dtype = np.dtype(dtype)
        size = length * dtype.itemsize
        if size == 0:
            return np.zeros(0, dtype=dtype)
        with tempfile.TemporaryFile(dir=self._folder, prefix="raylda-") as file:
            try:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(file.fileno(), 0, size)
                else:
                    file.truncate(size)
            except OSError as error:
                place = self._folder or tempfile.gettempdir()
                raise OSError(
                    error.errno,
                    f"{error.strerror}: {size >> 20} MiB for documents in {place}; make room, or set TMPDIR",
                ) from error
            mapped = mmap.mmap(file.fileno(), size)
        self._maps.append(mapped)
        return np.frombuffer(mapped, dtype=dtype, count=length)

    def release(self) -> None:
        """Take the files' pages out of this process; what was written to them stays in the files."""
        if _DROP is not None:
            for mapped in self._maps:
                mapped.madvise(_DROP)


def give_back_freed() -> None:
    """Have the allocator return freed memory to the system, where it can.

    Threads free into heaps of their own, which the allocator keeps for later: ten megabytes a range otherwise.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _trim() -> Any:  # noqa: ANN401 - a foreign function
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform != "win32" else None  # glibc's
