"""The table of a study as `lda tune` and `print` show it, and what to make of it in sentences."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from lda.experiments.study.judging.candidates import SYMBOLS, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.text import Text

    from lda.experiments.study.judging.candidates import CandidateSummary, Compared
    from lda.experiments.study.judging.recommendation import Recommendation

GAP: Final = "  "
UNKNOWN: Final = "-"
WIDTH_OF_PROSE: Final = 100
"""Columns of sentences where there is no terminal to tell; lines that are much longer are hard to read."""

CRITERIA_HEADS: Final = {
    "log_likelihood": "Griffiths 2004",
    "cao_juan_2009": "Cao Juan 2009",
    "arun_2010": "Arun 2010",
    "deveaud_2014": "Deveaud 2014",
}

CAUTION_ON_CRITERIA: Final = (
    "Griffiths 2004 and Deveaud 2014 are to be high, Cao Juan 2009 and Arun 2010 low. They are here for comparison "
    "with what others report: none looks at documents that the model has not seen, most rise or fall with K all the "
    "way, and they contradict each other. Choose by none of them alone, and not by a vote among them."
)


class Told(Protocol):
    """What is shown of a study; `StudySummary`, which shows itself by way of this file, is one."""

    @property
    def candidates(self) -> list[CandidateSummary]:
        """The rows."""
        ...

    @property
    def varied(self) -> tuple[str, ...]:
        """Parameters that differ between candidates."""
        ...

    @property
    def best(self) -> int | None:
        """Place of the best candidate."""
        ...

    @property
    def compared(self) -> Compared:
        """What scores are compared on."""
        ...

    @property
    def seed_deviation(self) -> float | None:
        """Of held-out scores over seeds."""
        ...

    @property
    def recommendation(self) -> Recommendation:
        """Readings."""
        ...


class Column(NamedTuple):
    """head: what stands above. cell: what stands in the row of a candidate. style: of the cells."""

    head: str
    cell: Callable[[CandidateSummary], str]
    style: str = ""


def study_table(summary: Told, width: int | None) -> Text:
    """A header and a row for each candidate; below it what the columns mean.

    Args:
        summary: of the study.
        width: columns of the terminal. What does not fit goes into a further table below, which begins with the
            parameters again. None keeps each candidate on one line, as `grep` and its like need it.
    """
    from rich.text import Text

    table = Text()
    for number, columns in enumerate(_tables(summary, width)):
        if number:
            table.append("\n")
        _append(table, columns, summary.candidates)
    for line in _wrapped(_legend(summary), width):
        table.append(line, "dim").append("\n")
    table.right_crop(1)
    return table


def study_text(summary: Told, width: int | None) -> Text:
    """The table, what to make of it, and what to know before believing it."""
    text = study_table(summary, width)
    cautions = list(summary.recommendation.cautions)
    if any(one.criteria for one in summary.candidates):
        cautions.append(CAUTION_ON_CRITERIA)
    for sentences, style in ((summary.recommendation.sentences, ""), (cautions, "dim")):
        if sentences:
            text.append("\n")
        for sentence in sentences:
            for line in _wrapped(f"- {sentence}", width, indent="  "):
                text.append("\n").append(line, style)
    return text


def _append(table: Text, columns: Sequence[Column], rows: Sequence[CandidateSummary]) -> None:
    cells = [[column.cell(row) for row in rows] for column in columns]
    widths = [max(map(len, [column.head, *of])) for column, of in zip(columns, cells, strict=True)]
    last = len(columns) - 1

    def line(row: Sequence[str], styles: Sequence[str]) -> None:
        for i, (cell, size, style) in enumerate(zip(row, widths, styles, strict=True)):
            text = cell.rjust(size)
            table.append(text.rstrip() if i == last else text, style).append("\n" if i == last else GAP)

    line([column.head for column in columns], ["bold"] * len(columns))
    for number, row in enumerate(rows):
        best = "bold " if row.within_one_error else ""
        line([of[number] for of in cells], [(best + column.style).strip() for column in columns])


def _tables(summary: Told, width: int | None) -> list[list[Column]]:
    """The columns of each table, in groups that stay together."""
    names = [
        Column(SYMBOLS.get(name, name.replace("_", "-")), _parameter(name), "cyan") for name in summary.varied
    ]
    groups = [_prediction(summary), _topics(summary), _cost(), *_criteria(summary)]
    found = [list(names)]
    for group in groups:
        fits = width is None or _size([*found[-1], *group], summary.candidates) <= width
        if fits or len(found[-1]) == len(names):
            found[-1] += group
        else:
            found.append([*names, *group])
    return found


def _size(columns: Sequence[Column], rows: Sequence[CandidateSummary]) -> int:
    widths = [max(len(column.head), *(len(column.cell(row)) for row in rows)) for column in columns]
    return sum(widths) + len(GAP) * (len(columns) - 1)


def _parameter(name: str) -> Callable[[CandidateSummary], str]:
    def cell(row: CandidateSummary) -> str:
        value = value_of(row.parameters[name]) if name in row.parameters else UNKNOWN
        return value if len(value) <= 24 else value[:21] + "..."

    return cell


def _number(name: str, digits: str) -> Callable[[CandidateSummary], str]:
    def cell(row: CandidateSummary) -> str:
        value = getattr(row, name)
        return UNKNOWN if value is None else format(value, digits)

    return cell


def _prediction(summary: Told) -> list[Column]:
    found = [
        Column("seeds", lambda row: str(row.n_trials)),
        Column("held-out", _heldout, "green"),
    ]
    if summary.seed_deviation is None:
        return [*found, Column("to the best", lambda row: f"{_difference(row)} {_star(row)}")]
    return [
        *found,
        Column("sd", _number("seed_deviation", ".4f")),
        Column("to the best", _difference),
        Column("with seeds", _margin),
    ]


def _heldout(row: CandidateSummary) -> str:
    """-7.2628; of a candidate without an end -7.4857 in brackets, that of the sweep which the next column tells."""
    if row.heldout is not None:
        return f"{row.heldout:.4f}"
    unfinished = row.stopped_at is not None and not row.n_trials and math.isfinite(row.stopped_at[1])
    return f"({row.stopped_at[1]:.4f})" if unfinished and row.stopped_at else UNKNOWN


def _difference(row: CandidateSummary) -> str:
    """-0.0312 ± 0.0021, or why there is none."""
    if row.difference is None:
        return (
            f"{'stopped' if row.n_stopped else 'is'} at {row.stopped_at[0]:,}"
            if (row.n_stopped or row.n_waiting) and row.stopped_at and not row.n_trials
            else "failed"
            if row.n_failed and not row.n_trials
            else UNKNOWN
        )
    if row.margin == 0 and row.difference == 0:
        return "best"
    return f"{row.difference:+.4f}" + (
        "" if row.difference_error is None else f" ± {row.difference_error:.4f}"
    )


def _margin(row: CandidateSummary) -> str:
    best = row.margin == 0 and row.difference == 0
    told = UNKNOWN if row.margin is None else "" if best else f"± {row.margin:.4f}"
    return f"{told} {_star(row)}"


def _star(row: CandidateSummary) -> str:
    return "*" if row.within_one_error else " "


def _topics(summary: Told) -> list[Column]:
    again = [Column("again", _number("stability", ".0%"))] if _any(summary, "stability") else []
    return [
        Column("NPMI", _number("npmi", ".3f")),
        Column("diverse", _number("diversity", ".2f")),
        Column("exclusive", _number("exclusivity", ".2f")),
        *again,
        Column("dead", _number("dead", ".1f")),
        Column("alike", _number("duplicates", ".1f")),
    ]


def _any(summary: Told, name: str) -> bool:
    return any(getattr(row, name) is not None for row in summary.candidates)


def _cost() -> list[Column]:
    return [
        Column("seconds", lambda row: UNKNOWN if row.seconds is None else _seconds(row.seconds)),
        Column(
            "memory", lambda row: UNKNOWN if row.peak_bytes is None else f"{row.peak_bytes / 2**20:,.0f} MiB"
        ),
    ]


def _seconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _criteria(summary: Told) -> list[list[Column]]:
    if not any(row.criteria for row in summary.candidates):
        return []

    def column(name: str) -> Column:
        def cell(row: CandidateSummary) -> str:
            value = (row.criteria or {}).get(name)
            return UNKNOWN if value is None else f"{value:.4g}"

        return Column(CRITERIA_HEADS[name], cell)

    return [[column(name) for name in CRITERIA_HEADS]]


def _legend(summary: Told) -> str:
    told = []
    if summary.best is not None:
        on = (
            ""
            if summary.compared.basis == "all terms"
            else f" on the {summary.compared.n_terms:,} terms that all share"
        )
        told.append(f"held-out: log-likelihood, nats a token{on}")
        if summary.seed_deviation is not None:
            told.append("sd: over seeds")
        told.append("to the best: difference on the same documents ± its standard error over them")
        if summary.seed_deviation is not None:
            told.append("with seeds: the same by documents and seeds")
        told.append("* within one standard error of the best")
    if any(row.stopped_at and not row.n_trials for row in summary.candidates):
        told.append("(held-out): after fewer sweeps, not to be compared with the others")
    if _any(summary, "stability"):
        told.append("again: topics found again by other seeds")
    told.append("alike: topics with a duplicate")
    return "; ".join(told) + "."


def _wrapped(text: str, width: int | None, indent: str = "") -> list[str]:
    """Lines of a sentence; those after the first are indented."""
    return textwrap.wrap(
        text,
        min(width or WIDTH_OF_PROSE, WIDTH_OF_PROSE),
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
