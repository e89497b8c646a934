"""`lda align`: the topic numbers of another model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.command_line import command_line
from lda.cli.console import Console, output_options
from lda.cli.edited_target import check_edited_target, write_edited
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import edited_option, overwrite_option, verify_option
from lda.corpus.presentable import printable, without_keys

if TYPE_CHECKING:
    from lda.model.alignment import Alignment
    from lda.model.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignOptions:
    """What `lda align` is asked for. to: the model whose numbers are wanted."""

    model: str
    to: str
    output: str
    overwrite: bool
    no_verify: bool
    console: Console


@click.command(
    cls=Command,
    essentials=("to", "output", "overwrite", "json"),
    examples=("lda align new/ --to old/ -o aligned/", "lda align new/ --to old/ -o aligned/ --json"),
)
@click.argument("model", metavar="MODEL")
@option(
    "--to", required=True, metavar="OTHER", heading=Heading.MODEL, help="Model with the numbers and names."
)
@edited_option
@overwrite_option(help="Replace a model that exists.")
@verify_option
@output_options
@taking(AlignOptions)
def align(options: AlignOptions) -> None:
    """Give a model the topic numbers and the names of another one, and write it to a folder.

    Topics are matched one to one, terms by name. A topic with a partner near it gets the partner's number and name; the
    others get the numbers that are free. MODEL stays as it is.
    """
    from lda.model.alignment import aligned, alignment
    from lda.model.fields import ModelFields
    from lda.model.model import Model

    check_edited_target(options.output, options.model, other=options.to, overwrite=options.overwrite)
    model, other = (Model.load(path, verify=not options.no_verify) for path in (options.model, options.to))
    how = alignment(model, other)
    command = command_line(click.get_current_context())
    found = Model(
        **aligned(ModelFields.of(model), how, other.fingerprint(), other.labels, command=command).arguments()
    )
    fingerprint = write_edited(
        found, options.output, options.console.progress.note, overwrite=options.overwrite
    )
    value = {
        "model": without_keys(options.output),
        "to": without_keys(options.to),
        **aligned_value(how, found),
        "fingerprint": fingerprint,
    }
    options.console.result(value, lambda: aligned_text(how, found, other))


def aligned_value(how: Alignment, found: Model) -> dict[str, object]:
    """The alignment as plain values."""
    numbers = how.numbers.tolist()
    return {
        "n_topics": found.n_topics,
        "n_aligned": len(how.partners),
        "near": how.near,
        "topics": [
            {"before": k, "after": number, "partner": how.partners.get(k), "name": found.labels.name(number)}
            for k, number in enumerate(numbers)
        ],
    }


def aligned_text(how: Alignment, found: Model, other: Model) -> str:
    """A line that says how many, and those without a partner."""
    numbers = how.numbers.tolist()
    alone = sorted(numbers[k] for k in range(found.n_topics) if k not in how.partners)
    lines = [
        f"{len(how.partners):,} of {found.n_topics:,} topics have a partner of {other.n_topics:,} near them"
    ]
    words = found.top_words(8) if alone else []
    lines += [f"new {number:>5}  {' '.join(map(printable, words[number]))}" for number in alone]
    return "\n".join(lines)
