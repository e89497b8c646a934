"""What many runs say together: medians over seeds, seconds to levels, how many times as long as raylda."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.race.results import Result

OURS: Final = "raylda"
BELOW_BEST: Final = (0.2, 0.1, 0.05, 0.02)
"""Levels, in nats a token below the best that any system reached."""
OWN_MARGIN: Final = 0.005
"""A system's own level is its best less this: nearly flat curves would else be compared by their noise."""

LATE: Final = 1.1
"""A system whose first snapshot comes later than this share of the time has no value at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system on one corpus at one K; numbers are medians over seeds, None where there are none.

    heldout: at the end. spread: largest less smallest. to_level: seconds to each level of the race, None if more
    than half of the seeds do not get there. ratio: its seconds to its own best level over raylda's seconds to that;
    at_least: raylda was there with its first topics, so that the ratio is a lower bound.
    """

    system: str
    version: str
    settings: str
    n_seeds: int
    heldout: float | None
    spread: float
    to_level: list[float | None]
    own_level: float | None
    ratio: float | None
    at_least: bool
    peak_bytes: float | None
    tokens_per_second: float | None
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """All runs on one corpus with one K, threads and time."""

    corpus: str
    k: int
    threads: int
    seconds: float
    levels: list[float]
    rows: list[Row]
    results: list[Result]


def seconds_to(curve: Sequence[tuple[float, float]], level: float) -> float | None:
    """Training seconds at which a curve first reaches a level, straight lines between snapshots; None if never."""
    before: tuple[float, float] | None = None
    for seconds, value in curve:
        if value >= level:
            if before is None or value == before[1]:
                return seconds
            return before[0] + (seconds - before[0]) * (level - before[1]) / (value - before[1])
        before = (seconds, value)
    return None


def levels_of(results: Iterable[Result]) -> list[float]:
    """Levels to ask the seconds of: rounded, below the best median that a system ends with."""
    finals: dict[str, list[float]] = {}
    for result in results:
        if result.final is not None:
            finals.setdefault(result.system, []).append(result.final)
    if not finals:
        return []
    best = max(statistics.median(values) for values in finals.values())
    return [round(best - below, 2) for below in BELOW_BEST]


def heats(results: Sequence[Result], levels: Sequence[float] = ()) -> list[Heat]:
    """The results, sorted into races in order of appearance."""
    groups: dict[tuple[str, str, int, int, float], list[Result]] = {}
    for result in results:
        groups.setdefault(
            (result.corpus, result.digest, result.k, result.threads, result.seconds), []
        ).append(result)
    return [_heat(group, levels) for group in groups.values()]


def _heat(results: list[Result], levels: Sequence[float]) -> Heat:
    first = results[0]
    asked = list(levels) or levels_of(results)
    systems = dict.fromkeys(result.system for result in results)
    ours = [result for result in results if result.system == OURS]
    rows = [_row([r for r in results if r.system == system], asked, ours) for system in systems]
    return Heat(
        corpus=first.corpus, k=first.k, threads=first.threads, seconds=first.seconds, levels=asked,
        rows=rows, results=results,
    )  # fmt: skip


def _row(runs: list[Result], levels: list[float], ours: list[Result]) -> Row:
    raced = [run for run in runs if run.curve]
    finals = [run.final for run in raced if run.final is not None]
    # The worst seed's best: with the median, half of an even number of seeds would not get to their own level.
    own = min((max(value for _, value in run.curve) for run in raced), default=None)
    level = None if own is None else own - OWN_MARGIN
    reasons = [run.reason for run in runs if run.status != "done" and run.reason]
    late = [run.curve[0][0] for run in raced if run.curve[0][0] > LATE * run.seconds]
    if late:
        reasons.append(f"its first snapshot came after {min(late):.1f} s")
    return Row(
        system=runs[0].system,
        version=next((run.version for run in runs if run.version), ""),
        settings=next((describe(run) for run in runs if run.settings), ""),
        n_seeds=len(raced),
        heldout=_median(finals),
        spread=max(finals) - min(finals) if finals else 0.0,
        to_level=[_time(raced, one) for one in levels],
        own_level=level,
        ratio=_ratio(raced, ours, level),
        at_least=_at_once(ours, level),
        peak_bytes=_median([float(run.peak_bytes) for run in raced]),
        tokens_per_second=_median([rate for run in raced if (rate := run.tokens_per_second) is not None]),
        notes=list(dict.fromkeys(reasons)),
    )


def describe(run: Result) -> str:
    """The settings of a run in a line."""
    return ", ".join(f"{name} {value}" for name, value in run.settings.items())


def _ratio(raced: list[Result], ours: list[Result], level: float | None) -> float | None:
    if level is None:
        return None
    theirs, mine = _time(raced, level), _time([run for run in ours if run.curve], level)
    return None if theirs is None or not mine else theirs / mine


def _at_once(ours: list[Result], level: float | None) -> bool:
    """Whether more than half of raylda's runs were at a level with their first snapshot, the end of the start."""
    raced = [run for run in ours if run.curve]
    if level is None or not raced:
        return False
    return sum(run.curve[0][1] >= level for run in raced) * 2 > len(raced)


def _time(raced: list[Result], level: float) -> float | None:
    """Median over seeds of the seconds to a level; None when fewer than half of the seeds get there."""
    times = sorted(
        float("inf") if (found := seconds_to(run.curve, level)) is None else found for run in raced
    )
    middle = _median(times)
    return None if middle is None or middle == float("inf") else middle


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
