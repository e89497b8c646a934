"""The lines of a file between two of its bytes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Final

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

BLOCK_BYTES: Final = 2**20

LINE_BYTES: Final = 2**16
"""Read at a time of the last line, which ends behind the stretch."""


def stretch_blocks(path: Path, start: int, stop: int | None) -> Generator[bytes]:
    """The lines of a file that is not packed whose first bytes lie in [start, stop), in blocks.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            here = _first_line(file, start, stop)
            while here is not None and (stop is None or here < stop - 1):
                block = file.read(BLOCK_BYTES if stop is None else min(BLOCK_BYTES, stop - 1 - here))
                if not block:
                    return
                here += len(block)
                yield block
            if here is not None:
                yield from _to_line_end(file)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}; fetch it again") from None


def _first_line(file: IO[bytes], start: int, stop: int | None) -> int | None:
    """Go to the first line that begins in the stretch, and return where it does; None where none does."""
    if start == 0:
        return 0
    here = start - 1  # the line of the byte before goes on into the stretch, unless that byte ends it
    file.seek(here)
    while (stop is None or here < stop - 1) and (block := file.read(BLOCK_BYTES)):
        end = block.find(b"\n")
        if end >= 0:
            here += end + 1
            file.seek(here)
            return here if stop is None or here < stop else None
        here += len(block)
    return None


def _to_line_end(file: IO[bytes]) -> Generator[bytes]:
    """What is left of the line that is open, with its line feed."""
    while block := file.read(LINE_BYTES):
        end = block.find(b"\n")
        if end >= 0:
            yield block[: end + 1]
            return
        yield block
