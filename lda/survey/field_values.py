"""Values of a field, document by document: as labels of groups, or as times and numbers in an order."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import is_list, pc, string_list, strings
from lda.corpus.errors import DataError
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.presentable import printable
from lda.corpus.readers.ready_tokens import holds_text
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Integers = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

REMEMBERED: Final = 100_000
"""Texts whose date is kept, for the next document that has the same."""

_ISO: Final = r"^\d{4}-\d{2}-\d{2}([T ].*)?$"
_TWO_PARTS: Final = re.compile(r"\s*(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d{2})\b")
_WITH_POINTS: Final = re.compile(r"\s*\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})\b")
_NO_YEAR: Final = 4
"""The year that a date gets which names none; a leap year."""

Kind = Literal["time", "number"]


class Flat(NamedTuple):
    """Values one after the other, none missing. documents: (n,) the place of the document that each belongs to."""

    values: Any
    documents: Integers


def flat_values(column: Any, n_documents: int) -> Flat:  # noqa: ANN401 - Arrow arrays of any type
    """The values of a column: those of lists one by one, without null, NaN and blank texts."""
    if isinstance(column, pa.ChunkedArray):
        chunked: Any = column
        column = chunked.combine_chunks() if chunked.num_chunks != 1 else chunked.chunk(0)
    documents = np.arange(n_documents, dtype=np.int64)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if is_list(column.type):
        column = pc.cast(column, pa.large_list(column.type.value_type))
        documents = pc.list_parent_indices(column).to_numpy().astype(np.int64)
        column = pc.list_flatten(column)
        return _present(column, documents)
    return _present(column, documents)


def _present(column: Any, documents: Integers) -> Flat:  # noqa: ANN401
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if holds_text(column.type):
        column = pc.utf8_trim_whitespace(_as_text(column))
        there = pc.fill_null(pc.greater(pc.binary_length(column), 0), False)
    elif pa.types.is_floating(column.type):
        there = pc.fill_null(pc.is_finite(column), False)
    else:
        there = pc.is_valid(column)
    if pc.all(there).as_py():
        return Flat(column, documents)
    mask = there.to_numpy(zero_copy_only=False)
    return Flat(column.filter(there), documents[mask])


def _as_text(column: Any) -> Any:  # noqa: ANN401
    """Text as `large_string`; bytes that are none are spelled out."""
    try:
        return pc.cast(column, pa.large_string())
    except pa.ArrowInvalid:
        return strings([None if value is None else plain(value) for value in column.to_pylist()])


def labelled(flat: Flat, field: str) -> tuple[list[str], Integers]:
    """The different values as labels, and (n,) the number of each value's label.

    Raises:
        DataError: values are no single ones but objects.
    """
    try:
        coded = pc.dictionary_encode(flat.values)
    except pa.ArrowException:
        raise DataError(
            f"the field {printable(field)!r} holds {flat.values.type}, which makes no groups; "
            "choose one with texts or numbers"
        ) from None
    return [label(value) for value in plain_values(coded.dictionary)], coded.indices.to_numpy().astype(
        np.int64
    )


def label(value: object) -> str:
    """A value as people write it; 3.0 is 3, whatever else stands in the column."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.date):  # a time of day, too
        return value.isoformat(" ") if isinstance(value, dt.datetime) else value.isoformat()
    return str(value)


class OrderedValues:
    """Reads a field as times or as numbers, batch by batch; the first value says which.

    Years are numbers. What a date says of the hour is left out, and so is its time zone: the day is the one that is
    written.
    """

    def __init__(self, field: str) -> None:
        self.field = field
        self.kind: Kind | None = None
        self._days: dict[str, int] = {}
        self._seen: dict[str, None] = {}  # some values, in order, for messages
        self._day_first: bool | None = (
            None  # of dates like 3/4/2020: whether the day stands first; None if open
        )
        self._taken = ""  # one that was read with the month first, although that was open

    def read(self, flat: Flat) -> Integers | Floats:
        """Days since 1970 (int64) of times, or numbers (float64), of each value.

        Raises:
            DataError: a value is neither, or is not of the kind of the others.
        """
        values = flat.values
        if not len(values):
            return np.zeros(0)
        kind = values.type
        if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            self._is("time", values)
            zone = kind.tz if pa.types.is_timestamp(kind) else None
            try:
                days = pc.cast(pc.local_timestamp(values) if zone else values, pa.date32(), safe=False)
            except pa.ArrowException:
                raise DataError(
                    f"the times of the field {printable(self.field)!r} have the time zone {printable(str(zone))!r}, "
                    "which is not known here; write them as UTC"
                ) from None
            return _whole(days)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            self._is("number", values)
            return np.asarray(pc.cast(values, pa.float64(), safe=False).to_numpy(), dtype=np.float64)
        if not holds_text(kind):
            raise self._neither(values, f"it holds {kind}")
        return self._of_texts(values)

    def _of_texts(self, values: Any) -> Integers | Floats:  # noqa: ANN401
        numbers = _numbers(values) if self.kind != "time" else None
        if numbers is not None:
            self._is("number", values)
            return numbers
        if self.kind == "number":
            bad = next(text for text in values.to_pylist() if _number(text) is None)
            raise self._neither(values, "the first ones are numbers", bad)
        self._is("time", values)
        if pc.all(pc.match_substring_regex(values, pattern=_ISO)).as_py():
            try:
                days = pc.cast(pc.utf8_slice_codeunits(values, 0, 10), pa.date32())
                return _whole(days)
            except pa.ArrowException:
                pass  # below it is found which
        coded = pc.dictionary_encode(values)
        texts = string_list(coded.dictionary)
        self._note_order(texts)
        days_of = np.array([self._day(text, texts, values) for text in texts], dtype=np.int64)
        places: Integers = coded.indices.to_numpy()
        return days_of[places]

    def _day(self, text: str, texts: list[str], values: Any) -> int:  # noqa: ANN401
        found = self._days.get(text)
        if found is None:
            day = parsed_day(text, day_first=bool(self._day_first))
            if day is None:
                # Among numbers, what is shown is the one that is none.
                others = [text, *texts] if _number(text) is None else texts
                bad = next((other for other in others if _number(other) is None), text)
                raise self._neither(values, "dates or numbers are needed", bad)
            if len(self._days) >= REMEMBERED:
                self._days.clear()
            found = self._days[text] = day
        return found

    def _note_order(self, texts: list[str]) -> None:
        """Find out which number is the month where dates are like 3/4/2020: 13/4/2020 tells, and so does 4/13/2020.

        Raises:
            DataError: these contradict each other, or what was read before.
        """
        first, second, either = "", "", ""
        for text in texts:
            parts = _TWO_PARTS.match(text)
            if parts is None:
                continue
            one, other = int(parts[1]), int(parts[3])
            if one > 12:
                first = text
            elif other > 12:
                second = text
            elif one != other:
                either = text
        against = second or self._taken
        if first and self._day_first is None and not against:
            self._day_first = True
        if (first and (against or not self._day_first)) or (second and self._day_first):
            raise DataError(
                f"the dates of the field {printable(self.field)!r} leave open which number is the month: "
                f"{_quoted([first or second, against or either])}; write them as 2020-04-13"
            )
        if second:
            self._day_first = False
        if either and not self._day_first:
            self._taken = either

    def _is(self, kind: Kind, values: Any) -> None:  # noqa: ANN401
        if len(self._seen) < 3:
            self._seen.update(dict.fromkeys(label(value) for value in plain_values(values.slice(0, 3))))
        if self.kind is None:
            self.kind = kind
        elif self.kind != kind:
            was = "dates" if self.kind == "time" else "numbers"
            raise self._neither(values, f"the first ones are {was}")

    def _neither(self, values: Any, why: str, bad: str | None = None) -> DataError:  # noqa: ANN401
        shown = dict.fromkeys([bad] if bad is not None else [label(plain_values(values.slice(0, 1))[0])])
        shown |= self._seen
        shown |= dict.fromkeys(label(value) for value in plain_values(values.slice(0, 10)))
        return DataError(
            f"the field {printable(self.field)!r} holds what is no time and no number: {why}, got "
            f"{_quoted(list(shown)[:3])}; write dates as 2020-04-13 and leave empty what is not known, "
            "or take the field for groups"
        )


def _whole(days: Any) -> Integers:  # noqa: ANN401
    found: Integers = days.cast(pa.int32()).to_numpy().astype(np.int64)
    return found


def parsed_day(text: str, *, day_first: bool = False) -> int | None:
    """Days since 1970 of a date in words or figures; None if it is none, or has no year.

    A month is its first day, a year its first, too. day_first: what 3/4/2020 means; with points, 3.4.2020, it always
    is the third of April.

    Raises:
        MissingPackageError: the package that reads dates is not installed.
    """
    parser = needed("dateutil.parser", "dates")
    default = dt.datetime(_NO_YEAR, 1, 1)
    # Not for others: of 2020-03-04 dateutil would take the last one for the month.
    turned = bool(_WITH_POINTS.match(text)) or (day_first and bool(_TWO_PARTS.match(text)))
    try:
        found = parser.parse(text, default=default, dayfirst=turned, ignoretz=True)
    except (ValueError, OverflowError):
        return None
    if text.lstrip().startswith("-"):  # of a year before Christ the sign would be passed over
        return None
    return None if found.year == _NO_YEAR else (found.date() - dt.date(1970, 1, 1)).days


def _numbers(values: Any) -> Floats | None:  # noqa: ANN401
    """The texts as numbers, all of them or none."""
    try:
        numbers = pc.cast(values, pa.float64()).to_numpy()
    except pa.ArrowException:
        return None
    return np.asarray(numbers, dtype=np.float64) if np.isfinite(numbers).all() else None


def _number(text: str) -> float | None:
    found = _numbers(pa.array([text], pa.large_string()))
    return None if found is None else float(found[0])


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(repr(printable(value[:40])) for value in values)
