"""Intervals of times and numbers: what they are numbered by, the wider ones they make up, and what they are called.

Each kind has keys, one an interval, in rising order. Wider intervals hold whole narrower ones, so that what was added
up over these need only be added once more.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    Keys = npt.NDArray[Any]

GRAINS: Final = ("day", "month", "quarter", "year", "decade")
FIRST_YEAR, LAST_YEAR = 1000, 2100
"""Where all numbers of a field are whole and lie between these, they are years."""

_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_NEARLY: Final = 1e-9  # 0.3 / 0.1 is 2.9999999999999996
_ROUNDING: Final = 2.0**-50  # of shares so large that this is more


class Bins(Protocol):
    """Intervals of one kind."""

    def keys(self, values: Keys) -> Keys:
        """(n,) the interval of each value: of days since 1970, or of numbers."""
        ...

    def of_narrower(self, keys: Keys) -> Keys:
        """(n,) the interval that holds each of those of a narrower kind."""
        ...

    def label(self, key: Any) -> str:  # noqa: ANN401 - as the keys are
        """What people call an interval."""
        ...

    def start(self, key: Any) -> Any:  # noqa: ANN401
        """Where it begins: an ISO date, or a number."""
        ...


class Calendar:
    """Days, months, quarters, years or decades. Keys: days since 1970; of others, months since then at their start."""

    def __init__(self, grain: str, *, of_days: bool = True) -> None:
        """of_days: whether the narrower kind is days, not months or what is made of them."""
        self.grain, self._of_days = grain, of_days

    def keys(self, values: Keys) -> Keys:
        """See `Bins`."""
        if self.grain == "day":
            return values
        months = values.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return self._of_months(months)

    def of_narrower(self, keys: Keys) -> Keys:
        """See `Bins`."""
        return self.keys(keys) if self._of_days else self._of_months(keys)

    def _of_months(self, months: Keys) -> Keys:
        size = _MONTHS[self.grain]
        since = months + 1970 * 12  # decades begin with a year that ends in 0
        whole: Keys = since // size * size - 1970 * 12
        return whole

    def label(self, key: Any) -> str:  # noqa: ANN401
        """See `Bins`."""
        if self.grain == "day":
            return self.start(key)
        year, month = divmod(int(key) + 1970 * 12, 12)
        return {
            "month": f"{year:04d}-{month + 1:02d}",
            "quarter": f"{year:04d} Q{month // 3 + 1}",
            "year": f"{year}",
            "decade": f"{year}s",
        }[self.grain]

    def start(self, key: Any) -> str:  # noqa: ANN401
        """See `Bins`."""
        if self.grain == "day":
            return str(np.datetime64(int(key), "D"))  # Python's own dates have no year 0, Arrow's have
        year, month = divmod(int(key) + 1970 * 12, 12)
        return f"{year:04d}-{month + 1:02d}-01"


class Exact:
    """Numbers, each by itself."""

    def keys(self, values: Keys) -> Keys:
        """See `Bins`."""
        return values + 0.0  # not two zeros

    def of_narrower(self, keys: Keys) -> Keys:
        """See `Bins`."""
        return keys

    def label(self, key: Any) -> str:  # noqa: ANN401
        """See `Bins`."""
        return number_label(float(key))

    def start(self, key: Any) -> float:  # noqa: ANN401
        """See `Bins`."""
        return float(key)


class Width:
    """Numbers from a multiple of a width to the next one. Keys: which multiple."""

    def __init__(self, width: float, *, whole: bool = False, narrower: float | None = None) -> None:
        """whole: whether all numbers are whole ones. narrower: width of those that make up these; None for numbers."""
        self.width, self._whole, self._narrower = width, whole, narrower

    def keys(self, values: Keys) -> Keys:
        """See `Bins`."""
        share = np.clip(values / self.width, -(2.0**62), 2.0**62)
        return np.floor(share + _NEARLY + _ROUNDING * np.abs(share)).astype(np.int64)

    def of_narrower(self, keys: Keys) -> Keys:
        """See `Bins`."""
        if self._narrower is None:
            return self.keys(keys)
        return keys // round(self.width / self._narrower)

    def label(self, key: Any) -> str:  # noqa: ANN401
        """See `Bins`."""
        start = self.start(key)
        if not (self._whole and self.width.is_integer()):
            return f"{number_label(start)}–{number_label(start + self.width)}"
        last = start + self.width - 1
        return number_label(start) if last == start else f"{number_label(start)}–{number_label(last)}"

    def start(self, key: Any) -> float:  # noqa: ANN401
        """See `Bins`."""
        return float(f"{int(key) * self.width:.12g}")


def number_label(value: float) -> str:
    """A number in twelve digits at most: 1790, 0.25, 1.5e+20."""
    return f"{value:.12g}"


def are_years(values: Keys) -> npt.NDArray[np.bool_]:
    """(n,) which numbers may be years."""
    found: npt.NDArray[np.bool_] = (
        (values >= FIRST_YEAR) & (values <= LAST_YEAR) & (values == np.floor(values))
    )
    return found


def year_keys(years: Keys) -> Keys:
    """Years as keys of `Calendar("year")`."""
    keys: Keys = (years.astype(np.int64) - 1970) * 12
    return keys


def first_power(keys: Keys, most: int) -> Width:
    """The least power of ten as a width of which there are at most `most` intervals that hold a number."""
    largest = float(np.abs(keys).max(initial=1.0)) or 1.0
    for power in count(int(np.ceil(np.log10(largest))) - 15):
        bins = Width(10.0**power)
        if len(np.unique(bins.keys(keys))) <= most:
            return bins
    raise AssertionError  # a width beyond all numbers makes two intervals


def next_power(bins: Width, keys: Keys, most: int) -> Width:
    """The least power of ten above a width of which there are at most `most` intervals that hold some of `keys`."""
    for factor in (10**n for n in count(1)):
        if len(np.unique(keys // factor)) <= most:
            return Width(bins.width * factor, narrower=bins.width)
    raise AssertionError


def nice_widths(bins: Exact | Width, keys: Keys, *, whole: bool) -> Iterator[Width]:
    """Widths 1, 2 and 5 times a power of ten, from the least that `bins` can make up."""
    if isinstance(bins, Width):
        factors = (digit * 10**n for n in count() for digit in (1, 2, 5))
        yield from (Width(bins.width * factor, whole=whole, narrower=bins.width) for factor in factors)
        return
    spread = float(keys.max() - keys.min()) or 1.0
    first = int(np.floor(np.log10(spread))) - 4
    for power in count(max(first, 0) if whole else first):
        yield from (Width(digit * 10.0**power, whole=whole) for digit in (1, 2, 5))
