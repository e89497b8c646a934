"""`lda split-topic`: one topic made several."""

from __future__ import annotations

from dataclasses import dataclass

import click

from lda.cli.command_line import command_line
from lda.cli.console import Console, output_options
from lda.cli.edited_target import check_edited_target, write_edited
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.option import Heading, option
from lda.cli.shared_options import edited_option, overwrite_option, seed_option, threads_option, verify_option
from lda.cli.sources import SourceOptions, source_options
from lda.cli.text_options import imports_tokenizer
from lda.corpus.presentable import printable, without_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitTopicOptions:
    """What `lda split-topic` is asked for. into: how many topics. seed: None for that of the fit."""

    model: str
    topic: int
    inputs: tuple[str, ...]
    into: int
    output: str
    overwrite: bool
    seed: int | None
    threads: int | None
    source: SourceOptions
    no_verify: bool
    console: Console


@click.command(
    "split-topic",
    cls=Command,
    essentials=("output", "into", "text", "id", "seed", "threads", "overwrite", "json"),
    examples=(
        "lda split-topic model/ 5 speeches.jsonl --text text -o split/",
        "lda split-topic model/ 5 corpus/ --into 3 -o split/",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("topic", type=int, metavar="TOPIC")
@inputs_argument()
@option(
    "--into",
    type=click.IntRange(min=2),
    default=2,
    heading=Heading.MODEL,
    help="How many topics it becomes.",
)
@edited_option
@overwrite_option(help="Replace a model that exists.")
@seed_option(default=None, help="Seed of the division.  [default: that of the fit]")
@threads_option
@source_options
@imports_tokenizer
@verify_option
@output_options
@taking(SplitTopicOptions)
def split_topic(options: SplitTopicOptions) -> None:
    """Divide one topic as its words lie in documents, and write the model to a folder.

    The tokens of TOPIC in the documents, best those of the fit, are fitted by themselves; counts and alpha are divided
    as that says, and add up to what they were. The largest part keeps number and name, the others become the last
    topics. All other topics, and MODEL itself, stay as they are.
    """
    from lda.cli.new_documents import documents_for
    from lda.corpus.errors import DataError
    from lda.model.fields import ModelFields
    from lda.model.model import Model
    from lda.model.splitting import split

    check_edited_target(options.output, options.model, documents=options.inputs, overwrite=options.overwrite)
    model = Model.load(options.model, verify=not options.no_verify)
    command = command_line(click.get_current_context())
    with documents_for(
        model, options.inputs, options.source, options.console, threads=options.threads
    ) as batches:
        try:
            fields = split(
                ModelFields.of(model),
                model.frozen(threads=options.threads),
                options.topic,
                batches,
                into=options.into,
                seed=options.seed,
                threads=options.threads,
                command=command,
            )
        except DataError:
            raise
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    found = Model(**fields.arguments())
    fingerprint = write_edited(
        found, options.output, options.console.progress.note, overwrite=options.overwrite
    )
    parts = [options.topic, *range(model.n_topics, found.n_topics)]
    tokens = found.last_tokens
    words = found.top_words(8)
    value = {
        "model": without_keys(options.output),
        "n_topics": found.n_topics,
        "topics": [
            {"topic": k, "name": found.labels.name(k), "tokens": int(tokens[k]), "words": words[k]}
            for k in parts
        ],
        "fingerprint": fingerprint,
    }

    def text() -> str:
        whole = max(float(tokens[parts].sum()), 1.0)
        return "\n".join(
            f"{printable(found.labels.title(k)):>5}  {tokens[k] / whole:6.1%}  {' '.join(map(printable, words[k]))}"
            for k in parts
        )

    options.console.result(value, text)
