"""What a shard and a vocabulary must be before compiled code walks through them: a manifest can vouch for anything."""

from __future__ import annotations

import struct
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import pc
from lda.corpus.shard import batch_arrays

if TYPE_CHECKING:
    from lda.corpus.files.manifest import FileEntry

MAGIC: Final = b"ARROW1\0\0"
_HEADER, _COMPRESSION, _DATA = 2, 3, 1
"""Fields of Arrow's tables `Message`, `RecordBatch` and `DictionaryBatch`."""


def read_batch(data: pa.Buffer) -> pa.RecordBatch:
    """The one record batch of an Arrow file, without a copy.

    Raises:
        ValueError: it is no such file, or its buffers are compressed, which might unpack to any size.
        pyarrow.ArrowException, OSError: it is damaged.
    """
    if data.slice(0, len(MAGIC)).to_pybytes() != MAGIC:
        raise ValueError("it is no file of Arrow")
    # What follows is a stream, so that what is looked at here is what is read there; the index at the end of the file
    # could name another place.
    stream = data.slice(len(MAGIC))
    for message in pa.ipc.MessageReader.open_stream(pa.BufferReader(stream)):
        if message.type in {"record batch", "dictionary"}:
            _refuse_compressed(message.metadata.to_pybytes(), nested=message.type == "dictionary")
    with pa.ipc.open_stream(pa.BufferReader(stream)) as reader:
        batch = next(iter(reader), None)
    if batch is None:
        raise ValueError("it holds nothing")
    return batch


def _refuse_compressed(metadata: bytes, *, nested: bool) -> None:
    """Raise ValueError if a message says that its buffers are compressed; pyarrow tells only once they are not.

    nested: whether the batch lies within another table, as that of a dictionary does.
    """
    try:
        (table,) = struct.unpack_from("<I", metadata, 0)
        for number in (_HEADER, _DATA) if nested else (_HEADER,):
            if not (place := _field(metadata, table, number)):
                raise ValueError("its messages are damaged")
            table = place + struct.unpack_from("<I", metadata, place)[0]
        if _field(metadata, table, _COMPRESSION):
            raise ValueError("its buffers are compressed")
    except struct.error:
        raise ValueError("its messages are damaged") from None


def _field(metadata: bytes, table: int, number: int) -> int:
    """Where a field of a FlatBuffers table lies; 0 if it has none."""
    (back,) = struct.unpack_from("<i", metadata, table)
    if not 0 <= table - back < len(metadata):
        raise ValueError("its messages are damaged")
    (size,) = struct.unpack_from("<H", metadata, table - back)
    place = 4 + 2 * number
    if place >= size:
        return 0
    (offset,) = struct.unpack_from("<H", metadata, table - back + place)
    return table + offset if offset else 0


def check_shard(batch: pa.RecordBatch, entry: FileEntry, n_terms: int) -> None:
    """See that a shard has the columns, documents and tokens that the manifest says.

    Raises:
        ValueError: it has not.
        pyarrow.ArrowException: its arrays do not fit each other.
    """
    batch.validate(full=True)
    names = batch.schema.names
    if len(set(names)) < len(names) or not {"id", "tokens"} <= set(names):
        raise ValueError(f"its columns are {names!r:.100}")
    ids: Any = batch.column("id")
    tokens: Any = batch.column("tokens")
    if ids.type != pa.large_string() or tokens.type != pa.large_list(pa.int32()):
        raise ValueError(f"its ids and tokens are of type {ids.type} and {tokens.type}")
    if ids.null_count or tokens.null_count or tokens.values.null_count:
        raise ValueError("it holds nulls for ids or tokens")
    offsets, words = batch_arrays(batch)
    if (batch.num_rows, len(words)) != (entry.documents, entry.tokens):
        raise ValueError(
            f"it has {batch.num_rows} documents and {len(words)} tokens, not those of the manifest"
        )
    if offsets[0] != 0 or offsets[-1] != len(words):
        raise ValueError("its documents do not hold all of its tokens")
    if len(words) and not 0 <= words.min() <= words.max() < n_terms:
        raise ValueError(f"its terms are {words.min()} ... {words.max()}, of {n_terms}")


def check_vocabulary(batch: pa.RecordBatch, n_terms: int, n_tokens: int) -> None:
    """See that a vocabulary has the terms and tokens that the manifest says, each term once.

    Raises:
        ValueError: it has not.
        pyarrow.ArrowException: its arrays do not fit each other.
    """
    batch.validate(full=True)
    kinds = {"term": pa.large_string(), "term_frequency": pa.int64(), "document_frequency": pa.int64()}
    if {field.name: field.type for field in batch.schema} != kinds:
        raise ValueError(f"its columns are {batch.schema.names!r:.100}")
    if any(batch.column(name).null_count for name in kinds):
        raise ValueError("it holds nulls")
    if batch.num_rows != n_terms:
        raise ValueError("the number of terms is not that of the manifest")
    if pc.count_distinct(batch.column("term")).as_py() < n_terms:
        raise ValueError("a term stands in it twice")
    if n_terms and min(pc.min(batch.column(name)).as_py() for name in kinds if name != "term") < 0:
        raise ValueError("it holds negative frequencies")
    if n_terms and float(pc.sum(pc.cast(batch.column("term_frequency"), pa.float64())).as_py()) != n_tokens:
        raise ValueError("its terms have not as many tokens as the manifest says")


class TermTally:
    """What the shards must be together: of one schema, and of so many tokens of each term as a model has room for."""

    def __init__(self, vocabulary: pa.Table, n_shards: int) -> None:
        """vocabulary: (V,) rows, with their term_frequency."""
        self._vocabulary, self._n_shards = vocabulary, n_shards
        self._left: npt.NDArray[np.int64] | None = None  # of each term, made when a shard has been read
        self._schema: pa.Schema | None = None
        self._seen: set[int] = set()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[TermTally], tuple[pa.Table, int]]:
        return TermTally, (self._vocabulary, self._n_shards)

    @property
    def n_terms(self) -> int:
        """V."""
        return self._vocabulary.num_rows

    def add(self, index: int, batch: pa.RecordBatch) -> None:
        """Take a shard; again, it does not count.

        Raises:
            ValueError: it has other columns than the one before, or the shards together hold a term more often than
                the vocabulary says.
        """
        words = batch_arrays(batch)[1]
        with self._lock:
            if index in self._seen:
                return
            if self._schema is not None and not batch.schema.equals(self._schema):
                raise ValueError("its columns are not those of the other shards")
            left = self._left
            if left is None:
                left = np.asarray(self._vocabulary.column("term_frequency").to_numpy(), dtype=np.int64)
            left = left - np.bincount(words, minlength=self.n_terms)
            if (left < 0).any():
                term = int(left.argmin())
                raise ValueError(
                    f"term {term} occurs more often than the vocabulary says, in this shard or before"
                )
            self._schema = batch.schema
            self._seen.add(index)
            self._left = left if len(self._seen) < self._n_shards else None  # nothing can be added any more
