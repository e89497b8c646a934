"""Values of columns as Python's own: what Arrow holds and Python does not."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from lda.corpus.plain_values import plain, plain_values

FAR = 10_000_000
STRUCT = pa.struct([("a", pa.timestamp("s", "Nowhere/City")), ("b", pa.list_(pa.date32()))])


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1577836800000000001, None], pa.timestamp("ns")), ["2020-01-01T00:00:00.000000001", None]),
        (pa.array([1577836800000000000], pa.timestamp("ns")), [dt.datetime(2020, 1, 1)]),
        (pa.array([FAR, -1_000_000, -719528], pa.date32()), ["29349-01-26", "-0768-02-04", "0000-01-01"]),
        (pa.array([10**15], pa.timestamp("us", "Nowhere/City")), ["2001-09-09T01:46:40.000000Z"]),
        (pa.array([1], pa.time64("ns")), ["00:00:00.000000001"]),
        (pa.array([[FAR]], pa.list_(pa.date32())), [["29349-01-26"]]),
        (pa.array([[FAR]], pa.large_list(pa.date32())), [["29349-01-26"]]),
        (pa.array([[("k", FAR)]], pa.map_(pa.string(), pa.date32())), [[("k", "29349-01-26")]]),
        (pa.array([{"a": 0, "b": [0]}], STRUCT), [{"a": "1970-01-01 00:00:00", "b": ["1970-01-01"]}]),
        (pa.array([FAR], pa.date32()).dictionary_encode(), ["29349-01-26"]),
        (pa.chunked_array([pa.array([0], pa.date32())]), [dt.date(1970, 1, 1)]),
        (pa.array([1, None, 3]), [1, None, 3]),
    ],
)
def test_plain_values(column: Any, expected: list[Any]) -> None:
    assert plain_values(column) == expected


def test_what_json_has_no_word_for() -> None:
    value = {
        "d": dt.datetime(2020, 1, 1),
        "n": [math.nan, Decimal("1.50"), b"\xff", True, 3],
        "t": dt.time(1),
    }
    told = {"d": "2020-01-01T00:00:00", "n": [None, "1.50", "\\xff", True, 3], "t": "01:00:00"}
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == told
