"""Topics that a model could do without: dead ones, which hold hardly a token, and duplicates of others.

Both are rules of thumb, whose thresholds say where they come from. Reports and studies count by these functions, so
that a topic that the one calls dead is dead in the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

TOP_WORDS: Final = 10
"""Words of a topic that are looked at: those that a list of topics shows."""

SHARED_WORDS: Final = 7
"""Two topics that share as many of their ten words read as the same one."""

NEAR: Final = 0.25
"""Distance (square root of the Jensen-Shannon divergence, at most 0.83) below which two topics are near duplicates:
at most 36 % of their probability lies on different words, as total variation is at most sqrt(2) times the distance.
The nearest of 20 topics of speeches are 0.55 apart, the nearest of 100 topics of abstracts 0.61."""

DEAD: Final = 0.01
"""Part of an average topic's tokens below which it is dead: a hundredth of what it would have if all were equal."""


def dead_topics(tokens: Floats | None) -> list[int]:
    """Topics with fewer than `DEAD` of an average topic's tokens; none where tokens are not known, or there are none.

    tokens: (K,) of each topic.
    """
    if tokens is None or not tokens.sum():
        return []
    return [int(k) for k in np.flatnonzero(tokens < DEAD * tokens.mean())]


def duplicate_topics(
    words: Sequence[Sequence[str]], distances: Floats | None, dead: Collection[int] = ()
) -> list[tuple[int, int]]:
    """Pairs of topics nearer than `NEAR`, or with `SHARED_WORDS` of their most probable words in common, sorted.

    Args:
        words: the `TOP_WORDS` most probable terms of each topic.
        distances: (K, K), square roots of Jensen-Shannon divergences; None looks at shared words only.
        dead: topics left out. Of those without tokens all are alike, which says nothing that is not said already.
    """
    holders: dict[str, list[int]] = {}
    for k, of_topic in enumerate(words):
        for word in of_topic:
            holders.setdefault(word, []).append(k)
    shared: dict[tuple[int, int], int] = {}
    for topics in holders.values():
        for i, a in enumerate(topics):
            for b in topics[i + 1 :]:
                shared[a, b] = shared.get((a, b), 0) + 1
    pairs = {pair for pair, n in shared.items() if n >= SHARED_WORDS}
    if distances is not None:
        near = np.argwhere(np.triu(distances < NEAR, 1))
        pairs |= {(int(a), int(b)) for a, b in near if words[a] and words[b]}
    without = set(dead)
    return sorted(pair for pair in pairs if not without & set(pair))


def sets_of(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """What hangs together by pairs, each sorted: 1 and 2, 2 and 3 make one of three."""
    of: dict[int, set[int]] = {}
    for a, b in pairs:
        joined = of.get(a, {a}) | of.get(b, {b})
        of.update(dict.fromkeys(joined, joined))
    return sorted(sorted(one) for one in {id(one): one for one in of.values()}.values())
