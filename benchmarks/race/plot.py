"""Pictures of a race: held-out log-likelihood against training seconds, as PNG and in one HTML file."""

from __future__ import annotations

import html
import io
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.race.summary import Heat
from benchmarks.race.text import cells, explanation, header, origin, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS: Final = (
    "#0b5fa5",
    "#d1495b",
    "#2a9d4a",
    "#8a5fbf",
    "#e08e0b",
    "#2bb3b1",
    "#7a6a5c",
    "#c04aa0",
    "#555555",
)
STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; display: block; overflow-x: auto } td, th { padding: .25em .7em; text-align: right }
th { border-bottom: 2px solid #999 } td { border-bottom: 1px solid #ddd }
td:first-child, th:first-child { text-align: left }
svg { max-width: 100%; height: auto } h2 { margin-top: 2em; font-size: 1.1em }
"""


def figure(heats: Sequence[Heat]) -> Figure:
    """One panel a race: a thin line a run, a thick one for the median run of each system."""
    from matplotlib.figure import Figure  # without pyplot: no window, no state

    columns = min(2, len(heats))
    rows = -(-len(heats) // columns)
    made = Figure(figsize=(6.4 * columns, 4.4 * rows), layout="constrained")
    colour = _colours(heats)
    for number, heat in enumerate(heats, start=1):
        axes = made.add_subplot(rows, columns, number)
        for row in heat.rows:
            runs = [run for run in heat.results if run.system == row.system and run.curve]
            for run in runs:
                wide = run is _median_run(runs)
                x, y = zip(*run.curve, strict=True)
                axes.plot(
                    x, y, color=colour[row.system], marker="o" if wide else None, markersize=3,
                    linewidth=2 if wide else 0.7, alpha=1 if wide else 0.5, label=row.system if wide else None,
                )  # fmt: skip
        axes.set(xscale="log", title=f"{heat.corpus}, K = {heat.k}", xlabel="training seconds")
        axes.set_ylabel("held-out log-likelihood, nats per token")
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")
    return made


def _colours(heats: Sequence[Heat]) -> dict[str, str]:
    systems = dict.fromkeys(row.system for heat in heats for row in heat.rows)
    return {system: COLOURS[i % len(COLOURS)] for i, system in enumerate(systems)}


def _median_run(runs: list) -> object:  # type: ignore[type-arg]
    middle = statistics.median_low([run.final for run in runs])
    return next(run for run in runs if run.final == middle)


def write_png(heats: Sequence[Heat], path: Path) -> None:
    """The picture as PNG."""
    figure(heats).savefig(path, format="png", dpi=130)


def write_html(heats: Sequence[Heat], path: Path) -> None:
    """Pictures and tables in one file that needs nothing else."""
    body = [f"<p>{html.escape(explanation())}</p>"]
    for heat in heats:
        body += [f"<h2>{html.escape(title(heat))}</h2>", _svg(heat), _table(heat)]
    body.append(f"<p>{html.escape(origin([result for heat in heats for result in heat.results]))}</p>")
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>The race</title>'
        f"<style>{STYLE}</style><h1>Held-out likelihood against training time</h1>{''.join(body)}</html>"
    )
    path.write_text(page, encoding="utf-8")


def _svg(heat: Heat) -> str:
    buffer = io.StringIO()
    figure([heat]).savefig(buffer, format="svg")
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def _table(heat: Heat) -> str:
    def line(values: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(value)}</{tag}>" for value in values) + "</tr>"

    rows = "".join(line(cells(row), "td") for row in heat.rows)
    settings = "".join(
        f"<li>{html.escape(f'{row.system}: {row.settings}')}</li>" for row in heat.rows if row.settings
    )
    return f"<table>{line(header(heat), 'th')}{rows}</table><ul>{settings}</ul>"
