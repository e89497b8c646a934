"""The race in one small table: how many times as long as raylda each of the others takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.race.summary import OURS, OWN_MARGIN, Heat, Row
from benchmarks.race.text import MISSING, plural, times_ours
from benchmarks.report import table

FAILED: Final = "no topics"


def ratios(heats: Sequence[Heat], origin: str) -> str:
    """A row for each corpus and K, a column for each system and its threads; origin: when and where, a line.

    raylda's own variants are left out: they are its options, and the table is about others.
    """
    cells: dict[str, dict[tuple[str, int], str]] = {}
    columns: dict[tuple[str, int], None] = {}
    for heat in heats:
        if all(row.system != OURS for row in heat.rows):
            continue  # nothing to compare with
        raced_on = f"{heat.corpus}, {heat.results[0].n_documents:,} documents, K = {heat.k}"
        line = cells.setdefault(raced_on, {})
        for row in heat.rows:
            if row.system.split("-")[0] != OURS:
                columns[row.system, heat.threads] = None
                line.setdefault((row.system, heat.threads), _cell(row))
    header = ["corpus", *(f"{system}, {plural(threads, 'thread')}" for system, threads in columns)]
    rows = [
        [raced_on, *(line.get(column, MISSING) for column in columns)] for raced_on, line in cells.items()
    ]
    return f"{table(header, rows)}\n\n{_explanation()} {origin}"


def _cell(row: Row) -> str:
    if row.own_level is None:
        return FAILED
    said = times_ours(row)
    loses = row.ratio is None or (row.ratio < 1 and not row.at_least)  # of a lower bound it is not known
    return f"**{said}**" if loses else said


def _explanation() -> str:
    return (
        f"Seconds that a system trains to its own best held-out likelihood, less {OWN_MARGIN:g} nats a token, over the "
        f"seconds that {OURS} trains to the same likelihood on as many threads. Bold: {OURS} loses. ≥: {OURS} was "
        "there with its first topics."
    )
