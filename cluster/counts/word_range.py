"""What becomes of the counts of a range of words: soft sums over late sweeps, and their part of the model.

In one process the range is the whole vocabulary; on a cluster each aggregator has one, so that sums, checkpoints
of them and the files of the model never meet in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.fingerprint import block_digests
from lda.cluster.counts.part_files import part_name, write_matrix
from lda.cluster.counts.sparse_npz import csr_bytes, read_csr
from lda.cluster.counts.top_words import top_words
from lda.cluster.resources.arrays import Arrays, InMemory, OnDisk
from lda.cluster.spec.part_file import PartFile
from lda.cluster.spec.top_words import TopWords
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import Storage
from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.phi.soft_counts import (
    SoftRows,
    add_rows,
    joined_rows,
    mean_of,
    slice_rows,
    spread_rest,
    terms_of,
)
from lda.samplers.priors import Priors

SUMS: Final = re.compile(r"soft-(\d+)-(\d+)\.npz")
"""Files of a checkpoint with sums of soft counts, by first word and last word + 1. Those of earlier versions, which are
of plain counts, have other names and are left alone."""


Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPart:
    """Report of the owner of a range of words on its part of the model.

    first, last: the words, first .. last - 1. files: names and contents; `soft_counts` only after sampling.
    digests: of the blocks of the fingerprint. tokens: sum of the counts. problem: why the files could not be
    written, or None.
    """

    first: int
    last: int
    files: dict[str, PartFile]
    digests: bytes
    tokens: int
    tops: TopWords
    problem: str | None = None


class _Kept(NamedTuple):
    """Rows, and what to tell when they will not be read for a while."""

    rows: SoftRows
    arrays: Arrays


class WordRange:
    """The counts of the words first .. last - 1, held by `counts`, and the sum of their soft counts in late sweeps.

    on_disk: keep the sum in files of the temporary folder.
    """

    def __init__(self, counts: Aggregator, first: int, last: int, *, on_disk: bool = False) -> None:
        self._counts, self.first, self.last, self._on_disk = counts, first, last, on_disk
        # Both by first word and last word + 1 of a part of these words.
        self._sum: dict[Span, _Kept] = {}
        self._taken: dict[Span, _Kept] = {}

    def take(self, span: Span, rows: SoftRows) -> None:
        """Take soft counts of the present state, of some of its tokens of the words of `span`, in any order.

        The same spans must come again and again, or others that share no words with them.
        """
        before = self._taken.pop(span, None)
        self._taken[span] = self._kept(rows if before is None else add_rows(before.rows, rows))

    def accumulate(self, totals: NDArray[np.int64], priors: Priors, n_terms: int) -> None:
        """Add the soft counts taken, which must be of all tokens by now, to the sum.

        totals: n_k (K,), of all V = n_terms words, that of a frozen topic what it began with.
        """
        terms, before, self._sum = terms_of(totals, priors, n_terms), self._sum, {}
        for span in sorted(self._taken):
            low, high = span[0] - self.first, span[1] - self.first
            counts, prior = self._counts.between(low, high), self._counts.prior
            if prior is not None:
                counts = prior.between(low, high).language_delta(counts)
            state = spread_rest(self._taken.pop(span).rows, counts, terms)
            self._sum[span] = self._kept(add_rows(_part(before, span), state) if before else state)
            before.pop(span, None)  # else all of it would be in memory in the end

    def _kept(self, rows: SoftRows) -> _Kept:
        """`rows` where they are to be kept."""
        if not self._on_disk:
            return _Kept(rows, InMemory())
        files = OnDisk()  # of these rows alone, so that they go when the rows do
        kept = SoftRows(*(files.zeros(len(array), array.dtype) for array in rows))
        for array, values in zip(kept, rows, strict=True):
            array[:] = values
        files.release()
        return _Kept(kept, files)

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sum, (words, K) float32; None where there are none."""
        if not self._sum or not taken:
            return None
        # Room that is never written takes no memory; parts that are put together would lie there twice.
        most = sum(len(kept.rows.topic) for kept in self._sum.values())
        topic, value = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.float32)
        start, n = np.zeros(self.last - self.first + 1, dtype=np.int64), 0
        for (first, last), kept in sorted(self._sum.items()):
            ends, topics, values = mean_of(kept.rows, taken)
            kept.arrays.release()
            start[first - self.first : last - self.first + 1] = n + ends
            topic[n : n + len(topics)], value[n : n + len(topics)] = topics, values
            n += len(topics)
        shape = self.last - self.first, self._counts.rows.n_topics
        return sp.csr_matrix((value[:n], topic[:n], start), shape=shape)

    def store_sum(self, place: Storage, folder: str) -> dict[str, str]:
        """Store the sum in a folder of a checkpoint; returns the files' checksums."""
        files = {}
        for (first, last), kept in sorted(self._sum.items()):
            rows = kept.rows
            name = f"soft-{first:010d}-{last:010d}.npz"
            shape = last - first, self._counts.rows.n_topics
            data = csr_bytes(
                sp.csr_matrix((rows.value, rows.topic.astype(np.int32), rows.start), shape=shape)
            )
            place.write(f"{folder}/{name}", data)
            files[name] = checksum(data)
            kept.arrays.release()
        return files

    def restore_sum(self, place: Storage, folder: str, names: Iterable[str]) -> None:
        """Take the sum from those files of a checkpoint that hold words of this range.

        The vocabulary may have been divided otherwise when they were written.
        """
        self._sum = {}
        dtype = topic_dtype(self._counts.rows.n_topics)
        for low, high, name in sorted(_sums(names)):
            first, last = max(low, self.first), min(high, self.last)
            if first >= last:
                continue
            found = read_csr(name, place.read(f"{folder}/{name}"))[first - low : last - low]
            rest = np.zeros(last - first, dtype=np.int64)
            start, topic, value = found.indptr, found.indices, found.data
            rows = SoftRows(start.astype(np.int64), topic.astype(dtype), value.astype(np.int64), rest)
            self._sum[first, last] = self._kept(rows)

    def write_part(self, place: str, part: int, of: int, taken: int, n_top: int) -> WrittenPart:
        """Write the files of this range into a model's folder, as part number `part` of `of`.

        An OSError is reported in the result, not raised: the driver may be able to write the files.
        """
        files: dict[str, PartFile] = {}
        problem: str | None = None
        counts, soft, prior = self._counts.matrix(), self.soft(taken), self._counts.prior
        language = soft if prior is None else prior.language(counts if soft is None else soft)
        for kind, matrix in (("counts", counts), ("soft_counts", soft)):
            if matrix is not None:
                files[kind], why_not = write_matrix(place, part_name(kind, part, of), matrix)
                problem = problem or why_not
        return WrittenPart(
            first=self.first,
            last=self.last,
            files=files,
            digests=block_digests(counts),
            tokens=int(counts.sum(dtype=np.int64)),
            tops=top_words(counts, language, n_top, self.first),
            problem=problem,
        )

    def part_bytes(self, kind: str, taken: int) -> bytes:
        """The content of one of the files, for where it cannot be written from here."""
        matrix = self._counts.matrix() if kind == "counts" else self.soft(taken)
        assert matrix is not None
        return bytes(csr_bytes(matrix))


def _part(kept: dict[Span, _Kept], span: Span) -> SoftRows:
    """The rows of the words of `span`, of rows of parts that cover them."""
    if span in kept:
        return kept[span].rows
    parts = []
    for (first, last), part in sorted(kept.items()):
        low, high = max(first, span[0]), min(last, span[1])
        if low < high:
            parts.append(slice_rows(part.rows, low - first, high - first))
    return joined_rows(parts)


def sums_among(names: Iterable[str]) -> set[str]:
    """Those files of a checkpoint that hold sums of soft counts."""
    return {name for _, _, name in _sums(names)}


def _sums(names: Iterable[str]) -> Iterable[tuple[int, int, str]]:
    """(first word, last word + 1, file) of those files that hold sums."""
    for name in names:
        if found := SUMS.fullmatch(name):
            yield int(found[1]), int(found[2]), name
