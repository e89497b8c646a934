"""`python -m benchmarks race`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from benchmarks.corpora import default_source
from benchmarks.published import README, TABLES, docs_option, write_between
from benchmarks.race.data import NAMES
from benchmarks.race.external import read_external
from benchmarks.race.job import SYSTEMS, System
from benchmarks.race.plot import write_html, write_png
from benchmarks.race.ratios import ratios
from benchmarks.race.results import Result
from benchmarks.race.runner import RESULTS, Plan
from benchmarks.race.runner import race as race_all
from benchmarks.race.summary import heats
from benchmarks.race.text import markdown, origin

QUICK: Final[dict[str, Any]] = {
    "corpora": ("sotu", "nips", "movies", "arxiv-third"),
    "topics": (20, 100),
    "systems": "raylda,tomotopy,mallet",
    "levels": (160,),
    "seeds": 1,
    "seconds": 300.0,
}
"""A race of some twenty minutes on two cores: what is not said otherwise."""


@click.command()
@click.option(
    "--corpus", "corpora", multiple=True, default=(default_source(),), metavar="NAME|FOLDER",
    help=f"{', '.join(NAMES)}, or a corpus folder of `lda corpus build`; may be repeated.",
)  # fmt: skip
@click.option(
    "-k", "topics", type=click.IntRange(2), multiple=True, default=(100,), help="Topics; may be repeated."
)
@click.option("--systems", default=",".join(SYSTEMS), help="Who races, with commas between.")
@click.option(
    "--external", "externals", type=click.Path(dir_okay=False, path_type=Path), multiple=True,
    help="TOML file of a program that races too; may be repeated.",
)  # fmt: skip
@click.option(
    "--sweeps", "levels", type=click.IntRange(1), multiple=True, default=(160, 500),
    help="Sweeps after which systems are compared; may be repeated.",
)  # fmt: skip
@click.option(
    "--seconds",
    type=click.FloatRange(0, min_open=True),
    default=1800.0,
    help="Training seconds of a run at most.",
)
@click.option(
    "--spacing",
    type=click.FloatRange(1.1),
    default=2.0,
    help="Sweeps of a snapshot over those of the one before.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, help="Runs of each system.")
@click.option("--threads", type=click.IntRange(1), default=2, help="Cores that a system may use.")
@click.option(
    "--limit", type=click.FloatRange(1), help="Wall-clock seconds of a run. [default: 600 + 5 x seconds]"
)
@click.option(
    "--tokens", type=click.IntRange(1000), default=100_000_000, help="Size of the synthetic corpus."
)
@click.option(
    "--quick", is_flag=True, help="Some twenty minutes on two cores; options that are given still count."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of results.",
)
@click.option("--resume", is_flag=True, help="Keep the runs that the folder has, and go on.")
@docs_option("the tables into docs/benchmarks.md, and the ratios into README.md")
@click.pass_context
def race(
    context: click.Context, /, **options: Any,  # noqa: ANN401 - each as it is declared above
) -> None:  # fmt: skip
    """Held-out log-likelihood after many sweeps, of raylda and of others, and the seconds to get there.

    Each system runs in a process of its own, peers in environments that this command makes under ~/.cache/raylda. A
    system that cannot be installed, fails or is too slow keeps its row, with the reason. docs/benchmarks.md says more.
    """
    if options.pop("quick"):
        options |= {
            name: value
            for name, value in QUICK.items()
            if context.get_parameter_source(name) == ParameterSource.DEFAULT
        }
    _race(**options)


def _race(
    *, corpora: tuple[str, ...], topics: tuple[int, ...], systems: str, externals: tuple[Path, ...],
    levels: tuple[int, ...], seconds: float, spacing: float, seeds: int, threads: int, limit: float | None, tokens: int,
    output: Path, resume: bool, write_docs: bool,
) -> None:  # fmt: skip
    plan = Plan(
        corpora=_checked_corpora(corpora), topics=topics, systems=_entrants(systems, externals), levels=levels,
        seconds=seconds, spacing=spacing, seeds=seeds, threads=_checked_threads(threads),
        limit=600 + 5 * seconds if limit is None else limit, tokens=tokens, output=output,
    )  # fmt: skip
    if (output / RESULTS).exists() and not resume:
        raise click.UsageError(f"{output} has results already; add --resume to go on, or name another folder")
    results = race_all(plan, lambda line: click.echo(line, err=True))
    # The folder may have races of other lengths, too.
    results = [result for result in results if result.sweeps == max(levels)]
    if not results:
        raise click.ClickException("nothing was raced, so there is no table")
    text = publish(results, output, levels)
    click.echo(text)
    if write_docs:
        write_tables(results, levels, text)


def publish(results: list[Result], output: Path, levels: Sequence[int]) -> str:
    """Write race.md, race.png and race.html of some results; returns the Markdown."""
    found = heats(results, levels)
    text = f"{markdown(found)}\n\n{origin(results)}"
    (output / "race.md").write_text(text + "\n", encoding="utf-8")
    try:
        write_png(found, output / "race.png")
        write_html(found, output / "race.html")
    except ImportError:
        click.echo("no pictures: matplotlib is not installed (pip install matplotlib)", err=True)
    return text


def write_tables(
    results: list[Result], levels: Sequence[int], text: str, tables: Path = TABLES, readme: Path = README
) -> None:
    """Put the Markdown of some results into one document, and their ratios into another."""
    write_between(tables, "race", text)
    write_between(readme, "race", ratios(heats(results, levels), origin(results)))


def _entrants(names: str, externals: tuple[Path, ...]) -> list[System]:
    chosen: list[System] = []
    for name in filter(None, (part.strip() for part in names.split(","))):
        if name not in SYSTEMS:
            raise click.BadParameter(
                f"systems are {', '.join(SYSTEMS)}; got {name!r}", param_hint="--systems"
            )
        chosen.append(SYSTEMS[name])
    try:
        chosen += [read_external(path) for path in externals]
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--external") from error
    names_of = [system.name for system in chosen]
    twice = next((name for name in names_of if names_of.count(name) > 1), None)
    if twice or not chosen:
        what = f"each system races once, got {twice} twice" if twice else "at least one system must race"
        raise click.BadParameter(f"{what}; change the list", param_hint="--systems")
    return chosen


def _checked_corpora(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if name not in NAMES and not Path(name).is_dir():
            raise click.BadParameter(
                f"corpora are {', '.join(NAMES)} and folders; got {name!r}", param_hint="--corpus"
            )
    return names


def _checked_threads(threads: int) -> int:
    from lda.corpus.machine import available_cores

    cores = available_cores()
    if threads > cores:
        raise click.BadParameter(
            f"{threads} threads need as many cores, here are {cores}", param_hint="--threads"
        )
    return threads
