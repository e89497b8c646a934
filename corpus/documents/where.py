"""`Where`: which documents fulfil a condition on their fields, a batch at a time."""

from __future__ import annotations

import datetime as dt
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, is_list, pc
from lda.corpus.documents.conditions import Condition, Missing, OneOf, Test, evaluated, fields_of, parsed
from lda.corpus.documents.types import forced
from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.readers.ready_tokens import holds_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy.typing as npt

    from lda.corpus.documents.conditions import Leaf, Operation, Value

    Mask = npt.NDArray[np.bool_]

NO_KINDS: Final[Mapping[str, str]] = MappingProxyType({})

ID: Final = "id"
"""The field that holds the name of a document, where it has none of its own that is called so."""

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?")
_ISO: Final = r"^\s*\d{4}-\d{2}-\d{2}([T ].*)?\s*$"
_NUMERIC: Final = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"

_COMPARED: Final = {
    "=": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}
_ORDERS: Final = frozenset({"<", "<=", ">", ">="})


class Where:
    """A condition on documents; picklable, and without a state that changes, so threads and processes may share it.

    Whether a document fulfils it depends on this document alone, not on what else its batch or its file holds. So the
    value that stands in the condition says how it is compared:

    - with a number, the field's numbers are compared, and texts that are numbers ("2000"); any other text is refused;
    - with a date ('2024-05-01'), times and texts that are dates are compared by days, with a time of day
      ('2024-05-01T12:00') as times, those without a time zone as UTC;
    - with any other text, texts are compared, by code points.

    A field that a document lacks, or that is null or a blank text beside a number or a date, fulfils `!=` and `not in`
    alone. All of these, blank texts beside anything, fulfil `is null`: a table of text, such as a CSV, has no other way
    to lack a value. Of a field that holds lists, one value is enough.
    """

    def __init__(self, text: str) -> None:
        """Read a condition; see `lda.corpus.documents.conditions`.

        Raises:
            ValueError: it cannot be understood; one line with the place.
        """
        self.text = text
        self.condition: Condition = parsed(text)
        self.fields = fields_of(self.condition)

    def __reduce__(self) -> tuple[type[Where], tuple[str]]:
        return Where, (self.text,)

    def mask(
        self, ids: pa.Array[Any], metadata: pa.Table | None, kinds: Mapping[str, str] = NO_KINDS
    ) -> Mask:
        """(n,) whether each document fulfils the condition.

        Args:
            ids: (n,) names of the documents.
            metadata: table of n rows; None where there are no further fields.
            kinds: what fields are, where somebody said so; see `lda.corpus.documents.types`.

        Raises:
            DataError: a field holds what cannot be compared with the value beside it.
        """
        n = len(ids)

        def leaf(one: Leaf) -> Mask:
            column = _column(one.field, ids, metadata)
            kind = kinds.get(one.field)
            if column is not None and kind is not None and kind != "category":
                column = forced(one.field, kind, column)
            return _fulfilled(one, column, n)

        told: Mask = evaluated(
            self.condition,
            leaf,
            np.logical_not,
            lambda every, parts: (np.logical_and if every else np.logical_or).reduce(parts),
        )
        return told

    def check_fields(self, seen: Iterable[str]) -> None:
        """Refuse fields that no document has. seen: those of all documents.

        Raises:
            DataError: one line that names the fields that there are.
        """
        there = dict.fromkeys(seen)
        lacking = [name for name in self.fields if not _is_there(name, there)]
        if lacking:
            others = ", ".join(list(there)[:30]) + (", ..." if len(there) > 30 else "")
            known = f"there are {others}, and {ID}" if others else f"there is none but {ID}"
            raise DataError(
                presentable(
                    f"the condition asks for a field {lacking[0]!r:.80} that no document has; {known}"
                )
            )


def _is_there(name: str, there: Mapping[str, None]) -> bool:
    return name in there or name == ID or any(name.startswith(f"{one}.") for one in there)


def _column(field: str, ids: pa.Array[Any], metadata: pa.Table | None) -> Any:  # noqa: ANN401 - of any type
    """The values of a field, one array; None where no document of the batch has it."""
    names = [] if metadata is None else metadata.column_names
    if metadata is not None and field in names:
        return _whole(metadata.column(field))
    if field == ID:
        return ids
    for name in names:
        if metadata is not None and field.startswith(f"{name}."):
            column = _whole(metadata.column(name))
            for part in field[len(name) + 1 :].split("."):
                if not pa.types.is_struct(column.type) or column.type.get_field_index(part) < 0:
                    return None
                column = pc.struct_field(column, part)
            return column
    return None


def _whole(column: Any) -> Any:  # noqa: ANN401
    column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _fulfilled(leaf: Leaf, column: Any, n: int) -> Mask:  # noqa: ANN401
    if column is None or pa.types.is_null(column.type):
        nothing = isinstance(leaf, Missing) or (isinstance(leaf, Test) and leaf.operation == "!=")
        return np.full(n, nothing, dtype=bool)
    if isinstance(leaf, Missing):
        lacking = pc.is_null(column)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            blank = pc.equal(pc.utf8_trim_whitespace(column), pa.scalar("", column.type))
            lacking = pc.or_(lacking, pc.fill_null(blank, False))
        return _mask(lacking)
    if is_list(column.type):
        return _any_of_lists(leaf, column, n)
    if isinstance(leaf, OneOf):
        masks = [_tested(leaf.field, "=", one.value, column) for one in leaf.values]
        either: Mask = np.logical_or.reduce(masks)
        return either
    return _tested(leaf.field, leaf.operation, leaf.value, column)


def _any_of_lists(leaf: Leaf, column: Any, n: int) -> Mask:  # noqa: ANN401
    """Documents of whose values one fulfils the test; with `!=` those of which none is the value."""
    column = pc.cast(column, pa.large_list(column.type.value_type))
    if isinstance(leaf, Test) and leaf.operation == "!=":
        return ~_any_of_lists(Test(leaf.field, "=", leaf.value), column, n)
    values = pc.list_flatten(column)
    inner = _fulfilled(leaf, values, len(values))
    # Not pc.list_parent_indices: of lists of a fixed size it counts the values of those that are null, too.
    lengths = pc.fill_null(pc.list_value_length(column), 0).to_numpy()
    found = np.zeros(n, dtype=bool)
    found[np.repeat(np.arange(n), lengths)[inner]] = True
    return found


def _tested(field: str, operation: Operation, value: Value, column: Any) -> Mask:  # noqa: ANN401
    if operation in ("~", "contains", "startswith", "endswith"):
        return _matched(field, operation, value, column)
    kind = column.type
    if isinstance(value, bool):
        return _compared(field, operation, value, _truths(field, value, column))
    if isinstance(value, int | float):
        return _compared(field, operation, value, _numbers(field, value, column))
    if _DAY.fullmatch(value) or _TIME.fullmatch(value):
        exact = _TIME.fullmatch(value) is not None
        if pa.types.is_temporal(kind) or (holds_text(kind) and operation in _ORDERS):
            moment = _moment(value, exact=exact)
            return _compared(field, operation, moment, _times(field, value, column, exact=exact))
    if not holds_text(kind):
        raise _clash(field, value, kind)
    texts = pc.cast(column, pa.large_string())
    if _DAY.fullmatch(value):  # so that a day is the same day whether the reader knew it for a time or not
        dated = pc.match_substring_regex(texts, pattern=_ISO)
        texts = pc.if_else(dated, pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(texts), 0, 10), texts)
    return _compared(field, operation, value, texts)


def _compared(field: str, operation: Operation, value: Any, column: Any) -> Mask:  # noqa: ANN401
    try:
        told = _COMPARED[operation](column, pa.scalar(value, column.type))
    except (pa.ArrowException, OverflowError):
        # A number that no value of this type can be, as 3.5 among whole numbers.
        told = _COMPARED[operation](pc.cast(column, pa.float64(), safe=False), pa.scalar(float(value)))
    return _mask(pc.fill_null(told, operation == "!="))


def _matched(field: str, operation: Operation, value: Value, column: Any) -> Mask:  # noqa: ANN401
    if not holds_text(column.type):
        raise _clash(field, str(value), column.type)
    texts, part = pc.cast(column, pa.large_string()), str(value)
    if operation == "startswith":
        told = pc.starts_with(texts, pattern=part)
    elif operation == "endswith":
        told = pc.ends_with(texts, pattern=part)
    else:
        told = pc.match_substring(texts, pattern=part, ignore_case=operation == "~")
    return _mask(pc.fill_null(told, False))


def _truths(field: str, value: bool, column: Any) -> Any:  # noqa: ANN401 - the value of a condition
    if pa.types.is_boolean(column.type):
        return column
    if not holds_text(column.type):
        raise _clash(field, str(value).lower(), column.type)
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(pc.cast(column, pa.large_string())))
    truth = pc.is_in(texts, value_set=pa.array(["true", "false"], pa.large_string()))
    told = pc.if_else(truth, pc.equal(texts, "true"), pa.scalar(None, pa.bool_()))
    _refuse(field, value, texts, pc.or_(truth, pc.equal(texts, "")), "true or false")
    return told


def _numbers(field: str, value: float, column: Any) -> Any:  # noqa: ANN401
    """The column as numbers; blank texts are missing."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column
    if not holds_text(kind):
        raise _clash(field, value, kind)
    texts = pc.utf8_trim_whitespace(pc.cast(column, pa.large_string()))
    texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)
    _refuse(field, value, texts, pc.match_substring_regex(texts, pattern=_NUMERIC), "a number")
    try:
        return pc.cast(texts, pa.int64())
    except pa.ArrowException:
        return pc.cast(pc.replace_substring_regex(texts, pattern=r"^\+", replacement=""), pa.float64())


def _times(field: str, value: str, column: Any, *, exact: bool) -> Any:  # noqa: ANN401
    """The column as days, or as microseconds of UTC."""
    kind = column.type
    wanted = pa.timestamp("us") if exact else pa.date32()
    if holds_text(kind):
        texts = pc.utf8_trim_whitespace(pc.cast(column, pa.large_string()))
        texts = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)
        _refuse(field, value, texts, pc.match_substring_regex(texts, pattern=_ISO), "a date like 2024-05-01")
        days = pc.utf8_slice_codeunits(texts, 0, 10)
        try:
            if not exact:
                return pc.cast(days, wanted)
            moments = [None if text is None else _moment(text, exact=True) for text in texts.to_pylist()]
            return pa.array(moments, wanted)
        except (pa.ArrowException, ValueError) as error:
            raise DataError(
                presentable(
                    f"the field {field!r:.80} holds what is no date: {' '.join(str(error).split()):.120}"
                )
            ) from None
    if pa.types.is_time(kind) or pa.types.is_duration(kind):
        raise _clash(field, value, kind)
    if exact:
        return pc.cast(pc.cast(column, pa.timestamp("us", "UTC"), safe=False), wanted, safe=False)
    # The day is the one that is written, in the time zone of the field, as in a text.
    zone = kind.tz if pa.types.is_timestamp(kind) else None
    try:
        return pc.cast(pc.local_timestamp(column) if zone else column, wanted, safe=False)
    except pa.ArrowException:
        raise DataError(
            presentable(
                f"the times of the field {field!r:.80} have the time zone {zone!r:.40}, which is not known here"
            )
        ) from None


def _moment(text: str, *, exact: bool) -> dt.date:
    """The day, or the time in UTC, that a text of ISO 8601 is. Raises DataError for the 30th of February."""
    try:
        if not exact:
            return dt.date.fromisoformat(text[:10])
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise DataError(
            presentable(f"{text!r:.60} is no date; write it as 2024-05-01, or 2024-05-01T12:00")
        ) from None
    return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)


def _refuse(field: str, value: Value, texts: Any, good: Any, what: str) -> None:  # noqa: ANN401
    """Raise DataError for the first text that is not what is needed beside a value."""
    bad = texts.filter(pc.invert(pc.fill_null(good, True)))
    if len(bad):
        raise DataError(
            presentable(
                f"the field {field!r:.80} is compared with {_shown(value)}, and holds {bad[0].as_py()!r:.60}, which is "
                f"not {what}; compare it with a text in quotes, or leave such documents out in the data"
            )
        )


def _clash(field: str, value: Value, kind: Any) -> DataError:  # noqa: ANN401
    return DataError(
        presentable(
            f"the field {field!r:.80} holds {_kind(kind)}, which cannot be compared with {_shown(value)}"
        )
    )


def _shown(value: Value) -> str:
    return repr(value)[:60] if isinstance(value, str) else str(value).lower()[:60]


def _kind(kind: Any) -> str:  # noqa: ANN401
    if pa.types.is_boolean(kind):
        return "true and false"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "numbers (write a number without quotes)"
    if pa.types.is_temporal(kind):
        return "times (write a date as '2024-05-01')"
    return "texts" if holds_text(kind) else f"objects ({kind})"[:80]


def _mask(told: Any) -> Mask:  # noqa: ANN401
    found: Mask = np.asarray(told.to_numpy(zero_copy_only=False), dtype=bool)
    return found


def chosen_rows(table: pa.Table | None, mask: Mask) -> pa.Table | None:
    """The rows of a table that a mask leaves."""
    return None if table is None else table.filter(array(mask))
