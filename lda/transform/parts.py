"""A part of a folder of topics: what it holds, and what was written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputPart:
    """A task: the documents first ... last - 1, and where their topics go.

    sha256: of the file, if an earlier run has recorded it as done.
    """

    index: int
    file: str
    first: int
    last: int
    sha256: str | None = None

    def __str__(self) -> str:
        return self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class PartDone:
    """A part that stands: its entry in the manifest, and whether an earlier run had made it."""

    index: int
    entry: dict[str, Any]
    kept: bool
