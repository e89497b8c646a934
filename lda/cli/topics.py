"""`lda topics`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lda.cli.help import WithExamples
from lda.cli.options import Console, output_options, verify_option
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.model.model import Topic


@click.command(
    cls=WithExamples,
    examples=(
        "lda topics model/",
        "lda topics model/ -n 15 --sort size",
        "lda topics model/ --json",
    ),
    short_help="Print the topics of a model.",
)
@click.argument("model", metavar="MODEL")
@click.option(
    "-n", "--top-words", "--num-top-words", type=click.IntRange(min=1), default=10, help="Words per topic."
)
@click.option("--sort", type=click.Choice(["number", "size"]), default="number", help="Order of the topics.")
@verify_option
@output_options
def topics(model: str, top_words: int, sort: str, no_verify: bool, **options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Print each topic: its number, its share of all words, its most probable words."""
    from lda.model.model import Model

    console = Console.take(options)
    found = Model.load(model, verify=not no_verify).topics(top_words)
    if sort == "size":
        found.sort(key=lambda topic: (-topic.tokens, topic.number))
    value = {
        "model": without_keys(model),
        "n_topics": len(found),
        "topics": [_topic_row(topic) for topic in found],
    }
    console.result(value, lambda: topic_lines(found))


def _topic_row(topic: Topic) -> dict[str, Any]:
    words = [{"word": word, "probability": probability} for word, probability in topic.words]
    return {
        "topic": topic.number,
        "alpha": topic.alpha,
        "tokens": topic.tokens,
        "share": topic.share,
        "words": words,
    }


def topic_lines(topics: list[Topic]) -> str:
    """A line for each topic: number, share of the tokens, words."""
    width = len(str(max((topic.number for topic in topics), default=0)))
    return "\n".join(
        f"{topic.number:>{width}}  {topic.share:6.2%}  {' '.join(word for word, _ in topic.words) or '(empty)'}"
        for topic in topics
    )
