"""Topics one below the other, each with its words and documents, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.cli.bars import bar
from lda.cli.topic_table import GAP, NARROWEST_BAR, lines_of, numbers_of
from lda.corpus.presentable import printable
from lda.labels.labels import WITHOUT_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lda.labels.labels import Labels
    from lda.model.model import Topic
    from lda.survey.survey import Survey

BEST: Final = 3
"""Documents of each topic in a list of all topics."""

WIDEST_WORD_BAR: Final = 40
WIDEST_WORD: Final = 30
"""Columns; a word that is wider moves its own bar to the right, no other one."""

WIDEST_DOCUMENT_BAR: Final = 10
LONGEST_NAME: Final = 200
"""Characters of a document's name: a longer one, which no terminal could show, is cut."""

INDENT: Final = "  "


def best_rows(found: Survey, topic: int) -> list[int]:
    """Rows of the documents that show a topic best."""
    return [int(row) for row in found.best[topic] if row >= 0]


def documents_of(found: Survey, topic: int) -> list[dict[str, Any]]:
    """The documents that show a topic best, as plain values."""
    return [
        {
            "id": found.ids[row],
            "weight": float(found.theta[row, topic]),
            "n_tokens": int(found.n_tokens_of[row]),
        }
        for row in best_rows(found, topic)
    ]


class TopicBlocks:
    """How topics are printed.

    labels: their names. survey: documents, or None. width: of the terminal, or None. bars, plain: as of `topic_table`.
    each_word: a line for each word.
    """

    def __init__(
        self,
        labels: Labels,
        survey: Survey | None,
        width: int | None,
        *,
        bars: bool,
        plain: bool,
        each_word: bool,
    ) -> None:
        self.labels, self.survey, self.width = labels, survey, width
        self.bars, self.plain, self.each_word = bars, plain, each_word

    def text(self, topics: Sequence[Topic]) -> Text:
        """All of them, with an empty line between two."""
        from rich.text import Text

        return Text("\n\n").join(Text("\n").join(self._block(topic)) for topic in topics)

    def _block(self, topic: Topic) -> list[Text]:
        from rich.cells import cell_len
        from rich.text import Text

        lines = [topic_heading(topic, self.labels)]
        if self.each_word:
            lines.append(word_table(topic, width=self.width, bars=self.bars, plain=self.plain))
        else:
            terms = [printable(term) for term, _ in topic.words]
            room = None if self.width is None else max(self.width - len(INDENT), 1)
            words = lines_of(terms, [cell_len(term) for term in terms], room) or [WITHOUT_WORDS]
            lines += [Text(INDENT + line) for line in words]
        if (found := self.survey) is not None:
            lines += [
                document_line(found, row, topic.number, bars=self.bars, plain=self.plain)
                for row in best_rows(found, topic.number)
            ]
        return lines


def document_line(found: Survey, row: int, topic: int, *, bars: bool, plain: bool) -> Text:
    """A line: the topic's weight in a document, and the document's name and size."""
    from rich.text import Text

    weight = float(found.theta[row, topic])
    line = Text(INDENT).append(f"{weight:7.2%}", "green").append(GAP)
    if bars:
        line.append(bar(weight, WIDEST_DOCUMENT_BAR, plain=plain).ljust(WIDEST_DOCUMENT_BAR), "green").append(
            GAP
        )
    line.append(printable(_cut(found.ids[row])), "bold")
    return line.append(f", {int(found.n_tokens_of[row]):,} words", "dim")


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def word_table(
    topic: Topic, *, width: int | None, bars: bool = False, plain: bool = False, indent: int = 2
) -> Text:
    """A line for each of a topic's words: the word, its probability and a bar, the longest for the most probable word.

    width: columns of the terminal, or None.
    """
    from rich.cells import cell_len
    from rich.text import Text

    words = [printable(word) for word, _ in topic.words]
    column = min(max(map(cell_len, words), default=0), WIDEST_WORD)
    numbers = [f"{p:.4f}" for _, p in topic.words]
    left = (width or 100) - indent - column - 2 * len(GAP) - max(map(len, numbers), default=0)
    bar_width = max(min(left, WIDEST_WORD_BAR), NARROWEST_BAR)
    largest = max((p for _, p in topic.words), default=0.0) or 1.0
    table = Text()
    for word, number, (_, p) in zip(words, numbers, topic.words, strict=True):
        table.append(" " * indent).append(word + " " * (column - cell_len(word))).append(GAP).append(
            number, "dim"
        )
        if bars:
            table.append(GAP).append(bar(p / largest, bar_width, plain=plain), "green")
        table.append("\n")
    if not words:
        table.append(" " * indent + WITHOUT_WORDS + "\n")
    table.right_crop(1)
    return table


def topic_heading(topic: Topic, labels: Labels | None = None) -> Text:
    """A line: number, name, share of all tokens, alpha."""
    from rich.text import Text

    number, share, alpha = numbers_of(topic)
    heading = Text().append(f"topic {number}", "bold cyan")
    name = labels.name(topic.number) if labels else None
    if name is not None:
        heading.append(GAP).append(printable(name), "bold")
    return heading.append(GAP).append(f"share {share}", "green").append(GAP).append(f"alpha {alpha}", "dim")
