"""The one exception of this room."""

from __future__ import annotations


class DataError(ValueError):
    """The input, not the program, is at fault.

    The message is one line for the person who supplied the data: the rule, the value found (with file,
    line, row or byte position) and the remedy.
    """

    def __init__(self, message: str) -> None:
        # Values and names come from the data, which may hold line breaks or commands to a terminal.
        super().__init__("".join(c if c.isprintable() else repr(c)[1:-1] for c in message))
