"""What many runs say together: each system's late levels, and when raylda is there."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.race.results import Result

OURS: Final = "raylda"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Where a system is after so many sweeps, and raylda beside it; medians over seeds, None where there are none.

    heldout: nats a token. seconds: that it trained. compared: raylda raced, too. ours_seconds: that raylda trains to
    the same held-out; None when fewer than half of its seeds get there. ratio: seconds / ours_seconds; at_least:
    raylda was there with its first snapshot, so that the ratio is a lower bound. lead: raylda's held-out after the
    system's seconds, less the system's; lead_at_least: raylda's runs had ended before that time.
    """

    sweeps: int
    heldout: float | None
    seconds: float | None
    compared: bool
    ours_seconds: float | None
    ratio: float | None
    at_least: bool
    lead: float | None
    lead_at_least: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One system on one corpus at one K; medians over seeds.

    spread: of the last level, largest less smallest; None of one seed.
    """

    system: str
    version: str
    settings: str
    n_seeds: int
    levels: list[Level]
    spread: float | None
    peak_bytes: float | None
    tokens_per_second: float | None
    notes: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """All runs on one corpus with one K and as many threads."""

    corpus: str
    k: int
    threads: int
    levels: list[int]
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


def value_at(curve: Sequence[tuple[float, float]], seconds: float) -> float | None:
    """Held-out of a curve after so many seconds, straight lines between snapshots; None before its first.

    After its last snapshot it is that of the last.
    """
    before: tuple[float, float] | None = None
    for now, value in curve:
        if now > seconds:
            if before is None:
                return None
            return before[1] + (value - before[1]) * (seconds - before[0]) / (now - before[0])
        before = (now, value)
    return None if before is None else before[1]


def heats(results: Sequence[Result], levels: Sequence[int]) -> list[Heat]:
    """The results, sorted into races in order of appearance."""
    groups: dict[tuple[str, str, int, int], list[Result]] = {}
    for result in results:
        groups.setdefault((result.corpus, result.digest, result.k, result.threads), []).append(result)
    return [_heat(group, sorted(levels)) for group in groups.values()]


def _heat(results: list[Result], levels: list[int]) -> Heat:
    first = results[0]
    systems = dict.fromkeys(result.system for result in results)
    ours = [result for result in results if result.system == OURS and result.points]
    rows = [_row([r for r in results if r.system == system], levels, ours) for system in systems]
    return Heat(
        corpus=first.corpus, k=first.k, threads=first.threads, levels=levels, rows=rows, results=results
    )  # fmt: skip


def _row(runs: list[Result], levels: list[int], ours: list[Result]) -> Row:
    raced = [run for run in runs if run.points]
    reasons = [run.reason for run in runs if run.status != "done" and run.reason]
    if raced and not any(run.after(levels[-1]) for run in raced):
        most = max(int(point["sweeps"]) for run in raced for point in run.points)
        there = _median(run.curve[-1][1] for run in raced)
        reasons.append(f"the time was over after {most} sweeps, at {there:.4f}")
    last = [found[1] for run in raced if (found := run.after(levels[-1])) is not None]
    return Row(
        system=runs[0].system,
        version=next((run.version for run in runs if run.version), ""),
        settings=next((describe(run) for run in runs if run.settings), ""),
        n_seeds=len(raced),
        levels=[_level(raced, sweeps, ours) for sweeps in levels],
        spread=max(last) - min(last) if len(last) > 1 else None,
        peak_bytes=_median(float(run.peak_bytes) for run in raced),
        tokens_per_second=_median(rate for run in raced if (rate := run.tokens_per_second) is not None),
        notes=list(dict.fromkeys(reasons)),
    )


def _level(raced: list[Result], sweeps: int, ours: list[Result]) -> Level:
    found = [point for run in raced if (point := run.after(sweeps)) is not None]
    heldout, seconds = _median(value for _, value in found), _median(time for time, _ in found)
    ours_seconds = ratio = lead = None
    compared = at_least = lead_at_least = False
    if heldout is not None and seconds is not None and ours and raced[0].system != OURS:
        compared = True
        ours_seconds = _time(ours, heldout)
        ratio = seconds / ours_seconds if ours_seconds else None
        at_least = 2 * sum(run.curve[0][1] >= heldout for run in ours) > len(ours)
        then = _median(value for run in ours if (value := value_at(run.curve, seconds)) is not None)
        lead = None if then is None else then - heldout
        lead_at_least = 2 * sum(run.curve[-1][0] < seconds for run in ours) > len(ours)
    return Level(
        sweeps=sweeps, heldout=heldout, seconds=seconds, compared=compared, ours_seconds=ours_seconds, ratio=ratio,
        at_least=at_least, lead=lead, lead_at_least=lead_at_least,
    )  # fmt: skip


def describe(run: Result) -> str:
    """The settings of a run in a line."""
    return ", ".join(f"{name} {value}" for name, value in run.settings.items())


def _time(raced: list[Result], level: float) -> float | None:
    """Median over seeds of the seconds to a level; None when fewer than half of the seeds get there."""
    times = [float("inf") if (found := seconds_to(run.curve, level)) is None else found for run in raced]
    middle = _median(times)
    return None if middle is None or middle == float("inf") else middle


def _median(values: Iterable[float]) -> float | None:
    found = list(values)
    return statistics.median(found) if found else None
