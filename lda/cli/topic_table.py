"""Topics as people and programs read them: a table for a terminal, tab-separated values, Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lda.model.model import Topic

HEAD: Final = ("topic", "share", "alpha")
GAP: Final = "  "
EMPTY: Final = "(empty)"

_MARKED: Final = re.compile(r"[\\`*_<>\[\]&|~$:@]")
"""What Markdown, the HTML within it, or a site's formulas, emoji and names of users would take for a command."""


def topic_table(topics: Sequence[Topic], *, width: int | None) -> Text:
    """A header, then number, share of all tokens, alpha and most probable words of each topic.

    width: columns of the terminal; words that do not fit go on below the others, and none is broken. None keeps each
    topic on one line, as `grep` and its like need it. Rejected: Rich's own table, because it breaks a term of several
    words.
    """
    from rich.cells import cell_len
    from rich.text import Text

    cells = [_numbers(topic) for topic in topics]
    widths = [max(map(len, column)) for column in zip(HEAD, *cells, strict=True)]
    indent = sum(widths) + len(GAP) * len(widths)
    room = None if width is None else max(width - indent, 1)
    table = Text()

    def line(row: Sequence[str], styles: Sequence[str], words: str, style: str = "") -> None:
        for cell, size, of_cell in zip(row, widths, styles, strict=True):
            table.append(cell.rjust(size), of_cell).append(GAP)
        table.append(words, style).append("\n")

    line(HEAD, ("bold",) * len(HEAD), "words", "bold")
    for topic, row in zip(topics, cells, strict=True):
        terms = [printable(term) for term, _ in topic.words]
        first, *others = _lines(terms, [cell_len(term) for term in terms], room) or [EMPTY]
        line(row, ("cyan", "green", "dim"), first)
        for words in others:
            table.append(" " * indent).append(words).append("\n")
    table.right_crop(1)
    return table


def _numbers(topic: Topic) -> tuple[str, str, str]:
    """The cells below `HEAD`."""
    return str(topic.number), f"{topic.share:.2%}", f"{topic.alpha:#.4g}"


def _lines(terms: Sequence[str], sizes: Sequence[int], room: int | None) -> list[str]:
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


def topic_tsv(topics: Sequence[Topic], n_words: int) -> str:
    """A header and a line for each topic, tab-separated: topic, tokens, share, alpha, word_1, ..., word_`n_words`.

    A term of several words stays whole in its column. Columns of words that a topic does not have are empty.
    """
    head = ["topic", "tokens", "share", "alpha", *(f"word_{i}" for i in range(1, n_words + 1))]
    rows = [
        [str(topic.number), str(topic.tokens), repr(topic.share), repr(topic.alpha)]
        + [printable(term) for term, _ in topic.words]
        + [""] * (n_words - len(topic.words))
        for topic in topics
    ]
    return "\n".join("\t".join(row) for row in [head, *rows])


def topic_markdown(topics: Sequence[Topic]) -> str:
    """A table of Markdown, as GitHub and most others read it."""
    rows = [
        (
            *_numbers(topic),
            ", ".join(_MARKED.sub(r"\\\g<0>", printable(term)) for term, _ in topic.words) or EMPTY,
        )
        for topic in topics
    ]
    head = [(*HEAD, "words"), ("---:", "---:", "---:", ":---")]
    return "\n".join(f"| {' | '.join(row)} |" for row in [*head, *rows])
