"""Bars of characters: a number seen at a glance, in a line of text."""

from __future__ import annotations

import sys
from typing import Final, Literal

Bars = Literal["auto", "always", "never"]

_EIGHTHS: Final = ("", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589")
_FULL: Final = "\u2588"
_PLAIN: Final = "#"


def bar(part: float, width: int, *, plain: bool = False) -> str:
    """A bar of `part`, 0 to 1, of `width` columns; what is more than nothing shows.

    Rejected: Rich's own, which takes the line it stands in for itself.

    plain: of characters that ASCII has.
    """
    part = min(max(part, 0.0), 1.0) if part == part else 0.0  # NaN is not itself
    if plain:
        return _PLAIN * max(round(part * width), int(part > 0))
    eighths = max(round(part * width * 8), int(part > 0))
    return _FULL * (eighths // 8) + _EIGHTHS[eighths % 8]


def plain_bars() -> bool:
    """Whether standard output can only hold bars of ASCII."""
    try:
        _FULL.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def wants_bars(bars: Bars, width: int | None) -> bool:
    """Whether bars are drawn; auto: on a terminal, whose width is known."""
    return bars == "always" or (bars == "auto" and width is not None)
