"""What the driver does with the counts that aggregators hold: everything but look at them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from lda.cluster.counts.aggregator import CountError
from lda.cluster.counts.gather_parts import fetch_unseen, gathered
from lda.cluster.counts.word_range import WrittenPart
from lda.cluster.distributed.actor_report import Ready
from lda.cluster.distributed.waiting import Waiting
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import StoredCounts


class HeldCounts:
    """Part of `Driver`. aggregators: actors, in the order of their words. steps: asked of all workers so far.

    direct: whether the aggregators read the workers' replica, which holds the steps before `counted`.
    """

    workers: list[Any]
    aggregators: list[Any]
    direct: bool
    counted: int
    said: dict[str, Ready]
    settings: FitSettings
    n_terms: int
    waiting: Waiting
    trained_tokens: int
    steps: int

    def come_to(self, now: bool) -> int:
        """The step whose counts are to be waited for: the present one, or, now, none.

        Aggregators that read the workers' replica wait for nothing: the workers bring it there first.
        """
        if self.direct and self.counted != self.steps:
            self.waiting.results([w.count_all.remote() for w in self.workers])
            self.counted = self.steps
        return 0 if now else self.steps

    def sample(self, *, now: bool) -> None:
        """Have the aggregators add their counts to their sums over late sweeps."""
        step = self.come_to(now)
        self.waiting.results([a.sample.remote(step) for a in self.aggregators])

    def matrix(self, *, now: bool) -> sp.csr_matrix:
        """All counts (V, K), after all steps so far; now: as they are. Fetched range by range."""
        step = self.come_to(now)
        parts = [self.waiting.result(a.matrix.remote(step)) for a in self.aggregators]
        matrix = sp.csr_matrix(sp.vstack(parts, format="csr"))
        self._check(int(matrix.sum(dtype=np.int64)))
        return matrix

    def mean(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` counts in the sums, (V, K) float32. Fetched range by range."""
        parts = [self.waiting.result(a.mean.remote(taken)) for a in self.aggregators]
        return None if parts[0] is None else sp.csr_matrix(sp.vstack(parts, format="csr"))

    def store_counts(
        self, place: str, taken: int, n_top: int, warn: Callable[[str], None], *, now: bool
    ) -> StoredCounts:
        """Have each aggregator write its part of the model into a folder; only what is not seen there comes here.

        Raises OSError when a part can neither be written by its aggregator nor here.
        """
        step, n = self.come_to(now), len(self.aggregators)
        asked = [a.write_part.remote(step, place, i, n, taken, n_top) for i, a in enumerate(self.aggregators)]
        parts: list[WrittenPart] = self.waiting.results(asked)
        self._check(sum(part.tokens for part in parts))
        for i, (part, aggregator) in enumerate(zip(parts, self.aggregators, strict=True)):
            owner = f"aggregator {i} on {self.said[f'aggregator {i}'].host}"
            fetch_unseen(place, part, owner, partial(self._part_bytes, aggregator, taken), warn)
        return gathered(parts, self.n_terms, self.settings.n_topics, n_top)

    def _check(self, total: int) -> None:
        """Between phases and within them: a change takes as much from one topic as it gives to another."""
        if total != self.trained_tokens:
            raise CountError(f"the counts add up to {total}, but {self.trained_tokens} tokens have a topic")

    def _part_bytes(self, aggregator: Any, taken: int, kind: str) -> bytes:  # noqa: ANN401 - Ray handles are untyped
        content: bytes = self.waiting.result(aggregator.part_bytes.remote(kind, taken))
        return content
