"""`Shard`: the documents of a worker, the topics of their tokens, and the phases that resample them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.documents.assignments import Assigned, Span
from lda.cluster.documents.phase_plan import Plan
from lda.cluster.documents.word_index import WordIndex
from lda.cluster.resources.arrays import Arrays, InMemory
from lda.cluster.resources.shared_memory import SharedArrays
from lda.cluster.resources.threads import Threads, blocks, document_block_count
from lda.corpus.shard import CorpusShard
from lda.samplers.counts.histograms import Histogram, add_histograms, document_topics
from lda.samplers.counts.row_layout import TopicCounts, topic_dtype
from lda.samplers.counts.word_counts import Delta, Moves, net_delta
from lda.samplers.limits import check_document_length
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.phi.soft_counts import (
    DocumentTopics,
    SoftRows,
    Terms,
    joined_rows,
    list_topics,
    soft_rows,
)
from lda.samplers.registry import Sampler
from lda.samplers.rules.by_word_range import Paused, begin_documents, draw_first_topics
from lda.samplers.rules.collapsed import CurrentCounts
from lda.samplers.start import copy_documents, document_shares, gather_topics, random_topics, scatter_topics


class Shard:
    """A set of documents with its assignments z, swept phase by phase.

    Documents lie in the order (phase, stage, global index): those of a phase, and within it those of the first
    stages of a growing start, are contiguous. Tokens of a document are sorted by word. Memory: 4 bytes a token
    for words, 2 (K < 65536) or 4 for topics, 4 for the word index, 2 or 4 divided by the phases for the
    topics before the current phase, and before the last one where its changes are still to be told.
    """

    def __init__(
        self,
        parts: Iterable[CorpusShard],
        plan: Plan,
        keep: NDArray[np.bool_],
        arrays: Arrays | None = None,
    ) -> None:
        """Copy the documents of `parts` for which keep (n_documents,) is true, into arrays from `arrays`."""
        self.plan, self.arrays = plan, arrays or InMemory()
        parts = list(parts)
        # first document and number of documents of each logical shard
        self.parts = {p.index: (p.first_document, len(p.doc_offsets) - 1) for p in parts}
        ids = np.concatenate(
            [np.arange(p.first_document, p.first_document + len(p.doc_offsets) - 1) for p in parts]
        )
        lengths = np.concatenate([np.diff(p.doc_offsets) for p in parts])
        check_document_length(int(lengths.max(initial=0)))
        phase, stage = plan.phase(ids), plan.stage(_shares(self.parts.values(), plan.seed))
        order = np.lexsort((ids, stage, phase))
        order = order[keep[ids[order]]]
        self.doc_ids: NDArray[np.int64] = self.arrays.zeros(len(order), np.int64)
        self.doc_ids[:] = ids[order]
        self.doc_offsets: NDArray[np.int64] = self.arrays.zeros(len(order) + 1, np.int64)
        np.cumsum(lengths[order], out=self.doc_offsets[1:])
        self.n_tokens = int(self.doc_offsets[-1])
        # doc_edges[p, l]: first document of phase p that joins at stage l or later.
        rank = phase[order] * plan.n_stages + stage[order]
        edges = np.searchsorted(rank, np.arange(plan.phases * plan.n_stages + 1))
        self.doc_edges = np.empty((plan.phases, plan.n_stages + 1), dtype=np.int64)
        self.doc_edges[:, :-1] = edges[:-1].reshape(plan.phases, plan.n_stages)
        self.doc_edges[:, -1] = edges[plan.n_stages :: plan.n_stages]
        self.words = self._copy_words(parts, order, lengths)
        self.z: NDArray[Any] = self.arrays.zeros(self.n_tokens, topic_dtype(plan.n_topics))
        self.z[:] = plan.n_topics
        self.by_word = WordIndex(
            self.words, [self.token_range(p) for p in range(plan.phases)], plan.n_terms, self.arrays
        )
        # Reused buffers holding the topics from before a phase; allocating one per phase would double the peak.
        longest = max(len(order) for order in self.by_word.order)
        self._buffers = [self.arrays.zeros(longest, self.z.dtype) for _ in range(1 + plan.lag)]
        self._paused: Paused | None = None
        self._listed: DocumentTopics | None = None

    @property
    def doc_keys(self) -> NDArray[np.uint64]:
        """Documents' keys of random numbers (D,)."""
        return self.doc_ids.view(np.uint64)

    @property
    def assigned(self) -> Assigned:
        """The documents and their topics, as the samplers see them."""
        return Assigned(self.words, self.z, self.doc_offsets, self.doc_ids, self.doc_edges)

    def move(self, arrays: SharedArrays) -> None:
        """Move the arrays to shared memory. Raises OSError when there is no room."""
        moved = self.assigned.moved(arrays)
        self.words, self.z, self.doc_offsets, self.doc_ids = moved[:-1]

    def _documents_of(self, part: tuple[int, int]) -> NDArray[np.int64]:
        """Positions here of the documents that come from one logical shard, in their global order."""
        first, n = part
        found = np.flatnonzero((self.doc_ids >= first) & (self.doc_ids < first + n))
        return found[np.argsort(self.doc_ids[found])]

    def topics(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """(logical shard, topics of its tokens: documents in global order, tokens sorted by word)."""
        for index, part in self.parts.items():
            documents = self._documents_of(part)
            lengths = self.doc_offsets[documents + 1] - self.doc_offsets[documents]
            out = np.empty(int(lengths.sum()), dtype=self.z.dtype)
            gather_topics(self.z, self.doc_offsets, documents, out)
            yield index, out

    def set_topics(self, index: int, topics: NDArray[Any]) -> None:
        """Take the topics of one logical shard, as `topics` gave them.

        Raises ValueError when they are too few or too many, or not topics.
        """
        documents = self._documents_of(self.parts[index])
        lengths = self.doc_offsets[documents + 1] - self.doc_offsets[documents]
        if len(topics) != int(lengths.sum()) or (len(topics) and int(topics.max()) >= self.plan.n_topics):
            raise ValueError(f"the topics of shard {index} do not fit its documents")
        scatter_topics(topics, self.doc_offsets, documents, self.z)

    def forget(self, phase: int) -> None:
        """Mark the phase's tokens as previously unassigned, so that its delta counts all of them."""
        self._before(phase)[:] = self.plan.n_topics

    def _before(self, phase: int) -> NDArray[Any]:
        """Copy of the phase's topics from before it ran; reused by the next phase (with lag 1, by the one after)."""
        begin, end = self.token_range(phase)
        return self._buffers[phase % len(self._buffers)][: end - begin]

    def _copy_words(
        self, parts: list[CorpusShard], order: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        words: NDArray[np.int32] = self.arrays.zeros(self.n_tokens, np.int32)
        target = np.full(len(lengths), -1, dtype=np.int64)
        target[order] = self.doc_offsets[:-1]
        first = 0
        for part in parts:
            n = len(part.doc_offsets) - 1
            copy_documents(part.words, part.doc_offsets, target[first : first + n], words)
            first += n
        return words

    def token_range(self, phase: int) -> tuple[int, int]:
        """(first token, token after the last) of a phase."""
        return int(self.doc_offsets[self.doc_edges[phase, 0]]), int(
            self.doc_offsets[self.doc_edges[phase, -1]]
        )

    def tokens_through(self, stage: int) -> int:
        """Tokens of the documents that join at `stage` or before."""
        return sum(int(self.doc_offsets[e[stage + 1]] - self.doc_offsets[e[0]]) for e in self.doc_edges)

    def scatter(self, phase: int, pass_number: int, threads: Threads) -> None:
        """Give every token of the phase a uniformly random topic."""
        self.remember(phase)
        seed = np.uint64(self.plan.seed)

        def block(span: tuple[int, int]) -> None:
            random_topics(self.assigned.tokens, *span, self.plan.n_topics, seed, np.uint64(pass_number))

        threads.run(block, self._document_blocks(phase, self.plan.n_stages - 1, threads, fresh=False))

    def settle(self, phase: int) -> None:
        """Called when the phase's topics have been changed here; a shard that keeps them elsewhere, too, takes them."""

    def sample(
        self,
        phase: int,
        pass_number: int,
        sampler: Sampler,
        model: LanguageModel | CurrentCounts,
        threads: Threads,
        *,
        stage: int,
        fresh: bool,
    ) -> None:
        """Resample the phase's documents that have joined by `stage`, or draw first topics for those that join now.

        model: of the kind that the sampler's `language` says.
        """
        self.remember(phase)
        documents, seed = self.assigned, self.plan.seed

        def block(span: Span) -> None:
            documents.sample(span, pass_number, seed, sampler, model, fresh=fresh)

        if sampler.parallel:
            threads.run(block, self._document_blocks(phase, stage, threads, fresh=fresh))
        else:
            for span in documents.blocks(phase, stage, 1, fresh=fresh):
                block(span)

    def begin_ranges(self, phase: int) -> None:
        """Make ready to resample the phase range by range of words, by `sample_range`."""
        self.remember(phase)
        edges, begin = self.doc_edges[phase], self.token_range(phase)[0]
        first, last = int(edges[0]), int(edges[-1])
        if self._paused is None:
            documents, tokens = int(np.diff(self.doc_edges[:, [0, -1]]).max()), len(self._buffers[0])
            self._paused = Paused(
                0, 0,
                self.arrays.zeros(documents, np.int64),
                self.arrays.zeros(documents, np.int32),
                self.arrays.zeros(documents, np.float64),
                self.arrays.zeros(tokens, self.z.dtype),
                self._before(phase),
            )  # fmt: skip
        self._paused = self._paused._replace(first=first, first_token=begin, before=self._before(phase))
        begin_documents(self.doc_offsets, first, last, self._paused)

    def sample_range(
        self,
        phase: int,
        pass_number: int,
        span: tuple[int, int],
        sampler: Sampler,
        model: LanguageModel,
        threads: Threads,
        *,
        stage: int,
        fresh: bool,
    ) -> None:
        """The part of `sample` that falls to the words of `span`; ranges must come in ascending order.

        model: of these words alone. All ranges together give the bits of `sample`.
        """
        paused = self._paused
        if paused is None:
            raise RuntimeError("begin_ranges comes first")
        tokens, keys = self.assigned.tokens, (np.uint64(self.plan.seed), np.uint64(pass_number))
        # First topics are drawn in one way for all samplers, also for those that have no rule range by range.
        resample = None if fresh else sampler.load_range_rule()

        def block(documents: Span) -> None:
            if resample is None:
                draw_first_topics(tokens, *documents, span, model, paused, *keys)
            else:
                resample(tokens, *documents, span, model, paused, *keys, sampler.leave_out)

        threads.run(block, self._document_blocks(phase, stage, threads, fresh=fresh))

    def remember(self, phase: int) -> None:
        """Keep the topics of the phase's tokens, which are about to change."""
        begin, end = self.token_range(phase)
        self._before(phase)[:] = self.z[begin:end]

    def _document_blocks(self, phase: int, stage: int, threads: Threads, *, fresh: bool) -> list[Span]:
        begin, end = self.token_range(phase)
        documents = int(self.doc_edges[phase, -1] - self.doc_edges[phase, 0])
        n = document_block_count(documents, end - begin, threads.n)
        return self.assigned.blocks(phase, stage, n, fresh=fresh)

    def delta(self, phase: int, span: tuple[int, int]) -> Delta:
        """Net changes of the counts of a range of words that the phase made."""
        return net_delta(self._moves(phase), *span, self.plan.n_topics)

    def count(
        self, phase: int, span: tuple[int, int], aggregator: Aggregator, *, by_document: bool
    ) -> NDArray[np.int64]:
        """Add `delta` to the aggregator's counts, as `Aggregator.count`; returns its part of n_k, (K,) int64."""
        return aggregator.count(self._moves(phase), span, by_document=by_document)

    def _moves(self, phase: int) -> Moves:
        """What the phase did to the topics of its tokens."""
        begin, end = self.token_range(phase)
        return Moves(
            self._before(phase), self.z[begin:end], self.by_word.order[phase], self.by_word.start[phase],
            self.words[begin:end],
        )  # fmt: skip

    def list_topics(self, phase: int, threads: Threads) -> None:
        """Make ready to count the phase softly, by `soft_rows`. Memory: 10 or 12 bytes a token of the phase."""
        (begin, end), edges, z = self.token_range(phase), self.doc_edges[phase], self.z
        first, last = int(edges[0]), int(edges[-1])
        if self._listed is None:
            tokens, documents = len(self._buffers[0]), int(np.diff(self.doc_edges[:, [0, -1]]).max())
            self._listed = DocumentTopics(
                start=self.arrays.zeros(documents + 1, np.int64),
                length=self.arrays.zeros(documents, np.int32),
                topic=self.arrays.zeros(tokens, z.dtype),
                count=self.arrays.zeros(tokens, np.float32),
                document=self.arrays.zeros(tokens, np.int32),
                slot=self.arrays.zeros(tokens, z.dtype),
            )
        listed, n_topics = self._listed, self.plan.n_topics
        listed.start[: last - first + 1] = self.doc_offsets[first : last + 1] - begin
        threads.run(
            lambda span: list_topics(z, begin, first, *span, n_topics, listed),
            blocks(self.doc_offsets, first, last, document_block_count(last - first, end - begin, threads.n)),
        )

    def soft_rows(
        self, phase: int, span: Span, counts: TopicCounts, base: int, terms: Terms, threads: Threads
    ) -> SoftRows:
        """Soft counts of the words of `span` in the phase, `rest` not divided yet; `list_topics` comes first.

        counts: the present ones, of the words from `base` on.
        """
        if self._listed is None:
            raise RuntimeError("list_topics comes first")
        listed, index = self._listed, self.by_word

        def block(words: Span) -> SoftRows:
            return soft_rows(listed, index.order[phase], index.start[phase], *words, counts, base, terms)

        return joined_rows(list(threads.map(block, index.blocks(phase, threads, *span))))

    def topic_histogram(self, threads: Threads) -> Histogram:
        """Documents by (topic, n_dk), all documents having topics."""
        spans = blocks(self.doc_offsets, 0, len(self.doc_ids), threads.n)
        n = self.plan.n_topics
        return add_histograms(
            list(threads.map(lambda s: document_topics(self.z, self.doc_offsets, s[0], s[1], n), spans))
        )

    def length_histogram(self) -> Histogram:
        """Documents by length N_d > 0."""
        lengths = np.diff(self.doc_offsets)
        key, times = np.unique(lengths[lengths > 0], return_counts=True)
        return Histogram(key, times.astype(np.int64))


def _shares(parts: Iterable[tuple[int, int]], seed: int) -> NDArray[np.float64]:
    """A uniform random number for each document of (first document, number of documents) runs."""
    shares = [np.empty(n, dtype=np.float64) for _, n in parts]
    for (first, _), part in zip(parts, shares, strict=True):
        document_shares(np.uint64(seed), np.uint64(0), first, part)
    return np.concatenate(shares)
