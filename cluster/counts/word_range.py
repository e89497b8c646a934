"""What becomes of the counts of a range of words: sums over late sweeps, and their part of the model.

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

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.fingerprint import block_digests
from lda.cluster.counts.part_files import part_name, write_matrix
from lda.cluster.counts.sparse_npz import csr_bytes, read_csr
from lda.cluster.counts.top_words import top_words
from lda.cluster.spec.part_file import PartFile
from lda.cluster.spec.top_words import TopWords
from lda.corpus.storage.checksum import checksum
from lda.corpus.storage.places import Storage

SUMS: Final = re.compile(r"sum-(\d+)-(\d+)\.npz")
WHOLE: Final = "mean.npz"
"""Where checkpoints of format 1 have the sums of all words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPart:
    """Report of the owner of a range of words on its part of the model.

    first, last: the words, first .. last - 1. files: names and contents; `mean_counts` only after averaging.
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
    """The counts of the words first .. last - 1, held by `counts`, and their sum over late sweeps."""

    def __init__(self, counts: Aggregator, first: int, last: int) -> None:
        self._counts, self.first, self.last = counts, first, last
        self._sum: sp.csr_matrix | None = None

    def accumulate(self) -> None:
        """Add the present counts to the sum, which is int64: 80 samples of 30 million are more than 31 bits hold."""
        counts = self._counts.matrix()
        self._sum = _wide(counts) if self._sum is None else (self._sum + counts).tocsr()

    def mean(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` counts in the sum, (words, K) float32; None where there are none."""
        if self._sum is None or not taken:
            return None
        mean = sp.csr_matrix(
            ((self._sum.data / taken).astype(np.float32), self._sum.indices, self._sum.indptr),
            shape=self._sum.shape,
            copy=True,  # the running sum keeps using these index arrays
        )
        mean.sort_indices()
        return mean

    def store_sum(self, place: Storage, folder: str) -> dict[str, str]:
        """Store the sum in a folder of a checkpoint; returns the file's checksum."""
        if self._sum is None:
            return {}
        name = f"sum-{self.first:010d}-{self.last:010d}.npz"
        data = csr_bytes(self._sum)
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
            parts.append(whole[max(self.first - low, 0) : min(self.last, low + whole.shape[0]) - low])
        self._sum = _wide(sp.csr_matrix(sp.vstack(parts, format="csr"))) if parts else None

    def write_part(self, place: str, part: int, of: int, taken: int, n_top: int) -> WrittenPart:
        """Write the files of this range into a model's folder, as part number `part` of `of`.

        An OSError is reported in the result, not raised: the driver may be able to write the files.
        """
        files: dict[str, PartFile] = {}
        problem: str | None = None
        counts, mean = self._counts.matrix(), self.mean(taken)
        for kind, matrix in (("counts", counts), ("mean_counts", mean)):
            if matrix is not None:
                files[kind], why_not = write_matrix(place, part_name(kind, part, of), matrix)
                problem = problem or why_not
        return WrittenPart(
            first=self.first,
            last=self.last,
            files=files,
            digests=block_digests(counts),
            tokens=int(counts.sum(dtype=np.int64)),
            tops=top_words(counts, mean, n_top, self.first),
            problem=problem,
        )

    def part_bytes(self, kind: str, taken: int) -> bytes:
        """The content of one of the files, for where it cannot be written from here."""
        matrix = self._counts.matrix() if kind == "counts" else self.mean(taken)
        assert matrix is not None
        return bytes(csr_bytes(matrix))


def _wide(counts: sp.csr_matrix) -> sp.csr_matrix:
    """`counts` as int64; earlier versions stored sums as int32."""
    return counts.astype(np.int64)


def _sums(names: Iterable[str]) -> Iterable[tuple[int, int, str]]:
    """(first word, last word + 1, file) of those files that hold sums."""
    for name in names:
        if name == WHOLE:
            yield 0, np.iinfo(np.int64).max, name
        elif found := SUMS.fullmatch(name):
            yield int(found[1]), int(found[2]), name
