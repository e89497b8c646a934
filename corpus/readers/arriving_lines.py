"""Lines of a pipe as they arrive: whoever takes them gets what is there, and never waits for more."""

from __future__ import annotations

import os
import select
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.files import LONGEST_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

TAKEN_BYTES: Final = 2**20
"""Of whole lines that are taken at once: as much text as batches of a file have."""

HELD_BYTES: Final = 2**22
"""Of lines that wait; then the writer of the pipe waits. Whatever the length of the stream, memory is bounded."""

MOST_LINE_BYTES: Final = 4 * LONGEST_RECORD
"""A line of more bytes has more characters than a document may; what follows of it is not kept."""

_PIPE_BYTES: Final = 2**20
"""What a pipe is asked to hold, where that can be asked (Linux): each reading costs a change of threads."""


class ArrivingLines:
    """A block in which a thread reads a descriptor ahead of whoever takes the lines, by a bounded number of bytes.

    So a batch is what has arrived: one line while the writer is slow, a megabyte while it is faster than we are. A line
    ends at a line feed, a carriage return or both, in an encoding in which these are one byte each.
    """

    def __init__(
        self, descriptor: int, name: str, *, first: bytes = b"", held_bytes: int = HELD_BYTES
    ) -> None:
        """Prepare to read.

        descriptor: stays open. name: for messages. first: bytes that were read from it before. held_bytes: that wait at
        most, and one line.
        """
        self.name, self.descriptor = name, descriptor
        self._most = held_bytes
        self._held = bytearray()
        self._whole = 0  # bytes of the held ones that are whole lines
        self._open_begun = (
            False  # whether the beginning of the line that is open was handed on: it is too long
        )
        self._ended = self._closed = False
        self._error: OSError | None = None
        self._change = threading.Condition()
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._read, name="lda-arriving", daemon=True)
        self._add(first)

    def __enter__(self) -> Self:
        with suppress(ImportError, AttributeError, OSError):
            import fcntl

            fcntl.fcntl(self.descriptor, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._thread.join()
        for end in (self._wake, self._waker):
            os.close(end)

    def close(self) -> None:
        """Take no more: whoever waits for lines gets none, as at the end."""
        with self._change:
            if not self._closed:
                self._closed = True
                os.write(self._waker, b".")
            self._change.notify_all()

    def beginning(self, most: int) -> bytes:
        """The first line as far as `most` bytes, which stay to be taken; less only at the end. Waits for it.

        Raises:
            DataError: the descriptor cannot be read.
        """
        with self._change:
            self._change.wait_for(lambda: self._whole or len(self._held) >= most or self._at_end)
            self._check()
            return bytes(self._held[:most])

    def take(self, most: int = TAKEN_BYTES) -> bytes:
        """Whole lines that have arrived, of some `most` bytes or one line; waits for one. b"" at the end.

        The last line may be without an end.

        Raises:
            DataError: the descriptor cannot be read.
        """
        with self._change:
            self._change.wait_for(lambda: self._whole or self._at_end)
            if self._closed:
                return b""
            self._check()
            whole = self._whole or len(self._held)
            if whole > most:
                end = self._held.rfind(b"\n", 0, most) + 1 or self._held.find(b"\n", most, whole) + 1
                whole = end or whole
            taken = bytes(self._held[:whole])
            del self._held[:whole]
            self._whole = max(0, self._whole - whole)
            self._change.notify_all()
            return taken

    def everything(self) -> Iterator[bytes]:
        """All that comes until the end, for who cannot do with lines.

        Raises:
            DataError: the descriptor cannot be read.
        """
        while True:
            with self._change:
                self._change.wait_for(lambda: self._held or self._at_end)
                self._check()
                block = bytes(self._held)
                self._held.clear()
                self._whole = 0
                self._change.notify_all()
            if not block:
                return
            yield block

    @property
    def _at_end(self) -> bool:
        return self._ended or self._closed

    def _check(self) -> None:
        if self._error is not None:
            reason = self._error.strerror or self._error
            raise DataError(f"{self.name} cannot be read: {reason}; name a file") from None

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self.descriptor, select.POLLIN)
        while True:
            with self._change:
                self._change.wait_for(lambda: self._closed or len(self._held) < self._most or not self._whole)
                if self._closed:
                    return
            try:
                if any(which == self._wake for which, _ in poll.poll()):
                    return
                block = os.read(self.descriptor, _PIPE_BYTES)
            except BlockingIOError:
                continue
            except OSError as error:
                block, self._error = b"", error
            with self._change:
                self._ended = not block
                self._add(block)
                self._change.notify_all()
            if not block:
                return

    def _add(self, block: bytes) -> None:
        if self._open_begun:
            end = _first_end(block)
            if not end:
                return
            block, self._open_begun = block[end:], False
        before = len(self._held)
        # A carriage return at the very end may have its line feed in the next block.
        if before and self._held[-1] == 13 and block and block[0] != 10:
            self._whole = before
        self._held += block
        end = max(block.rfind(b"\n"), block.rfind(b"\r", 0, max(len(block) - 1, 0))) + 1
        if end:
            self._whole = before + end
        if len(self._held) - self._whole > MOST_LINE_BYTES:
            self._whole, self._open_begun = len(self._held), True


def _first_end(block: bytes) -> int:
    """The byte behind the first line feed or carriage return, 0 where there is none."""
    ends = [found + 1 for found in (block.find(b"\n"), block.find(b"\r")) if found >= 0]
    return min(ends, default=0)
