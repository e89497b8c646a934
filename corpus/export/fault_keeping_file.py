"""A file for libraries that cannot bear a write that fails: HDF5 crashes the process on a full disk."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class FaultKeepingFile(io.RawIOBase):
    """A file to read and write whose writes never fail: the first error is kept, and so is what comes after it.

    What could not be written stays in memory, for the library may read it again before it is done. So whoever uses the
    file asks `check` after each large step.

    Attributes:
        fault: the first error; None if all was written.
    """

    def __init__(self, path: Path) -> None:
        """Make the file, or empty it."""
        super().__init__()
        self.fault: OSError | None = None
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o666)
        self._place = self._end = 0
        self._kept: list[tuple[int, bytes]] = []

    def check(self) -> None:
        """Raise the error that was kept."""
        if self.fault is not None:
            raise self.fault

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place."""
        self._place = offset + (0, self._place, self._end)[whence]
        return self._place

    def tell(self) -> int:
        """The place."""
        return self._place

    def write(self, data: Any, /) -> int:  # noqa: ANN401 - whatever has bytes
        """Write all of it, or keep it with the error."""
        left, place = memoryview(data).cast("B"), self._place
        size = len(left)
        while len(left) and self.fault is None:
            try:
                done = os.pwrite(self._file, left, place)
            except OSError as error:
                self.fault = error
            else:
                left, place = left[done:], place + done
        if len(left):
            self._kept.append((place, bytes(left)))
        self._place += size
        self._end = max(self._end, self._place)
        return size

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - whatever has bytes
        """Read what was written, or kept; zeros where neither was."""
        view, first = memoryview(buffer).cast("B"), self._place
        size = max(0, min(len(view), self._end - first))
        found = os.pread(self._file, size, first)
        view[:size] = found + bytes(size - len(found))
        for place, data in self._kept:
            begin, end = max(place, first), min(place + len(data), first + size)
            if begin < end:
                view[begin - first : end - first] = data[begin - place : end - place]
        self._place += size
        return size

    def truncate(self, size: int | None = None, /) -> int:
        """Give it a size, or keep the error."""
        end = self._place if size is None else size
        try:
            os.ftruncate(self._file, end)
        except OSError as error:
            self.fault = self.fault or error
        self._end = end
        return end

    def close(self) -> None:
        """Close it, once."""
        if not self.closed:
            os.close(self._file)
        super().close()
