"""`lda history`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from lda.cli.aligned import GAP, aligned
from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.corpus.presentable import presentable, printable
from lda.progress import clock, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.experiments.history.ancestry import Step
    from lda.experiments.history.runs import ListedModel

DIGITS: Final = 12
"""Of a fingerprint, as far as a table shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryOptions:
    """What `lda history` is asked for. where: conditions. sort: a field, with - before it for falling values."""

    places: tuple[str, ...]
    where: tuple[str, ...]
    sort: str | None
    tree: bool
    console: Console

    def __post_init__(self) -> None:
        if self.tree and self.sort is not None:
            raise click.UsageError("--tree has an order of its own; leave out --sort")


@click.command(
    cls=Command,
    essentials=("where", "sort", "tree", "json"),
    examples=(
        "lda history .",
        "lda history study/ --where 'n_topics>=50' --where sampler=adlda --sort=-heldout",
        "lda history models/ --tree",
        "lda history onward/ .",
        "lda history . --where 'command~speeches' --json",
    ),
)
@click.argument("places", nargs=-1, required=True, metavar="DIR...")
@option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    heading=Heading.OUTPUT,
    help="Only models with FIELD OPERATION VALUE, one of = != < <= > >= or ~ (holds the text), such as n_topics>=50, "
    "when>=2026-11, settings.alpha=auto; also and, or, not, in (A, B), is null; several must all be true.",
    brief="Only models with, e.g., n_topics>=50; repeat it.",
)
@option(
    "--sort",
    metavar="FIELD",
    heading=Heading.OUTPUT,
    help="Order by a field; --sort=-FIELD by falling values.  [default: name]",
    brief="Order by a field; --sort=-FIELD: falling.",
)
@option(
    "--tree",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Show each model below the one that it went on from.",
    brief="Show each below the one that it went on from.",
)
@output_options
@taking(HistoryOptions)
def history(options: HistoryOptions) -> None:
    """List the models below folders, in studies and sets of groups, too: when and how they were made, and how good.

    Only descriptions are read, so thousands take seconds; one that is damaged is listed as such. Where the first
    DIR is a model itself, its parents are shown: what it went on from, found by fingerprint among the models below the
    other DIRs, or else below the present folder and the one that the model lies in.
    """
    from lda.experiments.history.filters import filtered
    from lda.experiments.history.runs import runs_in
    from lda.model.description import DESCRIPTION

    first, *others = options.places
    if (Path(first) / DESCRIPTION).is_file():
        _show_parents(options, first, others)
        return
    try:
        filtered([], options.where, options.sort)  # before folders are gone through
        found = runs_in(*options.places)
        runs = filtered(found, options.where, options.sort)
    except ValueError as error:
        raise _usage(error) from error
    damaged = [run for run in found if run.problem is not None]
    value = {"n_models": len(found), "n_damaged": len(damaged), "runs": [run.to_dict() for run in runs]}
    if not found:
        options.console.progress.warn(f"there are no models below {', '.join(options.places)}")
    elif not runs:
        options.console.progress.note(f"none of {plural(len(found), 'model')} is so")
    options.console.result(value, lambda: _tree(runs) if options.tree else table(runs))
    if damaged:
        options.console.progress.warn(
            f"{len(damaged):,} of {plural(len(found), 'model')} cannot be read, the first is {damaged[0].name}"
        )


def _usage(error: ValueError) -> Exception:
    from lda.corpus.errors import DataError

    return error if isinstance(error, DataError) else click.UsageError(presentable(str(error)))


def _show_parents(options: HistoryOptions, model: str, others: Sequence[str]) -> None:
    """The line of models that one comes from."""
    from lda.corpus.errors import DataError
    from lda.experiments.history.ancestry import ancestors
    from lda.experiments.history.runs import ListedModel, runs_in

    if options.where or options.sort or options.tree:
        raise click.UsageError(
            f"{model} is a model, whose parents are shown; --where, --sort and --tree list folders"
        )
    run = ListedModel.of(Path(model), model.rstrip("/") or model)
    if run.problem is not None:
        raise DataError(f"{model} is {run.problem}")
    steps = ancestors(run, runs_in(*(others or (".", Path(model).absolute().parent))))
    value = {
        "model": run.to_dict(),
        "parents": [
            {"relation": step.told, "run": None if step.run is None else step.run.to_dict()}
            for step in steps[:-1]
        ],
    }
    options.console.result(value, lambda: _parents(steps))


def _parents(steps: Sequence[Step]) -> str:
    lines = []
    for depth, step in enumerate(steps):
        missing = f"{step.told}, which is not among the models here"
        lines.append(_branch(depth) + (missing if step.run is None else line_of(step.run)))
    return "\n".join(lines)


def _tree(runs: Sequence[ListedModel]) -> str:
    from lda.experiments.history.ancestry import tree

    lines = []
    for branch in tree(runs):
        missing = f"({branch.told}, which is not among the models here)"
        lines.append(_branch(branch.depth) + (missing if branch.run is None else line_of(branch.run)))
    return "\n".join(lines)


def _branch(depth: int) -> str:
    return "   " * (depth - 1) + "└─ " if depth else ""


def line_of(run: ListedModel) -> str:
    """A run in one line: its name, and what there is to say of it."""
    if run.problem is not None:
        return f"{run.name}{GAP}{run.problem}"
    parts = [
        f"K {run.n_topics:,}",
        f"{run.sampler}, {run.sweeps:,} sweeps" + (", interrupted" if run.interrupted else ""),
        None if run.resumed_after is None else f"resumed after sweep {run.resumed_after:,}",
        None if run.heldout is None else f"held-out {run.heldout:.4f}",
        None if run.npmi is None else f"npmi {run.npmi:.3f}",
        run.value("part_of"),
        None if (run.parent or {}).get("kind") in (None, "model") else run.value("parent"),
        (run.when or "")[:10],
        (run.fingerprint or "")[:DIGITS],
    ]
    return f"{run.name}{GAP}" + ", ".join(part for part in parts if part)


def table(runs: Sequence[ListedModel]) -> str:
    """A line for each run, with a header; what none of them has is left out. Damaged ones follow, with the reason."""
    sound = [run for run in runs if run.problem is None]
    columns = {
        "name": [run.name for run in sound],
        "when": [(run.when or "")[:16].replace("T", " ") for run in sound],
        "K": [f"{run.n_topics:,}" for run in sound],
        "sampler": [run.sampler or "" for run in sound],
        "sweeps": [f"{run.sweeps:,}" + ("!" if run.interrupted else "") for run in sound],
        "tokens": [f"{run.n_tokens:,}" for run in sound],
        "time": ["" if run.seconds is None else clock(run.seconds) for run in sound],
        "held-out": ["" if run.heldout is None else f"{run.heldout:.4f}" for run in sound],
        "npmi": ["" if run.npmi is None else f"{run.npmi:.3f}" for run in sound],
        "fingerprint": [(run.fingerprint or "")[:DIGITS] for run in sound],
        "part of": [run.value("part_of") or "" for run in sound],
        "went on from": [run.value("parent") or "" for run in sound],
    }
    texts = ("name", "when", "sampler", "fingerprint", "part of", "went on from")
    shown = {name: list(map(printable, cells)) for name, cells in columns.items() if any(cells)}
    rows = [list(shown), *map(list, zip(*shown.values(), strict=True))]
    lines = aligned(rows, left=[i for i, name in enumerate(shown) if name in texts]) if sound else []
    if any(run.interrupted for run in sound):
        lines.append("!: interrupted")
    lines += [line_of(run) for run in runs if run.problem is not None]
    return "\n".join(lines)
