"""Matrix Market files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lda.corpus.errors import DataError
from lda.corpus.readers.base import CountFile, CountReader
from lda.corpus.readers.count_batches import matrix_source
from lda.corpus.readers.ids_beside import with_ids_beside
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.triplets import line_blocks, parse_entries
from lda.corpus.readers.vocabulary_file import vocabulary_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIELDS: Final = ("integer", "unsigned-integer", "real", "double", "pattern")


class MatrixMarketHeader(NamedTuple):
    """Banner and size line: layout, field, the numbers of the size line, the line after which they stand."""

    layout: str
    field: str
    size: list[int]
    line: int


class MatrixMarketReader(CountReader):
    """Coordinate or array, documents in rows; read whole, for entries may come in any order.

    SciPy's reader is not used: it ends the process on some damaged files (1.17).
    """

    name = "mm"
    suffixes = (".mtx", ".mm")
    mark = re.compile(rb"%%MatrixMarket")

    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read the matrix; rows are named by their number, from 1.

        Raises:
            DataError: the file is damaged, the vocabulary does not fit, or an entry is not a count.
        """
        blocks = line_blocks(path)
        header, body = _header(path, blocks)
        matrix = (_coordinate if header.layout == "coordinate" else _array)(path, header, body, blocks)
        made = matrix_source(matrix, path, vocabulary_for(path, options), options.prefix, first=1)
        return with_ids_beside(made, path)


def _header(path: Path, blocks: Iterator[bytes]) -> tuple[MatrixMarketHeader, bytes]:
    block, number = next(blocks, b""), 1
    banner, _, block = block.partition(b"\n")
    words = banner.decode("latin-1").lower().split()
    if len(words) != 5 or words[0] != "%%matrixmarket" or words[2] not in {"coordinate", "array"}:
        raise DataError(
            f"{path} must begin with a %%MatrixMarket banner of 5 words, got {banner[:60]!r}; write it again"
        )
    if words[3] not in _FIELDS or words[4] != "general":
        kinds = f"{words[3]} {words[4]}"
        raise DataError(
            f"{path} must hold general counts ({', '.join(_FIELDS)}), got {kinds!r:.60}; write it anew"
        )
    while True:
        if not block:
            block = next(blocks, b"")
            if not block:
                raise DataError(f"{path} ends before the line with its size; it is cut off, fetch it again")
        line, _, block = block.partition(b"\n")
        number += 1
        if line.strip() and not line.startswith(b"%"):
            return MatrixMarketHeader(words[2], words[3], _size(path, line, number, words[2]), number), block


def _size(path: Path, line: bytes, number: int, layout: str) -> list[int]:
    parts = line.split()
    if len(parts) != (3 if layout == "coordinate" else 2) or not all(part.isdigit() for part in parts):
        raise DataError(
            f"{path}, line {number}: expected the size (rows, columns, entries), got {line[:60]!r}; correct it"
        )
    return [int(part) for part in parts]


def _entries(
    path: Path, header: MatrixMarketHeader, body: bytes, blocks: Iterator[bytes], names: str, expected: int
) -> npt.NDArray[Any]:
    """All entries (n, width)."""
    whole, line = header.field not in {"real", "double"}, header.line + 1
    parts = [parse_entries(path, body, line, names, whole=whole)]
    line += body.count(b"\n")
    for block in blocks:
        parts.append(parse_entries(path, block, line, names, whole=whole))
        line += block.count(b"\n")
    found = sum(map(len, parts))
    if found != expected:
        raise DataError(
            f"{path} has {found} entries, but its header says {expected}; it is cut off or damaged, fetch it again"
        )
    return np.concatenate(parts)


def _coordinate(path: Path, header: MatrixMarketHeader, body: bytes, blocks: Iterator[bytes]) -> Any:  # noqa: ANN401
    import scipy.sparse

    n_rows, n_columns, n_entries = header.size
    pattern = header.field == "pattern"
    entries = _entries(path, header, body, blocks, "row column" if pattern else "row column value", n_entries)
    for column, (name, limit) in enumerate((("row", n_rows), ("column", n_columns))):
        bad = ~((entries[:, column] >= 1) & (entries[:, column] <= limit))
        if bad.any():
            entry = int(np.argmax(bad))
            raise DataError(
                f"{path}: {name} numbers must lie in 1 ... {limit}, got {entries[entry, column]} "
                f"in entry {entry + 1}; correct the header or the entry"
            )
    places = entries[:, :2].astype(np.int64).T - 1
    values = np.ones(n_entries, dtype=np.int64) if pattern else entries[:, 2]
    return scipy.sparse.coo_matrix((values, (places[0], places[1])), shape=(n_rows, n_columns))


def _array(path: Path, header: MatrixMarketHeader, body: bytes, blocks: Iterator[bytes]) -> Any:  # noqa: ANN401
    """Every entry in a line of its own, column after column."""
    import scipy.sparse

    n_rows, n_columns = header.size
    values = _entries(path, header, body, blocks, "value", n_rows * n_columns)
    return scipy.sparse.csr_matrix(values.reshape(n_columns, n_rows).T)
