"""Whether topics come again: diversity within a model, stability between models fitted with other seeds."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.overlaps import best_pairs, overlaps
from lda.evaluation.shared_terms import common_terms
from lda.evaluation.topic_model import check_models
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from lda.evaluation.topic_model import TopicModel


def diversity(top_words: Sequence[Sequence[str]]) -> float:
    """Share of the top words of all topics that are different words (Dieng, Ruiz and Blei, TACL 2020: top 25).

    1 where no word is among the top words of two topics; NaN where there are no words.
    """
    words = [word for topic in top_words for word in topic]
    return len(set(words)) / len(words) if words else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelMatch:
    """Two models, topic by topic.

    Attributes:
        first, second: numbers of the models.
        topics: (topic of the first, topic of the second, overlap, shared top words / all top words of the two).
        overlap: mean over the matched topics of sum over terms of sqrt(p q), 1 for equal topics
            (Bhattacharyya's coefficient).
        jaccard: mean over the matched topics of the share of top words in common.
    """

    first: int
    second: int
    topics: list[tuple[int, int, float, float]]
    overlap: float
    jaccard: float

    def __repr__(self) -> str:
        return (
            f"ModelMatch(models {self.first} and {self.second}, {plural(len(self.topics), 'topic')}, "
            f"overlap {self.overlap:.4f}, jaccard {self.jaccard:.4f})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """How alike the topics of several models are; 1 if they all found the same.

    Attributes:
        overlap: mean over all pairs of models of what `ModelMatch` has.
        jaccard: likewise.
        n_words: top words compared.
        pairs: every two models, the first ones first.
    """

    overlap: float
    jaccard: float
    n_words: int
    pairs: list[ModelMatch]

    def __repr__(self) -> str:
        return (
            f"Stability({plural(len(self.pairs), 'pair')} of models, overlap {self.overlap:.4f}, "
            f"jaccard {self.jaccard:.4f} of {self.n_words} top words)"
        )

    def to_dict(self) -> dict[str, Any]:
        """The fields, as plain values."""
        return asdict(self)


def stability(models: Sequence[TopicModel], *, n_words: int = 10) -> Stability:
    """Match the topics of every two models one to one, so that their overlaps sum to the most there can be.

    The assignment is Hungarian (Kuhn 1955; scipy.optimize.linear_sum_assignment), as in Greene, O'Callaghan and
    Cunningham (ECML PKDD 2014). With different numbers of topics those left over are not counted. Terms are
    matched by name; a term that one model lacks has probability 0 there.

    Args:
        models: two or more, as `Model` and `TopicMatrix`; a fitted `LDA` has one as `model_`.
        n_words: top words of each topic that are compared.

    Raises:
        ValueError: there are fewer than two models.
        TypeError: one of them is no model.
        DataError: two models have no term in common (a `ValueError`).
    """
    if len(models) < 2:
        raise ValueError(f"stability compares two or more models, got {len(models)}")
    check_models(models, "stability compares")
    words = [[set(topic) for topic in model.top_words(n_words)] for model in models]
    pairs = []
    for a, b in combinations(range(len(models)), 2):
        common = common_terms(models[a], models[b])
        if not common.terms:
            raise DataError(
                f"models {a + 1} and {b + 1} have no term in common, so their topics cannot be compared; "
                "compare models of one vocabulary"
            )
        overlap = overlaps(models[a], models[b], common)
        pairs.append(_match(a, b, overlap, words))
    return Stability(
        overlap=float(np.mean([pair.overlap for pair in pairs])),
        jaccard=float(np.mean([pair.jaccard for pair in pairs])),
        n_words=n_words,
        pairs=pairs,
    )


def _match(a: int, b: int, overlap: npt.NDArray[np.float64], words: list[list[set[str]]]) -> ModelMatch:
    rows, columns = best_pairs(overlap)
    topics = [
        (int(i), int(j), float(overlap[i, j]), _jaccard(words[a][i], words[b][j]))
        for i, j in zip(rows, columns, strict=True)
    ]
    return ModelMatch(
        first=a,
        second=b,
        topics=topics,
        overlap=float(np.mean([topic[2] for topic in topics])),
        jaccard=float(np.mean([topic[3] for topic in topics])),
    )


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b) if a | b else 0.0
