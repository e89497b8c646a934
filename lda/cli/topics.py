"""`lda topics`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import verify_option
from lda.cli.terminal import Color, columns, print_styled
from lda.cli.topic_table import topic_markdown, topic_table, topic_tsv
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.model.model import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicsOptions:
    """What `lda topics` is asked for."""

    model: str
    top_words: int
    sort: Literal["number", "size"]
    format: Literal["table", "tsv", "json", "md"]
    color: Color
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if self.console.as_json and self.format in ("tsv", "md"):
            raise click.UsageError(f"--json and --format {self.format} exclude each other")


@click.command(
    cls=Command,
    essentials=("top_words", "sort", "format", "color", "json"),
    examples=(
        "lda topics model/ -n 15 --sort size",
        "lda topics model/ --format md > topics.md",
        "lda topics model/ --color always | less -R",
        "lda topics model/ --json",
    ),
)
@click.argument("model", metavar="MODEL")
@option(
    "-n",
    "--top-words",
    "--num-top-words",
    type=click.IntRange(min=1),
    default=10,
    heading=Heading.OUTPUT,
    help="Words per topic.",
)
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
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    heading=Heading.OUTPUT,
    help="Of the table; auto: on a terminal.",
    brief="Of the table; auto: on a terminal.",
)
@verify_option
@output_options
@taking(TopicsOptions)
def topics(options: TopicsOptions) -> None:
    """Print each topic: number, share of all words, prior, most probable words."""
    from lda.model.model import Model

    model = Model.load(options.model, verify=not options.no_verify)
    found = model.topics(options.top_words)
    if options.sort == "size":
        found.sort(key=lambda topic: (-topic.tokens, topic.number))
    if options.console.as_json or options.format == "json":
        value = {
            "model": without_keys(options.model),
            "n_topics": len(found),
            "topics": [_topic_row(topic) for topic in found],
        }
        replace(options.console, as_json=True).result(value, lambda: "")
    elif options.format == "tsv":
        click.echo(topic_tsv(found, min(options.top_words, model.n_terms)))
    elif options.format == "md":
        click.echo(topic_markdown(found))
    else:
        print_styled(topic_table(found, width=columns()), options.color)


def _topic_row(topic: Topic) -> dict[str, Any]:
    words = [{"word": word, "probability": probability} for word, probability in topic.words]
    return {
        "topic": topic.number,
        "alpha": topic.alpha,
        "tokens": topic.tokens,
        "share": topic.share,
        "words": words,
    }
