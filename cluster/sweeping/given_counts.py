"""Counts of another model, under which documents get their first topics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.counts.sparse_sums import term_sums
from lda.cluster.resources.budget import cut_ranges, model_bytes
from lda.cluster.resources.threads import Threads
from lda.cluster.sweeping.range_walk import Walk
from lda.corpus.readers.count_batches import canonical
from lda.samplers.counts.deltas import totals_of
from lda.samplers.counts.row_layout import topic_dtype, word_bytes, word_rows
from lda.samplers.counts.word_counts import Delta
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.priors import Priors

if TYPE_CHECKING:
    import scipy.sparse as sp

RANGES: Final = 8
"""Where memory is limited, so many ranges of words share what the counts take: a fit has a model of its own, too."""


class GivenCounts:
    """A `CountSource` of counts that do not change.

    counts: (V, K) whole numbers. model_memory: as in `FitSettings`.
    """

    def __init__(self, counts: sp.csr_matrix, *, memory: int | None, model_memory: int | None) -> None:
        matrix = canonical(counts)
        if np.any(matrix.data == 0):
            matrix = matrix.copy()
            matrix.eliminate_zeros()
        self._start = matrix.indptr.astype(np.int64)
        self._topic = matrix.indices.astype(topic_dtype(matrix.shape[1]), copy=False)
        self._count = matrix.data.astype(np.int32, copy=False)
        self._totals = totals_of(matrix.indices, self._count, matrix.shape[1])
        self.rows = word_rows(term_sums(matrix).astype(np.int64), matrix.shape[1])
        self.ranges = [(0, matrix.shape[0])]
        if memory is not None and model_memory is None:
            model_memory = max(2 * int(word_bytes(self.rows).max()), 2 * model_bytes(self.rows) // RANGES)
        if model_memory is not None:
            self.ranges = cut_ranges(self.rows, self.ranges, model_memory)
        self._whole: LanguageModel | None = None

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) int64."""
        return self._totals

    def between(self, first: int, last: int) -> Delta:
        """The counts of words first .. last - 1, as a delta from nothing."""
        low, high = int(self._start[first]), int(self._start[last])
        topic, count = self._topic[low:high], self._count[low:high]
        totals = totals_of(topic, count, self.rows.n_topics)
        return Delta(first, self._start[first : last + 1] - low, topic, count, totals)

    def models(self, priors: Priors, threads: Threads) -> Iterator[tuple[tuple[int, int], LanguageModel]]:
        """(range of words, the language model of these counts for them), covering the vocabulary in order.

        A model of all words is made once, and kept; the priors must stay as they are.
        """
        if len(self.ranges) > 1:
            yield from Walk(self.rows, self.ranges, self).models(priors, threads)
            return
        if self._whole is None:
            ((_, self._whole),) = Walk(self.rows, self.ranges, self).models(priors, threads)
        yield self.ranges[0], self._whole
