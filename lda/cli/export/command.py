"""`lda export`: a model, and maybe documents, in the form of another program."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.named_model import labels_option, named_model
from lda.cli.new_documents import documents_for
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option, seed_option, threads_option, verify_option
from lda.cli.sources import SourceOptions, source_options
from lda.cli.text_options import imports_tokenizer
from lda.corpus.presentable import without_keys
from lda.interop.targets import TARGETS, Target

if TYPE_CHECKING:
    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.model.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What `lda export` is asked for. threads: None for all cores. seed: of the inference; None for the model's."""

    model: str
    inputs: tuple[str, ...]
    to: str
    output: str
    overwrite: bool
    labels: str | None
    threads: int | None
    seed: int | None
    source: SourceOptions
    no_verify: bool
    console: Console

    def target(self) -> Target:
        """The form that was asked for. Raises click.UsageError if it does not go with the documents."""
        target = TARGETS[self.to]
        if target.documents == "needed" and not self.inputs:
            raise click.UsageError(f"--to {self.to} tells of documents: name them after the model")
        if target.documents == "no" and self.inputs:
            raise click.UsageError(f"--to {self.to} tells nothing of documents: leave out {self.inputs[0]}")
        return target


@click.command(
    cls=Command,
    essentials=("to", "output", "text", "id", "format", "labels", "overwrite", "json"),
    examples=(
        "lda export model/ --to csv -o tables/",
        "lda export model/ speeches.jsonl --text text --to mallet -o files/",
        "lda export model/ cells.h5ad --layer counts --to anndata -o topics.h5ad",
        "lda export model/ --to pyldavis -o topics.html",
    ),
)
@click.argument("model", metavar="MODEL")
@inputs_argument(required=False, metavar="[INPUT...]")
@option(
    "--to",
    type=click.Choice(list(TARGETS)),
    required=True,
    heading=Heading.OUTPUT,
    help="; ".join(f"{row.name}: {row.what}" for row in TARGETS.values()) + ".",
    brief="The form.",
)
@option(
    "-o",
    "--output",
    required=True,
    metavar="PATH",
    heading=Heading.OUTPUT,
    help="File or folder to write, or how names of files begin.",
)
@overwrite_option(help="Replace an export that stands there.")
@labels_option
@threads_option
@seed_option(default=None, help="Seed of the inference.  [default: the model's]")
@source_options
@imports_tokenizer
@verify_option
@output_options
@taking(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write a model in the form of another program, with the documents that are named if it tells of any.

    Documents may be those of the fit or others, raw or a corpus; their topics are inferred as by `lda transform`.
    """
    from lda.corpus.storage.output_target import check_apart, local_path
    from lda.interop.export import check_export
    from lda.interop.export import export as write

    started = time.perf_counter()
    target, path = options.target(), local_path(options.output)
    check_export(target, path, overwrite=options.overwrite)
    check_apart(path, [*options.inputs, options.labels, options.source.vocabulary], whole=[options.model])
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    check_export(target, path, overwrite=options.overwrite, n_topics=model.n_topics)
    documents = _documents(model, options) if options.inputs else None
    write(model, documents, target, path, overwrite=options.overwrite)
    seconds = time.perf_counter() - started
    options.console.progress.note(f"wrote {without_keys(options.output)} in {seconds:.1f} s")
    value = {
        "model": without_keys(options.model),
        "inputs": [without_keys(name) for name in options.inputs],
        "to": options.to,
        "output": options.output,
        "n_topics": model.n_topics,
        "n_documents": None if documents is None else documents.n_documents,
        "seconds": round(seconds, 3),
    }
    options.console.result(value, lambda: "")


def _documents(model: Model, options: ExportOptions) -> InferredDocuments:
    """The documents that were named, in memory, with their topics."""
    from lda.evaluation.inferred_documents import inferred

    seed = model.record.seed if options.seed is None else options.seed
    with documents_for(
        model, options.inputs, options.source, options.console, threads=options.threads, keep=True
    ) as batches:
        return inferred(model.frozen(threads=options.threads), batches, seed=seed)
