"""Topics of two models matched one to one, and from which overlap on two topics are near each other.

Two topics are near if they lie at most half as far apart, in squared Hellinger distance, as a topic usually lies from
the nearest other topic of its own model: those are different topics, as the models themselves see it. With o the median
overlap of a topic with its nearest sibling, over the topics of both models, near begins at (1 + o) / 2. So the level
goes with the corpus: topics of one domain, or of a small vocabulary, all overlap, and must do so more to be the same.
Terms that one model lacks keep even equal topics apart: of models that share terms with parts s and t of their tokens,
the most is sqrt(s t) instead of 1, and near begins halfway from there.
Rejected: a fixed level, which among such topics everything reaches; and a quantile of all unmatched pairs, which with a
noisy topic, or few topics, is a matter of luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.sparse_sums import topic_sums
from lda.evaluation.overlaps import best_pairs, nearest_others, overlaps
from lda.evaluation.shared_terms import term_shares

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.evaluation.shared_terms import TermShares
    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TopicMatching:
    """Topics of two models, one to one, so that their overlaps sum to the most there can be.

    Attributes:
        first, second: (n,) int64, the pairs, by the number in the first; topics without tokens are in none.
        across: (K1, K2) float64, overlaps of all pairs of topics.
        chance: overlap of a topic with the nearest other one of its own model, the median over both models.
        near: overlap from which two topics are near.
    """

    first: Numbers
    second: Numbers
    across: Floats
    chance: float
    near: float

    @property
    def overlaps(self) -> Floats:
        """(n,) float64, of the pairs."""
        return np.asarray(self.across[self.first, self.second])

    @property
    def mean_overlap(self) -> float:
        """Of the pairs; 0 where there is none."""
        return float(self.overlaps.mean()) if len(self.first) else 0.0

    @property
    def near_pairs(self) -> dict[int, int]:
        """Topic of the second for each of the first that has a partner near it."""
        near = self.overlaps >= self.near
        return dict(zip(self.first[near].tolist(), self.second[near].tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnOverlaps:
    """A model and how its own topics overlap.

    Attributes:
        model: the model.
        within: (K, K) float64, overlaps of its topics.
        filled: numbers of the topics with tokens, or with probabilities; the others are like each other, and no topics.
    """

    model: TopicModel
    within: Floats
    filled: Numbers

    @classmethod
    def of(cls, model: TopicModel) -> OwnOverlaps:
        """Those of a model."""
        filled = np.flatnonzero(np.asarray(topic_sums(model.language_counts)) > 0)
        return cls(model=model, within=overlaps(model, model), filled=filled)

    def nearest(self) -> Floats:
        """Overlap of each topic with the nearest other one, of those that are filled; empty for fewer than two."""
        if len(self.filled) < 2:
            return np.zeros(0)
        return nearest_others(self.within[np.ix_(self.filled, self.filled)])


def match_topics(
    first: OwnOverlaps, second: OwnOverlaps, *, shares: TermShares | None = None
) -> TopicMatching:
    """The matching of two models, as `best_pairs` has it.

    shares: what their vocabularies have in common, where that is known already.
    """
    shares = shares or term_shares(first.model, second.model)
    same = second.model is first.model
    across = first.within if same else overlaps(first.model, second.model, shares.common)
    rows, columns = best_pairs(across[np.ix_(first.filled, second.filled)])
    siblings = np.concatenate([first.nearest(), second.nearest()])
    chance = float(np.median(siblings)) if len(siblings) else 0.0
    return TopicMatching(
        first=first.filled[rows],
        second=second.filled[columns],
        across=across,
        chance=chance,
        near=(float(np.sqrt(shares.first * shares.second)) + chance) / 2,
    )
