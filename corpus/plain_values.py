"""Values of columns as Python's own, whatever they hold: Arrow's times reach further, and are finer, than Python's.

A column of a stranger's Parquet file may hold nanoseconds (which Arrow hands out by pandas alone), the year 29349, or
a time zone that nobody knows. Such values are text here, as Arrow spells them.
"""

from __future__ import annotations

import math
from datetime import date, time
from typing import Any

import pyarrow as pa

from lda.corpus.arrow import pc


def plain_values(column: Any) -> list[Any]:  # noqa: ANN401 - an Arrow array of any type
    """The entries; times that Python has no type for as ISO 8601, those of an unknown time zone in UTC."""
    column = _in_microseconds(column)
    if _has_nanoseconds(column.type):
        return list(_spelled(column).to_pylist())
    try:
        return list(column.to_pylist())
    except (OverflowError, ValueError, LookupError, ImportError):
        return list(_spelled(column).to_pylist())


def plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON has
    """A value that JSON has a word for: dates as ISO 8601, NaN and infinities as None, all else it lacks as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, date | time):  # a datetime is a date, too
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list | tuple) else str(value)


def _in_microseconds(column: Any) -> Any:  # noqa: ANN401
    """Nanoseconds, in which pandas writes all times, as microseconds where nothing is lost by it."""
    if pa.types.is_timestamp(column.type) and column.type.unit == "ns":
        try:
            return pc.cast(column, pa.timestamp("us", column.type.tz))
        except pa.ArrowException:
            return column
    return column


def _has_nanoseconds(kind: Any) -> bool:  # noqa: ANN401 - types of Arrow
    """Whether these are nanoseconds, or hold some."""
    if pa.types.is_temporal(kind):
        return getattr(kind, "unit", "") == "ns" or (pa.types.is_time64(kind) and kind == pa.time64("ns"))
    return any(_has_nanoseconds(kind.field(i).type) for i in range(kind.num_fields))


def _spelled(column: Any) -> Any:  # noqa: ANN401
    """The column with all its times as text."""
    if pa.types.is_temporal(column.type):
        return _text(column)
    without_zones, wanted = _replaced(column.type, zones=True), _replaced(column.type, zones=False)
    return pc.cast(pc.cast(column, without_zones, safe=False), wanted, safe=False)


def _text(column: Any) -> Any:  # noqa: ANN401
    if not pa.types.is_timestamp(column.type):
        return pc.cast(column, pa.string())
    zoned = column.type.tz is not None
    told = pc.cast(pc.cast(column, pa.timestamp(column.type.unit)) if zoned else column, pa.string())
    told = pc.replace_substring_regex(told, r"^(-?\d+-\d\d-\d\d) ", r"\1T")
    return pc.binary_join_element_wise(told, "Z", "") if zoned else told


def _replaced(kind: Any, *, zones: bool) -> Any:  # noqa: ANN401
    """The type with text in the place of times; zones: with times that have no zone instead."""
    if pa.types.is_timestamp(kind) and zones:
        return pa.timestamp(kind.unit)
    if pa.types.is_temporal(kind):
        return kind if zones else pa.string()
    if pa.types.is_dictionary(kind):
        return _replaced(kind.value_type, zones=zones)
    if pa.types.is_map(kind):
        return pa.map_(_replaced(kind.key_type, zones=zones), _replaced(kind.item_type, zones=zones))
    if pa.types.is_struct(kind):
        fields = [kind.field(i) for i in range(kind.num_fields)]
        return pa.struct([field.with_type(_replaced(field.type, zones=zones)) for field in fields])
    if pa.types.is_large_list(kind):
        return pa.large_list(_replaced(kind.value_type, zones=zones))
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_replaced(kind.value_type, zones=zones))
    return kind
