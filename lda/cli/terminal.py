"""Text for a terminal: what came from outside stands in it, and must not command it."""

from __future__ import annotations

from lda.corpus.presentable import presentable, printable


def table(text: str) -> str:
    """Several lines of results with what is not printable escaped, such as terms and ids; line ends stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def shown(text: str) -> str:
    """Several lines of a message, `presentable`; line ends stay."""
    return "\n".join(presentable(line) for line in text.split("\n"))
