"""The bytes of an input on this machine: where they are, or a temporary copy of what is read of a remote one."""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from lda.corpus.errors import DataError
from lda.corpus.inputs.input_file import shown_place
from lda.corpus.ordered_map import ordered_map
from lda.corpus.readers.base import CountReader
from lda.corpus.readers.files import read_blocks
from lda.corpus.readers.options import Stretch
from lda.corpus.readers.vocabulary_beside import vocabulary_names
from lda.corpus.storage.leftovers import temporary_folder
from lda.corpus.storage.places import CHUNK, is_uri, split_query
from lda.corpus.storage.remote_file import RemoteFile, below, entry_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from lda.corpus.inputs.input_file import InputFile

BEGINNING_BYTES: Final = 2**20
"""Of a remote file, fetched first to see which fields it has; sixteen times as many where they do not tell."""

REQUESTS: Final = 16
"""Small files that are fetched at a time."""

SMALL_BYTES: Final = 2**22
"""Of a file that is fetched before its turn."""

_FILE_URI: Final = re.compile(r"file://(?:localhost)?(?=/)", re.IGNORECASE)


def path_here(place: str) -> Path | None:
    """The path of a place on this machine, named by a path or a file:// URI; None for any other URI."""
    if not is_uri(place):
        return Path(place)
    found = _FILE_URI.match(place)
    return None if found is None else Path(unquote(split_query(place)[0][found.end() :]))


def base_name(place: str) -> str:
    """The last name of a path or a URI."""
    path = path_here(place)
    return path.name if path is not None else unquote(split_query(place)[0].rstrip("/").rpartition("/")[2])


class FetchedFile:
    """A copy of a small remote file that was fetched before it is needed, or why it could not be."""

    def __init__(self, file: InputFile) -> None:
        self._stack = ExitStack()
        self._error: Exception | None = None
        try:
            folder = self._stack.enter_context(temporary_folder())
            self._copy = _bring(file, Stretch(), Path(folder))
        except (DataError, OSError) as error:  # raised where the file is read, in its turn
            self._error = error

    def copy(self) -> Path:
        """Where it is. Raises what fetching it raised."""
        if self._error is not None:
            raise self._error
        return self._copy

    def close(self) -> None:
        """Remove the copy."""
        self._stack.close()


def fetched_ahead(files: Sequence[InputFile]) -> Generator[tuple[InputFile, FetchedFile | None]]:
    """The files in their order; small remote ones are fetched before their turn, several at a time.

    A store answers slowly, and thousands of small files one after the other would take minutes. Others are None: they
    are fetched when they are read, so that few of them wait on the disk.
    """
    small = [path_here(file.place) is None and file.size <= SMALL_BYTES for file in files]
    made: list[FetchedFile] = []

    def ready(place: int) -> FetchedFile | None:
        if not small[place]:
            return None
        one = FetchedFile(files[place])
        made.append(one)
        return one

    threads = min(REQUESTS, sum(small)) or 1
    try:
        for file, one in zip(files, ordered_map(ready, range(len(files)), threads), strict=True):
            yield file, one
            if one is not None:
                one.close()
                made.remove(one)
    finally:
        for one in made:
            one.close()


@contextmanager
def fetched(file: InputFile, stretch: Stretch, ready: FetchedFile | None = None) -> Generator[Path]:
    """A path at which the stretch of a file can be read within the block, at the same positions as in the whole.

    The copy of a stretch is a file with a hole before it, and takes no more of a disk than the stretch. Messages of a
    DataError that leaves the block speak of the place, not of the copy. ready: a copy that is here already.

    Raises:
        DataError: the file is not there, or changed since it was found. NetworkError: it cannot be reached for long.
            OSError: no room for the copy.
    """
    local = path_here(file.place)
    if local is not None:
        yield local
        return
    with temporary_folder() if ready is None else nullcontext() as folder:
        copy: Path | None = None
        try:
            copy = _bring(file, stretch, Path(str(folder))) if ready is None else ready.copy()
            yield copy
        except DataError as error:
            error.args = (str(error).replace(str(copy), file.shown),)
            raise


def _bring(file: InputFile, stretch: Stretch, folder: Path) -> Path:
    """Fetch what is read of a remote file into a folder."""
    copy = folder / (base_name(file.place) or "object")
    if not file.members:
        _copy(file.place, copy, stretch, file)
        if isinstance(file.reader, CountReader):
            _copy_vocabulary(file.place, copy)
        return copy
    copy.mkdir()
    names = stretch.members or tuple(name for name, _ in file.members)

    def bring(name: str) -> None:
        _copy(below(file.place, name), copy / name)

    for _ in ordered_map(bring, names, min(REQUESTS, len(names))):
        pass
    return copy


def _copy(uri: str, copy: Path, stretch: Stretch | None = None, known: InputFile | None = None) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    source = RemoteFile(uri)
    try:
        tag = (
            known.version if known is not None and source.version else source.version
        )  # not all stores have one
        if known is not None and (source.size, source.version) != (known.size, tag):
            raise DataError(f"{shown_place(uri)} changed since it was found; begin again")
        with copy.open("wb") as target:
            for start, stop in _ranges(stretch, known, source.size):
                target.seek(start)
                for piece in source.pieces(start, stop):
                    target.write(piece)
            if stretch is not None and stretch.stop is not None:  # the line that is open at the end
                for piece in source.pieces(target.tell(), None, 2**16):
                    end = piece.find(b"\n")
                    target.write(piece if end < 0 else piece[: end + 1])
                    if end >= 0:
                        break
    finally:
        source.close()


def _ranges(stretch: Stretch | None, file: InputFile | None, size: int) -> Iterator[tuple[int, int]]:
    """(first byte, after the last) of what a stretch needs to be there."""
    if stretch is not None and stretch.row_groups is not None and file is not None:
        first, last = stretch.row_groups
        rows = file.row_groups[first:last]
        yield rows[0].start, rows[-1].stop
        yield file.row_groups[-1].stop, size  # the footer, and what stands before it of indexes
    elif stretch is not None and stretch.in_bytes:
        yield max(stretch.start - 1, 0), size if stretch.stop is None else stretch.stop - 1
    else:
        yield 0, size


def _copy_vocabulary(uri: str, copy: Path) -> None:
    """The vocabulary that stands beside a file of counts, which its reader looks for beside the copy."""
    base, query = split_query(uri)
    folder = base.rpartition("/")[0] + query
    for name in vocabulary_names(copy.name):
        beside = below(folder, name)
        if entry_of(beside) is not None:
            _copy(beside, copy.with_name(name))
            return


def first_lines(file: InputFile) -> Generator[tuple[Path, bool]]:
    """Paths of longer and longer beginnings of a file, each with whether there is more of it."""
    local = path_here(file.place)
    if local is not None:
        yield local, False
        return
    source = RemoteFile(file.place)
    try:
        with temporary_folder() as folder:
            copy, size, done = Path(folder) / (base_name(file.place) or "object"), BEGINNING_BYTES, 0
            while done < source.size:
                with copy.open("ab") as target:
                    for piece in source.pieces(done, size):
                        target.write(piece)
                done, size = min(size, source.size), size * 16
                # A line that is cut off is no line of its own: it would be taken for a damaged one.
                yield (copy, False) if done == source.size else (_without_open_line(copy), True)
    finally:
        source.close()


def _without_open_line(path: Path) -> Path:
    data = path.read_bytes()
    cut = path.with_name(f"begin-{path.name}")
    cut.write_bytes(data[: data.rfind(b"\n") + 1])
    return cut


def lines_before(file: InputFile, position: int) -> int:
    """How many lines of a file end before the first line that begins at or after a byte."""
    local = path_here(file.place)
    if local is not None:
        blocks: Iterator[bytes] = read_blocks(local)
        return _line_ends(blocks, position)
    source = RemoteFile(file.place)
    try:
        return _line_ends(source.pieces(0, None, CHUNK), position)
    finally:
        source.close()


def _line_ends(blocks: Iterator[bytes], position: int) -> int:
    """As `files.read_lines` counts them: a carriage return, a line feed, or both end a line."""
    done, lines, after_return = 0, 0, False
    for block in blocks:
        # The line in which the byte before the position lies is the last one.
        end = -1 if done + len(block) < position else block.find(b"\n", max(position - 1 - done, 0))
        part = block if end < 0 else block[: end + 1]
        returns, both = part.count(b"\r"), part.count(b"\r\n")
        lines += part.count(b"\n") + returns - both - (after_return and part.startswith(b"\n"))
        after_return = part.endswith(b"\r")
        done += len(block)
        if end >= 0:
            break
    return lines
