"""Pages of the benchmark of charting libraries: whole, and with all topics on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.charts import PACKAGES, installed, made, numbers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("library", PACKAGES)
def test_a_page_holds_script_and_topics(library: str, tmp_path: Path) -> None:
    for package in PACKAGES[library]:
        pytest.importorskip(package.removesuffix("-python").replace("-", "_"), reason="needs the extra bench")
    pytest.importorskip("plotly", reason="needs the extra bench")
    page = tmp_path / "page.html"
    found = made(library, 7, page)
    assert found.script + found.rest == page.stat().st_size
    assert found.script > 100_000
    assert found.gzipped < found.script
    text = page.read_text(encoding="utf-8")
    assert all(f'"{k} word' in text for k in range(7))
    assert text.count("</script>") == 2
    assert installed(PACKAGES[library]) > 5


def test_seconds_of_the_map_are_those_of_a_model_of_that_size() -> None:
    topics, entries, *seconds = numbers(5, n_terms=400, per_topic=50)
    assert topics == "5"
    assert str(entries).endswith(" M")
    assert all(float(str(second)) >= 0 for second in seconds)
