"""Charts of a comparison of models: held-out documents, and words that moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lda.charts.topic_charts import described, inline
from lda.extras import altair

if TYPE_CHECKING:
    from altair import LayerChart

    from lda.charts.topic_charts import Rows


def comparison_heldout_chart(rows: Rows) -> LayerChart:
    """By how much models predict the same documents better or worse than the first of them.

    rows: name (of the model), heldout, difference (to the first, nats per token), low and high (difference less and
    plus its standard error; None where there is none); drawn in their order.
    """
    alt = altair()
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("name:N", title=None, sort=None),
        tooltip=[
            alt.Tooltip("name:N", title="model"),
            alt.Tooltip("heldout:Q", title="nats per token", format=".4f"),
            alt.Tooltip("difference:Q", title="less the first", format="+.4f"),
            alt.Tooltip("error:Q", title="standard error", format=".4f"),
        ],
    )
    zero = (
        alt.Chart(inline(rows))
        .mark_rule(strokeDash=[5, 4], opacity=0.7, tooltip=None, aria=False)
        .encode(x=alt.datum(0))
    )
    intervals = base.mark_rule(strokeWidth=2.5, tooltip=None, aria=False).encode(x="low:Q", x2="high:Q")
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=alt.X("difference:Q", title="nats per token, less the first model").axis(format="+.3~g")
    )
    chart: LayerChart = points + zero + intervals
    return described(chart, "Held-out log-likelihood of each model, less that of the first")


def comparison_words_chart(rows: Rows) -> LayerChart:
    """Words of two matched topics: p(word | topic) in each, joined.

    rows: word, model, p, low, high (the smaller and the larger p of the word); two rows a word, drawn in their order.
    """
    alt = altair()
    base = alt.Chart(inline(rows)).encode(
        y=alt.Y("word:N", title=None, sort=None),
        tooltip=[
            alt.Tooltip("word:N"),
            alt.Tooltip("model:N"),
            alt.Tooltip("p:Q", title="p(word | topic)", format=".3~g"),
        ],
    )
    joined = base.mark_rule(opacity=0.35, strokeWidth=2, tooltip=None, aria=False).encode(
        x="low:Q", x2="high:Q"
    )
    points = base.mark_point(filled=True, size=70, opacity=1).encode(
        x=alt.X("p:Q", title="p(word | topic)").axis(format=".3~g"),
        color=alt.Color("model:N", sort=None).legend(title=None, orient="top", labelLimit=260),
        shape=alt.Shape("model:N", sort=None)
        .scale(range=["circle", "diamond"])
        .legend(title=None, orient="top", labelLimit=260),
    )
    chart: LayerChart = points + joined
    return described(chart, "Probability of words in two matched topics")


def comparison_charts(rows: Rows) -> dict[str, Any]:
    """All of them by the names that the page knows."""
    return {"heldout": comparison_heldout_chart(rows), "words": comparison_words_chart(rows)}
