"""Sizes of memory as people write them: 500MB, 4GiB."""

from __future__ import annotations

import re
from typing import Final

import click

_UNITS: Final = {"": 1, "K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}
_BINARY: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMGT])(I)?)?B?", re.IGNORECASE)


def byte_count(size: str | int | None) -> int | None:
    """Bytes of a size such as "500MB", "4GiB" or 1000000; None stays None.

    Raises ValueError for anything else.
    """
    if size is None or isinstance(size, int):
        return size
    found = _SIZE.fullmatch(size.strip()) if isinstance(size, str) else None
    if found is None:
        raise ValueError(f"a size is a number of bytes, or a number with KB, MB, GB, MiB, GiB, got {size!r}")
    unit = (found[2] or "").upper()
    return int(float(found[1]) * (_BINARY[unit] if found[3] else _UNITS[unit]))


def take_size(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    """Bytes of an option's value. Raises click.BadParameter when it is no size."""
    try:
        return byte_count(value)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, parameter) from None
