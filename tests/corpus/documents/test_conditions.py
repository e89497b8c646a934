"""The language of conditions, and which documents fulfil one, whatever type their batch has the field as."""

from __future__ import annotations

import datetime as dt
import pickle
import random
from contextlib import suppress

import pyarrow as pa
import pytest

from lda.corpus.documents.conditions import DEEPEST, LONGEST, fields_of, parsed
from lda.corpus.documents.where import Where
from lda.corpus.errors import DataError

IDS = pa.array([f"d{number}" for number in range(6)], pa.large_string())
TABLE = pa.table(
    {
        "year": [1998, 1999, 2000, 2001, 2002, None],
        "told": ["1998", " 1999", "2000.0", "2001", "", None],
        "score": [0.5, 1.5, 2.5, float("nan"), 4.0, None],
        "lang": ["en", "de", "en", "fr", "", None],
        "day": ["2024-04-30", "2024-05-01T10:00:00Z", "2024-05-02", "2024-05-03 00:00", "", None],
        "at": pa.array([dt.datetime(2024, 5, day, 12) for day in range(1, 6)] + [None], pa.timestamp("us")),
        "good": [True, False, True, False, True, None],
        "tags": [["a", "b"], ["b"], [], ["c"], ["a"], None],
        "by": [{"name": "Ann"}, {"name": "Bob"}, {"name": "Ann"}, {"name": None}, None, None],
        "my field": ["x", "y", "x", "y", "x", None],
    }
)


def chosen(condition: str, table: pa.Table | None = TABLE) -> list[int]:
    """Places of the documents that fulfil it."""
    found: list[int] = Where(condition).mask(IDS, table).nonzero()[0].tolist()
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("year >= 2000", [2, 3, 4]),
        ("year >= 2000 and lang == 'en'", [2]),
        ("year < 1999 or year > 2001", [0, 4]),
        ("year < 1999 or year > 1999 and lang = fr", [0, 3]),
        ("(year < 1999 or year > 1999) and lang = fr", [3]),
        ("not year < 2000", [2, 3, 4, 5]),
        ("1999 <= year < 2001", [1, 2]),
        ("2000 < year", [3, 4]),
        ("year in (1998, 2001, 77)", [0, 3]),
        ("year not in [1998, 2001]", [1, 2, 4, 5]),
        ("year != 2000", [0, 1, 3, 4, 5]),
        ("year > 1999.5", [2, 3, 4]),
        ("year = 99999999999999999999", []),
        ("year is null", [5]),
        ("year IS NOT NULL AND NOT (lang IN ('en', \"de\"))", [3, 4]),
        ("told >= 2000", [2, 3]),
        ("told != 1999", [0, 2, 3, 4, 5]),
        ("score > 1", [1, 2, 4]),
        ("lang ~ E", [0, 1, 2]),
        ("lang contains E", []),
        ("lang startswith 'f' or lang endswith e", [1, 3]),
        ("lang >= 'en'", [0, 2, 3]),
        ("day >= '2024-05-01'", [1, 2, 3]),
        ("day = 2024-05-01", [1]),
        ("day > '2024-05-01T09:00'", [1, 2, 3]),
        ("at >= '2024-05-03'", [2, 3, 4]),
        ("at = 2024-05-03", [2]),
        ("at < '2024-05-03T12:00+02:00'", [0, 1]),
        ("good", [0, 2, 4]),
        ("not good", [1, 3, 5]),
        ("good = false", [1, 3]),
        ("tags = a", [0, 4]),
        ("tags != a", [1, 2, 3, 5]),
        ("tags in (b, c)", [0, 1, 3]),
        ("by.name = Ann", [0, 2]),
        ("by.name is null", [3, 4, 5]),
        ("by.age is null", [0, 1, 2, 3, 4, 5]),
        ("`my field` = x", [0, 2, 4]),
        ("id in (d1, d3)", [1, 3]),
        ("nothing > 3", []),
        ("nothing != 3 and nothing is null", [0, 1, 2, 3, 4, 5]),
        (r"lang = 'it\'s' or year = 1998", [0]),
    ],
)
def test_what_fulfils_a_condition(condition: str, expected: list[int]) -> None:
    assert chosen(condition) == expected
    # Alone in its batch, and as the text that a batch of mixed kinds would make of it, a document is no other one.
    where = pickle.loads(pickle.dumps(Where(condition)))
    alone = [i for i in range(6) if where.mask(IDS.slice(i, 1), TABLE.slice(i, 1)).all()]
    assert alone == expected
    as_text = TABLE.set_column(0, "year", TABLE.column("year").cast(pa.string()))
    assert chosen(condition, as_text) == expected


def test_categories_are_their_values() -> None:
    coded = TABLE.set_column(3, "lang", TABLE.column("lang").dictionary_encode())
    assert chosen("lang = en or lang = fr", coded) == [0, 2, 3]


def test_a_blank_text_is_no_value() -> None:
    cells = pa.table({"year": ["2001", "", " ", None, "1999", "x"]})
    assert chosen("year is null", cells) == [1, 2, 3]
    assert chosen("year is not null and year != x", cells) == [0, 4]


def test_fields_of_rarer_types() -> None:
    pairs = pa.array([[1, 2], None, [5, 6], [0, 0], None, [0, 9]], pa.list_(pa.int64(), 2))
    table = pa.table({"pair": pairs, "raw": pa.array([b"x", None, b"", b"\xff", b"y", b"z"])})
    assert chosen("pair > 1", table) == [0, 2, 5]
    assert Where("pair > 1").mask(IDS.slice(1), table.slice(1)).nonzero()[0].tolist() == [1, 4]
    assert chosen("pair != 5", table) == [0, 1, 3, 4, 5]
    assert chosen("raw is null", table) == [1]


def test_without_fields_there_are_ids() -> None:
    assert chosen("id startswith d and not id = d3 and other is null", None) == [0, 1, 2, 4, 5]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("year > 'x'", r"the field 'year' holds numbers .* cannot be compared with 'x'"),
        ("lang > 3", r"the field 'lang' is compared with 3, and holds 'en', which is not a number"),
        ("day > '2024-13-01'", r"'2024-13-01' is no date"),
        ("lang > '2024-05-01'", r"holds 'en', which is not a date like 2024-05-01"),
        ("good > 3", r"holds true and false"),
        ("by = 3", r"holds objects"),
        ("year ~ 19", r"holds numbers"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(condition: str, told: str) -> None:
    with pytest.raises(DataError, match=told) as caught:
        chosen(condition)
    assert "\n" not in str(caught.value)


def test_fields_that_are_not_there_name_those_that_are() -> None:
    with pytest.raises(DataError, match=r"'yeer' that no document has; there are year, told, .* and id"):
        Where("yeer > 3").check_fields(TABLE.column_names)
    Where("by.name = x and id = 3").check_fields(TABLE.column_names)


@pytest.mark.parametrize(
    "text",
    [
        "", "year", "year >", "> 3", "year = 'x", "year == 3 3", "(year = 3", "year = 3)", "year in 3",
        "year in (3", "year is 3", "year not 3", "and", "not", "year = 3 and", "a = b = c'",
        "__import__('os').system('true')", "f(x) > 3", "a[0] = 1",
        "lambda: 0", "year + 1 > 3", "1 < 2", "year >= 3; x = 2",
        "(" * (DEEPEST + 5) + "a = 1" + ")" * (DEEPEST + 5), "not " * (DEEPEST + 5) + "a = 1", "a = " + "x" * LONGEST,
    ],
)  # fmt: skip
def test_what_is_no_condition(text: str) -> None:
    if text in ("year", "a = b = c'", "year == 3 3", "year >= 3; x = 2"):
        assert fields_of(parsed(text)) == [
            text[:1] if text[0] == "a" else "year"
        ]  # a flag, and texts without quotes
        return
    with pytest.raises(ValueError, match=r"cannot be understood|characters|deeper") as caught:
        parsed(text)
    assert "\n" not in str(caught.value)


def test_anything_is_a_condition_or_a_value_error() -> None:
    draw = random.Random(7)
    pieces: list[str] = [
        "year", "lang", " ", "  ", "=", "==", ">=", "<", "~", "(", ")", "[", "]", ",", "'", '"', "`", "and", "or",
        "not", "in", "is", "null", "true", "3", "-2.5e3", "2024-05-01", "contains", "\\", "\n", "\x00", "é",
        ".", "__class__",
    ]  # fmt: skip
    read = 0
    for _ in range(3000):
        text = "".join(draw.choice(pieces) + draw.choice(["", " "]) for _ in range(draw.randint(1, 12)))
        with suppress(DataError):
            read += masked(text)
    assert read > 30


def masked(text: str) -> bool:
    """Whether a text is a condition, which says something of each document; else there is one line that tells why."""
    try:
        where = Where(text)
    except ValueError as error:
        told = str(error)
    else:
        return len(where.mask(IDS, TABLE)) == len(IDS)
    assert "cannot be understood" in told
    assert "\n" not in told
    return False
