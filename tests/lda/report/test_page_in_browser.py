"""The page as a browser shows it: opened from a file, worked with, and looked at for what it lets out."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from browser import arrived
from page_data import groups, page_data

from lda.charts.specs import page_specs
from lda.labels.labels_file import parse_labels
from lda.report.page import render_page

VIEWS = (
    "overview", "map", "topic", "topic/3", "documents", "document/4", "groups/year", "groups/party",
    "words/word3", "names",
)  # fmt: skip

Open = Callable[..., Any]


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return page_data()


@pytest.fixture(scope="module")
def html(data: dict[str, Any]) -> str:
    return render_page(data, page_specs())


def saved(page: Any, name: str) -> tuple[str, bytes]:
    """Press the button of this name and return the file's name and content."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).first.click()
    download = waiting.value
    return download.suggested_filename, Path(download.path()).read_bytes()


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


# Opening and finding the way


def test_every_view_opens_from_a_file_and_all_its_charts_are_drawn(html: str, open_page: Open) -> None:
    watched = open_page(html)
    watched.open()
    for view in VIEWS:
        page = watched.go(view)
        watched.draw_all()
        assert page.locator("#panel h2").inner_text()
        for plot in page.locator("#panel .plot").all():
            assert plot.locator("svg, canvas").count() == 1, view
            assert plot.get_attribute("aria-label")


def test_links_and_the_back_button_work(html: str, open_page: Open) -> None:
    page = open_page(html).open("topic/3")
    assert page.locator(".over-title").inner_text() == "Topic 3"
    page.get_by_role("link", name="→").click()
    assert arrived(page).locator(".over-title").inner_text() == "Topic 4"
    page.go_back()
    page.wait_for_function("() => document.querySelector('.over-title').textContent === 'Topic 3'")
    page.get_by_role("tab", name="Names").click()
    page.wait_for_selector("#tab-names[aria-selected=true]")  # the address changes first, the view after it
    assert page.url.endswith("#/names")


@pytest.mark.parametrize("route", ["topic/99", "topic/x", "document/99999", "nothing", "words/%E0%A4%A"])
def test_an_address_that_leads_nowhere_says_so(html: str, open_page: Open, route: str) -> None:
    page = open_page(html).open(route)
    assert page.locator("#panel h2").inner_text() in {"Not here", "Words"}


# Overview


def test_overview_shows_the_facts_as_they_are(html: str, data: dict[str, Any], open_page: Open) -> None:
    page = open_page(html).open()
    text = page.locator("#panel").inner_text()
    for card in data["facts"]:
        assert card["heading"] in text
        for name, value in card["rows"]:
            assert name in text
            assert value in text
    assert "-7.1235" in text
    assert "± 0.0123" in text
    for sentence in [*data["missing"], *(warning["text"] for warning in data["warnings"])]:
        assert sentence in text


def test_overview_begins_with_what_matters_and_ends_with_the_facts(open_page: Open) -> None:
    data = page_data(30, 40)
    watched = open_page(render_page(data, page_specs()), viewport={"width": 1440, "height": 1000})
    page = watched.open()
    watched.draw_all()
    tiles = page.locator(".figures dd.figure").all_inner_texts()
    assert tiles == ["30", "40", "123,456", "4,321", "-7.1235 ± 0.0123"]
    tops = [
        page.locator(f"#panel {place}").first.bounding_box()["y"]
        for place in (".figures", ".warnings", "table", ".facts")
    ]
    assert tops == sorted(tops)
    # Beside each other: the largest topics, the curves and the map; together with what stands above on one screen.
    assert tops[2] < 700
    assert page.locator(".plot-history").first.bounding_box()["y"] < 1000
    assert page.locator("#panel tbody tr").count() == 12
    assert page.locator(".plot-history svg").count() == 2
    assert page.locator(".plot-map svg").count() == 1
    page.locator(".plot-map .mark-symbol.role-mark path").first.click(force=True)
    page.wait_for_function("() => location.hash.startsWith('#/topic/')")


@pytest.mark.parametrize("width", [360, 500, 820, 1100, 1440])
def test_key_figures_stay_on_one_line(open_page: Open, width: int) -> None:
    data = page_data(5, 8)
    data["fit"] = {"n_documents": 9_876_543_210, "n_tokens": 9_876_543_210, "n_terms": 1_234_567}
    page = open_page(render_page(data, page_specs()), viewport={"width": width, "height": 800}).open()
    for figure in page.locator(".figures dd.figure").all()[:4]:
        lines = "node => node.getBoundingClientRect().height / parseFloat(getComputedStyle(node).lineHeight)"
        assert figure.evaluate(lines) < 1.5


def test_many_warnings_do_not_fill_the_screen(open_page: Open) -> None:
    data = page_data(5, 8)
    data["warnings"] = [
        {"kind": "duplicate", "text": f"Warning {i} of many.", "topics": []} for i in range(90)
    ] + [{"kind": "few", "text": "Few documents.", "topics": []}] * 4
    page = open_page(render_page(data, page_specs())).open()
    assert page.locator(".warnings li:visible").count() == 7
    assert page.locator(".warnings li:visible").last.inner_text() == "Few documents."
    page.locator(".warned summary", has_text="87 more").click()
    assert page.locator(".warnings li:visible").count() == 94


def test_hashes_and_commands_break_anywhere_and_stand_left(open_page: Open) -> None:
    data = page_data(3, 5)
    data["facts"][0]["rows"] += [["fingerprint", "0123456789abcdef" * 4], ["command", "lda fit " + "x" * 200]]
    page = open_page(render_page(data, page_specs()), viewport={"width": 360, "height": 800}).open()
    codes = page.locator(".facts code")
    assert codes.all_inner_texts() == ["0123456789abcdef" * 4, "lda fit " + "x" * 200]
    for code in codes.all():
        assert code.evaluate("node => getComputedStyle(node).textAlign") in {"start", "left"}
        assert code.evaluate("node => getComputedStyle(node).fontFamily").endswith("monospace")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_a_model_alone_is_shown_with_what_is_missing(open_page: Open) -> None:
    data = page_data(4, 0, n_groups=0)
    data |= {"heldout": None, "history": {"sweep": [], "log_likelihood": [], "heldout": []}, "warnings": []}
    watched = open_page(render_page(data, page_specs()))
    watched.open()
    for view in ("overview", "map", "topic/1", "documents", "document/0", "groups", "words", "names"):
        page = watched.go(view)
        watched.draw_all()
        assert page.locator("#panel h2").inner_text()
    assert "lda report" in watched.go("documents").locator("#panel").inner_text()


# A topic


def shown_words(page: Any) -> list[str]:
    page.get_by_role("button", name=re.compile("^Table: Words of topic")).click()
    words = page.locator(".behind tbody tr td:nth-child(2)").all_inner_texts()
    page.get_by_role("button", name=re.compile("^Table: Words of topic")).click()
    return words


def test_the_slider_sorts_by_relevance_and_works_by_arrow_keys(
    html: str, data: dict[str, Any], open_page: Open
) -> None:
    page = open_page(html).open("topic/3")
    slider = page.get_by_label("Relevance λ")
    slider.focus()
    page.keyboard.press("End")
    assert page.locator(".slider output").inner_text() == "1.00"
    first, last = data["words"]["offsets"][3:5]
    term, p = data["words"]["term"][first:last], data["words"]["p"][first:last]
    by_p = [data["vocabulary"][w] for _, w in sorted(zip(p, term, strict=True), key=lambda pair: -pair[0])]
    assert shown_words(page) == by_p[:30]
    slider.focus()
    page.keyboard.press("Home")
    lift = {data["vocabulary"][w]: q / data["term_share"][w] for q, w in zip(p, term, strict=True)}
    assert shown_words(page) == sorted(lift, key=lambda word: -lift[word])[:30]
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert page.locator(".slider output").inner_text() == "0.05"
    assert "0.05" in str(slider.get_attribute("aria-valuetext"))


def test_words_and_their_probabilities_are_those_of_the_data(
    html: str, data: dict[str, Any], open_page: Open
) -> None:
    page = open_page(html).open("topic/2")
    name, content = saved(page, "Save as CSV: Words of topic 2")
    header, *rows = rows_of(content)
    assert name == "topic-2-words.csv"
    assert header == ["Rank", "Word", "p(word | topic)", "Share in the corpus", "Lift"]
    first, last = data["words"]["offsets"][2:4]
    given = {
        data["vocabulary"][w]: (q, data["term_share"][w])
        for w, q in zip(data["words"]["term"][first:last], data["words"]["p"][first:last], strict=True)
    }
    assert len(rows) == 30
    for _, word, p, share, _ in rows:
        assert (float(p), float(share)) == given[word]


def test_charts_are_saved_as_svg_and_png(html: str, open_page: Open) -> None:
    page = open_page(html).open("topic/2")
    name, svg = saved(page, "Save as SVG: Words of topic 2")
    assert name == "topic-2-words.svg"
    assert svg.startswith(b"<svg")
    name, png = saved(page, "Save as PNG: Words of topic 2")
    assert name == "topic-2-words.png"
    assert png.startswith(b"\x89PNG")


# Names


def test_names_typed_are_shown_kept_and_saved(html: str, data: dict[str, Any], open_page: Open) -> None:
    watched = open_page(html)
    page = watched.open("topic/3")
    page.get_by_label("Name of topic 3").fill("  Taxes\tand trade ")
    page.keyboard.press("Enter")
    assert page.locator("#panel h2").inner_text() == "Taxes and trade"
    page.get_by_role("button", name="suggestion 3").click()
    assert page.locator("#panel h2").inner_text() == "suggestion 3"
    watched.go("overview")
    assert "suggestion 3" in page.locator("#panel table").inner_text()
    page.reload()
    page.wait_for_selector("html[data-ready]")
    watched.go("names")
    assert page.get_by_label("Name of topic 3").input_value() == "suggestion 3"
    name, content = saved(page, "Download labels.json")
    assert name == "labels.json"
    labels = json.loads(content)
    assert labels["fingerprint"] == data["labels"]["fingerprint"]
    assert labels["n_topics"] == 12
    assert labels["names"]["3"]["name"] == "suggestion 3"
    assert labels["names"]["3"]["source"] == "suggested"
    assert labels["names"]["0"] == data["labels"]["names"]["0"]
    page.get_by_role("button", name="Back to the report").click()
    assert page.get_by_label("Name of topic 3").input_value() == ""
    page.get_by_label("Name of topic 0").fill("")
    page.keyboard.press("Enter")
    assert json.loads(saved(page, "Download labels.json")[1])["names"] == {}


def read_names(page: Any, content: str) -> None:
    page.get_by_label("File of names").set_input_files(
        {"name": "labels.json", "mimeType": "application/json", "buffer": content.encode()}
    )


def test_a_file_of_names_is_read_and_one_for_another_model_is_refused(html: str, open_page: Open) -> None:
    page = open_page(html).open("names")
    good = {"fingerprint": "abc123", "n_topics": 12, "names": {"5": {"name": "Five", "source": "me"}}}
    read_names(page, json.dumps(good))
    page.wait_for_function(
        "() => document.querySelector('[aria-label=\"Name of topic 5\"]').value === 'Five'"
    )
    assert page.get_by_label("Name of topic 0").input_value() == ""
    for wrong, word in (
        ("no json", "JSON"),
        ("3", "names"),
        ("[]", "0 topics"),
        (json.dumps({"12": "beyond"}), "topic 12"),
        (json.dumps(good | {"fingerprint": "other"}), "fingerprint"),
        (json.dumps(good | {"n_topics": 7}), "7 topics"),
    ):
        read_names(page, wrong)
        page.wait_for_function(
            "word => document.querySelector('.notice').textContent.includes(word)", arg=word
        )
        assert page.get_by_label("Name of topic 5").input_value() == "Five"


@pytest.mark.parametrize(
    ("file", "third"),
    [
        (["a", "b", "c", *[""] * 9], "c"),
        ({"2": "c"}, "c"),
        ({"names": {"2": {"name": "c"}}}, "c"),
        ({"names": {}}, ""),
    ],
)
def test_files_of_names_are_read_in_each_form(html: str, open_page: Open, file: object, third: str) -> None:
    page = open_page(html).open("names")
    read_names(page, json.dumps(file))
    page.wait_for_function("() => document.getElementById('live').textContent === 'Names are read'")
    assert page.get_by_label("Name of topic 2").input_value() == third


def test_python_reads_the_names_that_were_typed(open_page: Open) -> None:
    data = page_data(4, 0, n_groups=0)
    data["labels"] |= {"fingerprint": "ab" * 32, "format": "raylda-labels", "version": 1}
    page = open_page(render_page(data, page_specs())).open("names")
    typed = ["\u202e turned\u2069 \x07", "x" * 300, "\U0001f600" * 250, "naïve “name”, 2"]
    for k, name in enumerate(typed):
        page.get_by_label(f"Name of topic {k}").evaluate(
            "(input, name) => { input.value = name; input.dispatchEvent(new Event('change')); }", name
        )
    labels = parse_labels(saved(page, "Download labels.json")[1])
    assert labels.fingerprint == "ab" * 32
    assert [label.name for label in labels.names.values()] == [
        "turned", "x" * 200, "\U0001f600" * 200, "naïve “name”, 2",
    ]  # fmt: skip


def test_without_storage_names_still_work(html: str, open_page: Open) -> None:
    watched = open_page(html)
    watched.page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});"
    )
    page = watched.open("names")
    page.get_by_label("Name of topic 2").fill("Two")
    page.keyboard.press("Enter")
    assert "keeps nothing" in page.locator("#panel").inner_text()
    assert json.loads(saved(page, "Download labels.json")[1])["names"]["2"]["name"] == "Two"
    page.get_by_role("button", name=re.compile("Colours")).click()


# Map, documents, words, groups


def test_a_document_is_shown_by_the_passage_that_has_the_topic(open_page: Open) -> None:
    data = page_data(4, 6, n_texts=2)
    data["best"] = {"offsets": [0, 1, 2, 2, 2], "document": [0, 1]}
    opening = [["Fellow", 2], [" citizens of the Senate,\n", -1], ["dear", 3], [" friends. ", -1]] * 40
    silver = [["gold", 0], [" and ", -1], ["silver", 0], [", \U0001f600 ", -1]]
    data["texts"]["pieces"][:2] = [
        [*opening, *silver * 3, ["Amen.", -1]],
        [["\U0001f600" * 400, -1], *opening],
    ]
    watched = open_page(render_page(data, page_specs()))
    page = watched.open("topic/0")
    assert page.locator(".snippet b").all_inner_texts() == ["gold", "silver"] * 3
    shown = page.locator(".snippet").inner_text()
    assert shown.startswith("…")
    assert shown.endswith("Amen.")
    # No topic 1 there: how the text begins, cut between characters.
    shown = watched.go("topic/1").locator(".snippet").inner_text()
    assert shown == "\U0001f600" * 130 + "…"
    shown = watched.go("documents").locator(".snippet").first.inner_text()
    assert shown.startswith("Fellow citizens of the Senate, dear friends. Fellow")
    assert re.search(r" (Fellow|citizens|of|the|Senate,|dear|friends\.)…$", shown)
    page.get_by_label("Search").fill("SILVER amen")
    page.wait_for_function("() => document.querySelectorAll('.documents li').length === 1")
    assert page.locator(".snippet b").all_inner_texts() == ["silver", "silver", "silver", "Amen."]


def test_names_are_under_each_other_on_a_phone(open_page: Open) -> None:
    data = page_data(4, 6)
    page = open_page(render_page(data, page_specs()), viewport={"width": 360, "height": 800}).open("names")
    for of in ("input.name", ".chip", "td.muted"):
        for box in (node.bounding_box() for node in page.locator(f".names {of}").all()):
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= 360
    assert page.get_by_role("table").get_by_role("row").count() >= 4


def test_the_map_is_searched_coloured_and_clicked(html: str, open_page: Open) -> None:
    watched = open_page(html)
    page = watched.open("map")
    watched.draw_all()
    page.get_by_label("Search").fill("first")
    assert page.locator(".topic-list li").count() == 1
    page.get_by_role("button", name="First topic").click()
    assert "Related topics" in page.locator(".about").inner_text()
    page.wait_for_function(
        "() => document.querySelectorAll('.plot .role-mark.layer_1_marks path').length === 1"
    )
    page.get_by_label("Search").fill("")
    page.get_by_label("Colour by").select_option("coherence")
    assert "share documents" in page.locator("#panel").inner_text()
    page.wait_for_function("() => document.querySelector('#panel .plot').textContent.includes('Coherence')")
    mark = page.locator(".plot .mark-symbol.role-mark path").first
    mark.hover()
    page.wait_for_selector("#tip:not([hidden])")
    assert "share of tokens" in page.locator("#tip").inner_text()
    mark.click(force=True)
    assert page.locator(".about a").first.get_attribute("href")


@pytest.mark.parametrize("n_topics", [2, 12, 100])
def test_areas_on_the_map_are_shares_of_a_part_of_it(open_page: Open, n_topics: int) -> None:
    data = page_data(n_topics, 12, n_texts=2)
    watched = open_page(render_page(data, page_specs()), viewport={"width": 1440, "height": 1000})
    page = watched.open("map")
    watched.draw_all()
    # A path of a circle begins "M{radius},0A"; drawn from the largest on.
    paths = page.locator(".plot-map .mark-symbol.role-mark:not(.layer_1_marks) path").evaluate_all(
        "nodes => nodes.map((node) => node.getAttribute('d'))"
    )
    areas = np.array([np.pi * float(re.findall("^M([0-9.]+)", path)[0]) ** 2 for path in paths])
    assert np.allclose(areas / areas.sum(), np.array(data["topics"]["share"]), atol=0.01)
    plot = page.locator(".plot-map svg").bounding_box()
    assert 0.05 < areas.sum() / (plot["width"] * plot["height"]) < 0.2
    for box in (
        node.bounding_box()
        for node in page.locator(".plot-map .mark-symbol.role-mark:not(.layer_1_marks) path").all()
    ):
        assert plot["x"] <= box["x"]
        assert box["x"] + box["width"] <= plot["x"] + plot["width"]
        assert plot["y"] <= box["y"]
        assert box["y"] + box["height"] <= plot["y"] + plot["height"]


def test_all_numbers_of_topics_are_saved_though_the_main_ones_are_shown(open_page: Open) -> None:
    data = page_data(5, 8)
    data["measures"].append(
        {"field": "burst", "title": "Burstiness", "what": "How bursty it is.", "digits": 2}
    )
    data["topics"]["burst"] = [0.1, 0.2, 0.3, 0.4, 0.5]
    page = open_page(render_page(data, page_specs())).open("topic")
    headings = page.locator("thead th")
    assert headings.all_inner_texts() == ["Name", "Share", "Words", "Coherence", "Exclusivity"]
    header, *rows = rows_of(saved(page, "Save as CSV: All topics")[1])
    assert header == ["No.", "Name", "Share", "Words", "Coherence", "Exclusivity", "Burstiness"]
    assert [float(row[-1]) for row in rows] == data["topics"]["burst"]
    page.get_by_role("button", name="All 3 numbers").click()
    assert headings.last.inner_text() == "Burstiness"


def test_documents_are_found_by_id_field_and_text(html: str, data: dict[str, Any], open_page: Open) -> None:
    page = open_page(html).open("documents")
    search = page.get_by_label("Search")

    def found(query: str) -> str:
        shown = page.locator(".results-head p")
        shown.evaluate("node => { node.textContent = ''; }")
        search.fill(query)
        page.wait_for_function("() => document.querySelector('.results-head p').textContent !== ''")
        return str(shown.inner_text())

    assert page.locator(".results-head p").inner_text() == "60 documents"
    reds = sum(party == "Reds" for party in data["documents"]["fields"]["party"])
    assert found("reds") == f"{reds} of 60 documents found"
    hay = [
        f"{name}\n{year}\n{party}\n{''.join(text for text, _ in pieces)}"
        for name, year, party, pieces in zip(
            data["documents"]["id"],
            *data["documents"]["fields"].values(),
            data["texts"]["pieces"] + [[]] * 40,
            strict=True,
        )
    ]
    wanted = sum("document" in text and "17" in text for text in hay)
    assert found("document 17") == f"{wanted} of 60 documents found"
    assert page.locator(".documents .document-id").first.inner_text() == "document 17"
    word = data["texts"]["pieces"][3][1][0]
    with_text = sum(
        word in "".join(text for text, _ in pieces) for pieces in data["texts"]["pieces"]
    )  # a part of a word counts as well
    assert found(word) == f"{with_text} of 60 documents found"
    page.wait_for_function("() => document.getElementById('live').textContent.includes('found')")
    assert found("not there") == "0 of 60 documents found"
    found("document 17")
    page.get_by_role("link", name="document 17").click()
    assert arrived(page).locator("#panel h2").inner_text() == "document 17"


def test_a_document_shows_its_text_word_by_word(html: str, data: dict[str, Any], open_page: Open) -> None:
    page = open_page(html).open("document/4")
    pieces = data["texts"]["pieces"][4]
    assert page.locator(".words").evaluate("node => node.textContent") == "".join(text for text, _ in pieces)
    shown = page.locator(".words .w").evaluate_all(
        "all => all.map(w => [w.textContent, Number(w.dataset.topic)])"
    )
    assert shown == [piece for piece in pieces if piece[1] >= 0]
    page.locator(".legend button").first.click()
    topic = page.locator(".legend button").first.get_attribute("data-topic")
    lit = page.locator(".words .w.on").evaluate_all("all => all.map(w => w.dataset.topic)")
    assert lit == [str(of) for _, of in pieces if str(of) == topic]
    page.locator(".coloured").focus()
    page.keyboard.press("ArrowRight")
    word, topic_of_word = shown[0]
    assert page.locator(".here").inner_text().startswith(f"{word}: {topic_of_word}.")
    name, content = saved(page, "Save as CSV: Topics of this document")
    first, last = data["documents"]["topics"]["offsets"][4:6]
    weights = data["documents"]["topics"]["weight"][first:last]
    assert name.endswith(".csv")
    assert [float(row[2]) for row in rows_of(content)[1:]] == sorted(weights, reverse=True)


def test_a_word_shows_the_topics_that_hold_it(html: str, data: dict[str, Any], open_page: Open) -> None:
    page = open_page(html).open("words")
    assert page.locator(".chip").count() >= 12
    page.locator(".chip").first.click()
    assert page.locator(".plot-word_topics").count() == 1
    page.get_by_label("Word", exact=True).fill("ord12")
    told = "() => document.querySelector('#panel').textContent.includes('“ord12” itself is not')"
    page.wait_for_function(told)
    page.get_by_label("Word", exact=True).fill("word12")
    page.wait_for_function(
        "() => document.querySelector('.chip[aria-pressed=true]')?.textContent === 'word12'"
    )
    assert page.locator(".chip[aria-pressed=true]").inner_text() == "word12"
    _, content = saved(page, "Save as CSV: Topics of the word word12")
    term = data["vocabulary"].index("word12")
    first, last = data["word_topics"]["offsets"][term : term + 2]
    assert [int(row[0]) for row in rows_of(content)[1:]] == data["word_topics"]["topic"][first:last]
    assert [float(row[2]) for row in rows_of(content)[1:]] == data["word_topics"]["p"][first:last]
    page.get_by_label("Word", exact=True).fill("zzz")
    page.wait_for_function("() => document.querySelector('#panel').textContent.includes('No such word')")


def test_groups_are_sorted_by_what_differs_most_and_say_how_many_stand_behind(
    html: str, data: dict[str, Any], open_page: Open
) -> None:
    watched = open_page(html)
    page = watched.open("groups/year")
    watched.draw_all()
    _, content = saved(page, "Save as CSV: Heat map")
    header, *rows = rows_of(content)
    assert header[2:] == ["year", "Mean share", "Low (95%)", "High (95%)", "Documents"]
    over = data["over"]
    for topic, _, value, mean, low, _, n in rows:
        g, k = over["values"].index(value), int(topic)
        assert float(mean) == over["mean"][g][k]
        assert int(n) == over["n_documents"][g]
        assert (low == "") == (over["low"][g][k] is None)

    def spread(k: int) -> float:
        total = sum(over["n_documents"])
        pairs = list(zip(over["n_documents"], (row[k] for row in over["mean"]), strict=True))
        centre = sum(n * share for n, share in pairs) / total
        return float(sum(n * (share - centre) ** 2 for n, share in pairs))

    order = list(dict.fromkeys(int(row[0]) for row in rows))
    assert order == sorted(range(12), key=lambda k: -spread(k))
    assert "1 to" in page.locator(".lead").inner_text()
    assert "2 documents without a value" in page.locator(".lead").inner_text()
    page.get_by_label("Compare").select_option(label="by party")
    page.wait_for_function("() => location.hash === '#/groups/party'")
    watched.draw_all()
    page.get_by_label("Sort by").select_option("size")
    assert page.get_by_label("Sort by").input_value() == "size"
    assert "1 to" in page.locator(".lead").inner_text()


def test_of_many_groups_the_highest_come_first_and_all_on_demand(open_page: Open) -> None:
    data = page_data(3, 12, n_texts=2)
    rng = np.random.default_rng(1)
    data["by"] = [groups(rng, "country", "category", [f"country {g}" for g in range(60)], 3)]
    watched = open_page(render_page(data, page_specs()))
    page = watched.open("topic/1")
    watched.draw_all()
    means = {f"country {g}": row[1] for g, row in enumerate(data["by"][0]["mean"])}
    highest = sorted(means, key=lambda country: -means[country])
    assert [
        row[2] for row in rows_of(saved(page, "Save as CSV: Share of topic 1 by country")[1])[1:]
    ] == highest[:25]
    page.get_by_role("button", name="Show all 60 groups").click()
    assert [
        row[2] for row in rows_of(saved(page, "Save as CSV: Share of topic 1 by country")[1])[1:]
    ] == highest
    page.wait_for_function("() => document.querySelectorAll('.plot-by_bars .mark-rect path').length === 60")


def test_of_few_groups_the_highest_comes_first_too(open_page: Open) -> None:
    data = page_data(3, 12, n_texts=2)
    page = open_page(render_page(data, page_specs())).open("topic/1")
    rows = rows_of(saved(page, "Save as CSV: Share of topic 1 by party")[1])[1:]
    assert len(rows) == 3
    assert [float(row[3]) for row in rows] == sorted((float(row[3]) for row in rows), reverse=True)


def test_numbers_as_groups_get_an_axis_of_numbers(open_page: Open) -> None:
    data = page_data(4, 12, n_texts=2)
    data["over"] |= {"kind": "number", "field": "age", "starts": [0.5 * g for g in range(8)]}
    watched = open_page(render_page(data, page_specs()))
    page = watched.open("groups/age")
    watched.draw_all()
    assert page.locator(".plot-over_small svg").count() == 1
    ticks = page.locator(".plot-over_small .mark-text.role-axis-label text").all_text_contents()
    assert {"0", "2"} <= set(ticks)  # of 0 to 3.5, and no dates


# Hostile text


def test_nothing_from_outside_runs(open_page: Open) -> None:
    watched = open_page(render_page(page_data(12, 30, n_texts=10, hostile=True), page_specs()))
    page = watched.open()
    for view in ("overview", "map", "topic", "topic/0", "topic/3", "documents", "document/0", "document/4",
                 "groups/year", "groups", "words/word3", "names"):  # fmt: skip
        watched.go(view)
        watched.draw_all()
        for node in page.locator("#panel .mark-symbol path, #panel .mark-rect path").all()[:3]:
            node.hover(force=True)
        made = "#panel :is(iframe, img, object, embed, script, link), #panel a:not([href^='#/']), #panel [onerror]"
        assert page.locator(made).count() == 0, view
    watched.go("topic/3")
    for typed in ("<img src=x onerror='window.ran=9'>", "</script><script>window.ran=10</script>"):
        page.get_by_label("Name of topic 3").fill(typed)
        page.keyboard.press("Enter")
        assert page.locator("#panel h2").inner_text() == typed
    watched.go("map")
    watched.draw_all()
    svg = saved(page, "Save as SVG: Map")[1]
    tags = {node.tag.rpartition("}")[2] for node in ET.fromstring(svg).iter()}
    assert tags <= {
        "svg",
        "g",
        "path",
        "text",
        "rect",
        "defs",
        "clipPath",
        "linearGradient",
        "stop",
        "line",
    }, tags
    assert b"window.ran" in svg
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#handout").count() == 1
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("() => window.ran") is None


def test_words_and_groups_may_be_called_as_what_objects_have(open_page: Open) -> None:
    data = page_data(3, 5, n_terms=40)
    for term, word in enumerate(("constructor", "__proto__", "toString")):
        data["vocabulary"][term] = word
    data["by"][0] |= {"field": "a/b%", "values": ["constructor", "__proto__", ""]}
    data["documents"]["fields"] = {"__proto__": list("abcde"), "a/b%": [None, 1, True, 2.5, "x"]}
    data["labels"]["names"] = {str(k): {"name": "constructor", "source": "same"} for k in range(3)}
    watched = open_page(render_page(data, page_specs()))
    page = watched.open()
    for view in ("overview", "map", "topic/1", "document/1", "groups/a%2Fb%25", "words/constructor"):
        watched.go(view)
        watched.draw_all()
        assert page.locator("#panel .plot svg").count() > 0, view
    watched.go("groups/a%2Fb%25")
    assert page.locator("#panel h3").nth(1).inner_text() == "Topics against a/b%"


@pytest.mark.parametrize("n", [1, 3])
def test_a_page_with_next_to_nothing_opens(open_page: Open, n: int) -> None:
    data = page_data(n, 1, n_terms=n, n_texts=0, n_groups=1)
    data["topics"] |= {"x": [0.0] * n, "y": [0.0] * n, "share": [0.0] * n, "coherence": [None] * n}
    data["topics"] |= {"related": [[]] * n, "suggestions": [[]] * n}
    data["documents"]["topics"] = {"offsets": [0, 0], "topic": [], "weight": []}
    data["documents"] |= {"fields": {}, "nearest": {"per": 0, "document": []}}
    data["best"] = {"offsets": [0] * (n + 1), "document": []}
    data["words"] = {"offsets": [0] * (n + 1), "term": [], "p": []}
    data["over"]["n_documents"] = [0]
    watched = open_page(render_page(data, page_specs()))
    page = watched.open()
    for view in VIEWS:
        watched.go(view)
        watched.draw_all()
        assert page.locator("#panel h2").inner_text()


def test_cells_that_a_spreadsheet_would_run_are_quoted(open_page: Open) -> None:
    data = page_data(4, 6, n_texts=0)
    ids = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", 'a "quoted", id']
    data["documents"]["id"] = ids
    data["documents"]["fields"] = {
        "=field": ["=a", "b", "c", "d", "e", "f"],
        "change": [-1.5, 2, 3, 4, 5, None],
    }
    page = open_page(render_page(data, page_specs())).open("documents")
    header, *rows = rows_of(saved(page, "Save as CSV: the documents found")[1])
    assert header[2:4] == ["'=field", "change"]
    assert [row[0] for row in rows] == [f"'{name}" for name in ids[:5]] + [ids[5]]
    assert [row[3] for row in rows] == ["-1.5", "2", "3", "4", "5", ""]
    assert rows[0][2] == "'=a"


# For everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_fault_of_accessibility(html: str, open_page: Open, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    watched = open_page(html, color_scheme=scheme)
    page = watched.open()
    page.emulate_media(reduced_motion="reduce")
    for view in VIEWS:
        watched.go(view)
        watched.draw_all()
        for details in page.locator("#panel details").all()[:1]:
            details.locator("summary").click()
        found = axe.run(page).response["violations"]
        serious = [
            (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, (view, serious)


@pytest.mark.parametrize("width", [360, 820, 1440])
def test_the_page_never_scrolls_sideways(open_page: Open, width: int) -> None:
    data = page_data(12, 30, n_texts=10)
    data["title"] = data["documents"]["id"][4] = "averylongwordwithoutanyplacetobreakit" * 4
    data["labels"]["names"]["3"] = {"name": "anotherverylongnamewithoutaplacetobreak" * 4, "source": ""}
    watched = open_page(render_page(data, page_specs()), viewport={"width": width, "height": 800})
    page = watched.open()
    for view in VIEWS:
        watched.go(view)
        watched.draw_all()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, view


def test_keys_alone_reach_what_a_mouse_reaches(html: str, open_page: Open) -> None:
    page = open_page(html).open()
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.id") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "main"
    page.get_by_role("tab", name="Overview").focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => location.hash === '#/topic'")
    assert page.evaluate("() => document.activeElement.id") == "tab-topic"
    page.keyboard.press("End")
    page.wait_for_function("() => location.hash === '#/names'")
    page.wait_for_selector("#panel input:not([type=file])")  # it is drawn after the address is there
    unreachable = page.evaluate(
        """() => [...document.querySelectorAll("#panel button, #panel a, #panel input:not([type=file]), #panel select")]
            .filter((node) => node.tabIndex < 0).length"""
    )
    assert unreachable == 0
    page.keyboard.press("Tab")
    style = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"


def test_the_switch_of_colours_redraws_charts(html: str, open_page: Open) -> None:
    watched = open_page(html, color_scheme="light")
    page = watched.open("topic/2")
    watched.draw_all()
    ground = "() => getComputedStyle(document.body.parentElement).backgroundColor"
    light = page.evaluate(ground)
    before = page.locator(".plot-words svg").inner_html()
    switch = page.get_by_role("button", name=re.compile("Colours"))
    switch.click()
    assert page.evaluate(ground) == light
    switch.click()
    assert page.evaluate(ground) != light
    page.wait_for_function(
        "before => document.querySelector('.plot-words svg')?.innerHTML !== before", arg=before
    )


def test_the_handout_has_all_topics_with_their_words(
    html: str, data: dict[str, Any], open_page: Open
) -> None:
    page = open_page(html).open("documents")
    page.emulate_media(media="print")
    # The picture of the map comes when the browser has time.
    page.wait_for_function(
        """() => {
            window.dispatchEvent(new Event('beforeprint'));
            if (document.querySelector('#handout img')) return true;
            window.dispatchEvent(new Event('afterprint'));
            return false;
        }"""
    )
    text = page.locator("#handout").inner_text()
    assert page.locator("#panel").is_hidden()
    assert page.locator(".all-topics tbody tr").count() == 12
    assert "Worth a look" in text
    assert data["topics"]["name"][11].split(",")[0] in text
    assert page.locator("#handout img").get_attribute("src").startswith("data:image/svg+xml")
    page.evaluate("() => window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("#panel").is_visible()


# Size


def test_a_thousand_topics_are_drawn_a_part_at_a_time(open_page: Open) -> None:
    data = page_data(1000, 200, n_terms=2000, n_texts=5, per_topic=60)
    watched = open_page(render_page(data, page_specs()))
    page = watched.open()
    for view in ("overview", "map", "topic", "names"):
        watched.go(view)
        watched.draw_all()
        assert page.locator("#panel *").count() < 6000, view
    for view, items, first, more in (
        ("topic", "tbody tr", 50, 100),
        ("names", "tbody tr", 50, 100),
        ("documents", ".documents li", 20, 40),
        ("map", ".topic-list li", 30, 60),
    ):
        watched.go(view)
        assert page.locator(items).count() == first, view
        page.get_by_role("button", name="Show more").click()
        assert page.locator(items).count() == more, view
        assert page.evaluate("items => document.activeElement.closest(items) !== null", items), view
