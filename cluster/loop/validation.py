"""`ValidationDocuments`: documents kept out of training, chosen by seed, and their score during a fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.documents.token_order import TokenOrder
from lda.cluster.sweeping.frozen_model import FrozenModel
from lda.samplers.priors import Priors
from lda.samplers.start import document_shares

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


class ValidationDocuments:
    """Documents kept out of training, to be scored during a fit.

    ids: (n,) int64, their global indices. doc_offsets: (n + 1,) int64 and words: (N,) int32, their tokens.
    """

    def __init__(
        self, ids: NDArray[np.int64], doc_offsets: NDArray[np.int64], words: NDArray[np.int32]
    ) -> None:
        self.ids, self.doc_offsets, self.words = ids, doc_offsets, words

    def score(self, counts: sp.csr_matrix, priors: Priors, seed: int, threads: int) -> float | None:
        """Log-likelihood per scored token, nats, by document completion; None where no token can be scored."""
        model = FrozenModel(counts, priors.alpha, priors.beta, threads=threads)
        scores, tokens = model.completion(self.doc_offsets, self.words, seed=seed)
        return float(scores.sum() / tokens.sum()) if tokens.sum() else None

    def token_topics(
        self, counts: sp.csr_matrix, priors: Priors, order: TokenOrder, topics: NDArray[np.int32], seed: int
    ) -> None:
        """Write the inferred topics of these documents' tokens into `topics` (N,), in the corpus' order.

        They are those that `document_topics` counts.
        """
        _, z = FrozenModel(counts, priors.alpha, priors.beta).topics_of_tokens(
            self.doc_offsets, self.words, seed=seed
        )
        first = 0
        for index in range(order.n_shards):
            places = order.places(index)
            topics[places] = z[first : first + len(places)]
            first += len(places)

    def document_topics(
        self, counts: sp.csr_matrix, priors: Priors, shape: tuple[int, int], seed: int
    ) -> sp.csr_matrix:
        """Inferred n_dk of these documents, in the rows of a CSR matrix of all documents, `shape` (D, K)."""
        inferred = FrozenModel(counts, priors.alpha, priors.beta).assign(
            self.doc_offsets, self.words, seed=seed
        )
        rows = inferred.tocoo()
        return sp.coo_matrix((rows.data, (self.ids[rows.row], rows.col)), shape=shape).tocsr()


def training_mask(n_documents: int, fraction: float, seed: int) -> NDArray[np.bool_]:
    """Documents to train on, (D,) bool; the others are kept out for validation."""
    if fraction == 0:
        return np.ones(n_documents, dtype=np.bool_)
    shares = np.zeros(n_documents, dtype=np.float64)
    document_shares(np.uint64(seed), np.uint64(1), 0, shares)
    return shares >= fraction


def choose_heldout(
    corpus: Corpus, fraction: float, seed: int
) -> tuple[ValidationDocuments | None, NDArray[np.bool_]]:
    """(validation documents or None, keep (D,) bool: documents to train on).

    Chosen by seed and document index. Raises ValueError when nothing would be left on either side.
    """
    keep = training_mask(corpus.n_documents, fraction, seed)
    if fraction == 0:
        return None, keep
    if keep.all() or not keep.any():
        raise ValueError(
            f"validation_fraction {fraction} of {corpus.n_documents} documents leaves none on one side; "
            "choose another fraction or give more documents"
        )
    ids: list[NDArray[np.int64]] = []
    lengths: list[NDArray[np.int64]] = []
    words: list[NDArray[np.int32]] = []
    for i in range(corpus.n_shards):
        shard = corpus.shard(i)
        out = np.flatnonzero(~keep[shard.first_document : shard.first_document + len(shard.doc_offsets) - 1])
        ids.append(out + shard.first_document)
        lengths.append(np.diff(shard.doc_offsets)[out])
        words.extend(shard.words[shard.doc_offsets[d] : shard.doc_offsets[d + 1]] for d in out)
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(lengths))]).astype(np.int64)
    return ValidationDocuments(np.concatenate(ids), offsets, np.concatenate(words)), keep
