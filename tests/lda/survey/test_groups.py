"""Times, numbers and categories: how values are read, binned, called and refused."""

from __future__ import annotations

import datetime as dt
import re
import sys
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from lda.corpus import DataError
from lda.extras import MissingPackageError
from lda.survey.bins import GRAINS
from lda.survey.field_values import OrderedValues, flat_values, parsed_day
from lda.survey.group_sums import portions
from lda.survey.groups import MOST_VALUES, PATIENCE, Categories, Course, FieldGroups
from lda.survey.results import most_groups
from lda.survey.sources import table_of
from lda.survey.survey import GroupShares, SurveyOptions

K = 2


def add(groups: FieldGroups, column: Any, size: int | None = None) -> None:
    """Documents with these values; theta of document i is (i % 4) / 4."""
    values = column if isinstance(column, pa.Array) else pa.array(column)
    size = size or max(len(values), 1)
    share = (np.arange(len(values)) % 4 / 4).astype(np.float32)
    theta = np.stack([share, 1 - share], axis=1)
    for start in range(0, len(values), size):
        part = values.slice(start, size)
        portion = portions(theta[start : start + size], np.full(len(part), 10, dtype=np.int64))
        groups.add(pa.table({"f": part}), np.ones(len(part), dtype=np.bool_), portion)


def over(column: Any, bin: str = "auto", size: int | None = None) -> GroupShares:  # noqa: A002
    groups = Course("f", K, SurveyOptions(over="f", bin=bin))
    add(groups, column, size)
    return groups.finish()


def by(column: Any, size: int | None = None) -> GroupShares:
    groups = Categories("f", K)
    add(groups, column, size)
    return groups.finish()


DAY = dt.date(2020, 3, 5)


@pytest.mark.parametrize(
    "column",
    [
        ["2020-03-05"], ["2020-03-05T23:59:59Z"], ["5 March 2020"], ["Mar 5, 2020"], ["05.03.2020"], ["3/5/2020"],
        ["Thu, 05 Mar 2020 21:00:00 -0800"], ["Thu, 05 Mar 2020 21:00:00 EST"], ["20200305T120000"], ["2020/03/05"],
        pa.array([DAY]), pa.array([dt.datetime(2020, 3, 5, 23)]), pa.array([DAY], pa.date64()),
        pa.array([dt.datetime(2020, 3, 5, 23)], pa.timestamp("ns")),
        pa.array([dt.datetime(2020, 3, 6, 1, tzinfo=dt.UTC)], pa.timestamp("us", tz="America/New_York")),
        table_of(pd.DataFrame({"f": pd.to_datetime(["2020-03-05"])})).column("f").combine_chunks(),
        pa.array(["2020-03-05"]).dictionary_encode(),
        pa.array([[DAY]]),
    ],
)  # fmt: skip
def test_dates_of_many_forms(column: Any) -> None:
    found = over(column, "day")
    assert (found.kind, found.values, found.starts) == ("time", ["2020-03-05"], ["2020-03-05"])


@pytest.mark.parametrize(
    "text", ["soon", "10 May", "Monday", "", "12", "May", "99999999999999", "2020-13-45", "a"]
)
def test_what_is_no_date(text: str) -> None:
    assert parsed_day(text) is None


@pytest.mark.parametrize(
    ("bin", "labels", "starts"),
    [
        ("month", ["1969-12", "2020-03"], ["1969-12-01", "2020-03-01"]),
        ("quarter", ["1969 Q4", "2020 Q1"], ["1969-10-01", "2020-01-01"]),
        ("year", ["1969", "2020"], ["1969-01-01", "2020-01-01"]),
        ("decade", ["1960s", "2020s"], ["1960-01-01", "2020-01-01"]),
    ],
)
def test_calendar(bin: str, labels: list[str], starts: list[str]) -> None:  # noqa: A002
    found = over(["2020-03-05", "1969-12-31", None, " "], bin)
    assert (found.values, found.starts, found.n_missing) == (labels, starts, 2)


def test_an_early_year() -> None:
    assert over(["0476-09-04"], "year").starts == ["0476-01-01"]
    assert over(["0476-09-04"], "decade").values == ["470s"]


@pytest.mark.parametrize("size", [None, 1000, 777])
@pytest.mark.parametrize(
    ("days", "first"),
    [(50, "1900-01-01"), (1000, "1900-01"), (4000, "1900 Q1"), (20_000, "1900"), (60_000, "1900s")],
)
def test_auto_takes_the_smallest_of_some_60(days: int, first: str, size: int | None) -> None:
    column = pa.array([dt.date(1900, 1, 1) + dt.timedelta(days=i) for i in range(days)])
    found = over(column, size=size)
    assert found.values[0] == first
    assert found.n_documents.sum() == days
    assert len(found.values) <= 60
    direct = over(column, GRAINS[["1900-01-01", "1900-01", "1900 Q1", "1900", "1900s"].index(first)])
    np.testing.assert_array_equal(found.mean, direct.mean)
    np.testing.assert_array_equal(found.low, direct.low)


def test_years_are_times() -> None:
    few = over([1790, 1800, 1790], "auto")
    assert (few.kind, few.values, few.starts) == ("time", ["1790", "1800"], ["1790-01-01", "1800-01-01"])
    assert over(["1790", "1800"]).values == ["1790", "1800"]
    many = over(list(range(1790, 2027)))
    assert many.values[0] == "1790s"
    assert many.starts is not None
    assert (many.starts[-1], len(many.values)) == ("2020-01-01", 24)
    assert over([1790.0, None, float("nan")], "decade").n_missing == 2
    assert over([1790, 1794, 1795], "5").values == ["1790–1794", "1795–1799"]


def test_numbers() -> None:
    few = over([3, 1, 3])
    assert (few.kind, few.values, few.starts, few.n_documents.tolist()) == (
        "number",
        ["1", "3"],
        [1.0, 3.0],
        [1, 2],
    )
    assert over([0.3, 0.1, 0.25], "0.1").values == ["0.1–0.2", "0.2–0.3", "0.3–0.4"]
    assert over([-1, 0, 19], "10").values == ["-10–-1", "0–9", "10–19"]
    assert over(["1.5", "-2e3"]).values == ["-2000", "1.5"]
    assert over([Decimal("1.5")]).values == ["1.5"]
    whole = over(list(range(5000)))
    assert (whole.values[:2], len(whole.values)) == (["0–99", "100–199"], 50)
    assert over([i / 1000 for i in range(100)]).values[1] == "0.002–0.004"


@pytest.mark.parametrize("size", [None, 3000, 501])
def test_many_numbers_take_bounded_memory(size: int | None) -> None:
    rng = np.random.default_rng(3)
    column = pa.array(rng.normal(1000, 300, 40_000))
    found = over(column, size=size)
    assert 20 < len(found.values) <= 60
    assert found.starts is not None
    width = float(found.starts[1]) - float(found.starts[0])
    expected = np.floor(column.to_numpy() / width + 1e-9)
    np.testing.assert_array_equal(found.n_documents, np.unique(expected, return_counts=True)[1])


@pytest.mark.parametrize(
    ("column", "bin", "message"),
    [
        (["2020-01-01", "soon", "later"], "auto", "'soon', '2020-01-01', 'later'; write dates as"),
        (["1", "2", "three"], "auto", "'three', '1', '2'"),
        (["soon"], "auto", "got 'soon'"),
        (["10 May"], "auto", "got '10 May'"),
        (["2020-02-30"], "auto", "got '2020-02-30'"),
        ([True], "auto", "holds bool"),
        (["13/04/2020", "04/13/2020"], "auto", "which number is the month: '13/04/2020', '04/13/2020'"),
        (["2020-01-01"], "7", "holds dates, got the interval '7'; take one of day"),
        ([3.5], "month", "holds numbers such as 3.5, of which there is no month"),
        ([1999, 3.5], "decade", "such as 3.5, of which there is no decade"),
        (["\x1b[31mred"], "auto", r"got '\\\\x1b\[31mred'"),
    ],
)  # fmt: skip
def test_what_is_refused(column: Any, bin: str, message: str) -> None:  # noqa: A002
    with pytest.raises(DataError, match=message):
        over(column, bin)


def test_days_before_months() -> None:
    assert over(["03/04/2020", "13/04/2020"], "day").values == ["2020-04-03", "2020-04-13"]
    assert over(["03/04/2020", "04/13/2020"], "day").values == ["2020-03-04", "2020-04-13"]
    assert over(["13/04/2020", "03/04/2020"], "day", size=1).values == ["2020-04-03", "2020-04-13"]
    assert over(["03/04/2020", "04/03/2020"], "day").values == ["2020-03-04", "2020-04-03"]
    assert over(["13/04/2020", "2020-03-04"], "day").values == ["2020-03-04", "2020-04-13"]
    for later in (["03/04/2020", "13/04/2020"], ["13/04/2020", "04/13/2020"], ["04/13/2020", "13/04/2020"]):
        with pytest.raises(DataError, match="which number is the month"):
            over(later, "day", size=1)


def test_years_among_dates() -> None:
    assert over(["1999", "2001-05", "2001-05-03"], "year").values == ["1999", "2001"]


def test_kinds_do_not_mix_over_batches() -> None:
    groups = Course("f", K, SurveyOptions(over="f"))
    add(groups, ["2020-01-01"])
    with pytest.raises(DataError, match="the first ones are dates, got '3', '2020-01-01'"):
        add(groups, [3])


def test_too_many_intervals() -> None:
    with pytest.raises(DataError, match=r"more than 10,000 intervals of 0\.001; take wider ones, or auto"):
        over([i / 500 for i in range(MOST_VALUES + 1)], "0.001")


def test_one_document_has_no_interval() -> None:
    found = over([1, 2, 2])
    assert np.isnan(found.low[0]).all()
    assert np.isnan(found.high[0]).all()
    assert found.n_documents.tolist() == [1, 2]
    assert ((found.low[1] >= 0) & (found.high[1] <= 1)).all()


def test_categories() -> None:
    found = by(["b", "a", "b", None, ""])
    assert (found.values, found.n_documents.tolist(), found.n_missing) == (["b", "a"], [2, 1], 2)
    assert by([1, 2.0, 2.5]).values == ["1", "2", "2.5"]
    assert by([True, False]).values == ["false", "true"]
    assert by([DAY]).values == ["2020-03-05"]
    lists = by([["x", "y", "x"], [], None, ["x"]])
    assert (lists.values, lists.n_documents.tolist(), lists.n_missing) == (["x", "y"], [2, 1], 2)


def test_small_groups_are_gathered() -> None:
    most = most_groups(K)
    names = [f"v{i:03d}" for i in range(most + 20)]
    column = names * 2 + names[:most]
    found = by(column, size=31)
    assert found.values == [*names[:most], "other (20 values)"]
    assert (found.n_gathered, found.n_documents[-1], found.n_documents.sum()) == (20, 40, len(column))
    same = by([value if value < names[most] else "rest" for value in column])
    np.testing.assert_array_equal(found.mean[-1], same.mean[same.values.index("rest")])
    np.testing.assert_array_equal(found.high[-1], same.high[same.values.index("rest")])


def test_how_many_groups_stay_apart() -> None:
    assert [most_groups(k) for k in (1, 40, 200, 1000, 100_000)] == [300, 300, 300, 60, 50]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([f"{i}" for i in range(MOST_VALUES + 1)], "more than 10,000 different values, which are no groups"),
        ([{"a": 1}], "makes no groups"),
    ],
)
def test_no_groups(column: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        by(column)


@pytest.mark.parametrize("metadata", [None, pa.table({"year": [1] * PATIENCE, "it\x1b": [1] * PATIENCE})])
def test_no_such_field(metadata: pa.Table | None) -> None:
    def part(n: int) -> tuple[pa.Table | None, Any, Any]:
        held = np.ones(n, dtype=np.bool_)
        return metadata and metadata.slice(0, n), held, portions(np.ones((n, 1), dtype=np.float32), held * 1)

    expected = (
        "the documents have no field 'when', nor any besides text and id; give documents with fields"
        if metadata is None
        else "the documents have no field 'when' besides text and id, where it has: 'year', 'it\\x1b'; choose"
    )
    with pytest.raises(DataError, match=re.escape(expected)):
        Categories("when", 1).add(*part(PATIENCE))
    few = Categories("when", 1)
    few.add(*part(5))
    with pytest.raises(DataError, match=re.escape(expected)):
        few.finish()


def test_a_field_may_come_late() -> None:
    groups = Categories("f", K)
    portion = portions(np.ones((3, K), dtype=np.float32), np.ones(3, dtype=np.int64))
    groups.add(None, np.ones(3, dtype=np.bool_), portion)
    add(groups, ["x"])
    found = groups.finish()
    assert (found.values, found.n_missing) == (["x"], 3)


def test_sliced_lists() -> None:
    column = pa.array([["a"], ["b", "c"], None, ["d"]]).slice(1, 3)
    found = flat_values(column, 3)
    assert found.values.to_pylist() == ["b", "c", "d"]
    assert found.documents.tolist() == [0, 0, 2]


def test_dates_are_remembered_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from dateutil import parser

    calls = []
    parse = parser.parse
    monkeypatch.setattr(parser, "parse", lambda text, **options: calls.append(text) or parse(text, **options))
    values = OrderedValues("f")
    for _ in range(3):
        values.read(flat_values(pa.array(["5 March 2020", "6 March 2020", "5 March 2020"]), 3))
    assert calls == ["5 March 2020", "6 March 2020"]


def test_dates_that_python_has_no_type_for() -> None:
    days = pa.array([-719528, 10_000_000, -1_000_000, 0], pa.date32())
    labels = ["-0768-02-04", "0000-01-01", "1970-01-01", "29349-01-26"]
    assert over(days, "day").values == over(days, "day").starts == ["-768-02-04", *labels[1:]]
    assert over(["0000-01-01", "2020-05-06"]).values == ["0000-01-01", "2020-05-06"]
    assert sorted(by(days).values) == labels
    assert by(pa.array([1577836800000000001], pa.timestamp("ns"))).values == ["2020-01-01T00:00:00.000000001"]


def test_a_year_before_christ_is_not_one_after() -> None:
    assert parsed_day("-2020-01-01") is None


def test_a_time_zone_that_nobody_knows() -> None:
    column = pa.array([10**15], pa.timestamp("us", "Nowhere/City"))
    with pytest.raises(DataError, match="time zone 'Nowhere/City', which is not known"):
        over(column)
    assert by(column).values == ["2001-09-09T01:46:40.000000Z"]


def test_bytes_that_are_no_text() -> None:
    assert by(pa.array([b"\xff\xfe", b"x"])).values == ["\\xff\\xfe", "x"]
    with pytest.raises(DataError, match="no time and no number"):
        over(pa.array([b"\xff"]))


@pytest.mark.parametrize("width", ["1e-300", "1e-12"])
def test_intervals_that_are_too_narrow(width: str) -> None:
    with pytest.raises(DataError, match=r"such as 2, for which intervals of .* are too narrow"):
        over([1, 2], width)
    assert over([1, 1.9999999995, 2], "1e-9").starts == [1, 1.999999999, 2]


def test_a_field_is_named_once() -> None:
    with pytest.raises(ValueError, match="each field once"):
        SurveyOptions(by=("a", "b", "a"))


def test_the_package_that_reads_dates_is_missing_as_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dateutil.parser", None)
    with pytest.raises(
        MissingPackageError, match=r"dates need the package dateutil; pip install 'raylda\[report\]'"
    ):
        parsed_day("5 March 2020")
    assert over(["2020-03-05"], "day").values == ["2020-03-05"], "what is ISO 8601 needs no package"


@pytest.mark.parametrize("options", [{"over": ["a"]}, {"by": (5,)}])
def test_fields_have_names(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="names of fields, got"):
        SurveyOptions(**options)


def test_periods_of_pandas_are_dates() -> None:
    months = [*pd.period_range("2020-01", periods=2, freq="M"), pd.NaT, pd.Period("2020-03", "M")]
    table = table_of(pd.DataFrame({"f": pd.Series(months, dtype="period[M]"), "n": [1, 2, 3, 4]}))
    assert table.column("f").to_pylist() == ["2020-01", "2020-02", None, "2020-03"]
    assert over(table.column("f").combine_chunks(), "month").values == ["2020-01", "2020-02", "2020-03"]
    assert table.column("n").to_pylist() == [1, 2, 3, 4]
