"""What a stranger sees first: README, tables, pictures, citation, and what a release is made of."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from benchmarks.published import README, ROOT, TABLES, markers

CI = ROOT / ".ci"
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s#]+)[^)\s]*\)")
PAGES = [path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if "_build" not in path.parts]


def between(path: Path, name: str) -> str:
    begin, end = markers(name)
    return path.read_text().split(begin)[1].split(end)[0].strip()


def rows(table: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]


def test_readme_takes_a_minute() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 150
    assert len(text.split()) <= 1300


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_to_files(page: Path) -> None:
    targets = [
        target for target in LINK.findall(page.read_text()) if not re.match(r"https?:|mailto:", target)
    ]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_small_table_says_what_the_large_ones_say() -> None:
    full: dict[tuple[str, str], str] = {}
    for heat in between(TABLES, "race").split("\n**")[1:]:
        title = re.match(r"(\S+, K = \d+): ([\d,]+ documents), .* (\d+ threads?)\*\*", heat)
        assert title, heat
        raced_on, documents, threads = title.groups()
        raced_on = raced_on.replace(",", f", {documents},", 1)
        header, *systems = rows(heat)
        for cells in systems:
            name = cells[0].split()[0]
            at_each_level = [cell for title, cell in zip(header, cells, strict=False) if title == "times"]
            full[raced_on, f"{name}, {threads}"] = " / ".join(at_each_level)
    (_, *columns), *short = rows(between(README, "race"))
    said = {
        (row[0], column): cell.strip("*")
        for row in short
        for column, cell in zip(columns, row[1:], strict=True)
        if cell != "-"
    }
    others = {key: cell for key, cell in full.items() if not key[1].startswith("raylda")}
    assert said == others
    for row in short:
        for cell in row[1:]:
            loses = re.match(r"0\.", cell.strip("*")) is not None
            assert cell.startswith("**") == loses, f"bold says where raylda loses: {row}"


def test_a_release_agrees_with_itself() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    notes = subprocess.run([sys.executable, CI / "release-notes", version], capture_output=True, text=True)
    assert notes.returncode == 0, notes.stderr
    assert len(notes.stdout.splitlines()) > 3
    assert not notes.stdout.startswith("## ")
    other = subprocess.run([sys.executable, CI / "release-notes", "99.0"], capture_output=True, text=True)
    assert other.returncode == 1
    assert "pyproject.toml must have the version 99.0" in other.stderr


def test_links_of_a_release_are_absolute() -> None:
    absolute = runpy.run_path(str(CI / "absolute-links"))["absolute"]
    made = absolute("![a](docs/a.svg) [b](b.md#c) [d](#d) [e](https://e.org)", "o/n", "v1")
    assert made == (
        "![a](https://raw.githubusercontent.com/o/n/v1/docs/a.svg) [b](https://github.com/o/n/blob/v1/b.md#c) "
        "[d](#d) [e](https://e.org)"
    )


def test_forms_and_workflows_are_yaml() -> None:
    files = [*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml", ROOT / "CITATION.cff"]
    assert len(files) > 6
    for path in files:
        assert isinstance(yaml.safe_load(path.read_text()), dict), path
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    said = {line.rsplit(" ", 1)[1] for line in project["classifiers"] if re.search(r":: 3\.\d+$", line)}
    assert set(jobs["test"]["strategy"]["matrix"]["python"]) == said, (
        "what we say we run on is what is tested"
    )
