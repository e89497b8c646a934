"""The report of the State of the Union addresses, over years and parties, as somebody opens it."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser import arrived
from commands import run

from lda.labels.labels_file import load_labels
from lda.model.model import Model

if TYPE_CHECKING:
    from collections.abc import Callable

ADDRESSES = Path(__file__).parents[3] / "benchmarks" / "data" / "sotu.jsonl.gz"
K = 8


@pytest.fixture(scope="module")
def model(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:  # no browser, no fit
    path = tmp_path_factory.mktemp("addresses") / "model"
    run(
        "fit", ADDRESSES, "--text", "text", "--id", "id", "--stop-words", "en", "--min-df", 3, "--max-df", 0.5,
        "-k", K, "-n", 20, "-o", path, "-q",
    )  # fmt: skip
    return path


@pytest.fixture(scope="module")
def html(model: Path) -> str:
    page = model.parent / "report.html"
    run("report", model, ADDRESSES, "--over", "year", "--by", "party", "--documents", 30, "-o", page, "-q")
    return page.read_text(encoding="utf-8")


def test_every_view_of_the_addresses_works(html: str, model: Path, open_page: Callable[..., Any]) -> None:
    fitted = Model.load(model)
    watched = open_page(html)
    page = watched.open()
    for view in ("overview", "map", "topic", "documents", "groups/year", "groups/party", "words", "names"):
        watched.go(view)
        watched.draw_all()
    text = watched.go("overview").locator("#panel").inner_text()
    assert fitted.fingerprint() in text.replace("\n", "")

    # Words by probability alone are those of the model.
    watched.go("topic/3")
    page.get_by_label("Relevance λ").focus()
    page.keyboard.press("End")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save as CSV: Words of topic 3").click()
    _, *rows = csv.reader(Path(waiting.value.path()).read_text(encoding="utf-8-sig").splitlines())
    words = fitted.topics(30)[3].words
    assert [row[1] for row in rows] == [word for word, _ in words]
    assert [float(row[2]) for row in rows] == pytest.approx([p for _, p in words], rel=1e-5)
    assert page.locator("details.document").count() == 5

    # Names typed there are read by the command line.
    page.get_by_label("Name of topic 3").fill("War & peace")
    page.keyboard.press("Enter")
    watched.go("names")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download labels.json").click()
    labels = model.parent / "labels.json"
    waiting.value.save_as(labels)
    assert load_labels(labels, fitted).names[3].name == "War & peace"
    run("label", model, labels, "-q")
    assert "War & peace" in run("topics", model).stdout

    # Somebody looks for an address, and reads the one that shows the topic best.
    watched.go("documents")
    page.get_by_label("Search").fill("lincoln 1861")
    page.wait_for_function(
        "() => document.querySelector('.results-head p').textContent.startsWith('1 of 237')"
    )
    page.locator(".documents .document-id").first.click()
    page.wait_for_function("() => location.hash.startsWith('#/document/')")
    assert "Abraham Lincoln" in arrived(page).locator("#panel").inner_text()
    best = watched.go("topic/3").locator("details.document").first
    name = best.locator(".document-id").inner_text()
    best.locator("summary").click()
    assert best.locator(".words").evaluate("node => node.textContent") == addresses()[name]


def addresses() -> dict[str, str]:
    lines = gzip.decompress(ADDRESSES.read_bytes()).decode("utf-8").splitlines()
    return {address["id"]: address["text"] for address in map(json.loads, lines)}
