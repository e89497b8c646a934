"""Charts of a model, with its data in them: what `plot_topics`, `plot_map` and the others return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np

from lda.charts.group_charts import by_bars_chart, by_heat_chart, over_chart, over_small_chart
from lda.charts.measures import differing
from lda.charts.tables import (
    checked_topic,
    column_of,
    groups_table,
    history_table,
    map_table,
    rows_of,
    topics_table,
    word_topics_table,
    words_table,
)
from lda.charts.theme import chart_config, page_background
from lda.charts.topic_charts import (
    CURVES,
    described,
    document_topics_chart,
    history_chart,
    inline,
    map_chart,
    sizes_chart,
    word_topics_chart,
    words_chart,
)
from lda.evaluation.relevance import LAMBDA
from lda.extras import altair

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from altair import Chart, FacetChart, LayerChart

    from lda.charts.tables import FittedModel
    from lda.charts.theme import Theme
    from lda.survey.results import GroupShares

C = TypeVar("C")

MOST_LABELS: Final = 60
"""Topics up to which circles of the map have their numbers on them."""

LINES: Final = 5
"""Topics in one chart over time: beyond that lines cross too often."""

SMALL_CHARTS: Final = 12
HEAT_ROWS: Final = 25


def plot_topics(
    model: FittedModel, n_topics: int | None = 50, n_words: int = 10, theme: Theme = "light"
) -> Chart:
    """See `lda.charts.drawable.Drawable.plot_topics`."""
    rows = sorted(_titled(topics_table(model, n_words)), key=lambda row: (-row["share"], row["topic"]))
    return _finished(sizes_chart(rows[:n_topics]), theme)


def plot_map(
    model: FittedModel,
    color: str | npt.ArrayLike = "exclusivity",
    n_words: int = 10,
    theme: Theme = "light",
) -> LayerChart:
    """See `lda.charts.drawable.Drawable.plot_map`."""
    table = map_table(model, n_words)
    title, values = column_of(model, table, color)
    table["value"] = values
    labelled = model.n_topics <= MOST_LABELS
    table["label"] = [str(k) if labelled else "" for k in range(model.n_topics)]
    diverging = bool(np.nanmin(values, initial=0) < 0 < np.nanmax(values, initial=0))
    chart = map_chart(_titled(table), measure=title, diverging=diverging).properties(width=560)
    return _finished(chart, theme)


def plot_history(model: FittedModel, theme: Theme = "light") -> LayerChart | FacetChart:
    """See `lda.charts.drawable.Drawable.plot_history`."""
    rows = history_rows(model)
    chart = history_chart(rows).properties(width=560)
    if len({row["kind"] for row in rows}) < 2:
        return _finished(chart, theme)
    # On one axis the held-out curve would seem to be of the better fit, and both would be flat.
    alt = altair()
    kinds = ["training", "held-out"]
    chart.data = alt.Undefined  # the rows of each facet
    apart: FacetChart = (
        chart.encode(
            y=alt.Y("value:Q", title="nats per token").scale(zero=False),
            color=alt.Color("kind:N", sort=kinds).legend(None),
        )
        .properties(height=140)
        .facet(row=alt.Row("kind:N", title=None, sort=kinds), data=inline(rows))
        .resolve_scale(y="independent")
    )
    return _finished(described(apart, CURVES), theme)


def plot_words(
    model: FittedModel, topic: int, n_words: int = 20, lambda_: float = LAMBDA, theme: Theme = "light"
) -> LayerChart:
    """See `lda.charts.drawable.Drawable.plot_words`."""
    return _finished(words_chart(rows_of(words_table(model, topic, n_words, lambda_))), theme)


def plot_word(model: FittedModel, word: str, n_topics: int = 20, theme: Theme = "light") -> Chart:
    """See `lda.charts.drawable.Drawable.plot_word`."""
    return _finished(word_topics_chart(_titled(word_topics_table(model, word, n_topics))), theme)


def plot_document(
    model: FittedModel, theta: npt.NDArray[np.float32], n_topics: int = 10, theme: Theme = "light"
) -> Chart:
    """See `lda.charts.drawable.Drawable.plot_document`. theta: (K,) of the document."""
    titles = topics_table(model, 3)["title"]
    best = np.argsort(-theta, kind="stable")[:n_topics]
    rows = [{"topic": int(k), "name": titles[k], "weight": float(theta[k])} for k in best]
    return _finished(document_topics_chart(rows), theme)


def plot_groups_over(
    model: FittedModel,
    groups: GroupShares,
    topics: Sequence[int] | None = None,
    *,
    small: bool = False,
    theme: Theme = "light",
) -> LayerChart | FacetChart:
    """Shares over time or a number: lines in one chart, or `small` charts, one a topic."""
    rows = _group_rows(model, groups, topics, SMALL_CHARTS if small else LINES)
    if small:
        return _finished(over_small_chart(rows, kind=groups.kind, field=groups.field), theme)
    return _finished(over_chart(rows, kind=groups.kind, field=groups.field).properties(width=560), theme)


def plot_groups_by(
    model: FittedModel, groups: GroupShares, topics: Sequence[int] | None = None, *, theme: Theme = "light"
) -> LayerChart | Chart:
    """Shares in groups: bars with intervals of one topic, or else a heat map of what differs most."""
    rows = _group_rows(model, groups, topics, HEAT_ROWS)
    if topics is not None and len(topics) == 1:
        return _finished(by_bars_chart(rows, field=groups.field), theme)
    return _finished(by_heat_chart(rows, field=groups.field), theme)


def history_rows(model: FittedModel) -> list[dict[str, Any]]:
    """Rows of `history_chart`: of sweeps at which something was evaluated. What was not, there, makes a gap."""
    table = history_table(model)
    kinds = {"training": table["log_likelihood"], "held-out": table["heldout"]}
    there = {kind: values for kind, values in kinds.items() if np.isfinite(values).any()}
    rows = []
    for i, sweep in enumerate(table["sweep"].tolist()):
        values = {kind: float(column[i]) for kind, column in there.items()}
        if any(np.isfinite(value) for value in values.values()):
            rows += [
                {"sweep": sweep, "kind": kind, "value": value if np.isfinite(value) else None}
                for kind, value in values.items()
            ]
    return rows


def _group_rows(
    model: FittedModel, groups: GroupShares, topics: Sequence[int] | None, most: int
) -> list[dict[str, Any]]:
    """Rows of some topics, topic by topic in their order: those asked for, or those that differ most."""
    chosen = (
        differing(groups)[:most].tolist() if topics is None else [checked_topic(model, k) for k in topics]
    )
    rows = _titled(groups_table(model, groups))
    of_topic: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        of_topic.setdefault(row["topic"], []).append(row)
    return [row for k in chosen for row in of_topic[k]]


def _titled(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Rows in which the name is what a chart shows for the topic."""
    table = dict(table)
    table["name"] = table.pop("title")
    return rows_of(table)


def _finished(chart: C, theme: Theme) -> C:
    """The chart with the look of its theme."""
    look = {**chart_config(theme), "background": page_background(theme)}
    found: C = chart.configure(**look)  # type: ignore[attr-defined]
    return found
