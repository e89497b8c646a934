"""`lda compare`: models beside each other."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options, write_page
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import (
    overwrite_option,
    seed_option,
    threads_option,
    title_option,
    top_words_option,
    verify_option,
)
from lda.cli.sources import SourceOptions, source_options
from lda.cli.terminal import columns
from lda.cli.text_options import imports_tokenizer, named_tokenizer
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.corpus import DocumentBatch
    from lda.evaluation.topic_model import TopicModel
    from lda.experiments.comparison.comparison import Comparison
    from lda.experiments.comparison.documents import Documents


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions:
    """What `lda compare` is asked for. rows: of each table. top_words: of each topic, as far as a line has room."""

    models: tuple[str, ...]
    documents: tuple[str, ...]
    top_words: int
    rows: int
    output: str | None
    title: str | None
    overwrite: bool
    seed: int
    threads: int | None
    source: SourceOptions
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if len(self.models) < 2:
            raise click.UsageError(
                f"a comparison takes two or more models, got {len(self.models)}; documents go with --documents"
            )
        if self.output is None and (self.title or self.overwrite):
            raise click.UsageError("--title and --overwrite are for the page of -o FILE; name one")
        if self.output == "-" and self.console.as_json:
            raise click.UsageError("--json needs -o FILE: standard output holds one JSON object then")


@click.command(
    cls=Command,
    essentials=("output", "documents", "text", "id", "rows", "top_words", "overwrite", "threads", "json"),
    examples=(
        "lda compare model/ other/",
        "lda compare model/ other/ --documents new.jsonl --text text -o compare.html",
        "lda compare k20/ k30/ k50/ --documents heldout.jsonl --text text --json",
    ),
)
@click.argument("models", nargs=-1, required=True, metavar="MODEL OTHER...")
@option(
    "--documents",
    multiple=True,
    metavar="INPUT",
    heading=Heading.INPUT,
    help="Documents that no model has seen: how well each predicts them, and which moved; may be repeated.",
    brief="Documents that none has seen, to score and compare.",
)
@option(
    "-o",
    "--output",
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="Write a page of HTML as well, that needs nothing but a browser; - prints it instead.",
    brief="Write a page of HTML as well.",
)
@title_option(help="Title of the page.")
@overwrite_option(help="Replace a page that exists.")
@option(
    "--rows",
    type=click.IntRange(min=1),
    default=20,
    heading=Heading.OUTPUT,
    help="Rows of each table; --json has all topics.",
    brief="Rows of each table.",
)
@top_words_option(default=10, help="Words of a topic, and words that changed.")
@seed_option(default=0, help="Seed of inference, and of the split of documents.")
@threads_option
@source_options
@imports_tokenizer
@verify_option
@output_options
@taking(CompareOptions)
def compare(options: CompareOptions) -> None:
    """Compare models with the first: which topics they share, what moved, and which predicts better.

    Topics are matched one to one, and each is shared, split into several of the other model, merged with others there,
    or particular to its model. Terms go by name; where the vocabularies differ, terms of both are scored. With
    documents, the difference of the likelihoods is that on the same tokens, with its standard error.
    """
    from lda.experiments.comparison.text import comparison_text

    console, output = options.console, options.output
    if output is not None:
        _check_page(output, options)
    found = _compared(options)
    for note in found.notes:
        console.progress.warn(f"note: {note}")
    if output is not None:
        write_page(found.page(title=options.title), output, overwrite=options.overwrite)
        if output == "-":
            return
        console.progress.note(f"wrote {without_keys(output)}")
    console.result(found.to_dict(), lambda: comparison_text(found, rows=options.rows, width=columns()))


def _check_page(output: str, options: CompareOptions) -> None:
    """Refuse a page that could not be written, before anything is read. Raises `DataError`, `MissingPackageError`."""
    from lda.corpus.storage.output_target import check_apart, check_file_target, local_path
    from lda.report.report import check_packages

    check_packages()
    if output != "-":
        target = local_path(output)
        check_file_target(target, overwrite=options.overwrite)
        read = [*options.documents, options.source.vocabulary]
        check_apart(target, read, whole=list(options.models))


def _compared(options: CompareOptions) -> Comparison:
    from lda.cli.new_documents import read_documents
    from lda.cli.sources import names_of, stored_inputs
    from lda.experiments.comparison.compare import compare_models
    from lda.model.model import Model
    from lda.model.text_recipe import recipe_of

    models = [Model.load(path, verify=not options.no_verify) for path in options.models]
    source = options.source
    with ExitStack() as stack:
        documents: Documents | None = None
        if options.documents:
            options.console.progress.note(f"reading {names_of(options.documents)}")
            stored = stack.enter_context(stored_inputs(options.documents, source.vocabulary))

            def read(model: TopicModel) -> Iterator[DocumentBatch]:
                assert isinstance(model, Model)
                return read_documents(
                    stored.inputs,
                    model.vocabulary,
                    recipe_of(model, tokenizer=named_tokenizer(), text=source.text, id=source.id),
                    source,
                    vocabulary=stored.vocabulary,
                    threads=options.threads,
                )

            documents = read
        return compare_models(
            models,
            [without_keys(path) for path in options.models],
            documents,
            n_words=options.top_words,
            n_moved=max(options.rows, 20),
            seed=options.seed,
            threads=options.threads,
        )
