"""`lda topics`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import click

from lda.cli.bars import Bars, plain_bars, wants_bars
from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.named_model import labels_option, named_model
from lda.cli.option import Heading, option
from lda.cli.shared_options import bars_option, color_option, top_words_option, verify_option
from lda.cli.sources import SourceOptions, documents_source_options
from lda.cli.surveyed import surveyed
from lda.cli.terminal import Color, columns, print_styled
from lda.cli.text_options import imports_tokenizer
from lda.cli.topic_blocks import BEST, TopicBlocks, documents_of
from lda.cli.topic_table import topic_markdown, topic_row, topic_table, topic_tsv
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.model.model import Model
    from lda.survey.survey import Survey


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsOptions:
    """What `lda topics` is asked for."""

    model: str
    top_words: int
    sort: Literal["number", "size"]
    format: Literal["table", "tsv", "json", "md"]
    words: bool
    documents: tuple[str, ...]
    source: SourceOptions
    bars: Bars
    color: Color
    labels: str | None
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if self.console.as_json and self.format in ("tsv", "md"):
            raise click.UsageError(f"--json and --format {self.format} exclude each other")
        if self.documents and self.format in ("tsv", "md"):
            raise click.UsageError(f"--format {self.format} has no place for --documents: leave one out")
        if self.words and self.format != "table":
            raise click.UsageError(
                f"--words is for people, and --format {self.format} has all words: leave one out"
            )


@click.command(
    cls=Command,
    essentials=("top_words", "sort", "words", "documents", "labels", "format", "bars", "color", "json"),
    examples=(
        "lda topics model/ -n 15 --sort size",
        "lda topics model/ --format md > topics.md",
        "lda topics model/ --words --labels labels.json",
        "lda topics model/ --color always --bars always | less -R",
        "lda topics model/ --json",
    ),
)
@click.argument("model", metavar="MODEL")
@top_words_option(default=10, help="Words per topic.")
@option(
    "--sort",
    type=click.Choice(["number", "size"]),
    default="number",
    heading=Heading.OUTPUT,
    help="Order of the topics.",
)
@option(
    "--format",
    type=click.Choice(["table", "tsv", "json", "md"]),
    default="table",
    heading=Heading.OUTPUT,
    help="table is for people, md is Markdown.",
    brief="table is for people, md is Markdown.",
)
@option(
    "--words",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="A line for each word, with its probability, below each topic.",
    brief="A line for each word, with its probability.",
)
@option(
    "--documents",
    multiple=True,
    metavar="INPUT",
    heading=Heading.OUTPUT,
    help="The three documents of INPUT that show each topic best; may be repeated.",
    brief="The documents of INPUT that show it best.",
)
@bars_option(of="shares and words")
@color_option
@labels_option
@documents_source_options
@imports_tokenizer
@verify_option
@output_options
@taking(TopicsOptions)
def topics(options: TopicsOptions) -> None:
    """Print each topic: number, share of all words, prior, most probable words, and the name where it has one."""
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    labels = model.labels
    survey = _survey(model, options) if options.documents else None
    found = model.topics(options.top_words)
    if options.sort == "size":
        found.sort(key=lambda topic: (-topic.tokens, topic.number))
    if options.console.as_json or options.format == "json":
        value = {
            "model": without_keys(options.model),
            "n_topics": len(found),
            "topics": [
                topic_row(topic, labels)
                | ({} if survey is None else {"documents": documents_of(survey, topic.number)})
                for topic in found
            ],
        }
        replace(options.console, as_json=True).result(value, lambda: "")
    elif options.format == "tsv":
        click.echo(topic_tsv(found, min(options.top_words, model.n_terms), labels))
    elif options.format == "md":
        click.echo(topic_markdown(found, labels))
    else:
        width = columns()
        bars, plain = wants_bars(options.bars, width), plain_bars()
        if options.words or survey is not None:
            blocks = TopicBlocks(labels, survey, width, bars=bars, plain=plain, each_word=options.words)
            print_styled(blocks.text(found), options.color)
        else:
            print_styled(
                topic_table(found, width=width, labels=labels, bars=bars, plain=plain), options.color
            )


def _survey(model: Model, options: TopicsOptions) -> Survey:
    from lda.survey.survey import SurveyOptions

    wanted = SurveyOptions(n_best=BEST, n_described=0, n_texts=0, n_nearest=0)
    return surveyed(model, options.documents, options.source, wanted, options.console)
