"""From consecutive batches of any size to logical shards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.shard import batch_arrays, make_batch, table_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def cut(batches: Iterable[pa.RecordBatch], bounds: npt.NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
    """The documents of `batches`, in order, as shards: shard s holds documents bounds[s] ... bounds[s + 1] - 1.

    Args:
        batches: of columns `id`, `tokens` and metadata, all of one schema; none is empty.
        bounds: (S + 1,) as `shard_bounds` returns them.
    """
    ends = bounds[1:].tolist()
    pieces: list[pa.RecordBatch] = []
    document = shard = 0
    for batch in batches:
        start = 0
        while start < batch.num_rows:
            count = min(batch.num_rows - start, ends[shard] - document)
            pieces.append(batch.slice(start, count))
            start, document = start + count, document + count
            if document == ends[shard]:
                yield joined(pieces)
                pieces, shard = [], shard + 1


def joined(pieces: list[pa.RecordBatch]) -> pa.RecordBatch:
    """One record batch, with offsets from 0, of slices of several."""
    # concat_batches would keep the offsets of a single slice, which then do not start at 0.
    table = pa.Table.from_batches(pieces)
    arrays = [slice_arrays(piece) for piece in pieces]
    lengths = np.concatenate([np.diff(offsets) for offsets, _ in arrays])
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    words = np.concatenate([words for _, words in arrays])
    ids = pa.concat_arrays(table.column("id").chunks)
    return make_batch(ids, offsets, words, table_metadata(table))


def slice_arrays(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Offsets (n + 1,) and words of a slice; the offsets keep counting from the start of the whole."""
    offsets, words = batch_arrays(batch)
    return offsets, words[offsets[0] : offsets[-1]]
