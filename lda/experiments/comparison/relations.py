"""How topics of two models belong together: shared, split, merged, particular, or empty.

The root of a topic is the vector of sqrt p(term | topic); overlaps are scalar products of roots. How much of a topic
several topics of the other model make up together is the cosine between its root and the nearest point of the cone of
theirs (non-negative least squares), the part of each is its share in that point. A cosine with one topic is the
overlap.

1. Each topic has a main topic in the other model: the largest part of it, among the topics that overlap most with it.
2. A topic is split into those whose main topic it is, if two or more of them each make up a tenth of it or more, are
   near it together (see `TopicMatching.near`), and leave at most three quarters of the squared distance that the
   nearest single topic leaves. Merged is the same seen from the other model. Those that gain most come first, and a
   topic is in one relation only.
3. Matched topics that are near and in no such relation are shared, and then those left over that are near each other.
4. All others are particular: nothing near them is left. Which topic is nearest is told all the same.

Rejected: thresholds on single overlaps, because the half of a topic that was split overlaps with it as little as a
neighbour does in another corpus; and joint counts of tokens, which need documents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lda.evaluation.overlaps import best_pairs
from lda.experiments.comparison.results import KINDS, TopicRelation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from lda.evaluation.matching import OwnOverlaps, TopicMatching
    from lda.evaluation.topic_model import TopicModel
    from lda.experiments.comparison.results import Kind

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

CANDIDATES: Final = 10
"""Topics that overlap most with a topic, among which its main topic is looked for."""

LEAST_PART: Final = 0.1
"""What a topic must contribute to be one of those that make up another."""

LEFT: Final = 0.75
"""Part of the squared distance to the nearest single topic that several may leave, to count as more than it."""

RIDGE: Final = 1e-10
"""Added to the overlap of a topic with itself, for two equal topics have no unique parts."""


class Mixture(NamedTuple):
    """topics: numbers. parts: what each contributes, summing to 1, heaviest first. overlap: of them together."""

    topics: list[int]
    parts: list[float]
    overlap: float


class Composed(NamedTuple):
    """whole: number of a topic. parts: topics of the other model that make it up. gain: of overlap, over one alone."""

    whole: int
    parts: Mixture
    gain: float


def relations_of(first: OwnOverlaps, second: OwnOverlaps, matching: TopicMatching) -> list[TopicRelation]:
    """Each topic of either model in one relation; those of a kind together, the largest share of tokens first."""
    shares = [token_shares(own.model) for own in (first, second)]
    across = matching.across
    free = [set(own.filled.tolist()) for own in (first, second)]
    found: list[TopicRelation] = []

    def add(
        kind: Kind,
        sides: tuple[list[int], list[int]],
        overlap: float,
        *,
        weights: Sequence[float] = (1.0,),
        nearest: int | None = None,
    ) -> None:
        share = [float(of[side].sum()) for of, side in zip(shares, sides, strict=True)]
        found.append(
            TopicRelation(
                kind=kind,
                first=sides[0],
                second=sides[1],
                weights=list(weights),
                overlap=float(overlap),
                nearest=nearest,
                first_share=share[0],
                second_share=share[1],
            )
        )
        for topics, side in zip(free, sides, strict=True):
            topics.difference_update(side)

    several = [(0, one) for one in _composed(first, second, across, matching.near)]
    several += [(1, one) for one in _composed(second, first, across.T, matching.near)]
    for side, (whole, mixed, _) in sorted(several, key=lambda one: (-one[1].gain, one[0], one[1].whole)):
        if whole in free[side] and free[1 - side].issuperset(mixed.topics):
            if side == 0:
                add("split", ([whole], mixed.topics), mixed.overlap, weights=mixed.parts)
            else:
                add("merged", (mixed.topics, [whole]), mixed.overlap, weights=mixed.parts)
    for a, b in matching.near_pairs.items():
        if a in free[0] and b in free[1]:
            add("shared", ([a], [b]), across[a, b])
    for a, b in _left_pairs(across, free, matching.near):
        add("shared", ([a], [b]), across[a, b])
    for side, own in enumerate((first, second)):
        overlaps = across if side == 0 else across.T
        for k in sorted(free[side]):
            nearest = int(overlaps[k].argmax())
            add("particular", ([k], []) if side == 0 else ([], [k]), overlaps[k, nearest], nearest=nearest)
        for k in sorted(set(range(len(own.within))) - set(own.filled.tolist())):
            add("empty", ([k], []) if side == 0 else ([], [k]), 0.0)
    order: Mapping[str, int] = {kind: n for n, kind in enumerate(KINDS)}
    return sorted(found, key=lambda one: (order[one.kind], -(one.first_share + one.second_share)))


def token_shares(model: TopicModel) -> Floats:
    """(K,) float64, the part of all tokens of training that each topic holds; 1 / K of a topic-word matrix."""
    last = model.last_tokens
    tokens = np.ones(model.n_topics) if last is None else np.asarray(last, dtype=np.float64)
    return np.asarray(tokens / max(float(tokens.sum()), 1.0))


def _left_pairs(across: Floats, free: Sequence[set[int]], near: float) -> list[tuple[int, int]]:
    """Pairs of topics that are near, of those whose first choice has gone elsewhere."""
    rows, columns = (np.array(sorted(topics), dtype=np.int64) for topics in free)
    some = across[np.ix_(rows, columns)]
    pairs = zip(*best_pairs(some), strict=True) if some.size else ()
    return [(int(rows[i]), int(columns[j])) for i, j in pairs if some[i, j] >= near]


def _composed(whole: OwnOverlaps, other: OwnOverlaps, across: Floats, near: float) -> list[Composed]:
    """The topics of one model that several of the other make up. across: (K of the one, K of the other)."""
    parts_of: dict[int, list[int]] = {}
    for b in other.filled.tolist():
        parts_of.setdefault(_main(across[:, b], whole), []).append(b)
    found = []
    for a, children in sorted(parts_of.items()):
        mixed = _mixture(across[a], other.within, children)
        while len(mixed.topics) > 1 and mixed.parts[-1] < LEAST_PART:
            mixed = _mixture(across[a], other.within, mixed.topics[:-1])
        if len(mixed.topics) < 2 or mixed.overlap < near:
            continue
        single = float(across[a].max())
        if 1 - mixed.overlap <= LEFT * (1 - single):
            found.append(Composed(a, mixed, mixed.overlap - single))
    return found


def _main(overlaps: Floats, others: OwnOverlaps) -> int:
    """The topic that makes up most of one whose overlaps with all are given."""
    filled = others.filled
    best = filled[np.argsort(-overlaps[filled], kind="stable")[:CANDIDATES]]
    return _mixture(overlaps, others.within, best.tolist()).topics[0]


def _mixture(overlaps: Floats, within: Floats, topics: Sequence[int]) -> Mixture:
    """The mixture of some topics that is nearest a topic.

    overlaps: of the topic with all, (K,). within: of these among each other, (K, K).
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    if len(topics) == 1:
        return Mixture([topics[0]], [1.0], float(overlaps[topics[0]]))
    some = np.array(topics, dtype=np.int64)
    products = overlaps[some]
    gram = within[np.ix_(some, some)] + RIDGE * np.eye(len(some))
    # min |x - R v| over v >= 0 for roots R of which only R'R and R'x are known: a triangle L with LL' = R'R serves as
    # R'.
    lower = np.linalg.cholesky(gram)
    weights, _ = nnls(lower.T, solve_triangular(lower, products, lower=True))
    squared = float(weights @ products)
    if squared <= 0:  # nothing in common with any
        return Mixture([int(some[0])], [1.0], float(products[0]))
    parts = weights * products / squared
    order = np.argsort(-parts, kind="stable")
    order = order[parts[order] > 0]
    return Mixture(some[order].tolist(), parts[order].tolist(), min(float(np.sqrt(squared)), 1.0))
