"""Trends and differences of groups, beside lines fitted by NumPy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from lda.charts.measures import differing, overall, spread, trend


def groups(**fields: Any) -> Any:
    mean = np.array([[0.1, 0.9], [0.2, 0.8], [0.5, 0.5], [0.4, 0.6]])
    given = {"field": "year", "kind": "time", "values": list("abcd"), "mean": mean, "low": mean, "high": mean}
    given |= {"n_documents": np.array([4, 1, 2, 9])}
    given |= {"starts": ["1900-01-01", "1910-01-01", "1940-01-01", "1950-01-01"]}
    return SimpleNamespace(**given | fields)


def test_trend_is_the_weighted_line_from_the_first_bin_to_the_last() -> None:
    found = trend(groups())
    days = np.array(groups().starts, dtype="datetime64[D]").astype(float)
    for k in range(2):
        line = np.polyfit(days, groups().mean[:, k], 1, w=np.sqrt(groups().n_documents))
        assert found[k] == pytest.approx(line[0] * (days[-1] - days[0]))
    assert found.sum() == pytest.approx(0)


@pytest.mark.filterwarnings("error")
def test_a_trend_over_the_largest_and_the_smallest_numbers() -> None:
    usual = trend(groups(starts=[0.0, 1.0, 2.0, 3.0], kind="number"))
    for unit in (5e307, 1e-300):
        found = trend(groups(starts=[0.0, unit, 2 * unit, 3 * unit], kind="number"))
        np.testing.assert_allclose(found, usual, rtol=1e-12)


def test_bins_without_documents_do_not_count() -> None:
    mean = groups().mean.copy()
    mean[1] = np.nan
    with_gap = trend(groups(mean=mean, n_documents=np.array([4, 0, 2, 9])))
    without = groups(
        mean=mean[[0, 2, 3]], n_documents=np.array([4, 2, 9]), starts=["1900-01-01", "1940-01-01", "1950-01-01"]
    )  # fmt: skip
    np.testing.assert_allclose(with_gap, trend(without))


def test_numbers_have_trends_and_categories_have_not() -> None:
    found = trend(groups(starts=[0, 1, 4, 5], kind="number"))
    assert found[0] > 0 > found[1]
    with pytest.raises(ValueError, match="needs a time or a number, but 'year' makes categories"):
        trend(groups(starts=None))
    assert np.isnan(trend(groups(n_documents=np.array([0, 0, 3, 0])))).all()


def test_spread_and_order_by_what_differs_most() -> None:
    mean = np.array([[0.1, 0.4, 0.5], [0.12, 0.7, 0.18], [np.nan] * 3])
    some = groups(mean=mean, n_documents=np.array([3, 1, 0]))
    for k in range(3):  # three documents of the first group, one of the second
        assert spread(some)[k] == pytest.approx(np.std([*mean[0, [k] * 3], mean[1, k]]))
    assert differing(some).tolist() == [2, 1, 0]
    np.testing.assert_allclose(overall(some), (3 * mean[0] + mean[1]) / 4)
