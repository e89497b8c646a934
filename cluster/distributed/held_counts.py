"""`HeldCounts`: the driver's view of the counts that the aggregators of a cluster hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import CountError
from lda.cluster.counts.gather_parts import fetch_unseen, gathered
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.counts.word_range import WrittenPart
from lda.cluster.distributed.actor_group import ActorGroup
from lda.cluster.spec.results import StoredCounts
from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.priors import Priors


class HeldCounts:
    """Counts (V, K) of `n_tokens` tokens, by range of words.

    steps: number of steps requested of all workers so far. direct: whether the aggregators read the workers' replica,
    so that nothing is pushed to them. prior: tokens that topics have from the beginning, which aggregators count, too.
    """

    def __init__(
        self,
        group: ActorGroup,
        n_terms: int,
        n_topics: int,
        n_tokens: int,
        prior: WordPrior | None = None,
    ) -> None:
        self._prior, self._begun = prior, 0 if prior is None else prior.n_tokens
        self.group, self.n_terms, self.n_topics, self.n_tokens = group, n_terms, n_topics, n_tokens
        self.steps = self._counted = 0  # the replica holds the steps before `_counted`
        self.direct = False
        self._lives: list[Any] = []

    def read_replica(self) -> None:
        """From now on the aggregators read the workers' replica."""
        self.direct = True
        # Without a pending call their death would go unnoticed: no worker calls them.
        self._lives = [a.stay.remote() for a in self.group.aggregators]

    def check_owners(self) -> None:
        """Raise ActorLostError when an aggregator that no worker calls has died."""
        if self.direct:
            ended, _ = self.group.system.wait(self._lives, 0, at_least=len(self._lives))
            self.group.system.get(ended)

    def come_to(self, now: bool) -> int:
        """The step whose counts are to be waited for: the present one; 0, which waits for none, if `now`.

        Aggregators that read the workers' replica do not wait: the workers bring the replica to that step here.
        """
        if self.direct and self._counted != self.steps:
            self.group.waiting.results([w.count_all.remote() for w in self.group.workers])
            self._counted = self.steps
        return 0 if now else self.steps

    def accumulate(self, priors: Priors, *, now: bool) -> None:
        """Have the aggregators add the soft counts that workers gave them, after all steps so far, to their sums."""
        step, aggregators = self.come_to(now), self.group.aggregators
        totals = np.sum(
            self.group.waiting.results([a.topic_totals.remote(step) for a in aggregators]), axis=0
        )
        if self._prior is not None:
            totals = self._prior.language_totals(totals)
        self.group.waiting.results([a.accumulate.remote(totals, priors) for a in aggregators])

    def matrix(self, *, now: bool) -> sp.csr_matrix:
        """All counts (V, K), after all steps so far; now: as they are. Fetched range by range."""
        step = self.come_to(now)
        parts = [self.group.waiting.result(a.matrix.remote(step)) for a in self.group.aggregators]
        matrix = sp.csr_matrix(sp.vstack(parts, format="csr"))
        self._check(int(matrix.sum(dtype=np.int64)))
        return matrix

    def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sums, (V, K) float32. Fetched range by range."""
        parts = [self.group.waiting.result(a.soft.remote(taken)) for a in self.group.aggregators]
        return None if parts[0] is None else sp.csr_matrix(sp.vstack(parts, format="csr"))

    def cells(self, *, now: bool) -> tuple[Histogram, NDArray[np.int64]]:
        """(how many n_kw equal n, n_k (K,)), after all steps so far; now: as they are."""
        step = self.come_to(now)
        parts = self.group.waiting.results([a.cells.remote(step) for a in self.group.aggregators])
        totals = np.sum([p[1] for p in parts], axis=0)
        self._check(int(totals.sum()) - self._begun)
        return add_histograms([p[0] for p in parts]), totals

    def frozen_tokens(self, *, now: bool) -> Histogram | None:
        """The documents' tokens in frozen topics: see `WordPrior.frozen_tokens`; None without such topics."""
        if self._prior is None or not self._prior.frozen:
            return None
        step = self.come_to(now)
        asked = [a.frozen_tokens.remote(step) for a in self.group.aggregators]
        return add_histograms(self.group.waiting.results(asked))

    def store(
        self, place: str, taken: int, n_top: int, warn: Callable[[str], None], *, now: bool
    ) -> StoredCounts:
        """Have each aggregator write its part of the model into a folder; only what is not seen there comes here.

        Raises OSError when a part can neither be written by its aggregator nor here.
        """
        aggregators, n = self.group.aggregators, len(self.group.aggregators)
        step = self.come_to(now)
        asked = [a.write_part.remote(step, place, i, n, taken, n_top) for i, a in enumerate(aggregators)]
        parts: list[WrittenPart] = self.group.waiting.results(asked)
        self._check(sum(part.tokens for part in parts))
        for i, (part, aggregator) in enumerate(zip(parts, aggregators, strict=True)):
            owner = f"aggregator {i} on {self.group.said[f'aggregator {i}'].host}"
            fetch_unseen(place, part, owner, partial(self._part_bytes, aggregator, taken), warn)
        return gathered(parts, self.n_terms, self.n_topics, n_top)

    def _check(self, total: int) -> None:
        """Check the grand total. Valid at any time, even mid-phase: a move decrements one topic, increments another."""
        if total != self.n_tokens:
            raise CountError(f"the counts add up to {total}, but {self.n_tokens} tokens have a topic")

    def _part_bytes(self, aggregator: Any, taken: int, kind: str) -> bytes:  # noqa: ANN401 - handles are opaque
        content: bytes = self.group.waiting.result(aggregator.part_bytes.remote(kind, taken))
        return content
