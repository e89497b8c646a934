"""Documents that do not fit on the device: they stay in memory and go through in turns.

A turn takes 8 bytes a token to the device and 2 back, which a bus carries about as fast as kernels sample. Nothing of
the result depends on the cut: a document is sampled by itself, and changes of counts are added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.cuda.document_groups import DeviceCounts, DeviceDocuments, Rule
from lda.samplers.cuda.model import DeviceModel

FEWEST_TOKENS: Final = 1 << 22
"""Tokens of a turn; fewer do not fill a device."""


class DocumentsInTurns:
    """What `DeviceDocuments` does, for documents that lie in this process's memory.

    Arguments as there; z (N,) is kept up to date in place. tokens: of a turn, about.
    """

    def __init__(
        self,
        words: NDArray[np.int32],
        doc_offsets: NDArray[np.int64],
        doc_keys: NDArray[np.uint64],
        z: NDArray[Any],
        n_topics: int,
        tokens: int,
    ) -> None:
        self.n_topics, self.doc_offsets = n_topics, doc_offsets
        self._words, self._keys, self._z, self._tokens = words, doc_keys, z, max(tokens, 1)
        self._seen = np.full_like(z, n_topics)

    def sample(
        self, first: int, last: int, rule: Rule, model: DeviceModel, seed: int, pass_number: int
    ) -> None:
        """See `DeviceDocuments`."""
        for low, high in self._turns(first, last):
            part, begin, end = self._part(low, high)
            part.sample(0, high - low, rule, model, seed, pass_number)
            part.fetch(0, end - begin, self._z[begin:end])
            del part  # before the next one: the device has room for one

    def count(self, counts: DeviceCounts, first: int, last: int) -> None:
        """See `DeviceDocuments`."""
        for begin in range(first, last, self._tokens):
            some = slice(begin, min(begin + self._tokens, last))
            counts.count_slice(self._words[some], self._z[some], self._seen[some])
            self._seen[some] = self._z[some]

    def topic_histogram(self) -> Histogram:
        """See `DeviceDocuments`."""
        turns = self._turns(0, len(self.doc_offsets) - 1)
        return add_histograms([self._part(low, high)[0].topic_histogram() for low, high in turns])

    def fetch(self, begin: int, end: int, out: NDArray[Any]) -> None:
        """See `DeviceDocuments`; topics are where they are wanted already."""

    def put(self, begin: int, end: int, topics: NDArray[Any]) -> None:
        """See `DeviceDocuments`; the next turn takes them along."""

    def forget(self, begin: int, end: int) -> None:
        """See `DeviceDocuments`."""
        self._seen[begin:end] = self.n_topics

    def _part(self, low: int, high: int) -> tuple[DeviceDocuments, int, int]:
        """(documents low .. high - 1 on the device, their first token, the token after their last)."""
        begin, end = int(self.doc_offsets[low]), int(self.doc_offsets[high])
        part = DeviceDocuments(
            self._words[begin:end],
            self.doc_offsets[low : high + 1] - begin,
            self._keys[low:high],
            self._z[begin:end],
            self.n_topics,
        )
        return part, begin, end

    def _turns(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Runs of documents first .. last - 1 of about so many tokens; a longer document is a turn of its own."""
        low = first
        while low < last:
            end = self.doc_offsets[low] + self._tokens
            high = int(np.searchsorted(self.doc_offsets[: last + 1], end, side="right")) - 1
            high = min(max(high, low + 1), last)
            if self.doc_offsets[high] > self.doc_offsets[low]:
                yield low, high
            low = high
