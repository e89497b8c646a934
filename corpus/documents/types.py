"""Types of further fields: dates, numbers and categories, decided once for a whole corpus.

What each batch holds is observed, observations add up in any order, and the type follows from their sum: so it is the
same however an input was cut. Nothing is typed unless somebody asks: corpora, and their manifests, stay what they were.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.arrow import pc
from lda.corpus.errors import DataError
from lda.corpus.metadata import conform
from lda.corpus.plain_values import plain, plain_values
from lda.corpus.presentable import presentable
from lda.corpus.readers.ready_tokens import holds_text

if TYPE_CHECKING:
    from collections.abc import Mapping

AUTO: Final = "auto"

KINDS: Final = ("int", "float", "date", "time", "bool", "category", "text")
"""What `--types` may force a field to be."""

MOST_CATEGORIES: Final = 1000
"""Distinct texts of a field that is a category by itself."""

LONGEST_CATEGORY: Final = 100
"""Characters of a text that may be one. What is longer is kept by nobody who looks at a part of the documents."""

RARELY: Final = 0.5
"""Share of distinct values among all, above which texts are no categories: names and titles are not."""

ARROW_KINDS: Final[dict[str, Any]] = {
    "int": pa.int64(),
    "float": pa.float64(),
    "date": pa.date32(),
    "time": pa.timestamp("us"),
    "bool": pa.bool_(),
    "text": pa.string(),
}

# Leading zeros are kept by nobody who writes numbers: 01234 is a code.
_INT: Final = r"^-?(0|[1-9]\d{0,17})$"
_FLOAT: Final = r"^-?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
_DATE: Final = r"^\d{4}-\d{2}-\d{2}$"
_TIME: Final = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?$"
_SLASHES: Final = re.compile(r"\s*(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})\b")


@dataclass(frozen=True, slots=True)
class Types:
    """What is asked for. auto: whether fields that are not named are typed by what they hold."""

    auto: bool
    forced: dict[str, str]

    def __str__(self) -> str:
        return ",".join([AUTO] * self.auto + [f"{name}:{kind}" for name, kind in self.forced.items()])


def parsed_types(text: str) -> Types:
    """What a text says: "auto", or the kind of some fields, "year:int,date:date", or both.

    Raises:
        ValueError: it is neither.
        TypeError: it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"types must be a text, such as auto or year:int, got {text!r:.60}")
    auto, forced = False, dict[str, str]()
    for part in (part.strip() for part in text.split(",")):
        if part == AUTO:
            auto = True
            continue
        name, colon, kind = part.rpartition(":")
        if not colon or not name or name in forced:
            raise ValueError(f"types must be auto, or FIELD:KIND,FIELD:KIND, ..., got {text!r:.80}")
        if kind not in KINDS:
            raise ValueError(f"a field may be {', '.join(KINDS)}, got {kind!r:.40} for {name!r:.40}")
        forced[name] = kind
    return Types(auto, forced)


@dataclass(slots=True)
class Seen:
    """What a field was seen to hold, whether the reader knew its values for what they are, or for texts.

    Attributes:
        files: the kinds in each file, as bits in the order of `_SORTS`.
        examples: a value of each sort, by its name.
        distinct: the different values as texts; None once there are too many, or one is long, a list or an object.
        n: values.
    """

    files: dict[str, int] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    distinct: set[str] | None = field(default_factory=set)
    n: int = 0

    def add(self, other: Seen) -> None:
        """Take what was seen in documents that come later."""
        for file, sorts in other.files.items():
            self.files[file] = self.files.get(file, 0) | sorts
        for sort, value in other.examples.items():
            self.examples.setdefault(sort, value)
        self.n += other.n
        self.distinct = (
            None if self.distinct is None or other.distinct is None else self.distinct | other.distinct
        )
        if self.distinct is not None and len(self.distinct) > MOST_CATEGORIES:
            self.distinct = None

    @property
    def sorts(self) -> set[str]:
        """All that there is in any file."""
        return set().union(*(_sorts(bits) for bits in self.files.values()))


@dataclass(slots=True)
class Observations:
    """What all fields were seen to hold; `add` puts those of later documents behind these."""

    fields: dict[str, Seen] = field(default_factory=dict)

    def see(self, metadata: pa.Table | None, file: str) -> None:
        """Look at the fields of a batch. file: whose they are, for messages."""
        if metadata is None:
            return
        for name in metadata.column_names:
            self.fields.setdefault(name, Seen()).add(_seen(metadata.column(name), file))

    def add(self, other: Observations) -> None:
        """Take what was seen in documents that come later."""
        for name, seen in other.fields.items():
            self.fields.setdefault(name, Seen()).add(seen)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the record of a part."""
        return {
            name: {
                "files": seen.files,
                "examples": seen.examples,
                "distinct": None if seen.distinct is None else sorted(seen.distinct),
                "n": seen.n,
            }
            for name, seen in self.fields.items()
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Observations:
        """What `to_dict` returned."""
        return cls(
            {
                name: Seen(
                    dict(seen["files"]),
                    dict(seen["examples"]),
                    None if seen["distinct"] is None else set(seen["distinct"]),
                    seen["n"],
                )
                for name, seen in values.items()
            }
        )

    def decide(self, types: Types) -> dict[str, str]:
        """The kind of each field that gets one: what is forced, and with "auto" what is seen.

        Raises:
            DataError: a forced field is in no document, or files do not agree on one (names two of them).
        """
        lacking = next((name for name in types.forced if name not in self.fields), None)
        if lacking is not None:
            known = ", ".join(list(self.fields)[:30]) or "none"
            raise DataError(
                presentable(
                    f"no document has the field {lacking!r:.80} that is given a type; there are {known}"
                )
            )
        found = dict(types.forced)
        if types.auto:
            for name, seen in self.fields.items():
                kind = None if name in found else _kind(name, seen)
                if kind is not None:
                    found[name] = kind
        return found


_SORTS: Final = ("bool", "int", "float", "date", "time", "text", "other")
_TOLD: Final = {
    "bool": "true and false",
    "int": "numbers",
    "float": "numbers",
    "date": "dates",
    "time": "dates",
    "text": "text",
    "other": "lists or objects",
}
_PATTERNS: Final = (("int", _INT), ("float", _FLOAT), ("date", _DATE), ("time", _TIME))


def _sorts(bits: int) -> set[str]:
    return {sort for place, sort in enumerate(_SORTS) if bits >> place & 1}


def _seen(column: Any, file: str) -> Seen:  # noqa: ANN401 - of a table
    column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.null_count == len(column):
        return Seen()
    sort = None if holds_text(column.type) else _native(column.type)
    if sort == "other":
        return Seen(
            {file: 1 << _SORTS.index(sort)},
            {sort: str(column.type)[:60]},
            None,
            len(column) - column.null_count,
        )
    texts = as_text(column)
    distinct = pc.unique(texts.drop_null())
    if not len(distinct):
        return Seen()
    examples: dict[str, str] = {}
    if sort is not None:
        examples[sort] = str(distinct[0].as_py())[:60]
    else:
        rest = distinct
        truths = pc.is_in(pc.utf8_lower(rest), value_set=pa.array(["true", "false"]))
        for name, fits in (("bool", truths), *((name, None) for name, _ in _PATTERNS)):
            told = pc.match_substring_regex(rest, pattern=dict(_PATTERNS)[name]) if fits is None else fits
            some = rest.filter(told)
            if len(some):
                examples[name] = str(some[0].as_py())[:60]
            rest = rest.filter(pc.invert(told))
        if len(rest):
            examples["text"] = str(rest[0].as_py())[:60]
    bits = sum(1 << _SORTS.index(name) for name in examples)
    short = len(distinct) <= MOST_CATEGORIES and pc.max(pc.utf8_length(distinct)).as_py() <= LONGEST_CATEGORY
    known = set(distinct.to_pylist()) if short else None
    return Seen({file: bits}, examples, known, len(texts) - texts.null_count)


def _native(kind: Any) -> str:  # noqa: ANN401 - an Arrow type
    if pa.types.is_boolean(kind):
        return "bool"
    if pa.types.is_integer(kind):
        return "int"
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "float"
    if pa.types.is_date(kind):
        return "date"
    return "time" if pa.types.is_timestamp(kind) else "other"


def _kind(name: str, seen: Seen) -> str | None:
    """The kind that a field is by itself; None where it stays as it is."""
    _check_files(name, seen)
    sorts = seen.sorts
    if sorts == {"bool"}:
        return "bool"
    if sorts and sorts <= {"int", "float"}:
        return "int" if sorts == {"int"} else "float"
    if sorts and sorts <= {"date", "time"}:
        return "date" if sorts == {"date"} else "time"
    if sorts and seen.distinct is not None and len(seen.distinct) <= max(RARELY * seen.n, 1):
        return "category"
    return None


def _check_files(name: str, seen: Seen) -> None:
    """Raise DataError where a file holds nothing but one thing, and another file nothing of it."""
    pure: dict[str, tuple[str, str]] = {}  # the first file that holds one thing alone
    for file, bits in seen.files.items():
        sorts = sorted(_sorts(bits))
        told = {_TOLD[sort] for sort in sorts}
        if len(told) == 1:
            pure.setdefault(told.pop(), (file, sorts[0]))
    if len(pure) < 2:
        return
    (one, (first, sort)), (other, (second, odd)) = list(pure.items())[:2]
    raise DataError(
        presentable(
            f"the field {name!r:.80} holds {one} in {first} ({seen.examples[sort]}) and {other} in {second} "
            f"({seen.examples[odd]}); correct one of them, or say what it is: types auto,{name}:text"
        )
    )


class Typing:
    """Gives the fields of a corpus their types, once these are decided."""

    def __init__(self, kinds: Mapping[str, str], observations: Observations) -> None:
        """kinds: as `Observations.decide` returned them."""
        self._kinds = dict(kinds)
        self._categories: dict[str, Any] = {}
        for name, kind in kinds.items():
            if kind != "category":
                continue
            seen = observations.fields[name].distinct
            self._categories[name] = None if seen is None else pa.array(sorted(seen), pa.string())

    def __call__(self, metadata: pa.Table | None, schema: pa.Schema | None, n_rows: int) -> pa.Table | None:
        """The fields of some documents, typed; those that nobody types as `conform` makes them.

        Args:
            metadata: table of n rows as it was read; None where there are no further fields.
            schema: of all documents, see `lda.corpus.metadata.unify`.
            n_rows: how many documents there are.

        Raises:
            DataError: a value is not of the kind that was forced.
        """
        if schema is None:
            return None
        # Not by way of the types that all batches can take: these make texts of dates that stand beside texts.
        others = conform(metadata, pa.schema([f for f in schema if f.name not in self._kinds]), n_rows)
        present = set() if metadata is None else set(metadata.column_names)
        columns: dict[str, Any] = {}
        for name in schema.names:
            kind = self._kinds.get(name)
            if kind is None:
                assert others is not None
                columns[name] = others.column(name)
            elif metadata is not None and name in present:
                columns[name] = self._typed(name, kind, metadata.column(name))
            else:
                columns[name] = self._typed(name, kind, pa.chunked_array([pa.nulls(n_rows, pa.string())]))
        return pa.table(columns)

    def _typed(self, name: str, kind: str, column: Any) -> Any:  # noqa: ANN401
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if kind == "category":
            texts = as_text(column)
            values = self._categories.get(name)
            if values is None:
                raise DataError(
                    presentable(
                        f"the field {name!r:.80} has more than {MOST_CATEGORIES:,} different values, longer ones than "
                        f"{LONGEST_CATEGORY} characters, or none that are texts: it is no category; leave it as it is"
                    )
                )
            return pa.DictionaryArray.from_arrays(
                pc.cast(pc.index_in(texts, value_set=values), pa.int32()), values
            )
        return forced(name, kind, column)


def forced(name: str, kind: str, column: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """The column of a field as one of `KINDS` but "category".

    Raises:
        DataError: it holds what is none; says what.
    """
    try:
        return as_kind(column, kind)
    except (pa.ArrowException, ValueError, OverflowError):
        told = ""
    for value in plain_values(column):
        try:
            as_kind(pa.array([value]), kind)
        except (pa.ArrowException, ValueError, OverflowError):
            told = f", such as {plain(value)!r:.60}"
            break
    raise DataError(
        presentable(
            f"the field {name!r:.80} is to be {kind}, and holds what is none{told}; correct it, or choose text"
        )
    )


def as_text(column: Any) -> Any:  # noqa: ANN401 - Arrow arrays
    """A column as texts without white space around them; blank ones are null."""
    if not holds_text(column.type):
        told = [None if value is None else plain(value) for value in plain_values(column)]
        column = pa.array(
            [one if one is None or isinstance(one, str) else json.dumps(one) for one in told], pa.string()
        )
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)


def as_kind(column: Any, kind: str) -> Any:  # noqa: ANN401 - Arrow arrays
    """A column as one of `KINDS` but "category". Raises ValueError, or an error of Arrow, for what is none."""
    wanted = ARROW_KINDS[kind]
    if kind == "text":
        return as_text(column)
    if not holds_text(column.type) and kind in ("int", "float", "bool"):
        return pc.cast(column, wanted)
    if kind in ("int", "float"):
        return pc.cast(as_text(column), wanted)
    if kind == "bool":
        return pc.cast(pc.utf8_lower(as_text(column)), wanted)
    if pa.types.is_temporal(column.type):
        zone = column.type.tz if pa.types.is_timestamp(column.type) else None
        if kind == "time":
            column = pc.cast(column, pa.timestamp("us", "UTC"), safe=False)
            return pc.cast(column, wanted, safe=False)
        return pc.cast(pc.local_timestamp(column) if zone else column, wanted, safe=False)
    texts = as_text(column)
    coded = pc.dictionary_encode(texts)
    moments = [_moment(text, kind) for text in coded.dictionary.to_pylist()]
    return pa.array(moments, wanted).take(coded.indices)


def _moment(text: str, kind: str) -> dt.date:
    """A date or time (UTC) of ISO 8601, or of whatever `dateutil` reads where it is installed and nothing is open."""
    text = text.strip('"')  # one that was a time, and became a text because others of its field are texts
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = _read(text)
    if kind == "date":
        return found.date()
    return found if found.tzinfo is None else found.astimezone(dt.UTC).replace(tzinfo=None)


def _read(text: str) -> dt.datetime:
    open_order = _SLASHES.match(text)
    if (
        open_order
        and int(open_order[1]) <= 12
        and int(open_order[2]) <= 12
        and open_order[1] != open_order[2]
    ):
        raise ValueError(f"{text} leaves open which number is the month")
    try:
        parser: Any = import_module("dateutil.parser")
    except ImportError:
        raise ValueError(f"{text} is no date of ISO 8601") from None
    # A year that no text has: what comes out with it had none.
    found: dt.datetime = parser.parse(text, default=dt.datetime(4, 1, 1), dayfirst="." in text[:3])
    if found.year == 4:
        raise ValueError(f"{text} has no year")
    return found
