"""Aggregators: owners of the word-topic counts."""

from __future__ import annotations

from copy import copy
from typing import Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.resources.arrays import Arrays, InMemory
from lda.samplers.counts.deltas import totals_of
from lda.samplers.counts.histograms import Histogram, add_histograms, values
from lda.samplers.counts.row_layout import WordRows, empty_counts, slice_counts, slice_rows
from lda.samplers.counts.word_counts import (
    Delta,
    Moves,
    add_delta,
    count_dense,
    count_dense_by_document,
    gather_rows,
    net_delta,
    row_lengths,
)

CELLS: Final = 1 << 24
"""Counts looked through at a time, where they lie on disk."""


class CountError(RuntimeError):
    """The counts contradict the assignments: a defect of this program, never of its input."""


def _refuse(wrong: int) -> None:
    """Raise CountError if `wrong` is a word."""
    if wrong >= 0:
        raise CountError(f"the counts of word {wrong} do not agree with the assignments")


class Aggregator:
    """Adds deltas to the counts n_kw of a vocabulary and hands out what they add up to.

    Where topics have tokens from the beginning (`begin_with`), these are in everything but `matrix`.

    Deltas of disjoint words may be added at the same time; nothing here takes a lock. Deltas of one shard must
    come in their order, those of different shards in any.
    """

    def __init__(self, rows: WordRows, arrays: Arrays | None = None) -> None:
        self.rows, self.arrays = rows, arrays or InMemory()
        self.counts = empty_counts(rows, self.arrays.zeros)
        self.topic_totals = np.zeros(rows.n_topics, dtype=np.int64)
        self.prior: WordPrior | None = None

    def begin_with(self, prior: WordPrior | None, *, there: bool = False) -> None:
        """Give the topics these tokens of their own, before anything is counted.

        there: they are in the arrays already, which another process has lent.
        """
        self.prior = prior
        if prior is not None:
            if not there:
                self.add(prior.delta())
            self.add_totals(prior.totals)

    def part(self, first: int, last: int) -> Aggregator:
        """The words first .. last - 1 alone, for reading: what they count changes with these, n_k by `recount`."""
        made = copy(self)
        made.rows = slice_rows(self.rows, first, last)
        made.prior = None if self.prior is None else self.prior.between(first, last)
        made.counts = slice_counts(self.counts, self.rows, first, last)
        return made

    def recount(self) -> None:
        """Compute n_k of these words anew, where other processes add to their counts."""
        self.topic_totals = self.between(0, len(self.rows.start)).totals

    def add(self, delta: Delta) -> NDArray[np.int64]:
        """Add a delta to the words' counts; returns its part of n_k, (K,) int64, for `add_totals`.

        Raises CountError when a count would become negative or a row outgrow its word.
        """
        _refuse(add_delta(self.counts, delta))
        return delta.totals

    def count(self, moves: Moves, span: tuple[int, int], *, by_document: bool) -> NDArray[np.int64]:
        """`add` what `net_delta` finds in the words of `span`; errors and what it returns are as there.

        by_document: in the order of the documents, which is quicker as long as spans are few.
        """
        rows, k = self.rows.start, self.rows.n_topics
        totals = np.zeros(k, dtype=np.int64)
        count = count_dense_by_document if by_document else count_dense
        _refuse(count(self.counts, moves, *span, totals))
        if np.any(rows[slice(*span)] < 0):
            totals += self.add(net_delta(moves, *span, k, rows))
        return totals

    def add_totals(self, totals: NDArray[np.int64]) -> None:
        """Add to n_k; called from one thread, after the deltas."""
        self.topic_totals += totals

    def check(self, n_tokens: int) -> None:
        """Raise CountError unless sum(n_k) is the number of tokens counted."""
        total = int(self.topic_totals.sum()) - (0 if self.prior is None else self.prior.n_tokens)
        if total != n_tokens:
            raise CountError(f"the counts add up to {total}, but {n_tokens} tokens have a topic")

    def totals(self) -> NDArray[np.int64]:
        """n_k (K,) int64 of these words."""
        return self.topic_totals.copy()

    def between(self, first: int, last: int) -> Delta:
        """The counts of words first .. last - 1, as a delta from nothing."""
        counts = self.counts._replace(
            start=self.counts.start[first:last],
            capacity=self.counts.capacity[first:last],
            length=self.counts.length[first:last],
        )
        lengths = np.zeros(last - first, dtype=np.int64)
        row_lengths(counts, self.rows.n_topics, lengths)
        starts = np.zeros(last - first + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        wide = np.empty(starts[-1], dtype=np.int32)  # as in `matrix`: one type is one compilation
        count = np.empty(starts[-1], dtype=np.int32)
        gather_rows(counts, self.rows.n_topics, starts, wide, count)
        topic = wide.astype(self.counts.topic.dtype)
        self.arrays.release()
        return Delta(first, starts, topic, count, totals_of(topic, count, self.rows.n_topics))

    def cell_histogram(self) -> Histogram:
        """How many n_kw equal n, for n > 0; of frozen topics what they began with."""
        if self.prior is not None and self.prior.frozen:
            return values(self.language().data)
        parts = []
        for array in (self.counts.dense, self.counts.count[: self.rows.n_sparse_slots]):
            for first in range(0, len(array), CELLS):
                parts.append(values(array[first : first + CELLS]))
                self.arrays.release()
        return add_histograms(parts)

    def matrix(self) -> sp.csr_matrix:
        """The documents' counts as a CSR matrix (V, K) int32, word-major, topics ascending."""
        whole = self.whole()
        return whole if self.prior is None else self.prior.without(whole)

    def frozen_tokens(self) -> Histogram | None:
        """The documents' tokens in frozen topics: see `WordPrior.frozen_tokens`; None where there are none."""
        if self.prior is None or not self.prior.frozen:
            return None
        return self.prior.frozen_tokens(self.matrix())

    def language(self) -> sp.csr_matrix:
        """What topics are made of, (V, K) int32 CSR: see `WordPrior.language`."""
        return self.whole() if self.prior is None else self.prior.language(self.matrix())

    def whole(self) -> sp.csr_matrix:
        """Like `matrix`, with the tokens that topics have from the beginning."""
        n_terms, n_topics = len(self.rows.start), self.rows.n_topics
        lengths = np.zeros(n_terms, dtype=np.int64)
        row_lengths(self.counts, n_topics, lengths)
        starts = np.zeros(n_terms + 1, dtype=np.int64)
        np.cumsum(lengths, out=starts[1:])
        topic = np.empty(starts[-1], dtype=np.int32)
        count = np.empty(starts[-1], dtype=np.int32)
        gather_rows(self.counts, n_topics, starts, topic, count)
        return sp.csr_matrix((count, topic, starts), shape=(n_terms, n_topics))
