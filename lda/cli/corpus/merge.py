"""`lda corpus merge`: several corpora as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from lda.cli.console import Console, output_options
from lda.cli.corpus.finished import Writing, check_output, corpus_output_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.corpus.presentable import printable, without_keys

if TYPE_CHECKING:
    from lda.corpus.finished.merging import RecipeDifference


NO_OPTIONS: Final = {
    "lowercase": "lower-casing",
    "phrase_pairs": "the list of phrases",
    "made_with": "what made the words",
    "recorded": "what a recipe records",
}
"""What fields of a recipe are called that no option is named after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOptions:
    """What `lda corpus merge` is asked for."""

    folders: tuple[str, ...]
    output: str
    prefix_ids: bool
    overwrite: bool
    console: Console

    def __post_init__(self) -> None:
        if len(self.folders) < 2:
            raise click.UsageError("merging needs two corpora at least, got one")


@click.command(
    cls=Command,
    essentials=("output", "prefix_ids", "overwrite", "json"),
    examples=(
        "lda corpus merge 2024/ 2025/ -o both/",
        "lda corpus merge news/ blogs/ --prefix-ids -o texts/",
    ),
    short_help="Make one corpus of several.",
)
@click.argument("folders", nargs=-1, required=True, metavar="CORPUS...")
@corpus_output_option
@option(
    "--prefix-ids",
    is_flag=True,
    heading=Heading.INPUT,
    help="Put the name of its folder and a colon before the id of each document.",
)
@overwrite_option(help="Replace a corpus that exists.")
@output_options
@taking(MergeOptions)
def merge(options: MergeOptions) -> None:
    """Make one corpus of several, all of text or all of counts: documents one after the other, terms joined by name.

    The vocabulary stands in the order that a build of all would give it. It is told in what the recipes differ.
    """
    from lda.corpus import Corpus
    from lda.corpus.finished.merging import folder_prefixes, merge_corpora, recipe_differences

    prefixes = folder_prefixes(options.folders) if options.prefix_ids else None
    writing = Writing.begun(options.output, options.console)
    corpora = [Corpus.open(folder) for folder in options.folders]
    check_output(options.output, options.folders, overwrite=options.overwrite)
    differences = recipe_differences([corpus.recipe for corpus in corpora])
    for one in differences:
        _tell(one, options.console)
    made = merge_corpora(corpora, options.output, prefixes=prefixes, overwrite=options.overwrite)
    writing.done(
        made,
        of=[
            {
                "corpus": without_keys(folder),
                "content_hash": corpus.content_hash,
                "n_documents": corpus.n_documents,
            }
            for folder, corpus in zip(options.folders, corpora, strict=True)
        ],
        recipe_differences={one.name: [_plain(value) for value in one.values] for one in differences},
    )


def _tell(one: RecipeDifference, console: Console) -> None:
    name = NO_OPTIONS.get(one.name, f"--{one.name.replace('_', '-')}")
    if one.kind == "words":
        console.progress.warn(
            f"warning: the corpora were not cut into words alike: {name} is {_listed(one)}; new texts will be cut as "
            "those of the first"
        )
    elif one.kind == "pruning":
        console.progress.note(
            f"{name} is {_listed(one)}: terms that were left out of a corpus are not in its documents here, either"
        )
    else:
        console.progress.note(f"{name} is {_listed(one)}; new texts are read as those of the first")


def _listed(one: RecipeDifference) -> str:
    return " and ".join(dict.fromkeys(_shown(value) for value in one.values))


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return f"a list of {len(value):,}" if len(value) > 4 else printable(", ".join(map(str, value))[:60])
    return printable(f"{value!s:.60}")


def _plain(value: object) -> object:
    from lda.corpus.plain_values import plain

    return f"{len(value):,} entries" if isinstance(value, tuple) and len(value) > 4 else plain(value)
