"""Which groups are fitted side by side, a few threads each, and which alone with all of them.

Side by side is better: threads of one fit wait for each other, fits do not. But the last fit must not run on when all
others are done; so the largest groups go first, alone, as many as make the whole the shortest.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lda.experiments.cost import side_by_side, speed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

WORTH_IT: Final = 0.95
"""A group more goes alone only if the whole takes at most this part of the time: costs are guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPacking:
    """alone: places of the groups that are fitted one after the other with all threads, before the others.

    packed: places of the others, by falling cost. lanes: how many of these at a time. threads: of each.
    """

    alone: tuple[int, ...]
    packed: tuple[int, ...]
    lanes: int
    threads: int


def packing_of(
    costs: Sequence[float], cores: int, *, least: float = 0.0, task_bytes: Sequence[int] | None = None
) -> GroupPacking:
    """The packing that takes the shortest time, as far as costs tell.

    Args:
        costs: of each group, seconds of one thread.
        cores: that there are.
        least: a group that costs less is never alone: what it would gain goes into beginning.
        task_bytes: what each group holds at most while it is fitted here: no more are side by side than this machine
            has room for. None for a cluster, each of whose workers has its own.
    """
    order = sorted(range(len(costs)), key=lambda i: -costs[i])
    best: tuple[float, GroupPacking] | None = None
    spent = 0.0
    # More groups than cores are never alone: of that many, none is larger than a core's share.
    for n_alone in range(min(len(order), cores) + 1):
        if n_alone and costs[order[n_alone - 1]] < least:
            break
        rest = order[n_alone:]
        lanes = max(1, min(cores, len(rest)))
        if task_bytes is not None:
            lanes = min(lanes, side_by_side([task_bytes[i] for i in rest], cores).processes)
        found = GroupPacking(
            alone=tuple(order[:n_alone]), packed=tuple(rest), lanes=lanes, threads=max(1, cores // lanes)
        )
        time = spent + _longest([costs[i] for i in rest], lanes) / speed_of(found.threads)
        if best is None or time < best[0] * WORTH_IT:
            best = time, found
        if rest:
            spent += costs[rest[0]] / speed_of(cores)
    assert best is not None
    return best[1]


def _longest(costs: Sequence[float], lanes: int) -> float:
    """When the last lane is done that takes the largest of what is left whenever it is free."""
    free = [0.0] * lanes
    for cost in costs:
        heapq.heapreplace(free, free[0] + cost)
    return max(free)
