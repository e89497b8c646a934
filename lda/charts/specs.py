"""The charts of the report as Vega-Lite specifications with named data, which the page's script fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.charts.group_charts import by_bars_chart, by_heat_chart, over_chart, over_small_chart
from lda.charts.theme import chart_config
from lda.charts.topic_charts import (
    document_topics_chart,
    history_chart,
    map_chart,
    sizes_chart,
    word_topics_chart,
    words_chart,
)
from lda.extras import altair

if TYPE_CHECKING:
    from lda.charts.theme import Theme
    from lda.survey.results import GroupKind

DATA: Final = "rows"
"""The name of the data in each specification."""

_FACETED: Final = ("over_small", "criteria")
"""Those made of several charts, whose width Vega-Lite cannot take from the page."""


def page_specs(over: GroupKind = "time") -> dict[str, dict[str, Any]]:
    """The charts of the page by name.

    Each has the named data "rows" with these columns:

    - map: topic (number), name, x, y, share, tokens, words (text for the tooltip), value (what it is coloured by, or
      null); and if wanted label (short text on the circle, "" for none) and found (false fades the circle). The
      parameters "pick" (clicked) and "hover" select by topic.
    - sizes: topic, name, share, tokens, words.
    - history: sweep, kind ("training" or "held-out"), value (nats per token; null makes a gap). Give rows of sweeps
      that were evaluated only.
    - words: word, p (word given topic), share (of the word in the corpus).
    - document_topics: topic, name, weight.
    - over, over_small: topic, name, value (label of the bin), start (ISO date, or number), mean, low, high (null where
      there is no interval), n_documents.
    - by_bars: value (label of the group), mean, low, high, n_documents, of one topic.
    - by_heat: topic, name, value, mean, low, high, difference (mean less that over all documents), n_documents.
    - word_topics: topic, name, tokens (of the word in the topic), p (word given topic).

    Bars, small charts and cells stand in the order of the rows. Widths are "container", but of over_small, whose number
    of `columns` a page may set. No specification has a `config`: `page_configs` has those for light and dark pages.
    The legend of the map has no title, as the page knows what it chose.

    Args:
        over: what the field of `over` and `over_small` is: "time", "number" or "category".

    Raises:
        MissingPackageError: Altair is not installed.
    """
    rows = altair().NamedData(DATA)
    charts = {
        "map": map_chart(rows),
        "sizes": sizes_chart(rows),
        "history": history_chart(rows),
        "words": words_chart(rows),
        "document_topics": document_topics_chart(rows),
        "over": over_chart(rows, kind=over),
        "over_small": over_small_chart(rows, kind=over),
        "by_bars": by_bars_chart(rows),
        "by_heat": by_heat_chart(rows),
        "word_topics": word_topics_chart(rows),
    }
    return _specs(charts)


def study_specs() -> dict[str, dict[str, Any]]:
    """The charts of a study's page by name, as `page_specs`; see `lda.charts.study_charts` for their rows."""
    from lda.charts.study_charts import study_charts

    return _specs(study_charts(altair().NamedData(DATA)))


def comparison_specs() -> dict[str, dict[str, Any]]:
    """The charts of a comparison's page by name, as `page_specs`; see `lda.charts.comparison_charts` for their rows."""
    from lda.charts.comparison_charts import comparison_charts

    return _specs(comparison_charts(altair().NamedData(DATA)))


def _specs(charts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    specs = {}
    for name, chart in charts.items():
        spec: dict[str, Any] = chart.to_dict()
        spec.pop("config", None)
        if name not in _FACETED:
            spec["width"] = "container"
            spec["autosize"] = {"type": "fit-x", "contains": "padding"}
        specs[name] = spec
    return specs


def page_configs() -> dict[Theme, dict[str, Any]]:
    """Vega-Lite configurations by theme, "light" and "dark", to go with each of `page_specs`."""
    return {"light": chart_config("light"), "dark": chart_config("dark")}
