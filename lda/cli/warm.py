"""`lda warm`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.progress import plural
from lda.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from lda.warming import Warmed

MAX_TOPICS = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmOptions:
    """What `lda warm` is asked for. sampler, topics: none for all kinds of either."""

    sampler: tuple[str, ...]
    topics: tuple[int, ...]
    console: Console


@click.command(
    cls=Command,
    examples=(
        "lda warm",
        "lda warm --sampler adlda -k 50",
        "NUMBA_CACHE_DIR=/srv/kernels lda warm --json",
    ),
)
@option(
    "--sampler",
    type=click.Choice(["auto", *SAMPLERS]),
    multiple=True,
    heading=Heading.SAMPLER,
    help="Only what fits with it need; repeat it.  [default: all]",
)
@option(
    "-k",
    "--topics",
    type=click.IntRange(1, MAX_TOPICS),
    multiple=True,
    heading=Heading.MODEL,
    help="Only what so many topics need; repeat it.  [default: few and many]",
)
@output_options
@taking(WarmOptions)
def warm(options: WarmOptions) -> None:
    """Compile all kernels, so that the first fit need not: for images, and services that are to answer at once.

    They are kept in a folder, for this version of raylda and this kind of processor: NUMBA_CACHE_DIR, or raylda in
    XDG_CACHE_HOME or ~/.cache. What lies there already is not compiled again.
    """
    from lda.samplers.numerics.kernel_cache import cache_folder, why_none

    folder = cache_folder(warn=False)
    if folder is None:
        raise OSError(why_none())
    from lda.warming import warm as run

    done: list[Warmed] = []
    for stage in run(options.sampler, options.topics):
        done.append(stage)
        options.console.progress.note(
            f"{stage.name}: {plural(stage.kernels, 'kernel')} in {stage.seconds:.1f} s"
        )
    kernels, seconds = sum(stage.kernels for stage in done), sum(stage.seconds for stage in done)
    value = {
        "folder": folder,
        "kernels": kernels,
        "seconds": seconds,
        "stages": [
            {"name": stage.name, "kernels": stage.kernels, "seconds": stage.seconds} for stage in done
        ],
    }
    options.console.result(
        value, lambda: f"compiled {plural(kernels, 'kernel')} in {seconds:.1f} s; all lie in {folder}"
    )
