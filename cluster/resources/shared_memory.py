"""Arrays that the processes of one machine share."""

from __future__ import annotations

import mmap
import os
import secrets
import weakref
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

TOKEN_BYTES: Final = 16


class Lent(NamedTuple):
    """Where a process of this machine finds the arrays of another, and how it knows that they are the right ones."""

    path: str
    token: bytes


class SharedArrays:
    """Arrays in memory without a name that several processes map; it is gone with the last of them.

    A process that opens `lent` must request the same arrays in the same order as the owner, and after it. Rejected:
    files in /dev/shm, because they outlive a process that is killed, and containers often allow 64 MB of them.

    Raises OSError when there is no such memory on this system, or it belongs to another process.
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
        """What another process of this machine needs to open these arrays."""
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
        """No-op: the arrays stay in memory."""

    def write(self, place: int, data: bytes) -> None:
        """Put bytes at a place beyond all arrays; memory is taken as needed. Raises OSError when there is none."""
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self._file, rest, place)
            place, rest = place + done, rest[done:]

    def read(self, place: int, length: int) -> bytes:
        """The bytes that `write` has put there, in this process or another. Raises OSError when there are fewer."""
        found = bytearray()
        while len(found) < length:
            piece = os.pread(self._file, length - len(found), place + len(found))
            if not piece:
                raise OSError(f"{len(found)} bytes are where {length} were to be")
            found += piece
        return bytes(found)
