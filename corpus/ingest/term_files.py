"""Files of terms in the order of code points, each with its counts: written by scans, merged in bounded memory."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc, strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    Counts = npt.NDArray[np.int64]

ROWS: Final = 2**13
"""Terms in a batch of a file, one batch of each being in memory while files are merged: about 300 kB each."""

TOGETHER: Final = 64
"""Files merged at a time at most; more are merged in several steps, so that open files and memory stay bounded."""

_COLUMNS: Final[list[tuple[str, Any]]] = [
    ("term", pa.large_string()),
    ("tokens", pa.int64()),
    ("documents", pa.int64()),
]

SCHEMA: Final = pa.schema(_COLUMNS)

NUMBERED: Final = SCHEMA.append(pa.field("number", pa.int32()))
"""The terms of a part, with the numbers by which its documents have them."""


def write_terms(path: Path, tables: Iterable[pa.Table], schema: pa.Schema = SCHEMA) -> int:
    """Write terms with their counts, in order, and return how many there are.

    tables: of the schema, each in the order of code points, and after the one before.
    """
    n_terms = 0
    with pa.ipc.new_file(str(path), schema) as writer:
        for table in tables:
            n_terms += table.num_rows
            writer.write_table(table, max_chunksize=ROWS)
    return n_terms


def sorted_terms(terms: pa.Array[Any], tokens: Counts, documents: Counts) -> pa.Table:
    """Terms that are numbered as they stand, as a table of `NUMBERED` in the order of code points."""
    numbers = array(np.arange(len(terms), dtype=np.int32))
    table = pa.table([terms, array(tokens), array(documents), numbers], schema=NUMBERED)
    return table.take(pc.sort_indices(terms))


BETWEEN: Final = "\n"
"""Stands between a key and a word that it stands for; no term of a corpus holds it."""


def sorted_forms(keys: Sequence[str], forms: Sequence[Mapping[str, int]]) -> pa.Table:
    """The words that each key stands for, with their tokens, as a table of `SCHEMA`: key, `BETWEEN`, word."""
    names = [f"{key}{BETWEEN}{form}" for key, counts in zip(keys, forms, strict=True) for form in counts]
    tokens = np.array([times for counts in forms for times in counts.values()], dtype=np.int64)
    return sorted_terms(strings(names), tokens, np.zeros_like(tokens)).select(SCHEMA.names)


def parted_forms(terms: Any) -> tuple[pa.Array[Any], pa.Array[Any]]:  # noqa: ANN401 - an array of strings
    """Keys and words of `sorted_forms`, (n,) each."""
    parted: Any = pc.split_pattern(terms, BETWEEN, max_splits=1).flatten()
    places = np.arange(0, len(parted), 2)
    return parted.take(array(places)), parted.take(array(places + 1))


class _Stream:
    """One file on its way: the batch at hand, and the place in it."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._batch: pa.RecordBatch | None = None
        self._next: pa.RecordBatch | None = next(batches, None)
        self._names: list[str] = []
        self._turn()

    def _turn(self) -> None:
        self._batch, self._next = self._next, next(self._batches, None)
        while self._batch is not None and not self._batch.num_rows:
            self._batch, self._next = self._next, next(self._batches, None)

    @property
    def ended(self) -> bool:
        return self._batch is None

    def known_to(self) -> str | None:
        """The last term up to which all is at hand; None when nothing follows."""
        if self._batch is None or self._next is None:
            return None
        last: str = self._batch.column("term")[self._batch.num_rows - 1].as_py()
        return last

    def take(self, bound: str | None) -> pa.RecordBatch | None:
        """What is at hand up to a term; all where it is None."""
        batch = self._batch
        if batch is None:
            return None
        end = batch.num_rows if bound is None else _end(batch.column("term"), bound)
        if end == batch.num_rows:
            self._turn()
            return batch
        self._batch = batch.slice(end)
        return batch.slice(0, end) if end else None


def _end(names: Any, bound: str) -> int:  # noqa: ANN401 - an array of strings
    """How many of the names are not after a term."""
    return bisect_right(range(len(names)), bound, key=lambda i: names[i].as_py())


def merged(streams: Sequence[Iterator[pa.RecordBatch]], *, ordered: bool = True) -> Iterator[pa.Table]:
    """The terms of several files, each once with the sums of its counts, a stretch of the alphabet at a time.

    ordered: whether each stretch is sorted; stretches follow one another in any case.
    """
    waiting = [_Stream(iter(stream)) for stream in streams]
    while waiting := [stream for stream in waiting if not stream.ended]:
        bounds = [bound for stream in waiting if (bound := stream.known_to()) is not None]
        bound = min(bounds) if bounds else None
        pieces = [piece for stream in waiting if (piece := stream.take(bound)) is not None]
        yield _added(pa.Table.from_batches(pieces), ordered=ordered, alone=len(pieces) == 1)


def _added(table: pa.Table, *, ordered: bool, alone: bool) -> pa.Table:
    if alone:
        return table.select(SCHEMA.names)
    coded: Any = pc.dictionary_encode(table.column("term").combine_chunks())
    names, codes = coded.dictionary, coded.indices.to_numpy()
    made = pa.table(
        [names, *(array(_summed(codes, table.column(name), len(names))) for name in ("tokens", "documents"))],
        schema=SCHEMA,
    )
    return made.take(pc.sort_indices(names)) if ordered else made


def _summed(codes: npt.NDArray[np.int32], counts: Any, n: int) -> Counts:  # noqa: ANN401 - a column
    total = np.zeros(n, dtype=np.int64)
    np.add.at(total, codes, counts.to_numpy())  # whole numbers: np.bincount adds floats
    return total
