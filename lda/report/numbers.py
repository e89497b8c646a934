"""Numbers and texts as they stand in the data of a page: short, and strict JSON."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

DIGITS: Final = 6
"""Significant digits of a number. What is shown is rounded further; a table of the page says as much as the model."""

LARGEST: Final = 2**53
"""Whole numbers from here on are text in a page and in a workbook, which have floats only and would round them."""


def number(value: float | None, digits: int = DIGITS) -> float | int | None:
    """A number of so many significant digits; None for NaN and infinities, for which JSON has no word."""
    if value is None or not math.isfinite(value):
        return None
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 10**digits else rounded


def numbers(values: npt.NDArray[Any] | Iterable[float | None], digits: int = DIGITS) -> list[Any]:
    """As `number`, of all entries; whole numbers of integer arrays are kept as they are."""
    if isinstance(values, np.ndarray):
        if values.ndim > 1:
            return [numbers(row, digits) for row in values]
        if values.dtype.kind in "iub":
            return list(values.tolist())
        values = values.astype(np.float64).tolist()
    return [number(value, digits) for value in values]


def text(value: str) -> str:
    r"""The text, in which what is no Unicode, as in names of some files, is spelled out: "caf\udce9.txt"."""
    return value.encode("utf-8", "backslashreplace").decode("utf-8")
