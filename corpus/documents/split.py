"""Long documents as several: chunks of nearly equal length, that are documents of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, pc

if TYPE_CHECKING:
    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]


class Chunks(NamedTuple):
    """Where documents are cut.

    Attributes:
        doc_offsets: (n_chunks + 1,) int64, those of the chunks, in the same tokens.
        counts: (n,) int64, chunks of each document; 1 for one that is not cut.
    """

    doc_offsets: Integers
    counts: Integers

    @property
    def cut(self) -> bool:
        """Whether any document is."""
        return len(self.doc_offsets) - 1 > len(self.counts)

    def ids(self, ids: pa.Array[Any]) -> pa.Array[Any]:
        """(n_chunks,) names: NAME#1, NAME#2, ... of a document that is cut, its own of one that is not."""
        if not self.cut:
            return ids
        nothing = pa.scalar("", pa.large_string())
        made: pa.Array[Any] = pc.binary_join_element_wise(
            ids.take(self._documents()), self.endings(), nothing
        )
        return made

    def endings(self) -> Any:  # noqa: ANN401 - an Arrow array
        """(n_chunks,) what is put behind the name of a document: "#1", "#2", ..., nothing where it is not cut."""
        counts = np.repeat(self.counts, self.counts)
        numbers = np.arange(len(counts)) - np.repeat(np.cumsum(self.counts) - self.counts, self.counts) + 1
        mark, nothing = pa.scalar("#", pa.large_string()), pa.scalar("", pa.large_string())
        numbered = pc.binary_join_element_wise(mark, pc.cast(array(numbers), pa.large_string()), nothing)
        return pc.if_else(array(counts > 1), numbered, nothing)

    def rows(self, table: pa.Table | None) -> pa.Table | None:
        """The table with the row of a document for each of its chunks."""
        return table if table is None or not self.cut else table.take(self._documents())

    def _documents(self) -> Any:  # noqa: ANN401 - an Arrow array
        return array(np.repeat(np.arange(len(self.counts), dtype=np.int64), self.counts))


def split_documents(doc_offsets: Integers, most: int) -> Chunks:
    """Cut documents of more than `most` tokens into as few chunks as hold no more, whose lengths differ by one at most.

    Args:
        doc_offsets: (n + 1,) starting at 0.
        most: tokens of a chunk.
    """
    lengths = np.diff(doc_offsets)
    counts = np.maximum((lengths + most - 1) // most, 1)
    which = np.repeat(np.arange(len(lengths)), counts)
    number = np.arange(len(which)) - (np.cumsum(counts) - counts)[which]
    starts = doc_offsets[:-1][which] + lengths[which] * number // counts[which]
    return Chunks(np.append(starts, doc_offsets[-1]).astype(np.int64), counts.astype(np.int64))


def check_split_tokens(most: int | None) -> None:
    """Raise ValueError, or TypeError, for a length that no chunk can have."""
    if most is None:
        return
    if isinstance(most, bool) or not isinstance(most, int):
        raise TypeError(f"split_tokens must be a number of tokens (int), got {most!r:.60}")
    if most < 1:
        raise ValueError(f"split_tokens must be at least 1, got {most}")
    if most >= 2**63:
        raise ValueError(f"split_tokens must be below 2**63, as all counts are, got {most}; leave it out")
