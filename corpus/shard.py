"""One logical shard: its Arrow record batch and the NumPy views on it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

METADATA_PREFIX: Final = "metadata."
"""Columns of the user's own carry this prefix, so that none can collide with `id` and `tokens`."""


class CorpusShard(NamedTuple):
    """Contiguous documents of a corpus as read-only arrays, without a copy of what is on disk.

    Attributes:
        index: number of the shard, 0 <= index < n_shards.
        first_document: number of its first document in the whole corpus.
        doc_offsets: (n_docs + 1,) int64, starting at 0; document i is words[offsets[i]:offsets[i + 1]].
        words: (n_tokens,) int32 term ids, one entry per token, in the order of the text where there is one.
    """

    index: int  # type: ignore[assignment]  # shadows tuple.index, which nobody asks of a shard
    first_document: int
    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]


def make_batch(
    ids: pa.Array[Any],
    doc_offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    metadata: pa.Table | None = None,
) -> pa.RecordBatch:
    """Record batch with the columns `id` (large_string), `tokens` (large_list<int32>) and the metadata.

    Args:
        ids: (n,) names of the documents.
        doc_offsets: (n + 1,) starting at 0.
        words: (doc_offsets[-1],) term ids.
        metadata: table of n rows; the columns get the prefix of metadata.
    """
    tokens = pa.LargeListArray.from_arrays(array(doc_offsets), array(words))
    columns: dict[str, Any] = {"id": ids.cast(pa.large_string()), "tokens": tokens}
    if metadata is not None:
        for name in metadata.column_names:
            columns[METADATA_PREFIX + name] = _one_array(metadata.column(name))
    return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))


def _one_array(column: Any) -> pa.Array[Any]:  # noqa: ANN401 - the stubs let combine_chunks return chunks
    # Copied, also where it is one piece: of a slice Arrow's files hold up to 63 bytes of what comes behind it, by which
    # the same shard would be other bytes when its documents came in other batches.
    try:
        made: pa.Array[Any] = (
            pa.concat_arrays(column.chunks) if column.num_chunks else column.combine_chunks()
        )
    except (
        pa.ArrowNotImplementedError
    ):  # a type of which older versions of Arrow can only keep one piece as it is
        made = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return made


def batch_arrays(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Offsets (n + 1,) int64 and words (n_tokens,) int32 of a batch, as read-only views."""
    tokens: Any = batch.column("tokens")
    return tokens.offsets.to_numpy(zero_copy_only=True), tokens.values.to_numpy(zero_copy_only=True)


def table_metadata(table: pa.Table) -> pa.Table | None:
    """The user's columns of a table of shards under their own names; None when there are none."""
    names = [name for name in table.column_names if name.startswith(METADATA_PREFIX)]
    return (
        table.select(names).rename_columns([name.removeprefix(METADATA_PREFIX) for name in names])
        if names
        else None
    )


def batch_digest(batch: pa.RecordBatch) -> bytes:
    """sha256 over ids, offsets and tokens in one byte order: what the shard says, not how it is stored."""
    digest = hashlib.sha256()
    offsets, words = batch_arrays(batch)
    update_strings(digest, batch.column("id"))
    digest.update(offsets.astype("<i8", copy=False).data)
    digest.update(words.astype("<i4", copy=False).data)
    return digest.digest()


def update_strings(digest: Any, strings: pa.Array[Any]) -> None:  # noqa: ANN401 - hashlib's type is private
    """Feed the lengths and the UTF-8 bytes of a string array to a hash."""
    if not len(strings):
        return
    strings = strings.cast(pa.large_string())
    _, offset_buffer, data = strings.buffers()
    offsets = np.frombuffer(memoryview(offset_buffer or b""), dtype=np.int64)[strings.offset :][
        : len(strings) + 1
    ]
    digest.update(np.diff(offsets).astype("<i8"))
    if data is not None:
        digest.update(memoryview(data)[int(offsets[0]) : int(offsets[-1])])


def content_hash(vocabulary: pa.Array[Any], shard_digests: Iterable[bytes]) -> str:
    """sha256 in hex over vocabulary, ids, offsets and tokens; free of paths, times and thread counts."""
    digest = hashlib.sha256(b"raylda corpus 1")
    update_strings(digest, vocabulary)
    for shard in shard_digests:
        digest.update(shard)
    return digest.hexdigest()


class Shards(Protocol):
    """Where a corpus keeps its shards.

    place: folder or URI of the corpus; None where they are in memory.
    """

    @property
    def place(self) -> str | Path | None:
        """See above."""
        ...

    def __len__(self) -> int: ...

    def batch(self, index: int) -> pa.RecordBatch:
        """Columns `id`, `tokens` and metadata of one shard."""
        ...

    def tokens(self) -> list[int]:
        """Tokens of each shard, known without reading any."""
        ...

    def ids(self, index: int) -> pa.Array[Any]:
        """(n,) names of the documents of one shard."""
        ...
