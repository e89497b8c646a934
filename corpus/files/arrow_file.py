"""One Arrow file of a corpus: its bytes, its entry in the manifest, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.files.arrow_checks import TermTally, check_shard, check_vocabulary, read_batch
from lda.corpus.files.manifest import FileEntry, Manifest
from lda.corpus.storage.checksum import checksum

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
    return FileEntry(name, documents, tokens, data.size, checksum(data)), data


def deserialize(
    name: str | Path, data: pa.Buffer, entry: FileEntry, *, checked: bool = False
) -> pa.RecordBatch:
    """The record batch, without a copy, after a look at all bytes unless they were `checked` before.

    The look reads each byte once, which a sweep does anyway; a flipped bit in a token would otherwise send a
    compiled kernel outside its arrays. Raises DataError when they are not those of the manifest.
    """
    if data.size != entry.bytes:
        raise damaged(name, f"it has {data.size} bytes instead of {entry.bytes}")
    if not checked and checksum(data) != entry.sha256:
        raise damaged(name, "its sha256 is not that of the manifest")
    try:
        return read_batch(data)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(name, _reason(error)) from None


def checked_shard(
    name: str | Path,
    data: pa.Buffer,
    entry: FileEntry,
    index: int,
    tally: TermTally,
    *,
    checked: bool = False,
) -> pa.RecordBatch:
    """The record batch of a shard, as `deserialize`, that holds what the manifest and the vocabulary say.

    Raises:
        DataError: it does not.
    """
    batch = deserialize(name, data, entry, checked=checked)
    if not checked:
        try:
            check_shard(batch, entry, tally.n_terms)
            tally.add(index, batch)
        except (pa.ArrowException, ValueError) as error:
            raise damaged(name, _reason(error)) from None
    return batch


def ids_alone(name: str | Path, data: pa.Buffer) -> pa.Array[Any]:
    """(n,) names of the documents of a shard, without a look at anything else in it.

    Raises:
        DataError: they are damaged.
    """
    try:
        column: Any = read_batch(data).column("id")
        column.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise damaged(name, _reason(error)) from None
    if column.type != pa.large_string():
        raise damaged(name, f"its ids are of type {column.type}")
    made: pa.Array[Any] = column
    return made


def checked_vocabulary(name: str | Path, data: pa.Buffer, manifest: Manifest) -> pa.Table:
    """The vocabulary, (V,) rows, that holds what the manifest says.

    Raises:
        DataError: it does not.
    """
    batch = deserialize(name, data, manifest.vocabulary)
    try:
        check_vocabulary(batch, manifest.summary.n_terms, manifest.summary.n_tokens)
    except (pa.ArrowException, ValueError) as error:
        raise damaged(name, _reason(error)) from None
    return pa.Table.from_batches([batch])


def tally_of(manifest: Manifest, vocabulary: pa.Table) -> TermTally:
    """A fresh tally of the terms of a corpus."""
    return TermTally(vocabulary, len(manifest.shards))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


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
