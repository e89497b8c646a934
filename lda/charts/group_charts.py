"""Charts of topics over time and over groups of documents: means of theta with their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lda.charts.topic_charts import described, inline
from lda.extras import altair

if TYPE_CHECKING:
    from altair import Chart, FacetChart, LayerChart

    from lda.charts.topic_charts import Rows
    from lda.survey.results import GroupKind

_INTERVAL = "95 % interval over documents"


def over_chart(rows: Rows, *, kind: GroupKind = "time", field: str | None = None) -> LayerChart:
    """Shares of a few topics over time, or over a number, with bands of their intervals.

    Args:
        rows: topic, name, value (label of the bin), start (ISO date or number), mean, low and high (None without an
            interval), n_documents.
        kind: what `start` is; of a "category" the labels are the positions.
        field: title of the axis.
    """
    alt = altair()
    base = _over(rows, kind, field)
    color = alt.Color("name:N", sort=None).legend(
        title=None, orient="top", columns=3, labelLimit=220, symbolOpacity=1
    )
    chart: LayerChart = (_band(base).encode(color=color) + _line(base).encode(color=color)).properties(
        height=260
    )
    return described(chart, f"Mean share of topics in documents, with its {_INTERVAL}")


def over_small_chart(
    rows: Rows, *, kind: GroupKind = "time", field: str | None = None, columns: int = 3
) -> FacetChart:
    """The same, a small chart for each topic, in the order of the rows. The axis of shares is each one's own."""
    alt = altair()
    base = _over(rows, kind, field, small=True)
    # Facets stand in the order of a field only, so the place of a row is made one.
    facet = alt.Facet("name:N", title=None, sort=alt.EncodingSortField("place", op="min"))
    chart: FacetChart = (
        alt.layer(_band(base), _line(base))
        .properties(width=190, height=84)
        .facet(facet=facet, columns=columns, data=inline(rows))
        .transform_window(place="row_number()")
        .resolve_scale(y="independent")
    )
    return described(chart, f"Mean share of each topic in documents, with its {_INTERVAL}")


def by_bars_chart(rows: Rows, *, field: str | None = None) -> LayerChart:
    """The shares of one topic in groups of documents, with intervals.

    rows: value (the group), mean, low, high, n_documents; drawn in their order.
    """
    alt = altair()
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("value:N", title=field, sort=None), tooltip=_tooltips(field)
    )
    bars = base.mark_bar(opacity=0.6).encode(
        x=alt.X("mean:Q", title="mean share in documents").axis(format=".1~%")
    )
    intervals = base.mark_rule(style="interval").encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    chart: LayerChart = bars + intervals
    return described(chart, f"Mean share of the topic in each group, with its {_INTERVAL}")


def by_heat_chart(rows: Rows, *, field: str | None = None) -> Chart:
    """By how much shares of topics in groups differ from those in all documents.

    rows: topic, name, value (the group), mean, low, high, difference (mean less the mean over all documents with a
    value), n_documents. Drawn in their order: give topics that differ most first.
    """
    alt = altair()
    # As much above as below has as much colour: of itself the scale gives the lesser side all of its colours.
    evenly: dict[str, Any] = {"domainMid": 0}
    if isinstance(rows, Sequence):
        most = max((abs(row["difference"]) for row in rows), default=0) or 1
        evenly["domain"] = [-most, most]
    chart: Chart = (
        alt.Chart(inline(rows))
        .mark_rect()
        .encode(
            x=alt.X("value:N", title=field, sort=None).axis(labelAngle=-40, orient="top", labelLimit=140),
            y=alt.Y("name:N", title=None, sort=None),
            color=alt.Color("difference:Q")
            .scale(range="diverging", **evenly)
            .legend(
                title="difference from all documents", format="+.1~%", orient="bottom", gradientLength=200
            ),
            tooltip=[
                alt.Tooltip("name:N", title="topic"),
                *_tooltips(field),
                alt.Tooltip("difference:Q", title="difference from all", format="+.2%"),
            ],
        )
    )
    return described(
        chart, "Difference of the mean share of each topic in each group from that in all documents"
    )


def _over(rows: Rows, kind: GroupKind, field: str | None, *, small: bool = False) -> Any:  # noqa: ANN401 - a chart
    """Axes of shares over what `start` is; of small charts these have no titles, and the facet has the data."""
    alt = altair()
    title = None if small else field
    ticks = {"tickCount": 3} if small else {}
    x = {
        "time": alt.X("start:T", title=title, axis=alt.Axis(**ticks)).scale(type="utc"),
        "number": alt.X("start:Q", title=title, axis=alt.Axis(format="~f", **ticks)).scale(zero=False),
        "category": alt.X("value:N", title=title, sort=None),
    }[kind]
    y = alt.Y("mean:Q", title=None if small else "mean share in documents").axis(format=".1~%", **ticks)
    chart = alt.Chart() if small else alt.Chart(inline(rows))
    return chart.encode(x=x, y=y, tooltip=[alt.Tooltip("name:N", title="topic"), *_tooltips(field)])


def _band(base: Any) -> Any:  # noqa: ANN401 - charts
    return base.mark_area(opacity=0.22, tooltip=None, aria=False).encode(y="low:Q", y2="high:Q", tooltip=[])


def _line(base: Any) -> Any:  # noqa: ANN401 - charts
    return base.mark_line(point={"size": 24, "filled": True})


def _tooltips(field: str | None) -> list[Any]:
    alt = altair()
    return [
        alt.Tooltip("value:N", title=field or "documents of"),
        alt.Tooltip("mean:Q", title="mean share", format=".2%"),
        alt.Tooltip("low:Q", title="95 % from", format=".2%"),
        alt.Tooltip("high:Q", title="to", format=".2%"),
        alt.Tooltip("n_documents:Q", title="documents", format=","),
    ]
