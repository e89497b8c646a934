"""Documents beside a model, with the topics inferred for them and for their tokens, all in memory.

Criteria are made of them, and what files of other programs tell of documents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lda.evaluation.documents import offsets_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pyarrow as pa
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class InferredDocuments:
    """D documents in the ids of a model's vocabulary, and their topics; all of them are held in memory.

    Attributes:
        ids: D names.
        doc_offsets: (D + 1,) int64; document d has words[doc_offsets[d]:doc_offsets[d + 1]].
        words: (N,) int32, term ids in the order of the text; words that the model does not know are left out.
        topics: (N,) int32, the topic of each token in one state of the chain.
        theta: (D, K) float32, rows summing to 1, as `Model.transform` gives them.
        metadata: table of D rows with the further columns of the input; None where there are none.
    """

    ids: list[str]
    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    topics: npt.NDArray[np.int32]
    theta: npt.NDArray[np.float32]
    metadata: pa.Table | None = field(default=None, repr=False)

    @property
    def n_documents(self) -> int:
        """D."""
        return len(self.ids)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """(D,) int64, known tokens of each document."""
        return np.diff(self.doc_offsets)

    def term_counts(self, n_terms: int) -> csr_matrix:
        """(D, V) int32 CSR, n_dw: tokens of each document by term."""
        return tokens_by_document(self.doc_offsets, self.words, n_terms)

    def topic_counts(self, n_topics: int) -> csr_matrix:
        """(D, K) int32 CSR, n_dk: tokens of each document by topic."""
        return tokens_by_document(self.doc_offsets, self.topics, n_topics)

    def word_topic_counts(self, n_terms: int, n_topics: int) -> csr_matrix:
        """(V, K) int32 CSR, n_kw: tokens of each term by topic."""
        from scipy.sparse import csr_matrix

        ones = np.ones(len(self.words), dtype=np.int32)
        return csr_matrix((ones, (self.words, self.topics)), shape=(n_terms, n_topics))


def tokens_by_document(
    doc_offsets: npt.NDArray[np.int64], columns: npt.NDArray[np.int32], n_columns: int
) -> csr_matrix:
    """(D, n_columns) int32 CSR, tokens of each document in each column: its term, or its topic.

    Args:
        doc_offsets: (D + 1,) from 0.
        columns: (N,) of each token.
        n_columns: V or K.
    """
    from scipy.sparse import csr_matrix

    ones = np.ones(len(columns), dtype=np.int32)
    shape = (len(doc_offsets) - 1, n_columns)
    # SciPy sorts in place, and the columns may be a view of somebody's.
    counts = csr_matrix(
        (ones, columns.astype(np.int64), np.asarray(doc_offsets, dtype=np.int64)), shape=shape
    )
    counts.sum_duplicates()
    return counts


def inferred(frozen: FrozenModel, batches: Iterable[DocumentBatch], *, seed: int) -> InferredDocuments:
    """Infer the topics of documents, as `Model.transform` does, and of their tokens.

    A document gets the same answer alone and among others, on any number of threads.
    """
    import pyarrow as pa

    ids: list[str] = []
    lengths, words, topics, thetas = [], [], [], []
    tables = []
    for batch in batches:
        theta, _, sorted_topics = frozen.theta_and_topics(batch.doc_offsets, batch.words, seed=seed)
        sizes = np.diff(batch.doc_offsets)
        # Inference numbers the tokens of a document by term; here they go back to where they stand in the text.
        order = np.lexsort((batch.words, np.repeat(np.arange(len(sizes)), sizes)))
        placed = np.empty(len(order), dtype=np.int32)
        placed[order] = sorted_topics
        ids += batch.ids
        lengths.append(sizes)
        words.append(batch.words)
        topics.append(placed)
        thetas.append(theta)
        if batch.metadata is not None:
            tables.append(batch.metadata)
    empty = np.zeros(0, dtype=np.int32)
    return InferredDocuments(
        ids=ids,
        doc_offsets=offsets_of(lengths),
        words=np.concatenate([empty, *words]),
        topics=np.concatenate([empty, *topics]),
        theta=np.concatenate([np.zeros((0, frozen.n_topics), dtype=np.float32), *thetas]),
        metadata=pa.concat_tables(tables, promote_options="permissive") if tables else None,
    )
