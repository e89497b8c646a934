"""`lda fit --over`: shares of topics by period, once the topics are there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.cli.surveyed import told
from lda.corpus.presentable import printable
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lda.cli.console import Console
    from lda.cli.fit.outputs import Targets
    from lda.corpus import Corpus
    from lda.model.model import Model
    from lda.survey.results import GroupShares, SurveyOptions

WIDTH: Final = 80
"""Of a table where there is no terminal whose width is known."""

MOST_TOPICS: Final = 30
MOVERS: Final = 6
"""Rising and falling topics each, where not all are shown."""

ENDINGS: Final = (".csv", ".parquet")
GAP: Final = "  "
FEWEST_COLUMNS_OF_WORDS: Final = 16
MOST_WORDS: Final = 6
"""Of a topic, as far as there is room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodOptions:
    """over: field with a date or a number, or None. bin: as of `SurveyOptions`. path: of the file, or None."""

    over: str | None
    bin: str
    path: Path | None

    def survey(self) -> SurveyOptions | None:
        """What is asked of the documents; None for nothing. Raises click.UsageError for a width that is none."""
        from lda.survey.periods import period_options

        if self.over is None:
            return None
        try:
            return period_options(self.over, self.bin)
        except ValueError as error:
            raise click.UsageError(str(error)) from error

    def check(self, targets: Targets, read: Sequence[object]) -> None:
        """Refuse a file that could not be written at the end. Raises `DataError`."""
        from lda.corpus.storage.output_target import check_apart, check_different, check_file_target
        from lda.corpus.storage.places import is_uri

        if self.path is None:
            return
        check_file_target(self.path, overwrite=targets.overwrite)
        model = [] if is_uri(targets.model) else [Path(targets.model)]
        check_different([self.path, *model, *(path for _, path in targets.files.wanted())])
        check_apart(self.path, read, whole=[targets.model])

    def check_corpus(self, corpus: Corpus) -> None:
        """See that the documents have the field, before the fit. Raises `DataError`."""
        over = self.survey()
        if over is not None:
            from lda.survey.periods import check_periods

            check_periods(corpus, over)

    def of(self, targets: Targets, corpus: Corpus, console: Console, threads: int | None) -> Periods | None:
        """The shares of the model that was just written, in their file, too, if there is one; None without a field."""
        over = self.survey()
        if over is None:
            return None
        periods = Periods.of(targets.model, corpus, over, console, threads)
        if self.path is not None:
            periods.write(self.path, overwrite=targets.overwrite)
        return periods


def period_options(command: Function) -> Function:
    """--over, --bin and --output-periods; the command gets them as `periods`."""
    return gathered(
        "periods",
        _asked_for,
        option(
            "--over",
            metavar="FIELD",
            heading=Heading.OUTPUT,
            help="Field with a date or a number: print the shares of topics by period. The fit does not see it.",
            brief="Print shares of topics over this date or number.",
        ),
        option(
            "--bin",
            default="auto",
            metavar="WIDTH",
            heading=Heading.OUTPUT,
            help="Periods of --over: day, month, quarter, year, decade, or a width for numbers.",
        ),
        option(
            "--output-periods",
            metavar="FILE",
            heading=Heading.OUTPUT,
            help="Write the shares of --over with their intervals as well (.csv, .parquet).",
        ),
        names=("over", "bin", "output_periods"),
    )(command)


def _asked_for(*, over: str | None, bin: str, output_periods: str | None) -> PeriodOptions:  # noqa: A002
    from lda.corpus.storage.output_target import local_path

    if over is None and bin != "auto":
        raise click.UsageError("--bin needs --over: it says how wide the periods of that field are")
    if over is None and output_periods is not None:
        raise click.UsageError(
            "--output-periods needs --over FIELD: a date or a number that makes the periods"
        )
    path = None if output_periods is None else local_path(output_periods)
    if path is not None and path.suffix.lower() not in ENDINGS:
        raise click.UsageError(f"--output-periods writes .csv or .parquet, got {path.name!r:.80}")
    made = PeriodOptions(over=over, bin=bin, path=path)
    if over is not None and bin != "auto":
        made.survey()
    return made


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Periods:
    """Shares by period, and the model that they are of."""

    model: Model
    shares: GroupShares

    @classmethod
    def of(
        cls,
        place: str,
        corpus: Corpus,
        options: SurveyOptions,
        console: Console,
        threads: int | None,
    ) -> Periods:
        """Those of the model that was just written, and its documents."""
        from lda.model.model import Model
        from lda.survey.periods import shares_by_period

        model = Model.load(place, verify=False)
        console.progress.note(f"shares of topics over {printable(str(options.over))}")
        shares = shares_by_period(model, corpus, options, threads=threads, progress=told(console))
        if shares.n_missing:
            console.progress.note(
                f"{plural(shares.n_missing, 'document')} without a value in {printable(shares.field)} left out"
            )
        return cls(model=model, shares=shares)

    def write(self, path: Path, *, overwrite: bool) -> None:
        """Write a row a period and topic. Raises `DataError` for a file that may not be replaced."""
        import pyarrow as pa

        from lda.charts.tables import groups_table
        from lda.corpus.storage.output_target import new_file
        from lda.report.table_files import write_csv

        columns: dict[str, Any] = dict(groups_table(self.model, self.shares))
        columns["name"] = pa.array(columns["name"], pa.string())
        table = pa.table(columns)
        with new_file(path, overwrite=overwrite) as temporary:
            if path.suffix.lower() == ".parquet":
                import pyarrow.parquet as pq

                pq.write_table(table, temporary)
            else:
                write_csv(table, temporary)

    def to_dict(self) -> dict[str, Any]:
        """As plain values: means and 95 % intervals, (periods, topics); null where there is none."""
        from lda.charts.measures import trend
        from lda.report.numbers import numbers
        from lda.survey.group_sums import LEVEL

        shares = self.shares
        starts = shares.starts or [None] * len(shares.values)
        return {
            "field": shares.field,
            "kind": shares.kind,
            "level": LEVEL,
            "n_missing": shares.n_missing,
            "periods": [
                {"value": value, "start": start, "n_documents": n, "n_tokens": tokens}
                for value, start, n, tokens in zip(
                    shares.values, starts, shares.n_documents.tolist(), shares.n_tokens.tolist(), strict=True
                )
            ],
            "mean": numbers(shares.mean, 9),
            "low": numbers(shares.low, 9),
            "high": numbers(shares.high, 9),
            "trend": numbers(trend(shares), 9),
        }

    def text(self, width: int | None) -> Text:
        """A table of topics and periods, or, of more periods than fit, of the topics that rise and fall."""
        from rich.text import Text

        width = width or WIDTH
        shares = self.shares
        cells = [[_cell(*cell) for cell in zip(*row, strict=True)] for row in self._rows()]
        number = max(len("topic"), len(str(self.model.n_topics - 1)))
        sizes = [
            max(len(printable(value)), *(len(row[period]) for row in cells))
            for period, value in enumerate(shares.values)
        ]
        room = width - number - sum(sizes) - len(GAP) * (len(sizes) + 1)
        if room >= FEWEST_COLUMNS_OF_WORDS and self.model.n_topics <= MOST_TOPICS:
            lines = self._all_periods(cells, number, sizes, room)
        else:
            lines = self._movers(cells, number, width)
        table, start = Text("\n".join(lines)), 0
        for line in lines:
            if line.lstrip().startswith("topic"):
                table.stylize("bold", start, start + len(line))
            start += len(line) + 1
        return table

    def _rows(self) -> list[tuple[Any, Any, Any]]:
        """Means, lows and highs of each topic."""
        shares = self.shares
        return list(zip(shares.mean.T.tolist(), shares.low.T.tolist(), shares.high.T.tolist(), strict=True))

    def _words(self) -> list[list[str]]:
        """The name of each topic, or its most probable words."""
        names = self.model.labels.names
        return [
            [names[topic].name] if topic in names else words
            for topic, words in enumerate(self.model.top_words(MOST_WORDS))
        ]

    def _all_periods(self, cells: list[list[str]], number: int, sizes: list[int], room: int) -> list[str]:
        words = self._words()
        values = [printable(value) for value in self.shares.values]
        lines = [_line("topic".rjust(number), _right(values, sizes), "words")]
        lines += [
            _line(str(topic).rjust(number), _right(row, sizes), _fitting(words[topic], room))
            for topic, row in enumerate(cells)
        ]
        counts = [f"{n:,}" for n in self.shares.n_documents.tolist()]
        lines.append(_line(" " * number, _right(counts, sizes), "documents"))
        return [line.rstrip() for line in lines]

    def _movers(self, cells: list[list[str]], number: int, width: int) -> list[str]:
        """The topics that rise and those that fall: in the first period, where they are most, in the last one."""
        import numpy as np

        from lda.charts.measures import trend

        change = trend(self.shares)
        first, last = (printable(self.shares.values[end]) for end in (0, -1))
        order = np.argsort(-np.nan_to_num(change), kind="stable")
        rising = [int(topic) for topic in order if change[topic] > 0][:MOVERS]
        falling = [int(topic) for topic in order[::-1] if change[topic] < 0][:MOVERS]
        if not rising and not falling:
            return [f"one period alone, {first}: there is nothing to compare"]
        head = (first, "at most", "in", last, "trend")
        # By the lower end of the interval, or a period of two documents would win: often by a topic of one of them.
        sure = np.nan_to_num(self.shares.low, nan=-1.0)
        peaks = {topic: int(np.argmax(sure[:, topic])) for topic in (*rising, *falling)}
        of = {
            topic: (
                cells[topic][0],
                cells[topic][peak],
                printable(self.shares.values[peak]),
                cells[topic][-1],
                f"{100 * change[topic]:+.1f}",
            )
            for topic, peak in peaks.items()
        }
        sizes = [max(map(len, column)) for column in zip(head, *of.values(), strict=True)]
        room = max(width - number - sum(sizes) - (len(sizes) + 1) * len(GAP), 1)
        lines, words = [], self._words()
        for title, topics in (("rising", rising), ("falling", falling)):
            if topics:
                lines.append(_line("topic".rjust(number), _right(head, sizes), title))
                lines += [
                    _line(str(topic).rjust(number), _right(of[topic], sizes), _fitting(words[topic], room))
                    for topic in topics
                ]
        return lines

    def note(self) -> str:
        """What the table shows, for people."""
        periods = plural(len(self.shares.values), "period")
        return (
            f"mean share of topics in documents, in %, over {periods} of {printable(self.shares.field)}, with half the "
            "width of its 95 % interval; trend: change from the first to the last along a straight line"
        )


def _fitting(words: Sequence[str], room: int) -> str:
    """As many words as fit; a part of the first one, if there is no room for it."""
    from rich.cells import cell_len, set_cell_size

    text = ""
    for word in words:
        longer = f"{text} {printable(word)}".lstrip()
        if text and cell_len(longer) > room:
            break
        text = longer
    return text if cell_len(text) <= room else set_cell_size(text, room)


def _cell(mean: float, low: float, high: float) -> str:
    """12.3 ±1.1: a share and half the width of its interval, in points of 100; only the share of one document."""
    if low != low:
        return f"{100 * mean:.1f}"
    return f"{100 * mean:.1f} ±{100 * (high - low) / 2:.1f}"


def _right(cells: Sequence[str], sizes: Sequence[int]) -> list[str]:
    return [cell.rjust(size) for cell, size in zip(cells, sizes, strict=True)]


def _line(number: str, cells: Sequence[str], words: str) -> str:
    return GAP.join([number, *cells, words])
