"""One topic as people read it on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from lda.cli.bars import Bars, plain_bars, wants_bars
from lda.cli.excerpt import marked
from lda.cli.terminal import Color, has_styles
from lda.cli.topic_blocks import best_rows, document_line, word_table
from lda.cli.topic_table import GAP
from lda.corpus.presentable import printable
from lda.labels.labels import WITHOUT_WORDS

if TYPE_CHECKING:
    from rich.text import Text

    from lda.labels.labels import Labels
    from lda.model.model import Topic
    from lda.report.measures import TopicMeasure
    from lda.survey.survey import Survey

ELSEWHERE: Final = 100
"""Columns of lines that are broken where there is no terminal."""

WIDEST_LINE: Final = 110
"""Columns of a line of prose: longer ones are hard to read."""

LONGEST_VALUE: Final = 60
"""Characters of a value of a field: what is longer is left out."""

LINES_OF_TEXT: Final = 6
WORDS_OF_OTHERS: Final = 5


def fields_of(found: Survey, row: int) -> dict[str, Any]:
    """The metadata of a described document by field, as Python's own values."""
    from lda.corpus.plain_values import plain_values

    one = found.fields.slice(row, 1)
    return {name: plain_values(one.column(name))[0] for name in one.column_names}


def _fields(found: Survey, row: int) -> str:
    """The metadata of a document on one line: values that are short enough to be no text of their own."""
    values = fields_of(found, row)
    shown = {name: printable(str(value)) for name, value in values.items() if value is not None}
    return ", ".join(
        f"{printable(name)} {value}" for name, value in shown.items() if 0 < len(value) <= LONGEST_VALUE
    )


class TopicPage:
    """What is printed for people, part by part. width: of the terminal, or None."""

    def __init__(self, *, bars: Bars, color: Color, width: int | None) -> None:
        self.terminal, self.width = width, min(width or ELSEWHERE, WIDEST_LINE)
        self.bars, self.plain = wants_bars(bars, width), plain_bars()
        self.styled = has_styles(color)
        self._parts: list[Text] = []

    def text(self) -> Text:
        """All of it."""
        from rich.text import Text

        return Text("\n\n").join(self._parts)

    def _part(self, heading: str, *lines: Text) -> None:
        from rich.text import Text

        self._parts.append(Text("\n").join([*self._wrapped(Text(heading, "bold"), 0), *lines]))

    def _wrapped(self, text: Text, indent: int) -> list[Text]:
        """Lines that fit, the first without the blanks that the others begin with."""
        from rich.console import Console
        from rich.text import Text

        lines = text.wrap(Console(width=self.width), max(self.width - indent, 20))
        for line in lines:
            line.rstrip()
        return [line if not i else Text(" " * indent) + line for i, line in enumerate(lines)]

    def head(self, topic: Topic, labels: Labels, rank: int, n_topics: int) -> None:
        """Number, name, size."""
        from rich.text import Text

        title = Text().append(f"topic {topic.number}", "bold cyan")
        name = labels.name(topic.number)
        if name is not None:
            title.append(GAP).append(printable(name), "bold")
        size = Text(
            f"{topic.share:.2%} of all tokens ({topic.tokens:,}), number {rank} of {n_topics} by size, "
            f"alpha {topic.alpha:#.4g}"
        )
        self._parts.append(Text("\n").join([*self._wrapped(title, 2), *self._wrapped(size, 0)]))

    def numbers(self, measures: list[tuple[TopicMeasure, float]]) -> None:
        """A line for each number, and what it means."""
        from rich.text import Text

        shown = [
            (one.title, "-" if math.isnan(value) else f"{value:,.{one.digits}f}", one.what)
            for one, value in measures
        ]
        first, second = (max(len(row[i]) for row in shown) for i in (0, 1))
        lines = list[Text]()
        for title, value, what in shown:
            head = Text(f"  {title.ljust(first)}{GAP}{value.rjust(second)}{GAP}")
            indent = len(head.plain)
            if self.width - indent < ELSEWHERE // 3:  # a column of meanings would be a few letters wide
                head.rstrip()
                meaning = self._wrapped(Text(what, "dim"), 4)
                lines += [head, Text("    ") + meaning[0], *meaning[1:]]
            else:
                rest = self._wrapped(Text(what, "dim"), indent)
                lines += [head + rest[0], *rest[1:]]
        self._part("Numbers", *lines)

    def words(self, topic: Topic) -> None:
        """A line for each word."""
        self._part("Words", word_table(topic, width=self.terminal, bars=self.bars, plain=self.plain))

    def related(self, related: list[tuple[int, float]], topics: list[Topic], labels: Labels) -> None:
        """A line for each near topic: number, distance, name or words."""
        from rich.text import Text

        if not related:
            return
        first = max(len(str(k)) for k, _ in related)
        lines = list[Text]()
        for k, distance in related:
            head = Text("  ").append(str(k).rjust(first), "cyan").append(f"{GAP}{distance:.3f}{GAP}", "dim")
            body = Text()
            name = labels.name(k)
            if name is not None:
                body.append(printable(name), "bold").append(": ")
            body.append(
                " ".join(printable(word) for word, _ in topics[k].words[:WORDS_OF_OTHERS]) or WITHOUT_WORDS
            )
            rest = self._wrapped(body, len(head.plain))
            lines += [head + rest[0], *rest[1:]]
        self._part("Related topics (by Jensen-Shannon distance, 0 the same, 0.833 nothing in common)", *lines)

    def documents(self, found: Survey, topic: int) -> None:
        """The best documents: weight, name, fields, excerpt."""
        from rich.text import Text

        rows = best_rows(found, topic)
        lines = list[Text]()
        for row in rows:
            line = document_line(found, row, topic, bars=self.bars, plain=self.plain)
            wrapped = self._wrapped(line, 4)
            lines += wrapped
            if told := _fields(found, row):
                wrapped = self._wrapped(Text(told, "dim"), 4)
                lines += [Text("    ") + wrapped[0], *wrapped[1:]]
            pieces = found.texts.get(row)
            if pieces:
                room = (self.width - 4) * LINES_OF_TEXT
                text = marked(pieces, topic, room, styled=self.styled)
                wrapped = self._wrapped(text, 4)
                lines += [Text("    ") + wrapped[0], *wrapped[1:]]
            lines.append(Text(""))
        how = "in bold" if self.styled else "between *"
        heading = (
            f"Documents that show it best; words that have the topic there are {how} "
            f"(inference with seed {found.seed})"
        )
        if not rows:
            self._part("No document shows it: none has words that the model knows")
            return
        self._part(heading, *lines[:-1])
