"""What workers and aggregators exchange in a sweep, and the time it takes, with every step on a clock of its own.

The workers are logical: the sweepers, messages and aggregators of a cluster, in one process and one after the
other. Bytes are those of a cluster exactly; seconds are of one core, without the noise of many processes on few.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.partition import shard_shares, word_ranges
from lda.cluster.exchange.delta_codec import decode, decode_pieces, encode, merged
from lda.cluster.resources.threads import Threads
from lda.cluster.sweeping.range_walk import add_in_blocks
from lda.cluster.sweeping.sweeper import Sweeper, count_rows
from lda.samplers.counts.row_layout import slice_rows
from lda.samplers.priors import start_priors

if TYPE_CHECKING:
    from lda.cluster import FitSettings
    from lda.corpus import Corpus
    from lda.samplers.counts.histograms import Histogram

STAGES = ("sample", "net and encode", "aggregate", "take in")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One sweep with `workers` logical workers and as many aggregators.

    pushed: bytes by all workers. pulled: bytes by each. pushed_entries, merged_entries: changed cells in these.
    seconds: of one core, by stage, all workers or aggregators together. changed: share of tokens with a new topic.
    cells: how many n_kw equal n.
    """

    workers: int
    n_tokens: int
    pushed: int
    pulled: int
    pushed_entries: int
    merged_entries: int
    seconds: dict[str, float]
    changed: float
    cells: Histogram


class Exchanging:
    """A fit with logical workers, for `settings` that are resolved and start at random."""

    def __init__(self, corpus: Corpus, settings: FitSettings, workers: int) -> None:
        self.settings = settings
        self.threads = Threads(1)
        keep = np.ones(corpus.n_documents, dtype=np.bool_)
        shares = shard_shares(corpus.shard_tokens, workers)
        self.sweepers = [Sweeper(corpus, settings, keep, parts, self.threads) for parts in shares]
        self.spans = word_ranges(corpus.term_frequencies, settings.n_topics, workers)
        rows = count_rows(corpus, settings)
        self.aggregators = [Aggregator(slice_rows(rows, *span)) for span in self.spans]
        self.priors = start_priors(settings.alpha, settings.beta, settings.n_topics)
        self.pass_number = 0
        self.seconds: dict[str, float] = defaultdict(float)
        self._reset()

    def _reset(self) -> None:
        self.seconds.clear()
        self.pushed = self.pulled = self.pushed_entries = self.merged_entries = 0

    @contextmanager
    def _clock(self, stage: str) -> Iterator[None]:
        before = time.perf_counter()
        yield
        self.seconds[stage] += time.perf_counter() - before

    def start(self) -> None:
        """Random topics for all."""
        self._sweep(first=True)

    def sweep(self) -> Measured:
        """Resample every token once."""
        self._reset()
        before = [shard.z.copy() for s in self.sweepers for shard in s.documents.shards]
        self._sweep(first=False)
        after = [shard.z for s in self.sweepers for shard in s.documents.shards]
        n_tokens = sum(map(len, after))
        return Measured(
            workers=len(self.sweepers),
            n_tokens=n_tokens,
            pushed=self.pushed,
            pulled=self.pulled,
            pushed_entries=self.pushed_entries,
            merged_entries=self.merged_entries,
            seconds=dict(self.seconds),
            changed=sum(int((a != b).sum()) for a, b in zip(before, after, strict=True)) / n_tokens,
            cells=self.sweepers[0].counts.cell_histogram(),
        )

    def _sweep(self, *, first: bool) -> None:
        for phase in range(self.settings.phases or 1):
            messages: list[list[list[bytes]]] = [[] for _ in self.spans]
            for sweeper in self.sweepers:
                with self._clock("sample"):
                    work = sweeper.first_topics if first else sweeper.resample
                    work(phase, self.pass_number, 0, self.priors)
                with self._clock("net and encode"):
                    for box, span in zip(messages, self.spans, strict=True):
                        box.append([encode(sweeper.changes(phase, *span), *span)])
            self.pushed += sum(len(piece) for box in messages for message in box for piece in message)
            for news in [self._aggregate(i, box) for i, box in enumerate(messages)]:
                self.pulled += len(news)
                for sweeper in self.sweepers:
                    with self._clock("take in"):
                        add_in_blocks(sweeper.counts, decode(news, self.settings.n_topics), self.threads)
        self.pass_number += 1

    def _aggregate(self, number: int, messages: list[list[bytes]]) -> bytes:
        n_topics, counts = self.settings.n_topics, self.aggregators[number]
        with self._clock("aggregate"):
            total = merged(decode_pieces(m, n_topics) for m in messages)
            counts.add_totals(counts.add(total._replace(first=0)))
            news = encode([total], *self.spans[number])
        self.merged_entries += len(total.topic)
        self.pushed_entries += sum(len(decode(m[0], n_topics).topic) for m in messages)
        return news


def sweeps_of(corpus: Corpus, settings: FitSettings, workers: int, sweeps: int) -> Measured:
    """The last of so many sweeps."""
    fit = Exchanging(corpus, settings.resolved(), workers)
    fit.start()
    for _ in range(sweeps - 1):
        fit.sweep()
    return fit.sweep()
