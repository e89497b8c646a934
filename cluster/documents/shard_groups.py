"""The documents of a sweeper: one shard in memory, or several on disk that take turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.documents.assigned_shard import Shard
from lda.cluster.documents.phase_plan import Plan
from lda.cluster.resources.arrays import OnDisk
from lda.cluster.resources.threads import Threads, blocks
from lda.samplers.counts.document_rows import fill_rows, row_lengths
from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.counts.row_layout import topic_dtype

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus

BYTES_PER_TOKEN: Final = 40
"""Of a group on disk while it is made, which is when most of it is in memory: 16 for its arrays, the rest for
the corpus it is copied from and for sorting."""

SPAN_TOKENS: Final = 1 << 19
"""Tokens of all shards that are netted together: their changes take at most 12 bytes each."""


class Documents:
    """Documents trained on, as one shard or as several that take turns.

    parts: the logical shards held. memory: bytes that documents may take in memory at a time; None for all.
    With it, groups of logical shards lie on disk. The result does not depend on the groups: a document is
    sampled by itself, and changes of counts are added up. shard: what makes one.

    Raises ValueError when not even one logical shard fits in `memory`, OSError when the disk is full.
    """

    def __init__(
        self,
        corpus: Corpus,
        plan: Plan,
        keep: NDArray[np.bool_],
        parts: list[int],
        memory: int | None = None,
        shard: Callable[..., Shard] = Shard,
    ) -> None:
        self.plan, self.parts = plan, parts
        self.shards: list[Shard] = []
        groups = [parts] if memory is None else _groups(corpus, parts, memory // BYTES_PER_TOKEN)
        for group in groups:
            arrays = None if memory is None else OnDisk()
            self.shards.append(shard((corpus.shard(i) for i in group), plan, keep, arrays))
            self.shards[-1].arrays.release()
        self.n_tokens = sum(shard.n_tokens for shard in self.shards)
        self.topic_dtype = topic_dtype(plan.n_topics)

    def each(self) -> Iterator[Shard]:
        """The shards in turn; one that lies on disk leaves the memory when the next is asked for."""
        for shard in self.shards:
            yield shard
            shard.arrays.release()

    def topics(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """(logical shard, topics of its tokens: documents in global order, tokens sorted by word)."""
        for shard in self.each():
            yield from shard.topics()

    def set_topics(self, index: int, topics: NDArray[Any]) -> None:
        """Take the topics of one logical shard, as `topics` gave them.

        Raises ValueError when they are too few or too many, or not topics.
        """
        for shard in self.shards:
            if index in shard.parts:
                shard.set_topics(index, topics)
                shard.arrays.release()

    def forget(self, phase: int) -> None:
        """Let the phase begin with tokens that have no topic, so that its delta counts all of them."""
        for shard in self.each():
            shard.forget(phase)

    def tokens_through(self, stage: int) -> int:
        """Tokens of the documents that join at `stage` or before."""
        return sum(shard.tokens_through(stage) for shard in self.each())

    def word_spans(self, phase: int, first: int, last: int) -> list[tuple[int, int]]:
        """Ranges of words first .. last - 1 with about SPAN_TOKENS tokens each in this phase, of all shards."""
        before = np.zeros(last - first + 1, dtype=np.int64)
        for shard in self.each():
            before += shard.by_word.start[phase][first : last + 1]
        n = int(before[-1] - before[0]) // SPAN_TOKENS + 1
        return [(first + low, first + high) for low, high in blocks(before, 0, last - first, n)]

    def topic_histogram(self, threads: Threads) -> Histogram:
        """Documents by (topic, n_dk), all documents having topics."""
        return add_histograms([shard.topic_histogram(threads) for shard in self.each()])

    def length_histogram(self) -> Histogram:
        """Documents by length N_d > 0."""
        return add_histograms([shard.length_histogram() for shard in self.each()])

    def document_topics(self) -> sp.csr_matrix:
        """n_dk of all documents of the corpus, CSR (n_documents, K) int32; rows of others are empty."""
        n_docs, n_topics = self.plan.n_documents, self.plan.n_topics
        lengths = np.zeros(n_docs + 1, dtype=np.int64)
        for shard in self.each():
            row_lengths(shard.z, shard.doc_offsets, shard.doc_ids, n_topics, lengths)
        starts = np.cumsum(lengths)
        topic = np.empty(starts[-1], dtype=np.int32)
        count = np.empty(starts[-1], dtype=np.int32)
        for shard in self.each():
            fill_rows(shard.z, shard.doc_offsets, shard.doc_ids, n_topics, starts, topic, count)
        return sp.csr_matrix((count, topic, starts), shape=(n_docs, n_topics))


def _groups(corpus: Corpus, parts: list[int], tokens: int) -> list[list[int]]:
    """Runs of logical shards of at most `tokens` tokens each."""
    groups: list[list[int]] = [[]]
    room = tokens
    for index in parts:
        n = int(corpus.shard_tokens[index])
        if n > tokens:
            raise ValueError(
                f"documents may take {tokens * BYTES_PER_TOKEN >> 20} MiB of the memory allowed, but logical shard "
                f"{index} of the corpus has {n:,} tokens and needs {n * BYTES_PER_TOKEN >> 20}; allow more memory"
            )
        if n > room and groups[-1]:
            groups.append([])
            room = tokens
        groups[-1].append(index)
        room -= n
    return groups
