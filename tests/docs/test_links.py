"""Links between README, CONTRIBUTING and the pages of the documentation lead somewhere, on GitHub and on the site."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from doc_blocks import ROOT, pages
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

PAGES = [*pages(), ROOT / "CONTRIBUTING.md"]


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def parse(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """Anchors of headings as GitHub makes them."""
    tokens = parse(page)
    headings = (after.content for token, after in itertools.pairwise(tokens) if token.type == "heading_open")
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for token in flat(parse(page)):
        target = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if not target or re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{page.relative_to(ROOT)}: {target}"
        if anchor and found.suffix == ".md":
            assert anchor in anchors(found), f"{page.relative_to(ROOT)}: {target}"
        if page.is_relative_to(ROOT / "docs"):
            assert found.is_relative_to(ROOT / "docs"), f"{page.relative_to(ROOT)}: the site has no {target}"


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = yaml.safe_load((ROOT / "docs" / "_toc.yml").read_text(encoding="utf-8"))
    listed = [
        contents["root"],
        *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"]),
    ]
    built = ROOT / "docs" / "_build"
    there = {
        page.relative_to(ROOT / "docs").with_suffix("").as_posix()
        for pattern in ("*.md", "*.ipynb")
        for page in (ROOT / "docs").rglob(pattern)
        if built not in page.parents and ".ipynb_checkpoints" not in page.parts
    }
    assert sorted(listed) == sorted(there)


def test_the_index_links_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    linked = {str(token.attrs.get("href", "")) for token in flat(parse(index))}
    contents = yaml.safe_load((ROOT / "docs" / "_toc.yml").read_text(encoding="utf-8"))
    files = {chapter["file"] for part in contents["parts"] for chapter in part["chapters"]}
    assert files <= {link.removesuffix(".md").removesuffix(".ipynb") for link in linked}
