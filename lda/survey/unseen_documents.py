"""Documents that the model was not fitted to: how many there are, and how well it predicts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lda.corpus.document_hashes import document_hashes, term_hashes
from lda.evaluation.heldout import Estimation, HeldoutScore, ratio

if TYPE_CHECKING:
    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.evaluation.topic_model import TopicModel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

HOW: Final = Estimation()
"""As `lda evaluate` does it, to the same numbers."""

BLOCK: Final = 2**20
"""Scores that are kept before they are added up, so that sums do not depend on how many documents come at a time."""


class Contents(NamedTuple):
    """What the contents of some documents say of them.

    Attributes:
        n_trained: those with the same words as one that the model was fitted to.
        n_untold: those that are too short to tell.
        n_tokens: known words of the others.
        scores, sizes: (n,) log-likelihood and number of scored tokens of the others.
    """

    n_trained: int
    n_untold: int
    n_tokens: int
    scores: Floats
    sizes: Integers


class ContentReader:
    """Finds documents that the model does not remember, and scores them by document completion."""

    def __init__(self, model: TopicModel) -> None:
        self._trained = model.document_hashes
        self._hashes = None if self._trained is None else term_hashes(model.hashed_terms)

    def read(self, batch: DocumentBatch, frozen: FrozenModel) -> Contents | None:
        """What can be told of these documents; None if the model remembers none."""
        if self._trained is None or self._hashes is None:
            return None
        found = document_hashes(batch.doc_offsets, batch.words, self._hashes)
        trained = np.zeros(len(found), dtype=np.bool_)
        if len(self._trained):
            at = np.minimum(np.searchsorted(self._trained, found), len(self._trained) - 1)
            trained = (self._trained[at] == found) & (found != 0)
        unseen = ~trained & (found != 0)
        lengths = np.diff(batch.doc_offsets)
        words = batch.words[np.repeat(unseen, lengths)]
        offsets = np.concatenate([[0], np.cumsum(lengths[unseen])]).astype(np.int64)
        scores, sizes = frozen.completion(offsets, words, seed=HOW.seed)
        return Contents(int(trained.sum()), int((found == 0).sum()), len(words), scores, sizes)


class UnseenDocuments:
    """Adds up what contents say.

    Attributes:
        n_trained, n_untold: as of `Contents`; None if the model does not remember its documents.
    """

    def __init__(self) -> None:
        self.n_trained: int | None = None
        self.n_untold: int | None = None
        self._n_documents = self._n_tokens = self._n_scored = 0
        self._scores: list[Floats] = []
        self._sizes: list[Integers] = []
        self._n_held = 0
        self._sums = np.zeros(5)  # of t, n, t t, t n, n n over scored documents of score t and size n

    def add(self, contents: Contents | None) -> None:
        """Add documents."""
        if contents is None:
            return
        self.n_trained = (self.n_trained or 0) + contents.n_trained
        self.n_untold = (self.n_untold or 0) + contents.n_untold
        if not len(contents.sizes):
            return
        self._n_documents += len(contents.sizes)
        self._n_tokens += contents.n_tokens
        self._n_scored += int((contents.sizes > 0).sum())
        self._scores.append(contents.scores)
        self._sizes.append(contents.sizes)
        self._n_held += len(contents.sizes)
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
            estimator=HOW.estimator,
            log_likelihood=value,
            standard_error=error,
            n_documents=self._n_documents,
            n_scored_documents=self._n_scored,
            n_tokens=self._n_tokens,
            n_scored_tokens=n_scored_tokens,
            n_unknown=0,
            n_trained=0,
            seed=HOW.seed,
        )

    def _of_sums(self) -> tuple[float, float]:
        """What `ratio` says, of sums."""
        t, n, tt, tn, nn = self._sums.tolist()
        value = t / n
        rest = max(tt - 2 * value * tn + value * value * nn, 0.0)
        many = self._n_scored
        if many < 2:
            return value, float("nan")
        return value, float(np.sqrt(many / (many - 1) * rest) / n)
