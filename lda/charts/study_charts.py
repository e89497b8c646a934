"""Charts of a study: what its trials scored, how they got there, and what that costs.

Positions along the varied parameter stand in `x`; a page sets whether these are numbers, on which scale, or names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.charts.topic_charts import described, inline
from lda.extras import altair

if TYPE_CHECKING:
    from altair import Chart, FacetChart, LayerChart

    from lda.charts.topic_charts import Rows

NATS: Final = "held-out log-likelihood, nats per token"


def study_heldout_chart(rows: Rows) -> LayerChart:
    """What candidates score over a parameter, beside what the held-out documents can tell apart.

    rows: kind ("candidate" or "seed"), x, name (the parameters), series (what the line and the colour are of), heldout;
    of a candidate also low and high (heldout less and plus the standard error of its paired difference to the best),
    reference (that of the best), within (whether the difference is within that error).
    """
    alt = altair()
    kind, within = alt.datum.kind, alt.datum.within
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("x:Q", title=None),
        y=alt.Y("heldout:Q", title=NATS).scale(zero=False),
        color=alt.Color("series:N", sort=None).legend(
            title=None, orient="top", columns=4, labelLimit=180, symbolOpacity=1
        ),
    )
    candidates = base.transform_filter(kind == "candidate")
    tooltip = [
        alt.Tooltip("name:N", title="candidate"),
        alt.Tooltip("heldout:Q", title="held out", format=".4f"),
        alt.Tooltip("difference:N", title="less the best"),
        alt.Tooltip("seeds:N", title="seeds"),
    ]
    best = (
        alt.Chart(inline(rows))
        .transform_filter(kind == "candidate")
        .mark_rule(strokeDash=[5, 4], opacity=0.7, tooltip=None, aria=False)
        .encode(y="max(reference):Q")
    )
    line = candidates.mark_line(opacity=0.7, strokeWidth=1.5, tooltip=None, aria=False)
    seeds = (
        base.transform_filter(kind == "seed")
        .mark_point(size=26, opacity=0.65, strokeWidth=1, aria=False)
        .encode(
            tooltip=[
                alt.Tooltip("name:N", title="trial"),
                alt.Tooltip("heldout:Q", title="held out", format=".4f"),
            ]
        )
    )
    intervals = candidates.mark_rule(strokeWidth=2.5, tooltip=None, aria=False).encode(y="low:Q", y2="high:Q")
    far = candidates.transform_filter(within == False).mark_point(  # noqa: E712 - an expression of Vega
        shape="diamond", size=80, strokeWidth=2, filled=False
    )
    near = candidates.transform_filter(within == True).mark_point(  # noqa: E712 - an expression of Vega
        shape="circle", size=110, filled=True, opacity=1
    )
    chart: LayerChart = (
        best + line + intervals + seeds + far.encode(tooltip=tooltip) + near.encode(tooltip=tooltip)
    ).properties(height=320)
    return described(
        chart,
        "Held-out log-likelihood of each candidate, with the error of its paired difference to the best",
    )


def study_curves_chart(rows: Rows) -> LayerChart:
    """Held-out documents over the sweeps of each trial.

    rows: trial, name, series (what the colour is of), sweep, value (nats per token), and end: "done", "stopped",
    "paused" or "failed" at the last point of a trial, else "".
    """
    alt = altair()
    ends = ["done", "stopped", "paused", "failed"]
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("sweep:Q", title="sweep")
        .axis(tickMinStep=1, format="d")
        .scale(zero=False, nice=False, padding=12),
        y=alt.Y("value:Q", title=NATS).scale(zero=False),
        color=alt.Color("series:N", sort=None).legend(
            title=None, orient="top", columns=6, labelLimit=180, symbolOpacity=1
        ),
        tooltip=[
            alt.Tooltip("name:N", title="trial"),
            alt.Tooltip("sweep:Q", format="d"),
            alt.Tooltip("value:Q", title="held out", format=".4f"),
            alt.Tooltip("end:N", title="state"),
        ],
    )
    lines = base.mark_line(opacity=0.75, strokeWidth=1.6).encode(detail="trial:N")
    last = (
        base.transform_filter(alt.datum.end != "")
        .mark_point(size=60, strokeWidth=2)
        .encode(
            shape=alt.Shape("end:N")
            .scale(domain=ends, range=["circle", "cross", "triangle-right", "square"])
            .legend(title=None, orient="top")
        )
    )
    chart: LayerChart = (lines + last).properties(height=320)
    return described(chart, "Held-out log-likelihood over the sweeps of each trial")


def study_tradeoff_chart(rows: Rows) -> LayerChart:
    """Candidates by two criteria.

    rows: name, label (short, beside the point; "" for none), x (the other criterion), heldout, within (whether its
    difference to the best is within one standard error), in the order of the parameter.
    """
    alt = altair()
    base = alt.Chart(inline(rows)).encode(
        x=alt.X("x:Q").scale(zero=False, padding=36).axis(format=".3~g"),
        y=alt.Y("heldout:Q", title=NATS).scale(zero=False, padding=18),
        tooltip=[
            alt.Tooltip("name:N", title="candidate"),
            alt.Tooltip("heldout:Q", title="held out", format=".4f"),
            alt.Tooltip("x:Q", title="criterion", format=".4~g"),
        ],
    )
    path = base.mark_line(opacity=0.3, strokeWidth=1.5, tooltip=None, aria=False).encode(order="place:Q")
    points = base.mark_point(size=110, strokeWidth=2, filled=True, opacity=1).encode(
        color=alt.Color("set:N", sort=None).legend(title=None, orient="top", labelLimit=300),
        shape=alt.Shape("set:N", sort=None)
        .scale(range=["circle", "diamond"])
        .legend(title=None, orient="top", labelLimit=300),
    )
    labels = [
        base.mark_text(style=style, dy=-13, fontSize=12, limit=110, tooltip=None, aria=False).encode(
            text="label:N"
        )
        for style in ("halo", "label")
    ]
    chart: LayerChart = alt.layer(path, points, *labels).properties(height=320)
    return described(chart, "Held-out log-likelihood of each candidate against another criterion")


def study_criteria_chart(rows: Rows) -> FacetChart:
    """Criteria over a parameter, a small chart each, whose axis of values is its own.

    rows: name (of the criterion), rank (its place), kind ("candidate" or "seed"), x, value, candidate (the parameters).
    """
    alt = altair()
    base = alt.Chart().encode(
        x=alt.X("x:Q", title=None),
        y=alt.Y("value:Q", title=None).scale(zero=False).axis(tickCount=4, format=".3~g"),
        tooltip=[
            alt.Tooltip("candidate:N", title="candidate"),
            alt.Tooltip("name:N", title="criterion"),
            alt.Tooltip("value:Q", format=".4~g"),
        ],
    )
    seeds = base.transform_filter(alt.datum.kind == "seed").mark_point(
        size=16, opacity=0.6, strokeWidth=1, aria=False
    )
    candidates = base.transform_filter(alt.datum.kind == "candidate")
    line = candidates.mark_line(strokeWidth=1.6, opacity=0.6, tooltip=None, aria=False).encode(
        detail="series:N"
    )
    points = candidates.mark_point(filled=True, size=44, opacity=1)
    chart: FacetChart = (
        alt.layer(line, seeds, points)
        .properties(width=210, height=120)
        .facet(
            facet=alt.Facet("name:N", title=None, sort=alt.EncodingSortField("rank", op="min")),
            columns=3,
            data=inline(rows),
        )
        .resolve_scale(y="independent")
        .resolve_axis(x="independent")
    )
    return described(chart, "Criteria of each candidate")


def study_importance_chart(rows: Rows) -> Chart:
    """How much each parameter matters. rows: name, share (of all that is explained), drawn in their order."""
    alt = altair()
    chart: Chart = (
        alt.Chart(inline(rows))
        .mark_bar()
        .encode(
            y=alt.Y("name:N", title=None, sort=None),
            x=alt.X("share:Q", title="importance").axis(format=".0%").scale(domainMin=0),
            tooltip=[
                alt.Tooltip("name:N", title="parameter"),
                alt.Tooltip("share:Q", title="importance", format=".1%"),
            ],
        )
    )
    return described(chart, "How much of the differences between trials goes with each parameter")


def study_charts(rows: Rows) -> dict[str, Any]:
    """All of them by the names that the page knows."""
    return {
        "heldout": study_heldout_chart(rows),
        "curves": study_curves_chart(rows),
        "tradeoff": study_tradeoff_chart(rows),
        "criteria": study_criteria_chart(rows),
        "importance": study_importance_chart(rows),
    }
