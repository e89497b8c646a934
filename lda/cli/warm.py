"""`lda warm`."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.progress import plural
from lda.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from lda.warming import Warmed


MAX_TOPICS: Final = (1 << 31) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmOptions:
    """What `lda warm` is asked for. sampler, topics: none for all kinds of either."""

    sampler: tuple[str, ...]
    topics: tuple[int, ...]
    console: Console

    def __post_init__(self) -> None:
        """Refuse what no model can have."""
        if (most := max(self.topics, default=1)) > MAX_TOPICS:
            raise click.UsageError(f"the number of topics must be at most {MAX_TOPICS}, got {most}")


@click.command(
    cls=Command,
    examples=("lda warm", "lda warm --sampler adlda -k 50"),
)
@option(
    "--sampler",
    type=click.Choice(["auto", *SAMPLERS]),
    multiple=True,
    heading=Heading.SAMPLER,
    metavar="NAME",
    help="Only what fits with it need; repeat it.  [default: all]",
)
@option(
    "-k",
    "--topics",
    type=click.IntRange(min=1),
    multiple=True,
    heading=Heading.MODEL,
    help="Only what so many need; repeat it.  [default: few, and many up to 65535]",
)
@output_options
@taking(WarmOptions)
def warm(options: WarmOptions) -> None:
    """Compile all kernels, so that the first fit need not: for images and services.

    They are kept for this version and kind of processor, in NUMBA_CACHE_DIR, or raylda in XDG_CACHE_HOME or ~/.cache.
    """
    from lda.samplers.numerics.kernel_cache import cache_folder, why_none

    folder = cache_folder(warn=False)
    if folder is None:
        raise OSError(why_none())
    from lda.warming import warm as run

    done: list[Warmed] = []
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "compiled kernels cannot be kept")  # here that is an error
        for stage in run(options.sampler, options.topics):
            if (problem := why_none()) is not None:
                raise OSError(problem)
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
