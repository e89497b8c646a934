"""Times as people write them: 90s, 10m, 1h30m."""

from __future__ import annotations

import re
from typing import Final

import click

_PARTS: Final = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?:in)?)?(?:(\d+(?:\.\d+)?)s?)?", re.IGNORECASE)
_MOST: Final = 10 * 365 * 86_400


def seconds_of(text: str) -> float:
    """Seconds of a time such as "10m", "1h30m" or "600".

    Raises ValueError for anything else, and for none at all.
    """
    found = _PARTS.fullmatch(text.strip().replace(" ", ""))
    hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, 0.0)
    total = hours * 3600 + minutes * 60 + seconds
    if not 0 < total <= _MOST:
        raise ValueError(f"a time is hours, minutes or seconds, such as 1h30m, 10m or 90s, got {text!r:.40}")
    return total


def written(seconds: float) -> str:
    """The time as `seconds_of` reads it again, for commands that are shown: 10m, 1h30m, 90.5s."""
    whole = int(seconds)
    parts = ((whole // 3600, "h"), (whole % 3600 // 60, "m"), (whole % 60 + seconds - whole, "s"))
    return "".join(f"{value:g}{unit}" for value, unit in parts if value)


def take_time(ctx: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Seconds of an option's value. Raises click.BadParameter when it is no time."""
    if value is None:
        return None
    try:
        return seconds_of(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, parameter) from None
