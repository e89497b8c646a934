"""Documents with their topics, sampled by their own worker or by another on the same node."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from lda.cluster.resources.shared_memory import Lent, SharedArrays
from lda.cluster.resources.threads import blocks
from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.registry import Sampler
from lda.samplers.rules.collapsed import CurrentCounts
from lda.samplers.rules.sequential import draw_first_topics
from lda.samplers.tokens import Tokens

Span = tuple[int, int]


class LentDocuments(NamedTuple):
    """Where other workers of the node find a worker's documents, and how large their arrays are."""

    lent: Lent
    n_tokens: int
    doc_edges: NDArray[np.int64]


class Assigned(NamedTuple):
    """The documents of one shard.

    words: (N,) int32. z: (N,), their topics. doc_offsets: (D + 1,) int64. doc_ids: (D,) int64, by which random
    numbers are keyed. doc_edges: (phases, n_stages + 1) int64, first document of each phase that joins at each stage
    or later.
    """

    words: NDArray[np.int32]
    z: NDArray[Any]
    doc_offsets: NDArray[np.int64]
    doc_ids: NDArray[np.int64]
    doc_edges: NDArray[np.int64]

    @property
    def tokens(self) -> Tokens:
        """The documents in the form that kernels take."""
        return Tokens(self.words, self.doc_offsets, self.doc_ids.view(np.uint64), self.z)

    def blocks(self, phase: int, stage: int, n: int, *, fresh: bool) -> list[Span]:
        """The phase's documents that have joined by `stage`, or join then, in at most n runs of about equal length."""
        edges = self.doc_edges[phase]
        first = edges[stage] if fresh else edges[0]
        return blocks(self.doc_offsets, int(first), int(edges[stage + 1]), n)

    def sample(
        self,
        span: Span,
        pass_number: int,
        seed: int,
        sampler: Sampler,
        model: LanguageModel | CurrentCounts,
        *,
        fresh: bool,
    ) -> None:
        """Resample the documents of `span`, or draw first topics for them, one by one whatever the sampler.

        model: of the kind that the sampler's `language` says.
        """
        keys = np.uint64(seed), np.uint64(pass_number)
        if fresh:
            draw_first_topics(self.tokens, *span, cast("LanguageModel", model), *keys)
        else:
            sampler.load_rule()(self.tokens, *span, model, *keys, sampler.leave_out)

    def moved(self, arrays: SharedArrays) -> Assigned:
        """A copy in shared memory. Raises OSError when there is no room for it."""
        copy = _empty(arrays, len(self.z), self.z.dtype, self.doc_edges)
        copy.words[:], copy.z[:] = self.words, self.z
        copy.doc_offsets[:], copy.doc_ids[:] = self.doc_offsets, self.doc_ids
        return copy


def borrow(documents: LentDocuments, n_topics: int) -> Assigned:
    """The documents of another worker of this node. Raises OSError where they cannot be reached."""
    arrays = SharedArrays(documents.lent)
    return _empty(arrays, documents.n_tokens, topic_dtype(n_topics), documents.doc_edges)


def _empty(
    arrays: SharedArrays, n_tokens: int, topics: np.dtype[Any], doc_edges: NDArray[np.int64]
) -> Assigned:
    n = int(doc_edges[-1, -1])
    return Assigned(
        words=arrays.zeros(n_tokens, np.int32),
        z=arrays.zeros(n_tokens, topics),
        doc_offsets=arrays.zeros(n + 1, np.int64),
        doc_ids=arrays.zeros(n, np.int64),
        doc_edges=doc_edges,
    )
