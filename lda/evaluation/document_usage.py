"""How documents use the topics of a model, added up document by document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch

    Counts = npt.NDArray[np.int64]

SHARES: Final = (0.02, 0.3, 0.5)


class DocumentUse:
    """Sums over documents; one entry a topic.

    Attributes:
        n_k: tokens. n_log_n: sum of n_dk log n_dk.
        n_holding: documents with a token of the topic. n_first: those in which it is the most frequent topic,
            of several the first.
        n_at_least: for each share s, documents that hold it with (n_dk + alpha_k) / (N_d + abar) >= s.
        together: for each topic (n, n), documents in which tokens of top words i and j have the topic; None
            where the topics of tokens are not known, only their counts.
    """

    def __init__(
        self, alpha: npt.NDArray[np.float64], top_words: list[npt.NDArray[np.int32]] | None = None
    ) -> None:
        """alpha: (K,), the prior. top_words: (n,) term ids of each topic; None where no tokens will be added."""
        n_topics = len(alpha)
        self._alpha = alpha
        self.n_k: Counts = np.zeros(n_topics, dtype=np.int64)
        self.n_log_n: npt.NDArray[np.float64] = np.zeros(n_topics)
        self.n_holding: Counts = np.zeros(n_topics, dtype=np.int64)
        self.n_first: Counts = np.zeros(n_topics, dtype=np.int64)
        self.n_at_least: dict[float, Counts] = {s: np.zeros(n_topics, dtype=np.int64) for s in SHARES}
        self._top_words = top_words or []
        self.together: list[Counts] | None = None
        if top_words is not None:
            self.together = [np.zeros((len(ids), len(ids)), dtype=np.int64) for ids in top_words]

    def add(self, n_dk: csr_matrix) -> None:
        """Add documents by their topic counts (D, K)."""
        counts = n_dk.tocsr()
        counts.sum_duplicates()
        counts.eliminate_zeros()
        lengths = np.diff(counts.indptr)
        document = np.repeat(np.arange(len(lengths)), lengths)
        topic, n = counts.indices, counts.data.astype(np.float64)
        n_topics = len(self._alpha)
        n_d = np.bincount(document, n, len(lengths))
        self.n_k += np.bincount(topic, n, n_topics).astype(np.int64)
        # One after the other, where bincount adds up a batch by itself: so the sum does not depend on batches.
        np.add.at(self.n_log_n, topic, n * np.log(n))
        self.n_holding += np.bincount(topic, minlength=n_topics)
        # Documents in order, within each the largest count first, of equal ones the first topic.
        order = np.lexsort((topic, -n, document))
        firsts = topic[order][counts.indptr[:-1][lengths > 0]]
        self.n_first += np.bincount(firsts, minlength=n_topics)
        share = (n + self._alpha[topic]) / (n_d[document] + self._alpha.sum())
        for least in self.n_at_least:
            self.n_at_least[least] += np.bincount(topic[share >= least], minlength=n_topics)

    def add_tokens(
        self,
        doc_offsets: Counts,
        words: npt.NDArray[np.int32],
        z: npt.NDArray[Any],
    ) -> None:
        """Add documents by the topics of their tokens, in any order within a document.

        Args:
            doc_offsets: (D + 1,) int64, from 0.
            words: (N,) term ids.
            z: (N,) topics.
        """
        from scipy.sparse import csr_matrix

        topics = z.astype(np.int64)
        ones = np.ones(len(topics), dtype=np.int64)
        n = len(doc_offsets) - 1
        self.add(csr_matrix((ones, topics, doc_offsets), shape=(n, len(self._alpha))))
        if self.together is not None:
            document = np.repeat(np.arange(n), np.diff(doc_offsets))
            _add_pairs(self.together, self._top_words, document, words.astype(np.int64), topics)


def use_of_documents(
    frozen: FrozenModel,
    batches: Iterable[DocumentBatch],
    alpha: npt.NDArray[np.float64],
    top_words: list[npt.NDArray[np.int32]],
    seed: int,
) -> DocumentUse:
    """How new documents use the topics, one state inferred for each. top_words: (n,) term ids of each topic."""
    use = DocumentUse(alpha, top_words)
    for batch in batches:
        words, z = frozen.topics_of_tokens(batch.doc_offsets, batch.words, seed=seed)
        use.add_tokens(batch.doc_offsets, words, z)
    return use


def _add_pairs(
    together: list[Counts],
    top_words: list[npt.NDArray[np.int32]],
    document: Counts,
    words: Counts,
    topics: Counts,
) -> None:
    """Count the documents in which top words of a topic stand with that topic, alone and in pairs."""
    n_topics = len(top_words)
    sizes = [len(ids) for ids in top_words]
    codes = np.concatenate([ids.astype(np.int64) * n_topics + k for k, ids in enumerate(top_words)])
    places = np.concatenate([np.arange(n) for n in sizes])
    by_code = np.argsort(codes)
    wanted = words * n_topics + topics
    at = np.minimum(np.searchsorted(codes[by_code], wanted), max(len(codes) - 1, 0))
    hit = codes[by_code][at] == wanted if len(codes) else np.zeros(len(wanted), dtype=np.bool_)
    place, topic, document = places[by_code][at[hit]], topics[hit], document[hit]
    order = np.argsort(topic, kind="stable")
    ends = np.searchsorted(topic[order], np.arange(n_topics + 1))
    for k in np.flatnonzero(np.diff(ends)):
        part = order[ends[k] : ends[k + 1]]
        rows, row = np.unique(document[part], return_inverse=True)
        held = np.zeros((len(rows), sizes[k]), dtype=np.int64)
        held[row, place[part]] = 1
        together[k] += held.T @ held
