"""Lines of files in which a line is a record: a bad one can be left out, and says why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.files import BAD_BYTE, LONGEST_RECORD, TOO_LONG, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.readers.options import ReadOptions

_MARKED: Final = re.compile(f"{BAD_BYTE}([\udc00-\udcff])")


def record_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1; one that is no text ends the reading, or is left out.

    Raises:
        DataError: see `read_lines`; if bad records are left out, only for damage of the file as a whole.
    """
    return _stopping(path, options) if options.bad_records is None else _skipping(path, options)


def _stopping(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    try:
        for first, lines in read_lines(path, options):
            yield from enumerate(lines, first)
    except DataError as error:
        found = _LINE.search(str(error))
        if found is None:
            raise
        skip_or_stop(None, error, path, int(found[1]))


_LINE: Final = re.compile(r", line (\d+) (?:is not valid |holds a NUL byte, which|is longer than )")
"""What can be left out. Text in UTF-16 read as another encoding has NUL bytes in all of its lines."""


def _skipping(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    for number, line in marked_lines(path, options):
        if BAD_BYTE in line or "\0" in line:
            error = DataError(f"{path}, line {number}{fault_of(line)}; correct it")
            skip_or_stop(options.bad_records, error, path, number, excerpt_of(line))
        else:
            yield number, line


def marked_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    """Each line with its number; of bad ones `fault_of` says what is wrong with them. Raises as `record_lines`."""
    for first, lines in read_lines(path, options, marked=True):
        yield from enumerate(lines, first)


def fault_of(line: str) -> str:
    """What is wrong with a marked line or row that holds `BAD_BYTE` or NUL."""
    if TOO_LONG in line:
        return f" is longer than {LONGEST_RECORD:,} characters"
    found = _MARKED.search(line)
    if found is None:
        return " holds a NUL byte"
    return (
        f" is no text in its encoding: byte 0x{ord(found[1]) - 0xDC00:02x} after {found.start()} characters"
    )


def excerpt_of(line: str) -> str:
    r"""The beginning of a marked line, with `\xe9` for a byte that is no text."""
    start = line[:2000].replace(TOO_LONG, "")
    return _MARKED.sub(lambda found: f"\\x{ord(found[1]) - 0xDC00:02x}", start)
