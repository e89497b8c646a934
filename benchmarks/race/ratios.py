"""The race in one small table: how many times as long as raylda each of the others takes to its late levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.race.summary import OURS, Heat, Level, Row
from benchmarks.race.text import MISSING, plural, times
from benchmarks.report import table

FAILED: Final = "no topics"


def ratios(heats: Sequence[Heat], origin: str) -> str:
    """A row for each corpus and K, a column for each system and its threads; origin: when and where, a line."""
    cells: dict[str, dict[tuple[str, int], str]] = {}
    columns: dict[tuple[str, int], None] = {}
    levels = heats[0].levels if heats else []
    for heat in heats:
        if all(row.system != OURS for row in heat.rows):
            continue  # nothing to compare with
        raced_on = f"{heat.corpus}, {heat.results[0].n_documents:,} documents, K = {heat.k}"
        line = cells.setdefault(raced_on, {})
        for row in heat.rows:
            if row.system != OURS:
                columns[row.system, heat.threads] = None
                line.setdefault((row.system, heat.threads), _cell(row))
    header = ["corpus", *(f"{system}, {plural(threads, 'thread')}" for system, threads in columns)]
    rows = [
        [raced_on, *(line.get(column, MISSING) for column in columns)] for raced_on, line in cells.items()
    ]
    return f"{table(header, rows)}\n\n{_explanation(levels)} {origin}"


def _cell(row: Row) -> str:
    if row.n_seeds == 0:
        return FAILED
    return " / ".join(_times(level) for level in row.levels)


def _times(level: Level) -> str:
    said = times(level)
    # Of a lower bound it is not known.
    loses = level.compared and (level.ratio is None or (level.ratio < 1 and not level.at_least))
    return f"**{said}**" if loses else said


def _explanation(levels: Sequence[int]) -> str:
    said = " / ".join(str(sweeps) for sweeps in levels)
    return (
        f"Seconds that a system trains for {said} sweeps, over those that {OURS} trains until it is as good on "
        "documents that neither has seen, with no option set and as many threads. "
        f"Bold: {OURS} loses. ≥: {OURS} was there with its first snapshot."
    )
