"""How files are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a reader may need to know beside the path.

    Attributes:
        text: name of the text field, or several separated by commas; None chooses the usual names.
        id: name of the id field; None takes `id` where there is one, else lines or rows are numbered from 1.
        id_required: whether the field `id` must be there; else it is as if none had been named where it is not.
        encoding: of text files.
        errors: "strict", or "replace" or "ignore" for bytes that cannot be decoded.
        prefix: put before ids that are only numbers, when there are several inputs.
        vocabulary: file with one term a line, for formats that need one.
    """

    text: str | None = None
    id: str | None = None
    id_required: bool = True
    encoding: str = "utf-8"
    errors: str = "strict"
    prefix: str = ""
    vocabulary: Path | None = None
