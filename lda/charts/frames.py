"""Data frames with the numbers behind each chart, for matplotlib, spreadsheets and whatever else.

They are of pandas, of polars, or tables of Arrow.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.charts.tables import (
    groups_table,
    history_table,
    map_table,
    topic_titles,
    topics_table,
    words_table,
)
from lda.evaluation.relevance import LAMBDA
from lda.extras import needed

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from lda.charts.tables import FittedModel, Table
    from lda.survey.results import GroupShares

FrameKind = Literal["pandas", "polars", "arrow"]
FRAMES: Final[tuple[FrameKind, ...]] = ("pandas", "polars", "arrow")
"""Whose data frames there are."""


def topics_frame(model: FittedModel, n_words: int = 10, kind: FrameKind = "pandas") -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.topics_frame`."""
    return _by_topic(topics_table(model, n_words), kind)


def map_frame(model: FittedModel, n_words: int = 10, kind: FrameKind = "pandas") -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.map_frame`."""
    return _by_topic(map_table(model, n_words), kind)


def words_frame(
    model: FittedModel,
    topic: int,
    n_words: int | None = None,
    lambda_: float = LAMBDA,
    kind: FrameKind = "pandas",
) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.words_frame`."""
    return _frame(words_table(model, topic, n_words, lambda_), kind)


def history_frame(model: FittedModel, kind: FrameKind = "pandas") -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.history_frame`."""
    return _frame(history_table(model), kind, index="sweep")


def document_frame(
    model: FittedModel, theta: npt.NDArray[np.floating[Any]], X: object, kind: FrameKind = "pandas"
) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.document_frame`. theta: (D, K), what `transform(X)` found."""
    titles = topic_titles(model, model.top_words(3))
    pandas = sys.modules.get("pandas")
    index: Any = X.index if pandas is not None and isinstance(X, pandas.DataFrame | pandas.Series) else None
    if kind == "pandas":
        return _pandas().DataFrame(theta, columns=titles, index=index)  # type: ignore[no-any-return]
    names = np.arange(len(theta)) if index is None else np.asarray(index)
    # No title is this word alone, for they begin with a number.
    columns = dict(zip(titles, np.ascontiguousarray(theta.T), strict=True))
    return _frame({"document": names, **columns}, kind)


def groups_frame(model: FittedModel, groups: GroupShares, kind: FrameKind = "pandas") -> pd.DataFrame:
    """Shares of topics in groups of documents, a row a group and topic; dates are dates."""
    table = groups_table(model, groups)
    if groups.kind == "time":
        # Not nanoseconds, which end in 1677 and 2262.
        table["start"] = np.array(table["start"], dtype="datetime64[s]")
    elif groups.starts is None:
        del table["start"]
    named = {groups.field: table.pop("value"), **table} if groups.field not in table else table
    return _frame(named, kind)


def check_kind(kind: object) -> None:
    """See, before any work, that such frames can be made.

    Raises:
        ValueError: there are none of this kind.
        MissingPackageError: the package is not installed.
    """
    if kind not in FRAMES:
        raise ValueError(f"frame must be one of {', '.join(FRAMES)}, got {kind!r:.40}")
    if kind == "pandas":
        _pandas()
    elif kind == "polars":
        _polars()


def _by_topic(table: Table, kind: FrameKind) -> pd.DataFrame:
    return _frame({name: values for name, values in table.items() if name != "title"}, kind, index="topic")


def _frame(table: Mapping[str, Any], kind: FrameKind, index: str | None = None) -> pd.DataFrame:
    """The columns as a frame. Only pandas has an index; for the others it is the first column.

    A type checker is told of pandas, which is what one gets unless asked otherwise.
    """
    made: Any
    if kind == "pandas":
        made = _pandas().DataFrame(dict(table))
        return made if index is None else made.set_index(index)  # type: ignore[no-any-return]
    import pyarrow as pa

    made = pa.table({name: _column(values) for name, values in table.items()})
    return made if kind == "arrow" else _polars().from_arrow(made)  # type: ignore[no-any-return]


def _column(values: Any) -> Any:  # noqa: ANN401 - of Arrow
    import pyarrow as pa

    # Names of topics are text, also where no topic has one.
    only_none = isinstance(values, list) and all(value is None for value in values)
    return pa.array(values, pa.string()) if only_none else pa.array(values)


def _pandas() -> Any:  # noqa: ANN401 - a module
    return needed("pandas", "data frames", "pip install pandas")


def _polars() -> Any:  # noqa: ANN401 - a module
    return needed("polars", "data frames of polars", "pip install polars")
