"""How lines are added to a log: at a path by appending, at a URI by replacing the whole."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol

from lda.corpus.errors import DataError
from lda.corpus.storage.atomic_write import replaced_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.monitoring.named_file import NamedFile

NEWLINE: Final = b"\n"


class Pen(Protocol):
    """Adds lines to a log."""

    def add(self, lines: bytes) -> None:
        """Add whole lines. Raises OSError or DataError, and then has added none of them."""

    def close(self) -> None:
        """No more lines come."""


class LocalPen:
    """Appends to a file; it and its folder are made where they are not there.

    most_bytes: of the file. shortened: gives the line that tells of so many lines that were dropped. format, what: by
    which a file that is there is known as a log.
    """

    def __init__(
        self,
        file: NamedFile,
        most_bytes: int,
        shortened: Callable[[int], bytes],
        *,
        format: str,  # noqa: A002 - the word for it
        what: str,
    ) -> None:
        self._file, self._path, self._most_bytes, self._shortened = file, file.path, most_bytes, shortened
        self._format, self._what = format, what
        self._descriptor: int | None = None

    def add(self, lines: bytes) -> None:
        """See `Pen`."""
        if self._descriptor is None:
            self._descriptor = self._opened()
        before = os.fstat(self._descriptor).st_size
        try:
            written = os.write(self._descriptor, lines)
            if written < len(lines):  # the disk is full; asked again, it says so
                os.write(self._descriptor, lines[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._descriptor, before)
            raise
        if before + len(lines) > self._most_bytes:
            self._shorten()

    def close(self) -> None:
        """See `Pen`."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        self._file.check(self._format, self._what)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            _mend(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _shorten(self) -> None:
        kept = shortened(self._path.read_bytes(), self._most_bytes // 2, self._shortened)
        with replaced_file(self._path) as partial:
            partial.write_bytes(kept)
        self.close()


class RemotePen:
    """Replaces a file in a store by one that is longer by some lines; the arguments are as for `LocalPen`."""

    def __init__(
        self,
        file: NamedFile,
        most_bytes: int,
        shortened: Callable[[int], bytes],
        *,
        format: str,  # noqa: A002 - the word for it
        what: str,
    ) -> None:
        self._file, self._most_bytes, self._shortened = file, most_bytes, shortened
        self._format, self._what = format, what
        self._content: bytes | None = None

    def add(self, lines: bytes) -> None:
        """See `Pen`."""
        place = self._file.storage()
        if self._content is None:
            self._content = self._found()
        content = self._content + lines
        if len(content) > self._most_bytes:
            content = shortened(content, self._most_bytes // 2, self._shortened)
        place.write(self._file.name, content)
        self._content = content

    def close(self) -> None:
        """See `Pen`."""

    def _found(self) -> bytes:
        """The lines of earlier runs, the last of them whole."""
        place = self._file.storage()
        size = place.size(self._file.name)
        if size is None:
            return b""
        if size > 4 * self._most_bytes:
            raise DataError(f"{self._file.shown()} has {size} bytes, more than any log; choose another name")
        content = place.read(self._file.name)
        self._file.check_content(content, self._format, self._what)
        return content[: content.rfind(NEWLINE) + 1]


def shortened(content: bytes, most_bytes: int, line: Callable[[int], bytes]) -> bytes:
    """The latest lines of a log, in so many bytes at most, below one that tells how many were dropped."""
    begin = content.find(NEWLINE, len(content) - most_bytes - 1) + 1
    return line(content.count(NEWLINE, 0, begin)) + content[begin:]


def _mend(descriptor: int) -> None:
    """Cut off half a line at the end, which a machine that stopped has left: no line is made of two halves."""
    size = os.fstat(descriptor).st_size
    end = size
    while end:
        begin = max(0, end - 2**16)
        found = os.pread(descriptor, end - begin, begin).rfind(NEWLINE)
        if found >= 0:
            end = begin + found + 1
            break
        end = begin
    if end < size:
        os.ftruncate(descriptor, end)
