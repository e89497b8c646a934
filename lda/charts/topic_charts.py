"""Charts of topics and their words. Each is a function of data, which may be rows, or a name a page gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from lda.extras import altair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from altair import Chart, LayerChart, NamedData

    Rows = Sequence[dict[str, Any]] | NamedData

C = TypeVar("C")

ALL_CIRCLES: Final = 36_000
"""Square pixels of all circles of a map together: a seventh of it, whether there are ten topics or a thousand."""

CURVES: Final = "Log-likelihood per token after each sweep that was evaluated"


def inline(rows: Rows) -> Any:  # noqa: ANN401 - one of Altair's kinds of data
    """Rows as Altair's data. Not limited in number, as a data frame would be: what is drawn is never cut silently."""
    alt = altair()
    return rows if isinstance(rows, alt.NamedData) else alt.InlineData(values=list(rows))


def map_chart(rows: Rows, *, measure: str | None = None, diverging: bool = False) -> LayerChart:
    """The map of topics: where they lie to one another, and how large they are.

    Args:
        rows: topic, name, x, y, share, tokens, words, value (number or None), and if there are any label (text on the
            circle) and found (False fades it).
        measure: title of what `value` holds; None leaves the legend without one.
        diverging: whether `value` is to be read from 0 in both directions.

    The parameter "pick" holds the topic that was clicked, "hover" the one under the pointer.
    """
    alt = altair()
    pick = alt.selection_point(name="pick", fields=["topic"], on="click", toggle=False)
    hover = alt.selection_point(
        name="hover", fields=["topic"], on="pointerover", clear="pointerout", empty=False
    )
    scale = alt.Scale(domainMid=0, range="diverging") if diverging else alt.Scale(range="ramp")
    legend = alt.Legend(title=measure, orient="bottom", gradientLength=160, format=".3~g")
    place = alt.Chart(inline(rows)).encode(
        x=alt.X("x:Q").axis(None).scale(zero=False, nice=False, padding=36),
        y=alt.Y("y:Q").axis(None).scale(zero=False, nice=False, padding=36),
    )
    faded = alt.datum.found == False  # noqa: E712 - an expression of Vega, in which absent is not False
    circles = place.mark_circle(style="outline", invalid="show").encode(
        size=alt.Size("share:Q").scale(type="linear", domain=[0, 1], range=[0, ALL_CIRCLES]).legend(None),
        # Small circles are drawn last, or large ones would hide them from the pointer.
        order=alt.Order("share:Q", sort="descending"),
        color=alt.Color("value:Q", scale=scale, legend=legend),
        opacity=alt.when(faded).then(alt.value(0.12)).otherwise(alt.value(0.75)),
        strokeWidth=alt.when(pick, empty=False)
        .then(alt.value(3))
        .when(hover)
        .then(alt.value(2))
        .otherwise(alt.value(0.5)),
        description=alt.Description("name:N"),
        tooltip=[
            alt.Tooltip("name:N", title="topic"),
            alt.Tooltip("words:N", title="words"),
            alt.Tooltip("share:Q", title="share of tokens", format=".2%"),
            alt.Tooltip("tokens:Q", title="tokens", format=","),
            alt.Tooltip("value:Q", title=measure or "colour", format=".4~g"),
        ],
    ).add_params(pick, hover)  # fmt: skip
    shown = alt.when(faded).then(alt.value(0.12)).otherwise(alt.value(1))
    # Twice: first wide in the colour of the page, so that they can be read on circles of any colour.
    labels = [
        place.mark_text(style=style, fontSize=10, limit=130, tooltip=None, aria=False).encode(
            text="label:N", opacity=shown
        )
        for style in ("halo", "label")
    ]
    chart: LayerChart = alt.layer(circles, *labels).properties(height=460)
    return described(
        chart,
        "Map of topics: near ones have similar words; the area of a circle is the topic's share of all tokens",
    )


def sizes_chart(rows: Rows) -> Chart:
    """How large topics are. rows: topic, name, share, tokens, words; drawn in their order."""
    alt = altair()
    chart = _topic_bars(
        rows,
        alt.X("share:Q", title="share of tokens").axis(format=".1~%"),
        alt.Tooltip("share:Q", title="share of tokens", format=".2%"),
        alt.Tooltip("tokens:Q", title="tokens", format=","),
        alt.Tooltip("words:N", title="words"),
    ).encode(description=alt.Description("name:N"))
    return described(chart, "Share of each topic in all tokens")


def history_chart(rows: Rows) -> LayerChart:
    """The training curve. rows: sweep, kind ("training" or "held-out"), value in nats per token, None for a gap."""
    alt = altair()
    chart: LayerChart = (
        alt.Chart(inline(rows))
        .mark_line(point={"size": 22, "filled": True}, invalid="break-paths-show-domains")
        .encode(
            x=alt.X("sweep:Q", title="sweep").axis(tickMinStep=1, format="d"),
            y=alt.Y("value:Q", title="log-likelihood, nats per token").scale(zero=False),
            color=alt.Color("kind:N", sort=["training", "held-out"]).legend(title=None, orient="top"),
            strokeDash=alt.StrokeDash("kind:N", sort=["training", "held-out"]).legend(None),
            tooltip=[
                alt.Tooltip("sweep:Q", format="d"),
                alt.Tooltip("kind:N", title="documents"),
                alt.Tooltip("value:Q", title="nats per token", format=".4f"),
            ],
        )
    )
    chart = chart.properties(height=240)
    return described(chart, CURVES)


def words_chart(rows: Rows) -> LayerChart:
    """Words of a topic: p(word | topic) as bars, and over them the word's share in the corpus.

    rows: word, p, share; drawn in their order.
    """
    alt = altair()
    colour = (
        alt.Color("series:N")
        .scale(domain=["in the topic", "in the corpus"])
        .legend(title=None, orient="top", symbolType="square")
    )
    place = alt.Chart(inline(rows)).encode(
        y=alt.Y("word:N", title=None, sort=None),
        color=colour,
        tooltip=[
            alt.Tooltip("word:N"),
            alt.Tooltip("p:Q", title="p(word | topic)", format=".4~g"),
            alt.Tooltip("share:Q", title="share in the corpus", format=".4~g"),
        ],
    )
    topic = (
        place.transform_calculate(series="'in the topic'")
        .mark_bar()
        .encode(x=alt.X("p:Q", title="probability").axis(format=".3~g"))
    )
    corpus = (
        place.transform_calculate(series="'in the corpus'")
        .mark_bar(height={"band": 0.35})
        .encode(x="share:Q")
    )
    chart: LayerChart = topic + corpus
    return described(chart, "Probability of words in the topic, over their share in the corpus")


def document_topics_chart(rows: Rows) -> Chart:
    """Topics of a document. rows: topic, name, weight (its share of the document); drawn in their order."""
    alt = altair()
    chart = _topic_bars(
        rows,
        alt.X("weight:Q", title="share of the document").axis(format=".0%"),
        alt.Tooltip("weight:Q", title="share of the document", format=".2%"),
    )
    return described(chart, "Share of each topic in the document")


def word_topics_chart(rows: Rows) -> Chart:
    """Topics that hold a word. rows: topic, name, tokens (of the word there), p (word given topic)."""
    alt = altair()
    chart = _topic_bars(
        rows,
        alt.X("tokens:Q", title="tokens of the word in the topic"),
        alt.Tooltip("tokens:Q", title="tokens of the word", format=","),
        alt.Tooltip("p:Q", title="p(word | topic)", format=".4~g"),
    )
    return described(chart, "Tokens of the word in each topic that holds it")


def _topic_bars(rows: Rows, x: Any, *tooltips: Any) -> Chart:  # noqa: ANN401 - channels of Altair
    """A bar for each topic, by its name and in the order of the rows. tooltips: what is told besides the name."""
    alt = altair()
    found: Chart = (
        alt.Chart(inline(rows))
        .mark_bar()
        .encode(
            y=alt.Y("name:N", title=None, sort=None),
            x=x,
            tooltip=[alt.Tooltip("name:N", title="topic"), *tooltips],
        )
    )
    return found


def described(chart: C, description: str) -> C:
    """The chart with what a screen reader says of it."""
    found: C = chart.properties(description=description)  # type: ignore[attr-defined]
    return found
