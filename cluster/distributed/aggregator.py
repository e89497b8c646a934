"""`AggregatorActor`: the actor around an aggregator; takes pushes, publishes versions, writes its part of the model."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.counts.word_range import WordRange, WrittenPart
from lda.cluster.distributed.actor_report import Ready, introduce, one_line
from lda.cluster.exchange.actor_calls import Calls
from lda.cluster.exchange.delta_codec import decode_pieces, encode, merged
from lda.cluster.exchange.versions import Exchange
from lda.cluster.resources.shared_memory import Lent, SharedArrays
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus.corpus import Corpus
from lda.corpus.storage.places import storage
from lda.samplers.counts.histograms import Histogram
from lda.samplers.counts.row_layout import slice_rows
from lda.samplers.counts.word_counts import Delta
from lda.samplers.phi.soft_counts import SoftRows
from lda.samplers.priors import Priors

REPLY_SECONDS: Final = 0.002
"""Delay before adding a version to the counts, so that replies go out first."""


class AggregatorActor:
    """Owner of a range of words: takes pushes in the order of its mailbox, publishes versions.

    Files are written beside the exchange, not within.
    """

    def __init__(
        self,
        calls: Calls,
        corpus: Corpus,
        settings: FitSettings,
        span: tuple[int, int],
        workers: int,
        staleness: int | None,
        prior: WordPrior | None = None,
    ) -> None:
        self.calls, self.corpus, self.settings, self.span = calls, corpus, settings, span
        self.prior = prior
        self.problem: str | None = None
        try:
            self._begin()
        except (OSError, ValueError, MemoryError) as error:
            self.problem = one_line(error)
        self.exchange: Exchange[Any] = Exchange(workers, staleness)
        self.published: dict[int, Any] = {}
        self.workers = workers
        self.walked = settings.model_memory is not None
        self.reads = False
        self.taken: dict[tuple[int, int, int], tuple[Any, int]] = {}
        self.seconds = 0.0
        self._news = asyncio.Event()
        self.unadded: list[
            Delta
        ] = []  # of complete steps; already published, unless the vocabulary is walked

    def _begin(self) -> None:
        rows = count_rows(self.corpus, self.settings, self.prior)
        self.counts = Aggregator(slice_rows(rows, *self.span))
        self.counts.begin_with(None if self.prior is None else self.prior.between(*self.span))
        self.words = WordRange(self.counts, *self.span, on_disk=self.settings.memory is not None)

    async def ready(self) -> Ready:
        """Where this aggregator runs, and whether it can work."""
        return introduce(self.calls, self.problem)

    async def alive(self) -> None:
        """Answer, between two other calls."""

    async def read_counts(self, lent: Lent) -> bool:
        """Read the counts from the replica that the workers of this node keep; False where it cannot be reached.

        The workers exchange deltas among themselves, and nothing is pushed here. Callers that read counts must first
        bring the replica to all steps.
        """
        try:
            whole = Aggregator(count_rows(self.corpus, self.settings, self.prior), SharedArrays(lent))
            whole.begin_with(self.prior, there=True)
        except OSError:
            return False
        self.counts, self.reads = whole.part(*self.span), True
        self.words = WordRange(self.counts, *self.span, on_disk=self.settings.memory is not None)
        return True

    async def count_here(self) -> None:
        """Go back from the workers' replica to counts of this process."""
        self.reads = False
        self._begin()

    async def stay(self) -> None:
        """Never returns; its failure tells the caller that this process died."""
        await asyncio.Event().wait()

    async def release_pulls(self) -> None:
        """Release all waiting pulls: they would wait without end for a worker that makes no more passes."""
        self.exchange.staleness = None
        self._news.set()

    async def push(self, worker: int, step: int, message: list[bytes]) -> None:
        """Take what a worker changed in a step; a repetition is dropped."""
        before = time.perf_counter()
        # Unpacked while workers still sample; with a walked vocabulary no worker waits, so it stays packed until added.
        held = message if self.walked else decode_pieces(message, self.settings.n_topics)
        self.seconds += time.perf_counter() - before
        if self.exchange.push(worker, step, held):
            if self.exchange.staleness == 0 and not self.walked:
                self._publish(self.exchange.complete)  # before the first pull: while workers still sample
            self._news.set()
            self._news = asyncio.Event()

    async def pull(self, worker: int, version: int, step: int) -> tuple[int, list[Any]]:
        """(newest version, messages of the versions after `version`), once `step` may begin."""
        while not self.exchange.may_start(step):
            await self._news.wait()
        self._publish(step)
        done = self.exchange.confirm(worker, version)
        for old in [v for v in self.published if v <= done]:
            del self.published[old]
        newest = self.exchange.newest(step)
        return newest, [self.published[v] for v in range(version + 1, newest + 1)]

    async def totals(self, step: int, counted: int) -> Any:  # noqa: ANN401 - Ray's stubs do without
        """The n_k (K,) of these words by the steps before `counted`, once `step` may begin.

        Waits for `step`, not for `counted`: until then some worker may still be reading the older counts.
        """
        while not self.exchange.may_start(step):
            await self._news.wait()
        self._publish(counted)
        self._add()
        return self.counts.totals()

    async def between(self, first: int, last: int) -> list[Any]:
        """[reference to a message of the counts of words first .. last - 1], as a delta from nothing.

        One object a version and range, however many workers read it; gone when all have.
        """
        key = (self.exchange.version, first, last)
        for old in [k for k in self.taken if k[0] != key[0]]:
            del self.taken[old]
        if key not in self.taken:
            begin = self.span[0]
            delta = self.counts.between(first - begin, last - begin)
            self.taken[key] = (self.calls.put(encode([delta._replace(first=first)], first, last)), 0)
        reference, times = self.taken.pop(key)
        if times + 1 < self.workers:
            self.taken[key] = (reference, times + 1)
        return [reference]

    def _publish(self, step: int) -> None:
        before = time.perf_counter()
        while messages := self.exchange.take(step):
            if self.walked:  # no worker pulls versions
                self.unadded += [decode_pieces(message, self.settings.n_topics) for message in messages]
            else:
                total = merged(messages)
                # One object a version in the node's shared memory, however many workers read it.
                self.published[self.exchange.version] = self.calls.put(encode([total], *self.span))
                self.unadded.append(total)
            asyncio.get_running_loop().call_later(REPLY_SECONDS, self._add)
        self.seconds += time.perf_counter() - before

    def _add(self) -> None:
        """Add to the counts what has been published: the workers need not wait for that.

        On error the delta stays queued, so the next reader gets the error again.
        """
        before = time.perf_counter()
        while self.unadded:
            self.counts.add_totals(self.counts.add(self.unadded[0]._replace(first=0)))
            del self.unadded[0]
        self.seconds += time.perf_counter() - before

    async def matrix(self, step: int) -> sp.csr_matrix:
        """The counts (words of the range, K) of all steps before `step`."""
        await self._until(step)
        return self.counts.matrix()

    async def language(self, step: int) -> sp.csr_matrix:
        """What topics are made of, (words of the range, K), by all steps before `step`."""
        await self._until(step)
        return self.counts.language()

    async def cells(self, step: int) -> tuple[Histogram, Any]:
        """(how many n_kw equal n, n_k of these words), all steps before `step` counted."""
        await self._until(step)
        if self.reads:
            self.counts.recount()
        return self.counts.cell_histogram(), self.counts.totals()

    async def frozen_tokens(self, step: int) -> Histogram | None:
        """The documents' tokens in frozen topics, all steps before `step` counted; None without such topics."""
        await self._until(step)
        return self.counts.frozen_tokens()

    async def topic_totals(self, step: int) -> NDArray[np.int64]:
        """n_k (K,) of these words, all steps before `step` counted."""
        await self._until(step)
        if self.reads:
            self.counts.recount()
        return self.counts.totals()

    async def take_soft(self, span: tuple[int, int], rows: SoftRows) -> None:
        """Take soft counts of a worker's tokens of the words of `span`, in the present state."""
        self.words.take(span, rows)

    async def accumulate(self, totals: NDArray[np.int64], priors: Priors) -> None:
        """Add what was taken to the sum over late sweeps; `topic_totals` comes first. totals: n_k (K,) of all words."""
        self.words.accumulate(totals, priors, self.corpus.n_terms)

    async def soft(self, taken: int) -> sp.csr_matrix | None:
        """The mean of the `taken` states in the sum, (words of the range, K) float32."""
        return self.words.soft(taken)

    async def store_sum(self, place: str, folder: str) -> dict[str, str]:
        """Store the sum in a folder of a checkpoint; returns the file's checksum."""
        return await asyncio.to_thread(self.words.store_sum, storage(place), folder)

    async def restore_sum(self, place: str, folder: str, names: list[str]) -> None:
        """Take the sum from a checkpoint, by however many aggregators it was written."""
        await asyncio.to_thread(self.words.restore_sum, storage(place), folder, names)

    async def write_part(
        self, step: int, place: str, part: int, of: int, taken: int, n_top: int
    ) -> WrittenPart:
        """Write the counts of all steps before `step` into a model's folder, as part number `part` of `of`."""
        await self._until(step)
        return await asyncio.to_thread(self.words.write_part, place, part, of, taken, n_top)

    async def part_bytes(self, kind: str, taken: int) -> bytes:
        """The content of a file of that part."""
        return await asyncio.to_thread(self.words.part_bytes, kind, taken)

    async def _until(self, step: int) -> None:
        if self.reads:
            return
        while self.exchange.complete < step:
            await self._news.wait()
        self._publish(step)
        self._add()

    async def busy(self) -> float:
        """Seconds spent on adding and publishing so far."""
        return self.seconds
