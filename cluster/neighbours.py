"""Workers on one node: one replica of the counts and one language model among them, in shared memory.

Each adds a part of what the aggregators publish and builds a part of the model; they meet before anybody goes on.
A replica for each worker lost: every worker took in all messages and computed all of phi, in memory of its own and
in a cache that they share. Two workers of one thread made 0.66 of what two threads of a process make (arXiv, K = 1000);
with one replica, even shards and pushes not waited for it is 0.79.

Only workers that keep in step can share. One that runs ahead would change what its neighbour still reads.
"""

from __future__ import annotations

import mmap
import os
import secrets
import time
import weakref
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lda.samplers.flags import lowest_flag, set_flag

T = TypeVar("T")

TOKEN_BYTES: Final = 16

POLL_SECONDS: Final = 1e-4


class Lent(NamedTuple):
    """Where a process of this machine finds the arrays of another, and how it knows that they are the right ones."""

    path: str
    token: bytes


class SharedArrays:
    """Arrays in memory without a name that several processes map; it is gone with the last of them.

    Who opens `lent` must ask for the same arrays in the same order as its owner did, who asked before. Files in
    /dev/shm lost: they outlive a process that is killed, and containers often allow 64 MB of them.

    Raises OSError when there is no such memory on this system, or it belongs to somebody else.
    """

    def __init__(self, lent: Lent | None = None) -> None:
        self._owner = lent is None
        if lent is None:
            if not hasattr(os, "memfd_create"):
                raise OSError("this system has no memory that processes can lend each other by a path")
            self._file = os.memfd_create("raylda", os.MFD_CLOEXEC)
        else:
            self._file = os.open(lent.path, os.O_RDWR | os.O_CLOEXEC)
        # Arrays that are still used keep their memory.
        weakref.finalize(self, os.close, self._file)
        if lent is None:
            self._token = secrets.token_bytes(TOKEN_BYTES)
            os.write(self._file, self._token)
        else:
            # A process id means another process in another container.
            if os.pread(self._file, TOKEN_BYTES, 0) != lent.token:
                raise OSError(f"{lent.path} is not the memory that was lent")
            self._token = lent.token
        self._end = mmap.ALLOCATIONGRANULARITY

    @property
    def lent(self) -> Lent:
        """What to tell a neighbour."""
        return Lent(f"/proc/{os.getpid()}/fd/{self._file}", self._token)

    def zeros(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """The next array (length,): zeroed where it is owned, as it is where it is borrowed."""
        dtype = np.dtype(dtype)
        size, begin = length * dtype.itemsize, self._end
        if size == 0:
            return np.zeros(0, dtype=dtype)
        unit = mmap.ALLOCATIONGRANULARITY
        self._end += -(-size // unit) * unit
        if self._owner:
            os.ftruncate(self._file, self._end)
        elif os.fstat(self._file).st_size < self._end:
            raise OSError("the memory that was lent is smaller than what is looked for in it")
        return np.frombuffer(mmap.mmap(self._file, size, offset=begin), dtype=dtype, count=length)

    def release(self) -> None:
        """Nothing: they stay."""


class Team:
    """The workers that share a replica, as one of them sees it: number `rank` of `size`.

    flags: (size * SPACING,) int64, shared by them and zero at first; none for one alone.
    """

    def __init__(self, rank: int = 0, size: int = 1, flags: NDArray[np.int64] | None = None) -> None:
        self.rank, self.size = rank, size
        self._flags, self._met = flags, 0

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """Those of `items` that are for this worker to do."""
        return items[self.rank :: self.size]

    def meet(self) -> None:
        """Wait until all have called this equally often; what they wrote before is then seen by all.

        Where one has died the others wait here until they are ended, as everybody is after a loss. Meeting at an
        aggregator lost: two calls a phase took 15 ms of 300.
        """
        if self._flags is None:
            return
        self._met += 1
        set_flag(self._flags, self.rank, self._met)
        while lowest_flag(self._flags) < self._met:
            time.sleep(POLL_SECONDS)
