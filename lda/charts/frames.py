"""Data frames of pandas with the numbers behind each chart, for matplotlib, spreadsheets and whatever else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def topics_frame(model: FittedModel, n_words: int = 10) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.topics_frame`."""
    return _by_topic(topics_table(model, n_words))


def map_frame(model: FittedModel, n_words: int = 10) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.map_frame`."""
    return _by_topic(map_table(model, n_words))


def words_frame(
    model: FittedModel, topic: int, n_words: int | None = None, lambda_: float = LAMBDA
) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.words_frame`."""
    return _frame(words_table(model, topic, n_words, lambda_))


def history_frame(model: FittedModel) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.history_frame`."""
    return _frame(history_table(model)).set_index("sweep")


def document_frame(model: FittedModel, theta: npt.NDArray[np.float32], X: object) -> pd.DataFrame:
    """See `lda.charts.drawable.Drawable.document_frame`. theta: (D, K), what `transform(X)` found."""
    pandas = _pandas()
    index = X.index if isinstance(X, pandas.DataFrame | pandas.Series) else None
    titles = topic_titles(model, model.top_words(3))
    return pandas.DataFrame(theta, columns=titles, index=index)  # type: ignore[no-any-return]


def groups_frame(model: FittedModel, groups: GroupShares) -> pd.DataFrame:
    """Shares of topics in groups of documents, a row a group and topic; dates are dates."""
    table = groups_table(model, groups)
    if groups.kind == "time":
        # Not nanoseconds, which end in 1677 and 2262.
        table["start"] = np.array(table["start"], dtype="datetime64[s]")
    elif groups.starts is None:
        del table["start"]
    return _frame({groups.field: table.pop("value"), **table} if groups.field not in table else table)


def _by_topic(table: Table) -> pd.DataFrame:
    table = dict(table)
    del table["title"]
    return _frame(table).set_index("topic")


def _frame(table: Table) -> pd.DataFrame:
    return _pandas().DataFrame(table)  # type: ignore[no-any-return]


def _pandas() -> Any:  # noqa: ANN401 - a module
    return needed("pandas", "data frames", "pip install pandas")
