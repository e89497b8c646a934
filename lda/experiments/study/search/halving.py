"""Successive halving: all candidates get a few sweeps, the better ones more, and the best of these all.

Jamieson and Talwalkar, AISTATS 2016. Rungs are complete: nobody goes on before all have arrived, so which candidates
do depends on their scores alone. Rejected: the asynchronous form (Li et al., MLSys 2020), which keeps workers busier
and lets candidates go on that were merely early, so that the same study would end otherwise on other machines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

FACTOR: Final = 3
"""Between two rungs sweeps grow as much, and candidates fall as much. Two would be four rungs for the same sweeps;
three is what Hyperband's authors take (Li et al., JMLR 2018)."""

N_RUNGS: Final = 3
"""With the last one: after a ninth of the sweeps, a third, and all. Earlier scores say little of those at the end."""

LEAST_LEFT: Final = 2
"""Candidates that go on at least: one by itself would be compared with nothing at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A candidate at a rung.

    Attributes:
        candidate: its key.
        corpus: those of one corpus are compared with each other: held-out scores of two vocabularies cannot be.
        score: mean over its seeds of the held-out log-likelihood, nats per scored token; None where all have failed.
    """

    candidate: str
    corpus: str
    score: float | None


def rungs(sweeps: int, *, halving: bool) -> tuple[int, ...]:
    """Sweeps after which trials are compared, the last one all of them.

    Raises:
        ValueError: there are too few sweeps to halve.
    """
    if not halving:
        return (sweeps,)
    least = FACTOR ** (N_RUNGS - 1)
    if sweeps < least:
        raise ValueError(
            f"--halving needs {least} sweeps or more, got {sweeps}; leave it out, or sweep more often"
        )
    return tuple(math.ceil(sweeps / FACTOR**power) for power in reversed(range(N_RUNGS)))


def n_left(n: int) -> int:
    """How many of n candidates of one corpus go on."""
    return min(n, max(math.ceil(n / FACTOR), LEAST_LEFT))


def survivors(standings: Iterable[Standing]) -> set[str]:
    """The candidates that go on: of each corpus the best third, and of equal ones those that were asked for first."""
    by_corpus: dict[str, list[Standing]] = {}
    for standing in standings:
        by_corpus.setdefault(standing.corpus, []).append(standing)
    left: set[str] = set()
    for entries in by_corpus.values():
        scored = [(entry.score, entry.candidate) for entry in entries if entry.score is not None]
        ranked = sorted(scored, key=lambda entry: -entry[0])  # stable
        left.update(candidate for _, candidate in ranked[: n_left(len(entries))])
    return left
