"""The HTML of the page, without a browser."""

from __future__ import annotations

import base64
import fnmatch
import gzip
import hashlib
import json
import re
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from page_data import HOSTILE, page_data

from lda.charts.specs import page_specs
from lda.extras import MissingPackageError
from lda.report.page import BASE, PAGES, STYLES, TEMPLATE, render_page

ROOT = Path(__file__).parents[3]


class Elements(HTMLParser):
    """Elements of a page with their attributes, and the text within scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.title = ""
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._within = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts[-1] += data
        if self._within == "title":
            self.title += data


@pytest.fixture(scope="module")
def html() -> str:
    return render_page(page_data(5, 12, n_texts=4), page_specs())


def packed(html: str, name: str) -> Any:
    elements = Elements(html)
    scripts = [attributes for tag, attributes in elements.found if tag == "script"]
    place = next(i for i, attributes in enumerate(scripts) if attributes.get("id") == name)
    return json.loads(gzip.decompress(base64.b64decode(elements.scripts[place])))


def test_the_page_holds_its_data_as_they_were_given(html: str) -> None:
    assert packed(html, "data") == page_data(5, 12, n_texts=4)
    assert packed(html, "specs")["charts"] == page_specs()


def test_equal_arguments_give_the_same_page(html: str) -> None:
    assert render_page(page_data(5, 12, n_texts=4), page_specs()) == html


def test_the_policy_names_the_scripts_that_stand_there_and_allows_nothing_else(html: str) -> None:
    elements = Elements(html)
    policy = next(
        str(attributes["content"])
        for _, attributes in elements.found
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    modules = [attributes.get("type") for tag, attributes in elements.found if tag == "script"]
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text, kind in zip(elements.scripts, modules, strict=True)
        if kind == "module"
    }
    assert len(hashes) == 2
    assert set(directives.pop("script-src").split()) == hashes | {"'unsafe-eval'"}
    assert directives == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_nothing_in_the_page_points_elsewhere(html: str) -> None:
    for tag, attributes in Elements(html).found:
        for name in ("src", "href", "action", "data", "srcset"):
            where = attributes.get(name)
            assert where is None or where.startswith(("#", "data:")), (tag, name, where)


def test_only_the_title_of_all_data_stands_in_the_mark_up() -> None:
    data = page_data(3, 3, n_texts=2, n_terms=50, hostile=True)
    data["title"] = " ".join(HOSTILE)
    outside = Elements(render_page(data, page_specs()))
    assert outside.title == data["title"]
    assert len(outside.scripts) == 4
    assert not any(tag in ("img", "iframe", "svg") for tag, _ in outside.found)


@pytest.mark.parametrize("package", ["jinja2", "vl_convert"])
def test_without_its_packages_one_line_says_what_to_install(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=r"pip install 'raylda\[report\]'") as error:
        render_page(page_data(3, 0, n_groups=0), {})
    assert "\n" not in str(error.value)


def test_numbers_that_are_none_in_json_are_refused() -> None:
    data = page_data(3, 0, n_groups=0)
    data["topics"]["x"][0] = float("nan")
    with pytest.raises(ValueError, match="JSON"):
        render_page(data, page_specs())


def test_a_lone_surrogate_does_not_stop_the_page() -> None:
    data = page_data(3, 0, n_groups=0)
    data["vocabulary"][0] = "half\ud800"
    assert packed(render_page(data, page_specs()), "data")["vocabulary"][0] == "half?"


def test_the_wheel_holds_every_file_of_the_page() -> None:
    folder = ROOT / "lda" / "report" / "assets"
    assets = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert assets == {*BASE, *(name for own in PAGES.values() for name in own), *STYLES, TEMPLATE}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["lda.report"]
    for name in assets:
        assert any(fnmatch.fnmatch(f"assets/{name}", pattern) for pattern in patterns), name


def test_our_script_parses_no_html_and_asks_for_nothing() -> None:
    """Outside text becomes DOM by textContent alone; whoever adds one of these has opened a door."""
    assets = ROOT / "lda" / "report" / "assets"
    script = "".join(path.read_text(encoding="utf-8") for path in assets.rglob("*.js"))
    doors = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc"
    )
    assert not re.search(doors, script)
    assert not re.search(
        r"\bfetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(|\beval\(|new Function", script
    )
    assert "http://" not in script
    assert "https://" not in script
