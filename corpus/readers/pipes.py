"""Inputs that can be read only once (pipes, standard input, tables in memory), kept in temporary files meanwhile."""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.readers.arrow_streams import TableBatches, store_table
from lda.corpus.readers.shown_names import call, forget_name
from lda.corpus.storage.leftovers import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from lda.corpus.readers.arrow_streams import ArrowStream, Input

    Place = str | Path

STDIN: Final = "stdin"
"""What messages call standard input, whichever way it was named."""

WRITER_SECONDS: Final = 10.0
"""How long to wait for a writer of a named pipe. Opening it plainly would wait for ever."""

_DESCRIPTOR: Final = re.compile(r"/dev/stdin|(?:/dev|/proc/self|/proc/thread-self)/fd/(\d+)")


class OpenPipe(NamedTuple):
    """A pipe that can be read. name: in messages. first: bytes that were read from it, and stand before the others."""

    source: IO[bytes]
    name: str
    first: bytes


class PipeStore:
    """A block in which every pipe is read once, into a temporary file that can be read as often as need be.

    Detecting a format, LDA-C and evaluation look at their input twice, Parquet and `.npz` jump about in it. Rejected:
    keeping the first bytes of a pipe in memory, because it helps the first of these alone.
    Messages of a DataError that leaves the block speak of the pipe, not of the temporary file.
    """

    def __init__(self, stdin: IO[bytes] | None = None) -> None:
        """Start empty. stdin: where `store_stdin` reads."""
        self._stdin = stdin
        self._stack = ExitStack()
        self._folder: Path | None = None
        self._names: dict[str, str] = {}  # of the copies, by their paths
        self._taken: set[object] = set()
        self._n_tables = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
        for copy in self._names:
            forget_name(copy)
        if isinstance(error, DataError):
            error.args = (self._named(str(error)),)

    def stored(self, place: Input, source: IO[bytes] | None = None) -> Place:
        """The place, or the copy of what a pipe had to say, or of a table.

        source: what a pipe has to say, where it has been opened before.

        Raises:
            DataError: a device, a pipe that was taken before, cannot be read, or that nobody writes to.
            OSError: there is no room for the copy.
        """
        if not isinstance(place, str | Path):
            return self._store_table(place)
        if not is_pipe(place):
            return place
        path = Path(place)
        number, name = _told(path)
        status = path.stat()
        self._claim((status.st_dev, status.st_ino), name)
        opened = open_pipe(path) if source is None else OpenPipe(source, name, b"")
        with opened.source:
            copy = self._copy(opened.source, STDIN if number == 0 else path.name, name, opened.first)
        if number is None:
            self._bring_vocabulary(path, copy)
        return copy

    def all_stored(self, places: Sequence[Input]) -> list[Place]:
        """`stored` for several."""
        return [self.stored(place) for place in places]

    def store_stdin(self, source: IO[bytes] | None = None) -> Path:
        """A copy of standard input. source: as for `stored`.

        Raises:
            DataError: it is closed, cannot be read, or was taken before.
            OSError: there is no room for the copy.
        """
        source = source or self._stdin
        if source is None:
            raise DataError(f"{STDIN} is closed; connect it to a file or pipe, or name a file")
        try:
            status = os.fstat(source.fileno())
            key: object = (status.st_dev, status.st_ino)
        except OSError:  # replaced by a stream in memory
            key = STDIN
        self._claim(key, STDIN)
        return self._copy(source, STDIN, STDIN)

    def _claim(self, key: object, name: str) -> None:
        if key in self._taken:
            raise DataError(
                f"{name} is named twice, but can be read only once; store it in a file, and name that"
            )
        self._taken.add(key)

    def _store_table(self, table: ArrowStream | TableBatches) -> Path:
        self._n_tables += 1
        inside = "batches" if isinstance(table, TableBatches) else type(table).__name__
        name = f"table-{self._n_tables} ({inside})"
        copy = self._new_copy(f"table-{self._n_tables}", name)
        store_table(table, copy, name)
        return copy

    def _copy(self, source: IO[bytes], file: str, name: str, first: bytes = b"") -> Path:
        copy = self._new_copy(file, name)
        with copy.open("wb") as target:
            target.write(first)
            while block := _read(source, name):
                target.write(block)
        return copy

    def _new_copy(self, file: str, name: str) -> Path:
        """Where a copy with the name of a file may be written, which messages call `name`."""
        if self._folder is None:
            self._folder = Path(self._stack.enter_context(temporary_folder()))
        copy = self._folder / str(len(self._names)) / file
        copy.parent.mkdir()
        self._names[str(copy)] = name
        call(str(copy), name)
        return copy

    def _bring_vocabulary(self, path: Path, copy: Path) -> None:
        """What stands beside the pipe must be found beside its copy."""
        from lda.corpus.readers.vocabulary_beside import find_vocabulary

        found = find_vocabulary(path)
        if found is not None:
            link = copy.with_name(found.name)
            link.symlink_to(found.absolute())
            self._names[str(link)] = str(found)

    def _named(self, message: str) -> str:
        for copy, name in self._names.items():
            message = message.replace(copy, name)
        return message


def is_pipe(place: Place) -> bool:
    """Whether a place can be read only once: a pipe, a socket or a terminal; what is not there is none.

    Raises:
        DataError: it is a device, whose content has no end or no sense.
    """
    try:
        mode = os.stat(place).st_mode
    except (OSError, ValueError):
        return False
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return False
    if stat.S_ISFIFO(mode) or _is_terminal_or_null(place, mode):
        return True
    if stat.S_ISSOCK(mode) and _DESCRIPTOR.fullmatch(os.fspath(place)):
        return True
    raise DataError(f"{place} is a device or a socket; give a file, a folder or a pipe")


def open_pipe(path: Path) -> OpenPipe:
    """Open what `is_pipe` is true of.

    Raises:
        DataError: for `WRITER_SECONDS` nobody has opened it for writing.
        OSError: it cannot be opened.
    """
    number, name = _told(path)
    # A descriptor that was handed to us is taken as it is: opening its name again is refused for a socket, and for the
    # pipe of another user.
    source, first = _open_fifo(path) if number is None else (os.fdopen(os.dup(number), "rb"), b"")
    return OpenPipe(source, name, first)


def _told(path: Path) -> tuple[int | None, str]:
    """The descriptor that a path names, if it does; and what messages call it."""
    found = _DESCRIPTOR.fullmatch(os.fspath(path))
    number = None if found is None else int(found[1] or 0)
    return number, STDIN if number == 0 else str(path)


def _is_terminal_or_null(place: Place, mode: int) -> bool:
    if not stat.S_ISCHR(mode):
        return False
    if os.path.samefile(place, os.devnull):
        return True
    with suppress(OSError), open(place, "rb", buffering=0) as file:
        return file.isatty()
    return False


def _read(source: IO[bytes], name: str) -> bytes:
    try:
        return source.read(2**20)
    except OSError as error:
        raise DataError(f"{name} cannot be read: {error.strerror or error}; name a file") from None


def _open_fifo(path: Path) -> tuple[IO[bytes], bytes]:
    """Open a named pipe (or a terminal), and what had to be read to see that somebody writes to it.

    Raises:
        DataError: for `WRITER_SECONDS` nobody has opened it for writing.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        first = _first_bytes(descriptor, path)
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb"), first
    except BaseException:
        os.close(descriptor)
        raise


def _first_bytes(descriptor: int, path: Path) -> bytes:
    """Wait for a writer. One that is there but silent is told from none: reading would block, and does not end."""
    until = time.monotonic() + WRITER_SECONDS
    while True:
        try:
            first = os.read(descriptor, 2**16)
        except BlockingIOError:
            return b""
        if first or not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            return first
        if time.monotonic() > until:
            raise DataError(
                f"nobody writes to the pipe {path}, waited {WRITER_SECONDS:g} s; start its writer, or name a file"
            )
        time.sleep(0.02)
