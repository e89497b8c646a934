"""`lda card`: a model card for the Hugging Face Hub."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options, write_page
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.named_model import labels_option, named_model
from lda.cli.new_documents import documents_for
from lda.cli.option import Heading, option
from lda.cli.shared_options import (
    overwrite_option,
    page_option,
    seed_option,
    threads_option,
    title_option,
    verify_option,
)
from lda.cli.sources import SourceOptions, source_options
from lda.cli.text_options import imports_tokenizer
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.evaluation.heldout import HeldoutScore
    from lda.interop.model_card import CardOptions
    from lda.model.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCommandOptions:
    """What `lda card` is asked for. output: "-" is standard output. threads: None for all cores."""

    model: str
    inputs: tuple[str, ...]
    output: str
    overwrite: bool
    title: str | None
    license: str | None
    language: tuple[str, ...]
    dataset: tuple[str, ...]
    tag: tuple[str, ...]
    repository: str | None
    words: int
    topics: int
    labels: str | None
    threads: int | None
    seed: int
    source: SourceOptions
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if self.console.as_json and self.output == "-":
            raise click.UsageError("--json needs -o FILE: standard output holds one JSON object then")
        self.card()

    def card(self) -> CardOptions:
        """What the model does not know. Raises click.UsageError for what the Hub would refuse."""
        from lda.interop.model_card import CardOptions

        try:
            return CardOptions(
                name=self.title,
                license=self.license,
                languages=self.language,
                datasets=self.dataset,
                tags=self.tag,
                repository=self.repository,
                n_words=self.words,
                n_topics=self.topics,
            )
        except ValueError as error:
            raise click.UsageError(str(error)) from error


@click.command(
    cls=Command,
    essentials=(
        "output", "title", "license", "language", "dataset", "repository", "labels", "text", "id", "overwrite", "json",
    ),
    examples=(
        "lda card model/ --license cc-by-4.0 --language en -o model/README.md",
        "lda card model/ heldout.jsonl --text text --title 'State of the Union, 20 topics'",
        "lda card model/ -o -",
    ),
)  # fmt: skip
@click.argument("model", metavar="MODEL")
@inputs_argument(required=False, metavar="[INPUT...]")
@page_option(default="README.md", help="File to write; - prints it.")
@title_option(help="Name of the model, the card's heading.")
@option(
    "--license",
    metavar="NAME",
    heading=Heading.OUTPUT,
    help="As the Hub names it: apache-2.0, cc-by-4.0, ...",
)
@option(
    "--language",
    multiple=True,
    metavar="CODE",
    heading=Heading.OUTPUT,
    help="Language of the texts (en, de, ...); repeat it for several.",
    brief="Language of the texts (en, de, ...); repeat it.",
)
@option(
    "--dataset",
    multiple=True,
    metavar="NAME",
    heading=Heading.OUTPUT,
    help="Data set on the Hub that it was fitted to; repeat it for several.",
    brief="Data set on the Hub; repeat it.",
)
@option(
    "--tag",
    multiple=True,
    metavar="NAME",
    heading=Heading.OUTPUT,
    help="One more tag; repeat it for several.",
)
@option(
    "--repository",
    metavar="OWNER/NAME",
    heading=Heading.OUTPUT,
    help="Where the model will be on the Hub, for the example of the card.",
    brief="Where the model will be on the Hub.",
)
@option(
    "--words", type=click.IntRange(min=1), default=10, heading=Heading.OUTPUT, help="Words of each topic."
)
@option(
    "--topics",
    type=click.IntRange(min=1),
    default=500,
    heading=Heading.OUTPUT,
    help="Topics in the table; of more the largest ones.",
)
@overwrite_option(help="Replace a file that exists.")
@labels_option
@threads_option
@seed_option(default=0, help="Seed of the score.")
@source_options
@imports_tokenizer
@verify_option
@output_options
@taking(CardCommandOptions)
def card(options: CardCommandOptions) -> None:
    """Write what there is to know of a model as a model card, README.md of a repository on the Hugging Face Hub.

    It has the topics, the data, the settings, the fingerprint and the limits, and of documents that are named how well
    the model predicts them, with the standard error: they should not be those of the fit.
    """
    from lda.corpus.storage.output_target import check_apart, check_file_target, local_path, same_place
    from lda.interop.model_card import model_card

    started = time.perf_counter()
    console = options.console
    target = None if options.output == "-" else local_path(options.output)
    if target is not None:
        check_file_target(target, overwrite=options.overwrite)
        read = [*options.inputs, options.labels, options.source.vocabulary]
        # The card is the one file that may be put into the folder of a model.
        is_card = target.name == "README.md" and same_place(target.parent, Path(options.model))
        check_apart(target, read, whole=[] if is_card else [options.model])
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    score = _score(model, options) if options.inputs else None
    write_page(model_card(model, score, options.card()), options.output, overwrite=options.overwrite)
    seconds = time.perf_counter() - started
    console.progress.note(
        f"wrote {'the card' if target is None else without_keys(options.output)} in {seconds:.1f} s"
    )
    value = {
        "model": without_keys(options.model),
        "inputs": [without_keys(name) for name in options.inputs],
        "output": options.output,
        "n_topics": model.n_topics,
        "heldout": None if score is None else score.to_dict(),
        "seconds": round(seconds, 3),
    }
    console.result(value, lambda: "")


def _score(model: Model, options: CardCommandOptions) -> HeldoutScore:
    """How well the model predicts the documents that were named."""
    from lda.evaluation.heldout import Estimation, score_batches, trained_warning

    with documents_for(
        model, options.inputs, options.source, options.console, threads=options.threads
    ) as batches:
        found = score_batches(
            model, batches, Estimation(seed=options.seed), model.frozen(threads=options.threads)
        )
    if found.n_trained:
        options.console.progress.warn(f"warning: {trained_warning(found)}")
    return found
