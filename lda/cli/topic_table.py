"""Topics as people and programs read them: a table for a terminal, tab-separated values, Markdown, JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.cli.bars import bar
from lda.corpus.presentable import printable
from lda.labels.labels import WITHOUT_WORDS
from lda.markdown import escaped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lda.labels.labels import Labels
    from lda.model.model import Topic

HEAD: Final = ("topic", "share", "alpha")
GAP: Final = "  "

NARROWEST_BAR: Final = 4
WIDEST_BAR: Final = 12


def topic_table(
    topics: Sequence[Topic],
    *,
    width: int | None,
    labels: Labels | None = None,
    bars: bool = False,
    plain: bool = False,
) -> Text:
    """A header, then number, share of all tokens, alpha, name and most probable words of each topic.

    Rejected: Rich's own table, because it breaks a term of several words.

    Args:
        topics: what is shown, in this order.
        width: columns of the terminal; words that do not fit go on below the others, and none is broken. Names stand
            above the words. None keeps each topic on one line, as `grep` and its like need it; names have a column.
        labels: names of topics; without any there is nothing about them.
        bars: a bar for each share, the longest for the largest one.
        plain: bars of ASCII.
    """
    from rich.cells import cell_len
    from rich.text import Text

    cells = [numbers_of(topic) for topic in topics]
    widths = [max(map(len, column)) for column in zip(HEAD, *cells, strict=True)]
    bar_width = min(max((width or 100) // 10, NARROWEST_BAR), WIDEST_BAR) if bars else 0
    largest = max((topic.share for topic in topics), default=0.0) or 1.0
    indent = sum(widths) + len(GAP) * len(widths) + (bar_width + 1 if bars else 0)
    named = {number: printable(label.name) for number, label in labels.names.items()} if labels else {}
    names = [named.get(topic.number, "") for topic in topics]
    column = max(map(cell_len, [*names, "name"])) if named and width is None else 0
    room = None if width is None else max(width - indent, 1)
    table = Text()

    def line(row: Sequence[str], styles: Sequence[str], drawn: str, name: str) -> None:
        for cell, size, of_cell, place in zip(row, widths, styles, HEAD, strict=True):
            table.append(cell.rjust(size), of_cell)
            if bars and place == "share":
                table.append(" ").append(drawn.ljust(bar_width), "green")
            table.append(GAP)
        if column:
            table.append(name + " " * (column - cell_len(name)), "bold").append(GAP)

    line(HEAD, ("bold",) * len(HEAD), "", "name")
    table.append("words\n", "bold")
    for topic, row, name in zip(topics, cells, names, strict=True):
        line(row, ("cyan", "green", "dim"), bar(topic.share / largest, bar_width, plain=plain), name)
        terms = [printable(term) for term, _ in topic.words]
        words = lines_of(terms, [cell_len(term) for term in terms], room) or [WITHOUT_WORDS]
        if name and not column:
            heads = lines_of(parts := name.split(" "), [cell_len(part) for part in parts], room)
            for i, part in enumerate(heads):
                table.append(" " * indent if i else "").append(part, "bold").append("\n")
            table.append(" " * indent)
        for i, some in enumerate(words):
            table.append(" " * indent if i else "").append(some).append("\n")
    table.right_crop(1)
    return table


def numbers_of(topic: Topic) -> tuple[str, str, str]:
    """The cells below `HEAD`."""
    return str(topic.number), f"{topic.share:.2%}", f"{topic.alpha:#.4g}"


def lines_of(terms: Sequence[str], sizes: Sequence[int], room: int | None) -> list[str]:
    """Terms with blanks between them, in lines of at most `room` columns; one that is wider has a line of its own."""
    lines: list[list[str]] = []
    used = 0
    for term, size in zip(terms, sizes, strict=True):
        if lines and (room is None or used + 1 + size <= room):
            lines[-1].append(term)
            used += 1 + size
        else:
            lines.append([term])
            used = size
    return [" ".join(line) for line in lines]


def topic_tsv(topics: Sequence[Topic], n_words: int, labels: Labels | None = None) -> str:
    """A header and a line for each topic, tab-separated: topic, tokens, share, alpha, word_1, ..., word_`n_words`.

    A term of several words stays whole in its column. Columns of words that a topic does not have are empty. Names, if
    there are any, are a last column, so that the others keep their places.
    """
    head = ["topic", "tokens", "share", "alpha", *(f"word_{i}" for i in range(1, n_words + 1))]
    rows = [
        [str(topic.number), str(topic.tokens), repr(topic.share), repr(topic.alpha)]
        + [printable(term) for term, _ in topic.words]
        + [""] * (n_words - len(topic.words))
        for topic in topics
    ]
    if labels:
        head.append("name")
        for row, topic in zip(rows, topics, strict=True):
            row.append(printable(labels.name(topic.number) or ""))
    return "\n".join("\t".join(row) for row in [head, *rows])


def topic_markdown(topics: Sequence[Topic], labels: Labels | None = None) -> str:
    """A table of Markdown, as GitHub and most others read it; with a column of names, if there are any."""
    rows = [
        (*numbers_of(topic), ", ".join(escaped(term) for term, _ in topic.words) or WITHOUT_WORDS)
        for topic in topics
    ]
    head = [(*HEAD, "words"), ("---:", "---:", "---:", ":---")]
    if not labels:
        return "\n".join(f"| {' | '.join(row)} |" for row in [*head, *rows])
    named = [
        (*row[:1], escaped(labels.name(topic.number) or ""), *row[1:])
        for row, topic in zip(rows, topics, strict=True)
    ]
    named_head = [(*row[:1], cell, *row[1:]) for row, cell in zip(head, ("name", ":---"), strict=True)]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*named_head, *named])


def topic_row(topic: Topic, labels: Labels) -> dict[str, Any]:
    """A topic as plain values; with its name, null where it has none, if any topic has one."""
    words = [{"word": word, "probability": probability} for word, probability in topic.words]
    name = {"name": labels.name(topic.number)} if labels else {}
    return {
        "topic": topic.number,
        **name,
        "alpha": topic.alpha,
        "tokens": topic.tokens,
        "share": topic.share,
        "words": words,
    }
