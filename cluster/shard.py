"""Shards: documents, the topics of their tokens, and the sweeps over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.threads import BLOCKS_PER_THREAD, Threads, blocks
from lda.corpus.shard import CorpusShard
from lda.samplers import collapsed, drawn_theta, sequential, simultaneous
from lda.samplers.counting import Delta, index_by_word, net_delta
from lda.samplers.document_rows import fill_rows, row_lengths
from lda.samplers.histograms import Histogram, add_histograms, document_topics
from lda.samplers.language import LanguageModel
from lda.samplers.layout import topic_dtype
from lda.samplers.limits import check_document_length
from lda.samplers.registry import Sampler
from lda.samplers.start import copy_documents, gather_topics, random_topics, scatter_topics

MAX_TOKENS: Final = (1 << 31) - 1
"""Tokens of one phase of one shard: positions within it are int32."""

DELTA_TOKENS: Final = 1 << 17
"""Tokens netted at a time; bounds the memory of a delta on its way to the aggregator."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What divides documents, the same for every shard of a corpus.

    n_documents: in the whole corpus. phases: a document's phase is its global index modulo this. levels: number
    of stages of a growing start, 1 without. first_stage: documents in its first stage. seed: of the fit.
    """

    n_documents: int
    n_terms: int
    n_topics: int
    phases: int
    levels: int
    first_stage: int
    seed: int

    def level(self, share: NDArray[np.float64]) -> NDArray[np.int64]:
        """Stage at which documents join, from their uniform random number (D,) in [0, 1)."""
        if self.levels == 1:
            return np.zeros(len(share), dtype=np.int64)
        position = np.maximum(share * self.n_documents / self.first_stage, 1e-300)
        return np.clip(np.ceil(np.log2(position)), 0, self.levels - 1).astype(np.int64)


class Shard:
    """A set of documents with its assignments z, swept phase by phase.

    Documents lie in the order (phase, level, global index): those of a phase, and within it those of the first
    stages of a growing start, are contiguous. Tokens of a document are sorted by word. Memory: 4 bytes a token
    for words, 2 (K < 65536) or 4 for topics, 4 for the word index, 2 or 4 divided by the phases for the
    topics before the current phase.
    """

    def __init__(
        self, parts: Iterable[CorpusShard], plan: Plan, keep: NDArray[np.bool_], shares: NDArray[np.float64]
    ) -> None:
        """Copy the documents of `parts` for which keep (n_documents,) is true; shares as in `Plan.level`."""
        self.plan = plan
        parts = list(parts)
        # first document and number of documents of each logical shard
        self.parts = {p.index: (p.first_document, len(p.doc_offsets) - 1) for p in parts}
        ids = np.concatenate(
            [np.arange(p.first_document, p.first_document + len(p.doc_offsets) - 1) for p in parts]
        )
        lengths = np.concatenate([np.diff(p.doc_offsets) for p in parts])
        check_document_length(int(lengths.max(initial=0)))
        phase, level = ids % plan.phases, plan.level(shares[ids])
        order = np.lexsort((ids, level, phase))
        order = order[keep[ids[order]]]
        self.doc_ids: NDArray[np.int64] = ids[order]
        self.doc_keys = self.doc_ids.astype(np.uint64)
        self.doc_offsets = np.zeros(len(order) + 1, dtype=np.int64)
        np.cumsum(lengths[order], out=self.doc_offsets[1:])
        self.n_tokens = int(self.doc_offsets[-1])
        # doc_edges[p, l]: first document of phase p that joins at level l or later.
        rank = phase[order] * plan.levels + level[order]
        edges = np.searchsorted(rank, np.arange(plan.phases * plan.levels + 1))
        self.doc_edges = np.empty((plan.phases, plan.levels + 1), dtype=np.int64)
        self.doc_edges[:, :-1] = edges[:-1].reshape(plan.phases, plan.levels)
        self.doc_edges[:, -1] = edges[plan.levels :: plan.levels]
        self.words = self._copy_words(parts, order, lengths)
        self.z: NDArray[Any] = np.full(self.n_tokens, plan.n_topics, dtype=topic_dtype(plan.n_topics))
        self._order: list[NDArray[np.int32]] = []
        self._word_start: list[NDArray[np.int64]] = []
        self._index_words()
        # One buffer for the topics before a phase: a fresh copy each time would stand beside the last one.
        self._before = np.empty(max(len(o) for o in self._order), dtype=self.z.dtype)

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
        """Let the phase begin with tokens that have no topic, so that its delta counts all of them."""
        begin, end = self._tokens(phase)
        self._before[: end - begin] = self.plan.n_topics

    def _copy_words(
        self, parts: list[CorpusShard], order: NDArray[np.int64], lengths: NDArray[np.int64]
    ) -> NDArray[np.int32]:
        words = np.empty(self.n_tokens, dtype=np.int32)
        target = np.full(len(lengths), -1, dtype=np.int64)
        target[order] = self.doc_offsets[:-1]
        first = 0
        for part in parts:
            n = len(part.doc_offsets) - 1
            copy_documents(part.words, part.doc_offsets, target[first : first + n], words)
            first += n
        return words

    def _index_words(self) -> None:
        for p in range(self.plan.phases):
            begin, end = self._tokens(p)
            if end - begin > MAX_TOKENS:
                raise ValueError(
                    f"a phase of a shard may hold {MAX_TOKENS} tokens, got {end - begin}; use more phases"
                )
            start = np.zeros(self.plan.n_terms + 1, dtype=np.int64)
            order = np.empty(end - begin, dtype=np.int32)
            index_by_word(self.words, begin, end, start, order)
            self._order.append(order)
            self._word_start.append(start)

    def _tokens(self, phase: int) -> tuple[int, int]:
        return int(self.doc_offsets[self.doc_edges[phase, 0]]), int(
            self.doc_offsets[self.doc_edges[phase, -1]]
        )

    def tokens_through(self, level: int) -> int:
        """Tokens of the documents that join at `level` or before."""
        return sum(int(self.doc_offsets[e[level + 1]] - self.doc_offsets[e[0]]) for e in self.doc_edges)

    def scatter(self, phase: int, sweep: int, threads: Threads) -> None:
        """Give every token of the phase a uniformly random topic."""
        self._remember(phase)
        seed = np.uint64(self.plan.seed)

        def block(span: tuple[int, int]) -> None:
            random_topics(
                self.doc_offsets, self.doc_keys, *span, self.z, self.plan.n_topics, seed, np.uint64(sweep)
            )

        threads.run(
            block, self._document_blocks(self.doc_edges[phase, 0], self.doc_edges[phase, -1], threads)
        )

    def sample(
        self,
        phase: int,
        sweep: int,
        sampler: Sampler,
        model: LanguageModel,
        threads: Threads,
        *,
        level: int,
        fresh: bool,
    ) -> None:
        """Resample the phase's documents that have joined by `level`, or draw first topics for those that join now."""
        self._remember(phase)
        edges = self.doc_edges[phase]
        first = edges[level] if fresh else edges[0]
        seed, tick = np.uint64(self.plan.seed), np.uint64(sweep)
        documents = (self.words, self.doc_offsets, self.doc_keys)

        def block(span: tuple[int, int]) -> None:
            if fresh or sampler.rule == "sequential":
                sequential.sweep_documents(
                    *documents, *span, self.z, model, seed, tick, sampler.leave_out, fresh
                )
            elif sampler.rule == "simultaneous":
                simultaneous.sweep_documents(*documents, *span, self.z, model, seed, tick, sampler.leave_out)
            else:
                drawn_theta.sweep_documents(*documents, *span, self.z, model, seed, tick)

        threads.run(block, self._document_blocks(first, edges[level + 1], threads))

    def sample_collapsed(
        self,
        sweep: int,
        n_wk: NDArray[np.int32],
        totals: NDArray[np.int64],
        alpha: NDArray[np.float32],
        beta: float,
    ) -> None:
        """One collapsed sweep over all documents; n_wk and totals are changed as it goes (see `collapsed`)."""
        self._remember(0)
        collapsed.sweep_documents(
            self.words, self.doc_offsets, self.doc_keys, 0, len(self.doc_ids), self.z,
            n_wk, totals, alpha, beta, np.uint64(self.plan.seed), np.uint64(sweep),
        )  # fmt: skip

    def _remember(self, phase: int) -> None:
        begin, end = self._tokens(phase)
        self._before[: end - begin] = self.z[begin:end]

    def _document_blocks(self, first: int, last: int, threads: Threads) -> list[tuple[int, int]]:
        return blocks(self.doc_offsets, int(first), int(last), threads.n * BLOCKS_PER_THREAD)

    def word_blocks(self, phase: int, threads: Threads) -> list[tuple[int, int]]:
        """Ranges of words to net separately, of about equal numbers of tokens in this phase."""
        start = self._word_start[phase]
        n = max(threads.n * BLOCKS_PER_THREAD, int(start[-1]) // DELTA_TOKENS)
        return blocks(start, 0, self.plan.n_terms, n)

    def delta(self, phase: int, span: tuple[int, int]) -> Delta:
        """Net changes of the counts of a range of words since the phase began."""
        begin, end = self._tokens(phase)
        return net_delta(
            self._before[: end - begin],
            self.z[begin:end],
            self._order[phase],
            self._word_start[phase],
            *span,
            self.plan.n_topics,
        )

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

    def document_topics(self) -> sp.csr_matrix:
        """n_dk of all documents of the corpus, CSR (n_documents, K) int32; rows not of this shard are empty."""
        n_docs, n_topics = self.plan.n_documents, self.plan.n_topics
        lengths = np.zeros(n_docs + 1, dtype=np.int64)
        row_lengths(self.z, self.doc_offsets, self.doc_ids, n_topics, lengths)
        starts = np.cumsum(lengths)
        topic = np.empty(starts[-1], dtype=np.int32)
        count = np.empty(starts[-1], dtype=np.int32)
        fill_rows(self.z, self.doc_offsets, self.doc_ids, n_topics, starts, topic, count)
        return sp.csr_matrix((count, topic, starts), shape=(n_docs, n_topics))
