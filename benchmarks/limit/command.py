"""`python -m benchmarks limit`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.corpora import NAMES, default_source, prepared
from benchmarks.limit.measure import Limit, measure
from benchmarks.limit.programs import NoProgram, compiler
from benchmarks.limit.text import cells, markdown
from benchmarks.published import docs_option, say_and_write
from benchmarks.race.environments import NotInstalled, python_of
from benchmarks.race.job import SYSTEMS
from benchmarks.report import machine
from lda.cluster import FitSettings
from lda.corpus.machine import available_cores

SAMPLERS = ("adlda", "pclda")


@click.command()
@click.option(
    "--corpus",
    "names",
    type=click.Choice(NAMES),
    multiple=True,
    default=(default_source(),),
    help="Corpora.",
)
@click.option(
    "-k",
    "topics",
    type=click.IntRange(2, 4096),
    multiple=True,
    default=(20, 50, 100, 256, 1000),
    help="Topics.",
)
@click.option(
    "--sampler", "samplers", type=click.Choice(SAMPLERS), multiple=True, default=("adlda",),
    help="Samplers of raylda; the C programs have the rule of adlda.",
)  # fmt: skip
@click.option("--sweeps", type=click.IntRange(1), default=30, help="Sweeps before the clocks begin.")
@click.option("--repeats", type=click.IntRange(1), default=7, help="Turns of which medians are taken.")
@click.option(
    "--cores",
    type=click.IntRange(1),
    default=available_cores(),
    help="Cores that are kept busy at the same time.",
)
@click.option(
    "--peer-up-to",
    type=click.IntRange(0),
    default=100,
    help="Most topics with which tomotopy is timed; 0: never.",
)
@click.option(
    "--json", "path", type=click.Path(dir_okay=False, path_type=Path), help="Write the numbers there, too."
)
@docs_option("the table into docs/benchmarks.md")
def limit(
    names: tuple[str, ...], topics: tuple[int, ...], samplers: tuple[str, ...], sweeps: int, repeats: int, cores: int,
    peer_up_to: int, path: Path | None, write_docs: bool,
) -> None:  # fmt: skip
    """How fast the machine could be: C programs of the same rule beside raylda's sweeps, a token at a time.

    The C programs are built on the spot, so a compiler must be here. docs/benchmarks.md says what is compared.
    """
    try:
        compiler()
    except NoProgram as why:
        raise click.ClickException(str(why)) from why
    tomotopy = _tomotopy() if any(k <= peer_up_to for k in topics) else None
    rows: list[Limit] = []
    for name in names:
        try:
            corpus = prepared(name)
        except FileNotFoundError as why:
            click.echo(f"{name} is left out: {why}", err=True)
            continue
        for sampler in samplers:
            for k in topics:
                settings = FitSettings(n_topics=k, sampler=sampler, threads=cores).resolved()
                try:
                    row = measure(
                        name, corpus, settings, cores=cores, sweeps=sweeps, repeats=repeats,
                        tomotopy=tomotopy if k <= peer_up_to else None,
                    )  # fmt: skip
                except NoProgram as why:
                    raise click.ClickException(str(why)) from why
                rows.append(row)
                click.echo(f"{name}, {sampler}: " + "  ".join(cells(row)), err=True)
                if path is not None:
                    body = {"machine": machine(), "rows": [asdict(row) for row in rows]}
                    path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
    if not rows:
        raise click.ClickException("nothing was measured, so there is no table")
    say_and_write("limit", f"{markdown(rows)}\n\n{machine()}", write_docs)


def _tomotopy() -> Path | None:
    try:
        return python_of(SYSTEMS["tomotopy"])
    except NotInstalled as why:
        click.echo(f"tomotopy is left out: {why}", err=True)
        return None
