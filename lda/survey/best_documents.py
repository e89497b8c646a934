"""The documents that show each topic best, while documents stream by."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]


class BestDocuments:
    """For each topic the documents with the largest theta, of equal ones the first in the corpus."""

    def __init__(self, n_topics: int, n_best: int) -> None:
        self._n_topics, self._n_best = n_topics, n_best
        self._topic = np.zeros(0, dtype=np.int64)
        self._rank = np.zeros(0, dtype=np.int64)
        self._value = np.zeros(0, dtype=np.float32)
        self._number = np.zeros(0, dtype=np.int64)
        self._least = np.full(n_topics, -np.inf, dtype=np.float32)

    @property
    def numbers(self) -> Integers:
        """The documents, each once, in rising order."""
        return np.unique(self._number)

    @property
    def by_rank(self) -> Integers:
        """The documents, each once: the best ones of all topics, then the second ones, and so on."""
        order = np.lexsort((self._topic, self._rank))
        found, first = np.unique(self._number[order], return_index=True)
        return found[np.argsort(first)]

    def add(self, theta: npt.NDArray[np.float32], numbers: Integers) -> None:
        """Add documents: theta (n, K), and numbers (n,) above those of all documents before."""
        if not self._n_best or not len(numbers):
            return
        # One that only equals the least of a full topic comes after it.
        document, topic = np.nonzero(theta > self._least)
        topics = np.concatenate([self._topic, topic])
        values = np.concatenate([self._value, theta[document, topic]])
        found = np.concatenate([self._number, numbers[document]])
        order = np.lexsort((found, -values, topics))
        starts = np.searchsorted(topics[order], np.arange(self._n_topics))
        rank = np.arange(len(order)) - starts[topics[order]]
        kept = order[rank < self._n_best]
        self._rank = rank[rank < self._n_best]
        self._topic, self._value, self._number = topics[kept], values[kept], found[kept]
        full = self._rank == self._n_best - 1
        self._least[self._topic[full]] = self._value[full]

    def rows(self, described: Integers) -> npt.NDArray[np.int32]:
        """(K, n_best) the places of the documents in `described`, numbers in rising order; -1 where there are fewer."""
        rows = np.full((self._n_topics, self._n_best), -1, dtype=np.int32)
        rows[self._topic, self._rank] = np.searchsorted(described, self._number)
        return rows
