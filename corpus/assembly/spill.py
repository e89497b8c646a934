"""Where batches wait until the vocabulary is known."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array
from lda.corpus.assembly.cutting import joined
from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from collections.abc import Iterator

SORTED_AT_A_TIME: Final = 1 << 26
"""Bytes of batches that are sorted together, twice of which are held."""


@contextmanager
def spill_folder(output: str | Path) -> Iterator[Path]:
    """An empty folder that is gone afterwards: beside the output, on the disk that has room; for a URI in TMPDIR."""
    if is_uri(output):
        spill = Path(tempfile.mkdtemp(prefix="raylda-", suffix=".spill"))
    else:
        target = Path(output)
        spill = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".spill", dir=target.parent))
    remember(spill)
    try:
        yield spill
    finally:
        shutil.rmtree(spill, ignore_errors=True)
        forget(spill)


class Spill(Protocol):
    """A queue of record batches that can be looked through before it is emptied."""

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch at the end."""
        ...

    def peek(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; they stay."""
        ...

    def drain(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; each is given up once the next one is asked for."""
        ...


class MemorySpill:
    """Batches kept in memory."""

    def __init__(self) -> None:
        self._batches: list[pa.RecordBatch | None] = []

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch at the end."""
        self._batches.append(batch)

    def peek(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; they stay."""
        return (batch for batch in self._batches if batch is not None)

    def drain(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; each is given up once the next one is asked for."""
        for index, batch in enumerate(self._batches):
            self._batches[index] = None
            if batch is not None:
                yield batch


class FolderSpill:
    """Batches written to a folder, which must exist; drained files are deleted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch at the end."""
        with pa.ipc.new_file(str(self._path(self._count)), batch.schema) as writer:
            writer.write_batch(batch)
        self._count += 1

    def peek(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; they stay."""
        return (self._map(index) for index in range(self._count))

    def drain(self) -> Iterator[pa.RecordBatch]:
        """All batches in order; each is given up once the next one is asked for."""
        for index in range(self._count):
            yield self._map(index)
            self._path(index).unlink()

    def _path(self, index: int) -> Path:
        return self._folder / f"batch-{index:06d}.arrow"

    def _map(self, index: int) -> pa.RecordBatch:
        with pa.memory_map(str(self._path(index))) as source:
            return pa.ipc.open_file(source).get_batch(0)


class SortedSpill:
    """Documents that go into different parts, sorted by part a stretch at a time.

    Each stretch is one file with a batch for each part, so that many parts make no more files than few, and none of
    them is held in memory. Rejected: a file for each part, which for parts by the thousand are more open files than a
    process may have. The last stretch, and so all of a small corpus, stays in memory.
    """

    def __init__(self, folder: Path, n_parts: int, stretch: int = SORTED_AT_A_TIME) -> None:
        """folder: must exist. stretch: bytes."""
        self._folder, self._stretch = folder, stretch
        self._waiting: list[tuple[pa.RecordBatch, npt.NDArray[np.int64]]] = []
        self._bytes = 0
        self._files: list[dict[int, int]] = []  # of each file, the number of the batch of each part in it
        self._last: dict[int, pa.RecordBatch] = {}
        self._n_parts = n_parts

    def append(self, batch: pa.RecordBatch, parts: npt.NDArray[np.int64]) -> None:
        """Take the next documents. parts: (n,) where each of them goes; a negative number for nowhere."""
        self._waiting.append((batch, parts))
        self._bytes += batch.nbytes
        if self._bytes >= self._stretch:
            sorted_batches = self._sorted()
            path = self._path(len(self._files))
            if sorted_batches:
                schema = next(iter(sorted_batches.values())).schema
                with pa.ipc.new_file(str(path), schema) as writer:
                    for piece in sorted_batches.values():
                        writer.write_batch(piece)
                self._files.append({part: number for number, part in enumerate(sorted_batches)})

    def close(self) -> None:
        """No documents follow."""
        self._last = self._sorted()

    def of(self, part: int) -> Iterator[pa.RecordBatch]:
        """The documents of a part, in order; as often as one likes, once `close` has been called."""
        for number, batches in enumerate(self._files):
            if part in batches:
                with pa.memory_map(str(self._path(number))) as source:
                    yield pa.ipc.open_file(source).get_batch(batches[part])
        if part in self._last:
            yield self._last[part]

    def _path(self, number: int) -> Path:
        return self._folder / f"sorted-{number:06d}.arrow"

    def _sorted(self) -> dict[int, pa.RecordBatch]:
        """What waits, by part; those of which there is something."""
        waiting, self._waiting, self._bytes = self._waiting, [], 0
        if not waiting:
            return {}
        parts = np.concatenate([numbers for _, numbers in waiting])
        order = np.argsort(parts, kind="stable")
        order = order[np.searchsorted(parts[order], 0) :]
        table = pa.Table.from_batches([batch for batch, _ in waiting]).take(array(order)).combine_chunks()
        batches = table.to_batches()
        if not batches:
            return {}
        ends = np.searchsorted(parts[order], np.arange(self._n_parts + 1))
        return {
            part: joined([batches[0].slice(int(ends[part]), int(ends[part + 1] - ends[part]))])
            for part in range(self._n_parts)
            if ends[part + 1] > ends[part]
        }
