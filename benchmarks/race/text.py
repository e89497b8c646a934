"""Tables of a race, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.race.results import Result
from benchmarks.race.summary import OURS, Heat, Level, Row
from benchmarks.report import table

MISSING: Final = "-"
NEVER: Final = "not reached"


def title(heat: Heat) -> str:
    """What was raced on, in a line."""
    one = heat.results[0]
    return (
        f"{heat.corpus}, K = {heat.k}: {one.n_documents:,} documents, {one.n_tokens:,} tokens, {one.n_terms:,} terms; "
        f"{one.n_heldout:,} held-out documents; {plural(heat.threads, 'thread')}"
    )


def plural(n: int, noun: str) -> str:
    """A number and its noun."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def header(heat: Heat) -> list[str]:
    """Column names of a race."""
    levels = [
        name
        for sweeps in heat.levels
        for name in (f"after {sweeps} sweeps", "s", f"{OURS} there, s", "times", f"{OURS} then")
    ]
    return ["system", *levels, "peak MB", "Mtok/s", "seeds", "notes"]


def cells(row: Row) -> list[str]:
    """A row of a race; a system that did not finish keeps it."""
    found = [cell for level in row.levels for cell in _level(level)]
    return [
        f"{row.system} {row.version}".strip(),
        *found,
        MISSING if row.peak_bytes is None else f"{row.peak_bytes / 1e6:,.0f}",
        MISSING if row.tokens_per_second is None else f"{row.tokens_per_second / 1e6:.2f}",
        str(row.n_seeds) if row.spread is None else f"{row.n_seeds} (spread {row.spread:.4f})",
        "; ".join(row.notes).replace("|", "/"),
    ]


def _level(level: Level) -> list[str]:
    value = MISSING if level.heldout is None else f"{level.heldout:.4f}"
    seconds = MISSING if level.seconds is None else f"{level.seconds:.3g}"
    if not level.compared:
        return [value, seconds, MISSING, MISSING, MISSING]
    there = NEVER if level.ours_seconds is None else f"{level.ours_seconds:.3g}"
    lead = MISSING if level.lead is None else f"{'≥ ' if level.lead_at_least else ''}{level.lead:+.4f}"
    return [value, seconds, there, times(level), lead]


def times(level: Level) -> str:
    """Seconds of a system to a level over raylda's, in a cell."""
    if not level.compared:
        return MISSING
    if level.ratio is None:
        return NEVER
    return f"{'≥ ' if level.at_least else ''}{level.ratio:.2g}"


def markdown(heats: Sequence[Heat]) -> str:
    """All races: a table and the settings of each."""
    parts = [explanation()]
    for heat in heats:
        parts += [
            f"**{title(heat)}**",
            table(header(heat), [cells(row) for row in heat.rows]),
            settings(heat),
        ]
    return "\n\n".join(parts)


def settings(heat: Heat) -> str:
    """What each system was set to, a line each."""
    return "\n".join(f"- {row.system}: {row.settings}" for row in heat.rows if row.settings)


def explanation() -> str:
    """How to read the numbers."""
    return (
        "Held-out log-likelihood by document completion, nats a token, on documents that none has seen, each model "
        "with its own alpha; medians over seeds. For each system: what it has reached after so many sweeps, and the "
        f"seconds that it trained; the seconds after which a fit of {OURS} is as good, and how many times fewer they "
        f'are; "{OURS} then": by how much {OURS} is better (+) or worse (-) when it has trained as long. ≥: {OURS} was '
        "there with its first snapshot, or had ended long before. Seconds are of training alone; only those of "
        f"{OURS} are of the whole call, its documents copied and its topics estimated at the end."
    )


def origin(results: Sequence[Result]) -> str:
    """When and on what the results were measured, a line."""
    dates = sorted({result.date for result in results if result.date})
    machines = dict.fromkeys(result.machine for result in results if result.machine)
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}" if dates else "no date"
    return f"Measured {when} on {'; '.join(machines) or 'an unknown machine'}."
