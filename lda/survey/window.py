"""A window of time: the documents of the last so many days, and what is older is forgotten."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.shard import METADATA_PREFIX, table_metadata
from lda.survey.field_values import OrderedValues, flat_values, parsed_day

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from lda.corpus import Corpus

_LENGTH: Final = re.compile(r"(\d{1,6})([dwmy]?)")
_UNITS: Final = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
_EPOCH: Final = dt.date(1970, 1, 1)
LONGEST_SHOWN: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The documents whose date lies within a stretch of time that ends with a day.

    Attributes:
        field: of the documents, with a date, or with a number such as a year.
        length: of the stretch: "90d", "12w", "6m" or "2y" (days, weeks, months, years); a mere number, or years, of a
            field of numbers. A window of 7d that ends with a Sunday begins with the Monday before.
        until: its last day, as a date is written, or its last number; None is the newest of the documents.

    Raises ValueError for a length or an end that is none.
    """

    field: str
    length: str
    until: str | None = None

    def __post_init__(self) -> None:
        found = _LENGTH.fullmatch(self.length)
        if found is None or not int(found[1]):
            raise ValueError(
                f"window must be a number of days, weeks, months or years, such as 90d, 12w, 6m or 2y, "
                f"got {self.length!r:.{LONGEST_SHOWN}}"
            )
        if self.until is not None and _number(self.until) is None and parsed_day(self.until) is None:
            raise ValueError(f"until must be a date, such as 2026-01-31, got {self.until!r:.{LONGEST_SHOWN}}")


class Within(NamedTuple):
    """The documents in a window.

    Attributes:
        inside: (D,) bool.
        first, last: where it begins and ends, as they are written.
        n_older, n_newer, n_undated: documents that are left out.
    """

    inside: npt.NDArray[np.bool_]
    first: str
    last: str
    n_older: int
    n_newer: int
    n_undated: int


def within(corpus: Corpus, window: Window) -> Within:
    """Which documents of a corpus lie in a window.

    Raises:
        DataError: there is no such field, it holds what is no date and no number, the length does not suit it, or no
            document lies in the window.
    """
    values, kind = _newest(corpus, window.field)
    dated = ~np.isnan(values)
    shown = printable(window.field)
    if kind is None:
        raise DataError(f"no document has a date in the field {shown!r}; name another one with --date-field")
    last = float(values[dated].max()) if window.until is None else _end(window, kind)
    begin = _begin(window, kind, last)
    inside = dated & (values > begin) & (values <= last)
    if not inside.any():
        raise DataError(
            f"no document has a date in {shown!r} from {_written(begin, kind, after=True)} to {_written(last, kind)}, "
            f"they are from {_written(float(values[dated].min()), kind)} to "
            f"{_written(float(values[dated].max()), kind)}; choose a longer --window, or another --until"
        )
    return Within(
        inside,
        _written(begin, kind, after=True),
        _written(last, kind),
        int((dated & (values <= begin)).sum()),
        int((dated & (values > last)).sum()),
        int((~dated).sum()),
    )


def documents_within(corpus: Corpus, found: Within, folder: str | Path) -> Corpus:
    """The corpus of the documents in a window, with the terms that occur in it, written to a folder."""
    from lda.corpus.finished.partition import LEFT_OUT, partition_corpus

    parts = np.where(found.inside, 0, LEFT_OUT).astype(np.int64)
    (made,) = partition_corpus(corpus, parts, [folder], drop_unused_terms=True)
    return made


def _newest(corpus: Corpus, field: str) -> tuple[npt.NDArray[np.float64], str | None]:
    """(D,) days since 1970 or numbers, the newest one of each document, NaN for none; and which of the two they are."""
    reader, found = OrderedValues(field), []
    for batch in corpus.batches():
        metadata = table_metadata(pa.Table.from_batches([batch]))
        if metadata is None or field not in metadata.column_names:
            names = [
                name.removeprefix(METADATA_PREFIX) for name in batch.schema.names if METADATA_PREFIX in name
            ]
            there = ", ".join(printable(name) for name in names[:10]) or "none"
            raise DataError(f"the documents have no field {printable(field)!r}; they have {there}")
        flat = flat_values(metadata.column(field), batch.num_rows)
        newest = np.full(batch.num_rows, -np.inf)
        np.maximum.at(newest, flat.documents, np.asarray(reader.read(flat), dtype=np.float64))
        found.append(np.where(np.isneginf(newest), np.nan, newest))
    return np.concatenate(found), reader.kind


def _end(window: Window, kind: str) -> float:
    assert window.until is not None
    if kind == "number":
        number = _number(window.until)
        if number is None:
            raise DataError(
                f"the field {printable(window.field)!r} holds numbers, got --until {printable(window.until)}; "
                "give a number"
            )
        return number
    day = parsed_day(window.until)
    if day is None:
        raise DataError(f"--until must be a date, such as 2026-01-31, got {printable(window.until)!r}")
    return float(day)


def _begin(window: Window, kind: str, last: float) -> float:
    """The last day or number that is too old."""
    found = _LENGTH.fullmatch(window.length)
    assert found is not None
    count, unit = int(found[1]), found[2]
    if kind == "number":
        if unit not in ("", "y"):
            raise DataError(
                f"the field {printable(window.field)!r} holds numbers, of which {_UNITS[unit]} cannot be told; give "
                f"--window {count}, or a field of dates"
            )
        return last - count
    if not unit:
        raise DataError(
            f"the field {printable(window.field)!r} holds dates; say of what --window {count} is: {count}d, {count}w, "
            f"{count}m or {count}y"
        )
    if unit in "dw":
        return last - count * (7 if unit == "w" else 1)
    return _months_before(last, count * (12 if unit == "y" else 1))


def _months_before(last: float, count: int) -> float:
    day = _EPOCH + dt.timedelta(days=int(last))
    months = day.year * 12 + day.month - 1 - count
    if months < 12:
        return -np.inf
    year, month = divmod(months, 12)
    for date in range(day.day, 0, -1):  # a month before the 31st of March is the 28th of February
        try:
            return float((dt.date(year, month + 1, date) - _EPOCH).days)
        except ValueError:
            continue
    raise AssertionError


def _written(value: float, kind: str, *, after: bool = False) -> str:
    """As a date or a number; after: the day that follows, or "above" the number."""
    if not np.isfinite(value):
        return "the beginning"
    if kind == "number":
        return f"above {value:g}" if after else f"{value:g}"
    try:
        return (_EPOCH + dt.timedelta(days=int(value) + after)).isoformat()
    except OverflowError:
        return "the beginning"


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if np.isfinite(found) else None
