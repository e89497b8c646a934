"""The one exception of this room."""

from __future__ import annotations

from typing import ClassVar

from lda.corpus.presentable import presentable


class DataError(ValueError):
    """The input, not the program, is at fault.

    The message is one line for the person who supplied the data: the rule, the value found (with file,
    line, row or byte position) and the remedy.

    Attributes:
        exit_code: with which a command ends for it.
        kind: how `--json` calls it.
    """

    exit_code: ClassVar[int] = 3
    kind: ClassVar[str] = "data"

    def __init__(self, message: str) -> None:
        # Values and names come from the data, which may hold line breaks or commands to a terminal, or keys.
        super().__init__(presentable(message))
