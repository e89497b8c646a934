"""Which topics come again when another seed is taken: those that are in the documents, and not in the luck of a chain.

Two models are matched one to one, as in `lda.evaluation.stability`. With o for the overlap of two topics, the sum over
terms of sqrt(p q), 1 - o is the square of their Hellinger distance. A topic is found again if its match

- overlaps it by `LEAST` or more, and
- is closer than another topic of its own model: 1 - o is at most `CLOSER` times that to the nearest one, seen from both
  sides.

The first asks for likeness. The second asks that it be this topic and not any: where documents hold no topics at all,
topics come out as the distribution of the whole corpus and overlap by nearly 1, whoever is matched with whom.

Both numbers are chosen by what chance does. `python -m benchmarks found-again` fits speeches, and the same tokens dealt
out to the documents at random, which leaves lengths and frequencies and takes all topics away. Two seeds find again

| K | of the speeches | of tokens dealt out |
|---|---|---|
| 10 | 90 % | 10 % |
| 20 | 80 % | 6 % |
| 50 | 72 % | 4 % |

With LEAST alone it would be 100 % of tokens dealt out; with CLOSER = 1 up to 30 %; with CLOSER = 0.5 none, and a tenth
to a third less of the speeches. The nearest other topic of the same model overlaps by 0.45 to 0.68 in the median
(speeches and UN debates, K = 10 to 100), so that LEAST is above what different topics have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.evaluation.overlaps import best_pairs, nearest_others, overlaps

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy.typing as npt

    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]

LEAST: Final = 0.7
"""Overlap below which a match is another topic."""

CLOSER: Final = 0.75
"""How much closer, as a part of the squared distance to the nearest other topic, a match must be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAgain:
    """How much of what models of several seeds have found is found by the others, too.

    Attributes:
        share: of the topics found again, mean over all pairs of models; dead topics are left out. NaN where there are
            no others.
        overlap: mean overlap of matched topics, found again or not; NaN likewise.
        topics: for each model (K,), the share of the other models in which each topic is found again; 0 for dead ones.
    """

    share: float
    overlap: float
    topics: list[Floats]


def found_again(
    models: Sequence[TopicModel], dead: Sequence[Collection[int]] | None = None, *, least: float = LEAST
) -> FoundAgain:
    """Match every two of the models, and count topics that are found again.

    It takes K^2 V products for each model and each pair.

    Args:
        models: two or more, of one vocabulary or of several; terms are matched by name.
        dead: topics of each that hold hardly a token. All of these are alike, without anything to find.
        least: overlap from which on a match counts.

    Raises:
        ValueError: there are fewer than two models.
    """
    if len(models) < 2:
        raise ValueError(f"topics are found again in another model, got {len(models)} in all")
    without = [np.zeros(model.n_topics, dtype=bool) for model in models]
    for marked, numbers in zip(without, dead or (), strict=False):
        marked[list(numbers)] = True
    nearest = [nearest_others(overlaps(model, model)) for model in models]
    counts = [np.zeros(model.n_topics) for model in models]
    shares, matched = [], []
    for a, b in combinations(range(len(models)), 2):
        overlap = overlaps(models[a], models[b])
        rows, columns = best_pairs(overlap)
        alike = overlap[rows, columns]
        alive = ~without[a][rows] & ~without[b][columns]
        apart = 1 - np.maximum(nearest[a][rows], nearest[b][columns])
        same = alive & (alike >= least) & (1 - alike <= CLOSER * apart)
        counts[a][rows] += same
        counts[b][columns] += same
        most = max(int((~without[a]).sum()), int((~without[b]).sum()))
        if most:
            shares.append(int(same.sum()) / most)
        matched += alike[alive].tolist()
    return FoundAgain(
        share=float(np.mean(shares)) if shares else float("nan"),
        overlap=float(np.mean(matched)) if matched else float("nan"),
        topics=[one / (len(models) - 1) for one in counts],
    )
