"""One Arrow file of a corpus: its bytes, its entry in the manifest, and the way back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.manifest import FileEntry

if TYPE_CHECKING:
    from pathlib import Path


def serialize(name: str, batch: pa.RecordBatch) -> tuple[FileEntry, pa.Buffer]:
    """The entry and the bytes of a file that holds one record batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    data = sink.getvalue()
    shard = "tokens" in batch.schema.names
    tokens = len(_tokens(batch)) if shard else 0
    documents = batch.num_rows if shard else 0
    return FileEntry(name, documents, tokens, data.size, hashlib.sha256(data).hexdigest()), data


def deserialize(
    name: str | Path, data: pa.Buffer, entry: FileEntry, *, checked: bool = False
) -> pa.RecordBatch:
    """The record batch, without a copy, after a look at all bytes unless they were `checked` before.

    The look reads each byte once, which a sweep does anyway; a flipped bit in a token would otherwise send a
    compiled kernel outside its arrays. Raises DataError when they are not those of the manifest.
    """
    if data.size != entry.bytes:
        raise damaged(name, f"it has {data.size} bytes instead of {entry.bytes}")
    if not checked and hashlib.sha256(data).hexdigest() != entry.sha256:
        raise damaged(name, "its sha256 is not that of the manifest")
    return pa.ipc.open_file(pa.BufferReader(data)).get_batch(0)


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """A table as one record batch."""
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def damaged(name: str | Path, reason: str) -> DataError:
    """What is wrong with a file."""
    return DataError(f"{name} is damaged: {reason}; build the corpus again")


def _tokens(batch: pa.RecordBatch) -> Any:  # noqa: ANN401 - the stubs do not know the values of a list column
    column: Any = batch.column("tokens")
    return column.values
