"""Numbers as Java prints them, so that files are those of MALLET to the byte."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_PLAIN_FROM: Final = 1e-3
_PLAIN_BELOW: Final = 1e7


def java_double(value: float) -> str:
    """A double as `Double.toString` writes it: 0.25, 1.0E-4, 1.2345678E7.

    The digits are the fewest that give the same double, as from Java 19 on; Java before that writes one more for a few
    numbers.
    """
    value = float(value)  # NumPy's own say what they are
    if _PLAIN_FROM <= value < _PLAIN_BELOW:
        return repr(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_BELOW:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    figures = "".join(map(str, digits))
    power = int(exponent) + len(figures) - 1
    return f"{'-' if sign else ''}{figures[0]}.{figures[1:] or '0'}E{power}"


def java_fixed(value: float, places: int) -> str:
    """A double as `%.4f` of `java.util.Formatter` writes it: the shortest decimal form, its halves rounded up.

    Python rounds the binary number instead: 0.125 becomes 0.12 there, 0.13 in Java.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def java_number(value: float, places: int = 5) -> str:
    """A number as `NumberFormat` writes it in English: 1,234.5; at most so many places, no zero at the end."""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
