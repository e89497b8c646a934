"""`lda status`: how a run stands, from its status file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from lda.cli.console import Console, output_options
from lda.cli.errors import FAILURE
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option

if TYPE_CHECKING:
    from lda.monitoring.read_status import SeenStatus

SECONDS_BETWEEN_LOOKS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusOptions:
    """What `lda status` is asked for. watch: whether to wait for the end."""

    file: str
    watch: bool
    console: Console


@click.command(
    cls=Command,
    examples=(
        "lda status status.json",
        "lda status s3://bucket/runs/tonight.json --watch",
        "lda status status.json --json",
    ),
)
@click.argument("file", metavar="FILE|URI")
@option(
    "--watch",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Tell of each change, until the run has ended or gives no more signs of life.",
)
@output_options
@taking(StatusOptions)
def status(options: StatusOptions) -> None:
    """Tell how a run stands whose command was given --status FILE.

    Exit code 1 if it has failed, was interrupted, or has given no sign of life for so long that it must be lost.
    """
    from lda.monitoring.read_status import read_status

    seen = read_status(options.file, time.time())
    while options.watch and seen.document["state"] == "running" and not seen.lost:
        if not options.console.as_json:
            click.echo(seen.line())
        seen = _next(options.file, seen)
    value = {**seen.document, "age_seconds": round(seen.age, 1), "lost": seen.lost}
    options.console.result(value, seen.line)
    if seen.lost or seen.document["state"] in ("failed", "interrupted"):
        click.get_current_context().exit(FAILURE)


def _next(file: str, before: SeenStatus) -> SeenStatus:
    """The next status that says something else, or that of a run that is lost."""
    from lda.monitoring.read_status import read_status

    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        seen = read_status(file, time.time())
        if seen.lost or seen.line() != before.line():
            return seen
