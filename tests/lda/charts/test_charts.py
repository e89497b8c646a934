"""Charts as they are drawn: each is compiled to SVG by vl-convert, and its marks and texts are looked at."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import vl_convert
from made_models import made_model, planted_model

import lda
from lda.charts import model_charts
from lda.charts.group_charts import by_heat_chart
from lda.charts.specs import page_configs, page_specs
from lda.charts.tables import groups_table, rows_of
from lda.charts.topic_charts import map_chart
from lda.evaluation.relevance import most_relevant

if TYPE_CHECKING:
    from lda.charts.theme import Theme

NASTY = ["<script>alert(1)</script>", 'a"b&c', "esc\x1b[31m", "tail\u202e"]


class Drawn:
    """A chart as SVG."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.svg = vl_convert.vegalite_to_svg(spec)
        self.root = ET.fromstring(self.svg)

    def groups(self, role: str) -> list[ET.Element]:
        """Elements of marks with this ARIA role description or class."""
        return [e for e in self.root.iter() if role in e.get("class", "").split()]

    def marks(self, kind: str) -> int:
        """Marks drawn in the plot, not in axes and legends: kind is "rect", "symbol", "line", "area", "rule"."""
        found = 0
        for group in self.groups(f"mark-{kind}"):
            if "role-mark" in group.get("class", ""):
                found += sum(1 for e in group.iter() if e.tag.endswith(("path", "text", "line")))
        return found

    @property
    def texts(self) -> list[str]:
        return ["".join(e.itertext()) for e in self.root.iter() if e.tag.endswith("}text")]


def drawn(chart: Any) -> Drawn:
    return Drawn(chart.to_dict())


@pytest.fixture(scope="module")
def model() -> lda.Model:
    history = [
        {
            "sweep": s, "seconds": s / 10, "tokens_per_second": 1e6, "alpha_sum": 1.0, "beta": 0.1,
            "log_likelihood": -9 + s / 100 if s % 5 == 0 else None,
            "heldout": -8 + s / 100 if s in (5, 10, 20) else None,
        }
        for s in range(1, 21)
    ]  # fmt: skip
    planted = planted_model(6)
    made = made_model(planted.counts.toarray(), history=history)
    return made.with_labels({3: "War & peace", 0: "<b>bold</b>"})


@pytest.fixture(scope="module")
def years() -> Any:
    rng = np.random.default_rng(5)
    mean = rng.dirichlet(np.ones(6), size=8)
    low, high = mean * 0.8, mean * 1.2
    low[2] = high[2] = np.nan
    return SimpleNamespace(
        field="year", kind="time", values=[f"{1900 + 10 * g}s" for g in range(8)],
        starts=[f"{1900 + 10 * g}-01-01" for g in range(8)],
        n_documents=np.array([3, 4, 1, 5, 6, 7, 8, 9]), mean=mean, low=low, high=high,
    )  # fmt: skip


def parties(years: Any) -> Any:
    return SimpleNamespace(
        field="party", kind="category", values=["Whig", "Democratic", "<i>none</i>"], starts=None,
        n_documents=years.n_documents[:3], mean=years.mean[:3], low=years.low[:3], high=years.high[:3],
    )  # fmt: skip


def by_difference(groups: Any) -> list[int]:
    """Topics by the standard deviation of their means over documents, the largest first."""
    middle = np.average(groups.mean, axis=0, weights=groups.n_documents)
    variance = np.average((groups.mean - middle) ** 2, axis=0, weights=groups.n_documents)
    return [int(k) for k in np.argsort(-variance, kind="stable")]


def test_topics_are_bars_with_their_names(model: lda.Model) -> None:
    found = drawn(model.plot_topics())
    assert found.marks("rect") == 6
    assert "3 War & peace" in found.texts
    shares = model.last_tokens / model.last_tokens.sum()
    spec = model.plot_topics().to_dict()
    values = next(iter(spec["datasets"].values())) if "datasets" in spec else spec["data"]["values"]
    assert [row["topic"] for row in values] == np.argsort(-shares, kind="stable").tolist()
    np.testing.assert_allclose([row["share"] for row in values], np.sort(shares)[::-1])
    assert drawn(model.plot_topics(2)).marks("rect") == 2


def test_the_map_has_a_circle_a_topic_of_its_share(model: lda.Model) -> None:
    found = drawn(model.plot_map())
    assert found.marks("symbol") == 6
    assert {str(k) for k in range(6)} <= set(found.texts)
    areas = []
    for path in (e for g in found.groups("role-mark") if "mark-symbol" in g.get("class", "") for e in g):
        radius = float(re.match(r"M([0-9.]+),0A", path.get("d", "")).group(1))  # type: ignore[union-attr]
        areas.append(radius**2)
    # Large ones are drawn first, and area is to area as share to share.
    shares = np.sort(model.last_tokens)[::-1]
    np.testing.assert_allclose(np.array(areas) / areas[0], shares / shares[0], rtol=2e-2)


def test_topics_without_a_value_are_grey_and_others_are_not(model: lda.Model) -> None:
    found = drawn(model.plot_map([0.1, np.nan, 0.2, 0.3, 0.5, 0.9]))
    fills = [
        e.get("fill") for g in found.groups("mark-symbol") if "role-mark" in g.get("class", "") for e in g
    ]
    assert fills.count("#8c959f") == 1
    assert len(set(fills)) == 6


@pytest.mark.parametrize("color", ["alpha", "eff_num_words", "uniform_dist", [1, 2, -3, 4, 5, 6]])
def test_maps_are_coloured_by_columns_diagnostics_and_numbers(model: lda.Model, color: Any) -> None:
    assert drawn(model.plot_map(color)).marks("symbol") == 6


def test_colours_that_are_none_are_refused(model: lda.Model) -> None:
    with pytest.raises(ValueError, match=r"color must be one of .*, got 'sheen'"):
        model.plot_map("sheen")
    with pytest.raises(ValueError, match=r"one number per topic \(6\), got shape \(2,\)"):
        model.plot_map([1, 2])


def test_history_has_two_curves_and_gaps_where_nothing_was_evaluated(model: lda.Model) -> None:
    rows = model_charts.history_rows(model)
    assert [(r["sweep"], r["kind"]) for r in rows if r["value"] is None] == [(15, "held-out")]
    found = drawn(model.plot_history())
    assert found.marks("symbol") == 7  # 4 evaluations of training, 3 of documents kept out
    assert {"training", "held-out"} <= set(found.texts)
    lines = [
        e.get("d", "") for g in found.groups("mark-line") if "role-mark" in g.get("class", "") for e in g
    ]
    assert sorted(d.count("M") for d in lines) == [1, 2]
    assert model.plot_history().to_dict()["resolve"] == {"scale": {"y": "independent"}}


def test_differences_of_groups_have_colours_of_one_measure_in_both_directions() -> None:
    rows = [{"topic": 0, "name": "0", "value": v, "mean": m, "low": m, "high": m, "difference": d, "n_documents": 9}
            for v, m, d in (("a", 0.1, -0.02), ("b", 0.5, 0.38))]  # fmt: skip
    assert by_heat_chart(rows).to_dict()["encoding"]["color"]["scale"]["domain"] == [-0.38, 0.38]


def test_a_history_without_documents_kept_out_has_one_curve(model: lda.Model) -> None:
    rows = [{**row, "heldout": None} for row in model.record.history]
    found = drawn(made_model(model.counts.toarray(), history=rows).plot_history())
    assert "held-out" not in found.texts
    assert found.marks("symbol") == 4


def test_words_are_pairs_of_bars(model: lda.Model) -> None:
    found = drawn(model.plot_words(3, 5))
    assert found.marks("rect") == 10
    best = [model.vocabulary[w] for w in most_relevant(model, 5)[3]]
    assert [text for text in found.texts if text in best] == best
    assert {"in the topic", "in the corpus"} <= set(found.texts)


def test_topics_of_a_word_and_of_a_document(model: lda.Model) -> None:
    term = int(np.argmax((model.counts > 0).sum(axis=1)))
    word, held = model.vocabulary[term], model.counts.getrow(term).nnz
    found = drawn(model.plot_word(word))
    assert found.marks("rect") == held > 1
    document = drawn(model.plot_document([[word] * 3], 4))
    assert document.marks("rect") == 4
    with pytest.raises(ValueError, match="does not know the word 'nowhere'"):
        model.plot_word("nowhere")
    with pytest.raises(TypeError, match="a word is text, got int 5"):
        model.plot_word(5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="X must be one document, got 2"):
        model.plot_document([[word], [word]])


def test_over_time_lines_bands_and_their_gaps(model: lda.Model, years: Any) -> None:
    found = drawn(model_charts.plot_groups_over(model, years, [3, 1]))
    assert found.marks("line") == 2
    assert found.marks("area") == 2
    assert found.marks("symbol") == 16
    assert "3 War & peace" in found.texts
    assert "1940" in found.texts
    small = drawn(model_charts.plot_groups_over(model, years, small=True))
    assert small.marks("line") == 6
    assert small.marks("symbol") == 48
    order = by_difference(years)
    assert [int(text.split()[0]) for text in small.texts if re.match(r"\d \D", text)] == order


def test_over_a_number(model: lda.Model, years: Any) -> None:
    numbers: Any = SimpleNamespace(
        **{**vars(years), "kind": "number", "starts": [float(g) for g in range(8)]}
    )
    assert drawn(model_charts.plot_groups_over(model, numbers, [2])).marks("symbol") == 8


def test_groups_are_bars_with_intervals_or_a_heat_map(model: lda.Model, years: Any) -> None:
    bars = drawn(model_charts.plot_groups_by(model, parties(years), [2]))
    assert bars.marks("rect") == 3
    assert bars.marks("rule") == 2  # one group has one document, and no interval
    assert "<i>none</i>" in bars.texts
    heat = drawn(model_charts.plot_groups_by(model, parties(years)))
    assert heat.marks("rect") == 18
    first = str(by_difference(parties(years))[0])
    named = [text for text in heat.texts if re.match(r"\d ", text)]
    assert named[0].split()[0] == first
    with pytest.raises(ValueError, match="there are topics 0 to 5, got 6"):
        model_charts.plot_groups_by(model, parties(years), [6])


def test_nothing_from_outside_is_markup_or_a_command() -> None:
    planted = planted_model(3, 12)
    model = made_model(planted.counts.toarray(), vocabulary=[*NASTY, *(f"w{i}" for i in range(8))])
    for chart in (model.plot_words(0, 12), model.plot_topics(), model.plot_map(), model.plot_word(NASTY[0])):
        svg = drawn(chart).svg
        assert "<script" not in svg
        assert "\x1b" not in svg
        assert "\u202e" not in svg
    assert r"esc\x1b[31m" in drawn(model.plot_words(0, 12)).texts


def test_no_topic_is_left_out_however_many_there_are() -> None:
    rows = [{"topic": k, "name": str(k), "x": k, "y": 0, "share": 1e-4} for k in range(6000)]
    (drawn_rows,) = (
        map_chart(rows).to_dict()["datasets"].values()
    )  # of a data frame Altair takes 5,000 at most
    assert [row["topic"] for row in drawn_rows] == list(range(6000))


def rows_for_the_page(model: lda.Model, years: Any) -> dict[str, list[dict[str, Any]]]:
    over = [{**row, "name": row["title"]} for row in rows_of(groups_table(model, years))]
    topics = [
        {
            "topic": k, "name": f"{k} topic", "share": 0.1 + k / 50, "tokens": 10 * k, "words": "a, b", "x": k % 3,
            "y": k / 7, "value": None if k == 2 else k / 5, "label": str(k), "weight": k / 30, "p": 0.01,
            "found": k != 1,
        }
        for k in range(6)
    ]  # fmt: skip
    return {
        "map": topics, "sizes": topics, "document_topics": topics, "word_topics": topics,
        "history": model_charts.history_rows(model),
        "words": [{"word": NASTY[0], "p": 0.1, "share": 0.01}, {"word": "b", "p": 0.05, "share": 0.02}],
        "over": over, "over_small": over, "by_heat": over, "by_bars": over[::6],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "theme"), [*((name, "light") for name in page_specs()), ("map", "dark"), ("over", "dark")]
)
def test_specifications_of_the_page_are_drawn_with_its_rows(
    model: lda.Model, years: Any, name: str, theme: Theme
) -> None:
    spec = page_specs()[name]
    assert '"name": "rows"' in str(spec).replace("'", '"')
    assert "config" not in spec
    assert spec["description"]
    if name != "over_small":
        assert spec["width"] == "container"
        spec["width"] = 400
    rows = rows_for_the_page(model, years)[name]
    config = page_configs()[theme]
    found = Drawn({**spec, "config": config, "datasets": {"rows": rows}})
    assert "aria-label" in found.svg
    marks = {
        "map": 6,
        "sizes": 6,
        "document_topics": 6,
        "word_topics": 6,
        "words": 4,
        "by_heat": 48,
        "by_bars": 8,
    }
    if name in marks:
        assert found.marks("symbol" if name == "map" else "rect") == marks[name]
    else:
        assert found.marks("line") == {"history": 2}.get(name, 6)


def test_a_click_on_the_map_picks_its_topic() -> None:
    spec = {**page_specs()["map"], "width": 300, "datasets": {"rows": []}}
    signals = {signal["name"] for signal in vl_convert.vegalite_to_vega(spec)["signals"]}
    assert {"pick", "hover"} <= signals


@pytest.mark.parametrize("kind", ["time", "number", "category"])
def test_the_page_says_what_its_field_is(kind: Any) -> None:
    encoding = page_specs(kind)["over"]["layer"][1]["encoding"]["x"]
    assert encoding["type"] == {"time": "temporal", "number": "quantitative", "category": "nominal"}[kind]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plots_have_the_page_they_are_made_for(model: lda.Model, theme: Any) -> None:
    assert (
        model.plot_topics(theme=theme).to_dict()["config"]["background"]
        == {
            "light": "#ffffff",
            "dark": "#0d1117",
        }[theme]
    )
