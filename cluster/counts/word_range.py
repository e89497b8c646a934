"""What becomes of the counts of a range of words: soft sums over late sweeps, and their part of the model.

In one process the range is the whole vocabulary; on a cluster each aggregator has one, so that sums, checkpoints
of them and the files of the model never meet in one place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.fingerprint import block_digests
from lda.cluster.counts.part_files import part_name, write_matrix
from lda.cluster.counts.sparse_npz import csr_bytes, read_csr
from lda.cluster.counts.top_words import top_words
from lda.cluster.spec.part_file import PartFile
from lda.cluster.spec.top_words import TopWords
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import Storage
from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.counts.soft_counts import SoftRows, add_rows, joined_rows, mean_of, spread_rest, terms_of
from lda.samplers.priors import Priors

SUMS: Final = re.compile(r"soft-(\d+)-(\d+)\.npz")
"""Files of a checkpoint with sums of soft counts, by first word and last word + 1. Those of earlier versions, which are
of plain counts, have other names and are left alone."""


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


class WordRange:
    """The counts of the words first .. last - 1, held by `counts`, and the sum of their soft counts in late sweeps."""

    def __init__(self, counts: Aggregator, first: int, last: int) -> None:
        self._counts, self.first, self.last = counts, first, last
        self._sum: SoftRows | None = None
        self._taken: dict[
            tuple[int, int], SoftRows
        ] = {}  # of the present state, by first word and last word + 1

    def take(self, span: tuple[int, int], rows: SoftRows) -> None:
        """Take soft counts of the present state, of some of its tokens of the words of `span`, in any order.

        The same spans must come again and again, or others that share no words with them.
        """
        before = self._taken.get(span)
        self._taken[span] = rows if before is None else add_rows(before, rows)

    def accumulate(self, totals: NDArray[np.int64], priors: Priors, n_terms: int) -> None:
        """Add the soft counts taken, which must be of all tokens by now, to the sum.

        totals: n_k (K,), of all V = n_terms words.
        """
        parts, terms = [], terms_of(totals, priors, n_terms)
        for first, last in sorted(self._taken):
            counts = self._counts.between(first - self.first, last - self.first)
            parts.append(spread_rest(self._taken.pop((first, last)), counts, terms))
        state = joined_rows(parts)
        self._sum = state if self._sum is None else add_rows(self._sum, state)

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sum, (words, K) float32; None where there are none."""
        if self._sum is None or not taken:
            return None
        start, topic, value = mean_of(self._sum, taken)
        return sp.csr_matrix(
            (value, topic, start), shape=(self.last - self.first, self._counts.rows.n_topics)
        )

    def store_sum(self, place: Storage, folder: str) -> dict[str, str]:
        """Store the sum in a folder of a checkpoint; returns the file's checksum."""
        if self._sum is None:
            return {}
        name = f"soft-{self.first:010d}-{self.last:010d}.npz"
        shape = self.last - self.first, self._counts.rows.n_topics
        data = csr_bytes(
            sp.csr_matrix((self._sum.value, self._sum.topic.astype(np.int32), self._sum.start), shape=shape)
        )
        place.write(f"{folder}/{name}", data)
        return {name: checksum(data)}

    def restore_sum(self, place: Storage, folder: str, names: Iterable[str]) -> None:
        """Take the sum from those files of a checkpoint that hold words of this range.

        The vocabulary may have been divided otherwise when they were written.
        """
        parts = []
        for low, high, name in sorted(_sums(names)):
            if max(low, self.first) >= min(high, self.last):
                continue
            whole = read_csr(name, place.read(f"{folder}/{name}"))
            parts.append(whole[max(self.first - low, 0) : min(self.last, high) - low])
        self._sum = None
        if parts:
            found = sp.csr_matrix(sp.vstack(parts, format="csr"))
            self._sum = SoftRows(
                found.indptr.astype(np.int64),
                found.indices.astype(topic_dtype(self._counts.rows.n_topics)),
                found.data.astype(np.int64),
                np.zeros(self.last - self.first, dtype=np.int64),
            )

    def write_part(self, place: str, part: int, of: int, taken: int, n_top: int) -> WrittenPart:
        """Write the files of this range into a model's folder, as part number `part` of `of`.

        An OSError is reported in the result, not raised: the driver may be able to write the files.
        """
        files: dict[str, PartFile] = {}
        problem: str | None = None
        counts, soft = self._counts.matrix(), self.soft(taken)
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
            tops=top_words(counts, soft, n_top, self.first),
            problem=problem,
        )

    def part_bytes(self, kind: str, taken: int) -> bytes:
        """The content of one of the files, for where it cannot be written from here."""
        matrix = self._counts.matrix() if kind == "counts" else self.soft(taken)
        assert matrix is not None
        return bytes(csr_bytes(matrix))


def sums_among(names: Iterable[str]) -> set[str]:
    """Those files of a checkpoint that hold sums of soft counts."""
    return {name for _, _, name in _sums(names)}


def _sums(names: Iterable[str]) -> Iterable[tuple[int, int, str]]:
    """(first word, last word + 1, file) of those files that hold sums."""
    for name in names:
        if found := SUMS.fullmatch(name):
            yield int(found[1]), int(found[2]), name
