"""Models compared on the same documents: the difference of their held-out likelihoods, and how sure it is.

Documents differ far more in how well any model predicts them than models do on one document. The standard error of a
difference over the same documents is therefore much smaller than the errors of the two scores suggest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.heldout import ratio

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.cluster import FrozenModel
    from lda.corpus import DocumentBatch
    from lda.evaluation.heldout import Estimation

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DocumentScores:
    """What a model makes of each held-out document.

    Attributes:
        log_likelihoods: (D,) float64, nats, of the scored tokens of each document.
        tokens: (D,) int64, how many these are; 0 where nothing can be scored.
    """

    log_likelihoods: Floats
    tokens: npt.NDArray[np.int64]

    @property
    def log_likelihood(self) -> float:
        """Nats per scored token, over all documents."""
        return ratio(self.log_likelihoods, self.tokens)[0]

    @property
    def standard_error(self) -> float:
        """Of `log_likelihood`, over documents; NaN for fewer than two."""
        return ratio(self.log_likelihoods, self.tokens)[1]


def document_scores(frozen: FrozenModel, batches: Iterable[DocumentBatch], how: Estimation) -> DocumentScores:
    """Score documents one by one, as they stream by in the ids of the model's vocabulary; 16 bytes a document."""
    scores, tokens = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for batch in batches:
        score, n = how.score(frozen, batch)
        scores.append(score)
        tokens.append(n)
    return DocumentScores(log_likelihoods=np.concatenate(scores), tokens=np.concatenate(tokens))


class PairedDifference(NamedTuple):
    """value: mean difference, nats per scored token. standard_error: of it, over documents; NaN for fewer than two."""

    value: float
    standard_error: float


def mean_scores(scores: Sequence[DocumentScores]) -> DocumentScores:
    """The mean over models, as those of several seeds, document by document.

    Raises:
        DataError: they are not of the same tokens.
    """
    first = scores[0]
    for other in scores[1:]:
        _check_same(first, other)
    return DocumentScores(
        log_likelihoods=np.mean([one.log_likelihoods for one in scores], axis=0), tokens=first.tokens
    )


def paired_difference(first: DocumentScores, second: DocumentScores) -> PairedDifference:
    """By how much the first model predicts the documents better than the second.

    The error is that of a ratio of sums over documents (see `lda.evaluation.heldout.ratio`), of the differences.

    Raises:
        DataError: they are not of the same tokens, as with two vocabularies.
    """
    _check_same(first, second)
    return PairedDifference(*ratio(first.log_likelihoods - second.log_likelihoods, first.tokens))


def _check_same(first: DocumentScores, second: DocumentScores) -> None:
    if len(first.tokens) != len(second.tokens):
        raise DataError(
            f"scores of {len(first.tokens):,} and {len(second.tokens):,} documents cannot be compared; "
            "score both models on the same documents"
        )
    odd = np.flatnonzero(first.tokens != second.tokens)
    if len(odd):
        raise DataError(
            f"of {len(odd):,} documents the two models score different tokens, as models of two vocabularies do; "
            "score both on the terms that they share"
        )
