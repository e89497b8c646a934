"""Tables of a race, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.race.results import Result
from benchmarks.race.summary import OURS, OWN_MARGIN, Heat, Row
from benchmarks.report import table

MISSING: Final = "-"


def title(heat: Heat) -> str:
    """What was raced on, in a line."""
    one = heat.results[0]
    return (
        f"{heat.corpus}, K = {heat.k}: {one.n_documents:,} documents, {one.n_tokens:,} tokens, {one.n_terms:,} terms; "
        f"{one.n_heldout:,} held-out documents; {heat.seconds:g} training seconds, {plural(heat.threads, 'thread')}"
    )


def plural(n: int, noun: str) -> str:
    """A number and its noun."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def header(heat: Heat) -> list[str]:
    """Column names of a race."""
    levels = [f"s to {level:.2f}" for level in heat.levels]
    return ["system", "held-out, nats/token", *levels, f"times {OURS}", "peak MB", "Mtok/s", "seeds", "notes"]


def cells(row: Row) -> list[str]:
    """A row of a race; a system that did not finish keeps it."""
    value = MISSING if row.heldout is None else f"{row.heldout:.4f}"
    if row.n_seeds > 1:
        value += f" (spread {row.spread:.4f})"
    return [
        f"{row.system} {row.version}".strip(),
        value,
        *(MISSING if seconds is None else f"{seconds:.3g}" for seconds in row.to_level),
        times_ours(row),
        MISSING if row.peak_bytes is None else f"{row.peak_bytes / 1e6:,.0f}",
        MISSING if row.tokens_per_second is None else f"{row.tokens_per_second / 1e6:.2f}",
        str(row.n_seeds),
        "; ".join(row.notes).replace("|", "/"),
    ]


def times_ours(row: Row) -> str:
    """Seconds of a system to its own best level over raylda's, in a cell."""
    if row.system == OURS or row.own_level is None:
        return MISSING
    if row.ratio is None:
        return f"{OURS} does not get there"
    return f"{'≥ ' if row.at_least else ''}{row.ratio:.2g}"


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
        "Held-out log-likelihood by document completion, on documents that none has seen, each model with its own "
        "alpha; medians over seeds. The clock begins when the documents are in a system's own form, and stands while "
        f'topics are taken out. "times {OURS}": seconds to a system\'s own best level less {OWN_MARGIN:g} nats, over '
        f"the seconds that {OURS} takes to that level; below 1, the system is the faster one, and with ≥ {OURS} was "
        "there with its first topics, after its start."
    )


def origin(results: Sequence[Result]) -> str:
    """When and on what the results were measured, a line."""
    dates = sorted({result.date for result in results if result.date})
    machines = dict.fromkeys(result.machine for result in results if result.machine)
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}" if dates else "no date"
    return f"Measured {when} on {'; '.join(machines) or 'an unknown machine'}."
