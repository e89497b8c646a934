"""Documents that the model was not fitted to: how many there are, and how well it predicts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.document_hashes import document_hashes, term_hashes
from lda.evaluation.heldout import Estimation, HeldoutScore, ratio

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

BLOCK: Final = 2**20
"""Scores that are kept before they are added up, so that sums do not depend on how many documents come at a time."""


class UnseenDocuments:
    """Scores, by document completion, the documents whose content the model does not remember.

    Attributes:
        n_trained: documents with the same words as one that the model was fitted to.
        n_untold: documents that are too short to tell.
    """

    def __init__(self, model: TopicModel) -> None:
        self._trained = model.document_hashes
        self._hashes = None if self._trained is None else term_hashes(model.vocabulary)
        self._how = Estimation()
        self.n_trained = self.n_untold = 0
        self._n_documents = self._n_tokens = self._n_scored = 0
        self._scores: list[Floats] = []
        self._sizes: list[Integers] = []
        self._n_held = 0
        self._sums = np.zeros(5)  # of t, n, t t, t n, n n over scored documents of score t and size n

    @property
    def known(self) -> bool:
        """Whether the model remembers its documents."""
        return self._trained is not None

    def add(self, batch: DocumentBatch, frozen: FrozenModel) -> None:
        """Add documents."""
        if self._trained is None or self._hashes is None:
            return
        found = document_hashes(batch.doc_offsets, batch.words, self._hashes)
        trained = np.zeros(len(found), dtype=np.bool_)
        if len(self._trained):
            at = np.minimum(np.searchsorted(self._trained, found), len(self._trained) - 1)
            trained = (self._trained[at] == found) & (found != 0)
        self.n_trained += int(trained.sum())
        self.n_untold += int((found == 0).sum())
        unseen = np.flatnonzero(~trained & (found != 0))
        if not len(unseen):
            return
        lengths = np.diff(batch.doc_offsets)
        kept = np.repeat(np.isin(np.arange(len(found)), unseen), lengths)
        offsets = np.concatenate([[0], np.cumsum(lengths[unseen])]).astype(np.int64)
        words = batch.words[kept]
        score, size = frozen.completion(offsets, words, seed=self._how.seed)
        self._n_documents += len(unseen)
        self._n_tokens += len(words)
        self._n_scored += int((size > 0).sum())
        self._scores.append(score)
        self._sizes.append(size)
        self._n_held += len(score)
        while self._n_held >= BLOCK:
            self._add_block()

    def _add_block(self) -> None:
        scores, sizes = np.concatenate(self._scores), np.concatenate(self._sizes)
        t, n = scores[:BLOCK], sizes[:BLOCK].astype(np.float64)
        self._sums += np.array([t.sum(), n.sum(), (t * t).sum(), (t * n).sum(), (n * n).sum()])
        self._scores, self._sizes = [scores[BLOCK:]], [sizes[BLOCK:]]
        self._n_held = len(scores) - len(t)

    def score(self) -> HeldoutScore | None:
        """The score of all of them; None where there are none to score, or the model does not remember."""
        if not self._n_scored:
            return None
        if self._sums.any():
            self._add_block()
            value, error = self._of_sums()
            n_scored_tokens = int(self._sums[1])
        else:
            sizes = np.concatenate(self._sizes)
            value, error = ratio(np.concatenate(self._scores), sizes)
            n_scored_tokens = int(sizes.sum())
        return HeldoutScore(
            estimator=self._how.estimator,
            log_likelihood=value,
            standard_error=error,
            n_documents=self._n_documents,
            n_scored_documents=self._n_scored,
            n_tokens=self._n_tokens,
            n_scored_tokens=n_scored_tokens,
            n_unknown=0,
            n_trained=0,
            seed=self._how.seed,
        )

    def _of_sums(self) -> tuple[float, float]:
        """What `ratio` says, of sums."""
        t, n, tt, tn, nn = self._sums.tolist()
        value = t / n
        rest = max(tt - 2 * value * tn + value * value * nn, 0.0)
        many = self._n_scored
        return value, float(np.sqrt(many / (many - 1) * rest) / n)
