"""The pages of studies and of comparisons as a browser shows them."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_comparisons import N_TERMS, made_comparison
from made_studies import made_study
from page_data import HOSTILE

from lda.experiments.comparison.page import comparison_page
from lda.experiments.study.page.page import study_page

Open = Callable[..., Any]

STUDY_VIEWS = (
    "overview",
    "criteria",
    "curves",
    "candidates",
    "candidate/1",
    "candidate/0",
    "trials",
    "topics",
)
COMPARISON_VIEWS = ("overview", "topics", "match/0/1", "matrix", "words", "documents")

WORDS = [f"{HOSTILE[w % len(HOSTILE)]} {w}" for w in range(N_TERMS)]


def hostile_study() -> str:
    space = [{"topics": k, "stop_words": HOSTILE[i]} for k in (5, 9) for i in range(2)]
    return study_page(*made_study(space, stopped=[0], words=WORDS, name="<b>mine</b>"))


def hostile_comparison() -> str:
    return comparison_page(made_comparison(WORDS, names=["<img src=x onerror='window.ran=1'>"] * 2))


def saved(page: Any, name: str) -> list[list[str]]:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).first.click()
    content = Path(waiting.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def all_views(watched: Any, views: tuple[str, ...]) -> None:
    page = watched.page
    for view in views:
        watched.go(view)
        watched.draw_all()
        assert page.locator("#panel h2").inner_text() not in ("", "Not here"), view
        made = "#panel :is(iframe, img, object, embed, script, link), #panel a:not([href^='#/']), #panel [onerror]"
        assert page.locator(made).count() == 0, view
        assert page.evaluate("() => document.documentElement.scrollWidth") <= page.viewport_size["width"], (
            view
        )
    assert page.evaluate("() => window.ran") is None


def test_every_view_of_a_study_opens_and_nothing_from_outside_runs(open_page: Open) -> None:
    watched = open_page(hostile_study(), viewport={"width": 390, "height": 800})
    page = watched.open()
    all_views(watched, STUDY_VIEWS)
    watched.go("candidates")
    header, *rows = saved(page, "Save as CSV: Candidates")
    assert header[:3] == ["Candidate", "K", "stop words"]
    assert [row[1] for row in rows] == [
        "5",
        "9",
        "9",
        "5",
    ]  # the one that was stopped has no numbers, and is last
    assert rows[-1][3] == ""
    watched.go("topics")
    page.get_by_label("Third").select_option("2")
    page.get_by_label("Search").fill("nowhere to be found")
    page.wait_for_function("() => document.querySelectorAll('#panel tbody tr').length === 0")
    # What is printed has all candidates.
    page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#handout tbody tr").count() == 4


@pytest.mark.slow
def test_few_values_of_a_parameter_are_written_out(open_page: Open) -> None:
    """Numbers of topics near each other get one significant digit otherwise: 1e+1 for 10, and 2e+1 for 15."""
    page = open_page(study_page(*made_study([{"topics": k} for k in (10, 15)]))).open()
    page.wait_for_selector("#panel svg text")
    labels = page.locator("#panel svg").first.locator("text").all_text_contents()
    assert {"10", "15"} <= set(labels)


def test_every_view_of_a_comparison_opens_and_nothing_from_outside_runs(open_page: Open) -> None:
    watched = open_page(hostile_comparison(), viewport={"width": 390, "height": 800})
    page = watched.open()
    all_views(watched, COMPARISON_VIEWS)
    watched.go("overview")
    page.get_by_role("button", name="Particular").click()
    page.wait_for_function("() => document.querySelectorAll('#panel tbody tr').length === 2")
    watched.go("matrix")
    overlaps = saved(page, "Save as CSV: all overlaps")
    page.locator(".matrix").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    said = page.locator(".here").inner_text()
    assert said.startswith("<img")  # names of models, as text
    best = max(float(value) for row in overlaps[1:] for value in row[1:])
    assert said.endswith(f"overlap {best:.2f}")
    page.keyboard.press("Enter")
    page.wait_for_function("() => location.hash.startsWith('#/match/')")


def test_only_the_title_of_a_study_stands_in_the_mark_up() -> None:
    study, summary = made_study(
        [{"topics": k} for k in (10, 20)],
        name="</title><script>window.ran = 1</script>",
        words=["</script>", "b"],
    )
    page = study_page(study, summary)
    assert page.count("<script") == 4
    assert "&lt;/title&gt;" in page
    packed = re.findall(r'id="data">([^<]+)<', page)[0]
    assert json.loads(gzip.decompress(base64.b64decode(packed)))["beside"]["words"] == ["b", "</script>"]
    assert page._repr_html_().startswith("<iframe")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["study", "comparison"])
def test_no_serious_fault_of_accessibility(open_page: Open, kind: str, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    html = hostile_study() if kind == "study" else hostile_comparison()
    watched = open_page(html, color_scheme=scheme)
    page = watched.open()
    page.emulate_media(reduced_motion="reduce")
    for view in STUDY_VIEWS if kind == "study" else COMPARISON_VIEWS:
        watched.go(view)
        watched.draw_all()
        found = axe.run(page).response["violations"]
        serious = [
            (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
            for fault in found
            if fault["impact"] in ("serious", "critical")
        ]
        assert not serious, (view, serious)
