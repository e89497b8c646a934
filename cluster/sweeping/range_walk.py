"""A model larger than memory: the vocabulary range by range, the next fetched while the present one is used."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.resources.arrays import give_back_freed
from lda.cluster.resources.threads import BLOCKS_PER_THREAD, Threads, blocks
from lda.cluster.sweeping.frozen_topics import FrozenTopics
from lda.cluster.sweeping.phase_model import MeanModel
from lda.samplers.counts.row_layout import WordRows, slice_rows
from lda.samplers.counts.word_counts import Delta
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.priors import Priors


class CountSource(Protocol):
    """Where counts are kept: by an aggregator of this process, or by those of a cluster."""

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) that the phase begins from."""
        ...

    def between(self, first: int, last: int) -> Delta:
        """The counts of words first .. last - 1 that the phase begins from, as a delta from nothing."""
        ...


class Walk:
    """Ranges of words in ascending order, each with its language model.

    rows: layout of the whole vocabulary. ranges: of words, covering it in order. frozen_topics: those whose phi does
    not follow the documents.
    """

    def __init__(
        self,
        rows: WordRows,
        ranges: list[tuple[int, int]],
        source: CountSource,
        frozen_topics: FrozenTopics | None = None,
    ) -> None:
        self.rows, self.ranges, self.source, self._frozen_topics = rows, ranges, source, frozen_topics

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) int64 that phi is made of."""
        totals = self.source.totals()
        return totals if self._frozen_topics is None else self._frozen_topics.totals(totals)

    def models(self, priors: Priors, threads: Threads) -> Iterator[tuple[tuple[int, int], LanguageModel]]:
        """(range, model of its words), one after the other; each is dropped when the next is asked for."""
        totals = self.totals()
        for span, part in self.counts(threads):
            model = MeanModel(part.rows, part.counts, len(self.rows.start), frozen_topics=self._frozen_topics)
            yield span, model.build(part.counts, totals, priors, threads, 0)

    def counts(self, threads: Threads) -> Iterator[tuple[tuple[int, int], Aggregator]]:
        """(range, counts of its words), one after the other, as `models`; `totals` must be asked for before."""
        with ThreadPoolExecutor(1, thread_name_prefix="lda-fetch") as fetcher:
            ahead = fetcher.submit(self.source.between, *self.ranges[0])
            for i, span in enumerate(self.ranges):
                delta = ahead.result()
                if i + 1 < len(self.ranges):
                    ahead = fetcher.submit(self.source.between, *self.ranges[i + 1])
                part = Aggregator(slice_rows(self.rows, *span))
                add_in_blocks(part, delta._replace(first=0), threads)
                del delta
                if self._frozen_topics is not None:
                    part.counts = self._frozen_topics.counts(part.counts, *span)
                yield span, part
                del part
                give_back_freed()


def add_in_blocks(counts: Aggregator, delta: Delta, threads: Threads) -> None:
    """Add a delta to the counts of its words, by all threads; its totals too."""
    spans = blocks(delta.start, 0, len(delta.start) - 1, threads.n * BLOCKS_PER_THREAD)

    def add(span: tuple[int, int]) -> None:
        low, high = span
        counts.add(delta._replace(first=delta.first + low, start=delta.start[low : high + 1]))

    threads.run(add, spans)
    counts.add_totals(delta.totals)
