"""A file of a model, as it was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFile:
    """One file of a model as it was written.

    words: its rows. entries: counts stored in it. bytes, sha256 (in hex): of the whole file.
    """

    file: str
    words: int
    entries: int
    bytes: int
    sha256: str
