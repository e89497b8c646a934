"""Where batches wait until the vocabulary is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
