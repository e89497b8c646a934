"""The table of the race in the README, which is written by nobody but this program."""

from __future__ import annotations

from pathlib import Path
from typing import Final

BEGIN: Final = "<!-- race: begin -->"
END: Final = "<!-- race: end -->"


def write_between(path: Path, text: str) -> None:
    """Put text between the two markers of a file.

    Raises ValueError when they are not there, once each and in order.
    """
    whole = path.read_text(encoding="utf-8")
    if whole.count(BEGIN) != 1 or whole.count(END) != 1 or whole.index(BEGIN) > whole.index(END):
        raise ValueError(
            f"{path} must have the lines {BEGIN} and {END}, once each; put them where the table is to go"
        )
    head, rest = whole.split(BEGIN)
    tail = rest.split(END)[1]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(f"{head}{BEGIN}\n{text.strip()}\n{END}{tail}", encoding="utf-8")
    partial.replace(path)
