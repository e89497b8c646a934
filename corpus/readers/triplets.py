"""Lines of numbers: the bodies of docword and Matrix Market files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.readers.files import line_feed_blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK_BYTES: Final = 2**23


def line_blocks(path: Path) -> Iterator[bytes]:
    """Blocks of whole lines; see `line_feed_blocks`."""
    rest: list[bytes] = []
    for block in line_feed_blocks(path, BLOCK_BYTES):
        lines, newline, tail = block.rpartition(b"\n")
        if not newline:
            rest.append(block)
            continue
        yield b"".join([*rest, lines, newline])
        rest = [tail]
    last = b"".join(rest)
    if last:
        yield last


def parse_entries(path: Path, block: bytes, first_line: int, names: str, *, whole: bool) -> npt.NDArray[Any]:
    """Entries (n, width) of a block of lines, int64 or float64.

    Args:
        path: for the message.
        block: lines of numbers separated by blanks.
        first_line: number of its first line.
        names: what stands in the columns, one word each; there are as many columns.
        whole: whether all numbers must be whole.

    Raises:
        DataError: a line has more, fewer or other things than numbers.
    """
    import pyarrow.csv as pv

    width = len(names.split())
    kind = np.dtype(np.int64 if whole else np.float64)
    if not block.strip():
        return np.zeros((0, width), dtype=kind)
    source: Any = pa.BufferReader(block)
    columns = [str(i) for i in range(width)]
    try:
        table = pv.read_csv(
            source,
            read_options=pv.ReadOptions(column_names=columns, use_threads=False),
            parse_options=pv.ParseOptions(delimiter=" "),
            convert_options=pv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.from_numpy_dtype(kind)), null_values=[]
            ),
        )
    except pa.ArrowInvalid:
        return np.array(_parse_slowly(path, block, first_line, names, whole), dtype=kind).reshape(-1, width)
    return np.stack([np.asarray(column) for column in table.columns], axis=1)


def _parse_slowly(path: Path, block: bytes, first_line: int, names: str, whole: bool) -> list[list[float]]:
    """Parse the block line by line: takes any white space, and knows the line that is wrong."""
    rows: list[list[float]] = []
    for number, line in enumerate(block.split(b"\n"), first_line):
        parts = line.split()
        if not parts:
            continue
        row = _numbers(parts)
        if len(row) != len(names.split()):
            raise DataError(f"{path}, line {number}: expected `{names}`, got {line[:60]!r}; correct the line")
        if whole and not all(value.is_integer() and abs(value) < 2**53 for value in row):
            raise DataError(
                f"{path}, line {number}: numbers must be whole, got {line[:60]!r}; correct the line"
            )
        rows.append(row)
    return rows


def _numbers(parts: list[bytes]) -> list[float]:
    try:
        return [float(part) for part in parts]
    except ValueError:
        return []
