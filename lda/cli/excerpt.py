"""The stretch of a text that shows a topic best, with the topic's words marked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    Pieces = Sequence[tuple[str, int]]

MORE: Final = "..."
MARK: Final = "*"
"""Around a word of the topic where there are no colours."""

_BLANKS: Final = re.compile(r"\s+")


def excerpt(pieces: Pieces, topic: int, longest: int) -> tuple[list[tuple[str, int]], bool, bool]:
    """The pieces that stand together, of at most `longest` characters, with the most tokens of a topic.

    Of several such stretches it is the first, with what fits of the text around it; it begins and ends with whole
    pieces, unless a single one is longer.

    Returns:
        The pieces, and whether there is text before and after them.
    """
    size = [len(text) for text, _ in pieces]
    first = best_first = best_last = used = held = most = 0
    for last, (_, its) in enumerate(pieces):
        used += size[last]
        held += its == topic
        while used > longest and first < last:
            used -= size[first]
            held -= pieces[first][1] == topic
            first += 1
        if held > most:
            most, best_first, best_last = held, first, last + 1
    if not most:
        best_first = best_last = 0
    while (
        best_last > best_first + 1 and pieces[best_first][1] != topic
    ):  # what only fills up goes, and comes back below
        best_first += 1
    room = longest - sum(size[best_first:best_last])
    before = room // 2
    while best_first > 0 and size[best_first - 1] <= before:
        best_first -= 1
        before -= size[best_first]
        room -= size[best_first]
    while best_last < len(pieces) and size[best_last] <= room:
        room -= size[best_last]
        best_last += 1
    kept = [(text[:longest], its) for text, its in pieces[best_first:best_last]]
    if not kept and pieces:
        kept, best_last = [(pieces[0][0][:longest], pieces[0][1])], 1
    cut = any(len(text) > longest for text, _ in pieces[best_first:best_last])
    return kept, best_first > 0, best_last < len(pieces) or cut


def marked(pieces: Pieces, topic: int, longest: int, *, styled: bool) -> Text:
    """The excerpt on one line, fit for a terminal; the topic's words in bold, or between asterisks without styles."""
    from rich.text import Text

    kept, before, after = excerpt(pieces, topic, longest)
    line = Text(MORE if before else "")
    for text, its in kept:
        shown = printable(_BLANKS.sub(" ", text))
        if line.plain in ("", MORE):
            shown = shown.lstrip()
        if its != topic or not shown.strip():
            line.append(shown)
            continue
        word = shown.strip()
        line.append(shown[: len(shown) - len(shown.lstrip())])
        line.append(word if styled else f"{MARK}{word}{MARK}", "bold green" if styled else "")
        line.append(shown[len(shown.rstrip()) :])
    line.rstrip()
    return line.append(MORE if after else "")
