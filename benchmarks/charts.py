"""Two charting libraries for the report's page: what they weigh, and how soon a browser has drawn with them.

A page holds the library's own script, a map of K topics with their words under the pointer and a chart of 30 words; the
same data for both. Making it is timed in a process of its own, imports apart; drawing in headless Chromium, from the
opening of the file until two frames after both charts have said that they are drawn.
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import resource
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import click
import numpy as np
import scipy.sparse as sp
from packaging.requirements import Requirement

from benchmarks.published import docs_option, say_and_write
from benchmarks.report import machine, table

PACKAGES: Final = {"altair": ("altair", "vl-convert-python"), "plotly": ("plotly",)}

_PAGE: Final = """<!doctype html><meta charset="utf-8"><title>charts</title>
<div id="map" style="width:600px;height:500px"></div><div id="words" style="width:600px;height:600px"></div>
<script>{script}</script>
<script>
const drawn = () => requestAnimationFrame(() => requestAnimationFrame(() => {{ window.drawnAt = performance.now(); }}));
{draw}
</script>
"""

_DRAW: Final = {
    "altair": "Promise.all([vegaEmbed('#map', {map}, {{actions: false}}), "
    "vegaEmbed('#words', {words}, {{actions: false}})]).then(drawn);",
    "plotly": "const m = {map}, w = {words};\n"
    "Promise.all([Plotly.newPlot('map', m.data, m.layout), Plotly.newPlot('words', w.data, w.layout)]).then(drawn);",
}


class Made(NamedTuple):
    """A page: seconds of making it, peak MB of the process, bytes of script, of the rest, and of all in gzip."""

    seconds: float
    peak: float
    script: int
    rest: int
    gzipped: int


def topics(n_topics: int) -> dict[str, Any]:
    """Data of the map and of the words."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(n_topics, 0.5))
    words = [" ".join(f"word{w}" for w in rng.integers(0, 10_000, 10)) for _ in range(n_topics)]
    return {
        "map": [
            {
                "topic": k, "name": f"{k} {words[k][:20]}", "x": float(x), "y": float(y), "share": float(share[k]),
                "tokens": int(share[k] * 1e7), "words": words[k], "value": float(v), "label": "",
            }
            for k, (x, y, v) in enumerate(rng.normal(size=(n_topics, 3)))
        ],
        "words": [{"word": f"word{w}", "p": 0.1 / (w + 1), "share": 0.03 / (w + 1)} for w in range(30)],
    }  # fmt: skip


def _altair(data: dict[str, Any]) -> tuple[str, dict[str, Any], float]:
    import altair as alt  # noqa: F401 - our functions import it when they are called, which is not to be timed
    import vl_convert

    from lda.charts.theme import chart_config
    from lda.charts.topic_charts import map_chart, words_chart

    start = time.perf_counter()
    config = chart_config()
    charts = {"map": map_chart(data["map"], measure="value"), "words": words_chart(data["words"])}
    specs = {name: {**chart.to_dict(), "config": config, "width": 560} for name, chart in charts.items()}
    return vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"), specs, start


def _plotly(data: dict[str, Any]) -> tuple[str, dict[str, Any], float]:
    import plotly.graph_objects as go
    from plotly.offline import get_plotlyjs

    start = time.perf_counter()
    rows = data["map"]
    largest = max(row["share"] for row in rows)
    hover = "<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]:.2%}<br>%{customdata[3]:,}<extra></extra>"
    places = go.Figure(
        go.Scatter(
            x=[row["x"] for row in rows],
            y=[row["y"] for row in rows],
            mode="markers",
            marker={
                "size": [row["share"] for row in rows], "sizemode": "area", "sizeref": largest / 1000,
                "color": [row["value"] for row in rows], "colorscale": "Viridis", "showscale": True,
            },
            customdata=[[row["name"], row["words"], row["share"], row["tokens"]] for row in rows],
            hovertemplate=hover,
        )
    )  # fmt: skip
    words = [row["word"] for row in data["words"]]
    bars = go.Figure(
        [
            go.Bar(y=words, x=[row[name] for row in data["words"]], orientation="h", name=name)
            for name in ("p", "share")
        ]
    ).update_layout(barmode="overlay")
    return get_plotlyjs(), {"map": places.to_plotly_json(), "words": bars.to_plotly_json()}, start


def _make(library: str, n_topics: int, path: str, to: Any) -> None:  # noqa: ANN401 - a pipe
    """Write the page, and tell of it. Runs in a process of its own."""
    from plotly.utils import PlotlyJSONEncoder

    data = topics(n_topics)
    script, charts, start = {"altair": _altair, "plotly": _plotly}[library](data)
    encoder = PlotlyJSONEncoder if library == "plotly" else json.JSONEncoder
    written = {name: json.dumps(chart, cls=encoder).replace("</", "<\\/") for name, chart in charts.items()}
    page = _PAGE.format(
        script=script.replace("</script", "<\\/script"), draw=_DRAW[library].format(**written)
    ).encode()
    Path(path).write_bytes(page)
    size = len(script.encode())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    to.send(Made(time.perf_counter() - start, peak, size, len(page) - size, len(gzip.compress(page))))


def made(library: str, n_topics: int, path: Path) -> Made:
    """A page that a fresh process has made."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_make, args=(library, n_topics, str(path), there))
    process.start()
    there.close()
    found: Made = here.recv()
    process.join()
    return found


def drawn(path: Path, chromium: str, times: int) -> tuple[float, float]:
    """Median seconds until a page is drawn, and median MB of its scripts' memory then."""
    from playwright.sync_api import sync_playwright

    seconds, memory = [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for _ in range(times):
            page = browser.new_page()
            page.goto(path.as_uri(), wait_until="commit")
            page.wait_for_function("window.drawnAt", timeout=60_000)
            seconds.append(page.evaluate("window.drawnAt") / 1000)
            session = page.context.new_cdp_session(page)
            session.send("Performance.enable")
            metrics = {row["name"]: row["value"] for row in session.send("Performance.getMetrics")["metrics"]}
            memory.append(metrics["JSHeapUsedSize"] / 1e6)
            page.close()
        browser.close()
    return median(seconds), median(memory)


def installed(packages: tuple[str, ...]) -> float:
    """MB of files of these packages and of all that they need."""
    wanted, seen = list(packages), dict[str, int]()
    while wanted:
        name = wanted.pop().lower()
        if name in seen:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            seen[name] = 0
            continue
        files = (Path(str(found.locate_file(file))) for file in found.files or ())
        seen[name] = sum(file.stat().st_size for file in files if file.is_file())
        needs = map(Requirement, found.requires or ())
        wanted += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sum(seen.values()) / 1e6


def numbers(n_topics: int, n_terms: int = 100_000, per_topic: int = 12_000) -> list[object]:
    """A row on what the map and the slider need of a model of this size: entries, and seconds of each part."""
    from lda.charts.coordinates import map_coordinates
    from lda.charts.distances import topic_distances
    from lda.evaluation.relevance import relevant_terms

    rng = np.random.default_rng(0)
    popular = np.cumsum(1 / np.arange(1, n_terms + 1))
    popular /= popular[-1]
    columns = []
    for _ in range(n_topics):
        frequent = np.searchsorted(popular, rng.random(2 * per_topic))
        columns.append(np.unique(np.concatenate([frequent, rng.integers(0, n_terms, per_topic // 2)])))
    offsets = np.cumsum([0, *map(len, columns)])
    counts = sp.csc_matrix(
        (rng.gamma(0.3, 20, offsets[-1]).astype(np.float32) + 0.001, np.concatenate(columns), offsets),
        shape=(n_terms, n_topics),
    )
    model: Any = SimpleNamespace(language_counts=counts.tocsr(), beta=0.01, last_tokens=np.ones(n_topics))
    seconds = []
    start = time.perf_counter()
    distances = topic_distances(model)
    seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    map_coordinates(distances)
    seconds.append(time.perf_counter() - start)
    start = time.perf_counter()
    relevant_terms(model)
    seconds.append(time.perf_counter() - start)
    return [f"{n_topics:,}", f"{counts.nnz / 1e6:.1f} M", *(f"{second:.2f}" for second in seconds)]


@click.command()
@click.option("-k", "sizes", type=int, multiple=True, default=(100, 1000), help="Topics; may be repeated.")
@click.option("--chromium", default="/usr/bin/chromium", help="The browser.")
@click.option("--times", type=int, default=5, help="Times each page is opened; medians are told.")
@docs_option("the tables into docs/benchmarks.md")
def charts(sizes: tuple[int, ...], chromium: str, times: int, write_docs: bool) -> None:
    """Altair with vl-convert beside plotly for the report's page, and seconds for the numbers of the map."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for n_topics in sizes:
            for library, packages in PACKAGES.items():
                page = Path(folder) / f"{library}-{n_topics}.html"
                found = made(library, n_topics, page)
                seconds, memory = drawn(page, chromium, times)
                rows.append(
                    [
                        f"{n_topics:,}", " + ".join(packages), f"{found.script / 1e6:.2f}", f"{found.rest / 1e6:.2f}",
                        f"{found.gzipped / 1e6:.2f}", f"{found.seconds:.2f}",
                        f"{found.peak:.0f}", f"{seconds:.2f}", f"{memory:.0f}", f"{installed(packages):.0f}",
                    ]
                )  # fmt: skip
    header = [
        "K", "library", "script, MB", "charts, MB", "page in gzip, MB", "making, s", "peak, MB",
        "drawn after, s", "its memory, MB", "installed, MB",
    ]  # fmt: skip
    pages = table(header, rows)
    of_model = table(
        ["K", "entries of V = 100,000", "distances, s", "map, s", "words for the slider, s"],
        list(map(numbers, sizes)),
    )
    say_and_write("charts", f"{machine()}\n\n{pages}\n\n{of_model}", write_docs)
