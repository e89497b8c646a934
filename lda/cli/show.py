"""`lda show`: one topic, with its documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.bars import Bars
from lda.cli.console import Console, output_options
from lda.cli.excerpt import excerpt
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.named_model import labels_option, named_model
from lda.cli.option import Heading, option
from lda.cli.shared_options import (
    bars_option,
    color_option,
    seed_option,
    threads_option,
    top_words_option,
    verify_option,
)
from lda.cli.sources import SourceOptions, source_options
from lda.cli.surveyed import surveyed
from lda.cli.terminal import Color, columns, print_styled
from lda.cli.text_options import imports_tokenizer
from lda.cli.topic_blocks import best_rows
from lda.cli.topic_page import ELSEWHERE, LINES_OF_TEXT, WORDS_OF_OTHERS, TopicPage, fields_of
from lda.cli.topic_table import topic_row
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.labels.labels import Labels
    from lda.model.model import Model, Topic
    from lda.survey.survey import Survey


FIRST_WORDS: Final = 10
"""Of a topic: those that it may be asked for by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowOptions:
    """What `lda show` is asked for. topic: number, part of a name, or word. inputs: documents, maybe none."""

    model: str
    topic: str
    inputs: tuple[str, ...]
    top_words: int
    documents: int
    related: int
    bars: Bars
    color: Color
    labels: str | None
    threads: int | None
    seed: int | None
    source: SourceOptions
    no_verify: bool
    console: Console


@click.command(
    cls=Command,
    essentials=(
        "top_words",
        "documents",
        "related",
        "labels",
        "text",
        "id",
        "format",
        "bars",
        "color",
        "json",
    ),
    examples=(
        "lda show model/ 3",
        "lda show model/ war speeches.jsonl --text text --documents 5",
        "lda show model/ 3 corpus/ --color always | less -R",
    ),
)
@click.argument("model", metavar="MODEL")
@click.argument("topic", metavar="TOPIC")
@inputs_argument(required=False, metavar="[INPUT...]")
@top_words_option(default=20, help="Words of the topic.")
@option(
    "--documents",
    type=click.IntRange(min=0),
    default=3,
    heading=Heading.OUTPUT,
    help="Documents of INPUT that show the topic best, each with an excerpt.",
    brief="Best documents of INPUT.  [default: 3]",
)
@option(
    "--related",
    type=click.IntRange(min=0),
    default=5,
    heading=Heading.OUTPUT,
    help="Topics that are nearest.",
)
@bars_option(of="words")
@color_option
@labels_option
@threads_option
@seed_option(default=None, help="Seed of the inference.  [default: the model's]")
@source_options
@imports_tokenizer
@verify_option
@output_options
@taking(ShowOptions)
def show(options: ShowOptions) -> None:
    """Show one topic: its size, numbers about it, its words, related topics, and documents where there are some.

    TOPIC is a number, a name or part of one, or one of the topic's first words. Documents are read once, as they
    stream by; they may be those of the fit or others, raw or a corpus. In the texts the words are marked that have the
    topic there, by an inference of each document with the seed.
    """
    from lda.charts.distances import distances_to
    from lda.evaluation.diagnostics import diagnose
    from lda.report.measures import MEASURES

    model = named_model(options.model, options.labels, verify=not options.no_verify)
    topics = model.topics(max(options.top_words, WORDS_OF_OTHERS, FIRST_WORDS))
    number = _number(options.topic, model.labels, topics)
    found = _survey(model, options) if options.inputs else None
    n_words = 10 if found is None else found.n_words
    columns_of = diagnose(model, None, n_words=n_words, use=None if found is None else found.use).columns()
    measures = [(one, float(columns_of[one.field][number])) for one in MEASURES if one.field in columns_of]
    distances = distances_to(model, number, threads=options.threads)
    nearest = sorted((float(far), k) for k, far in enumerate(distances) if k != number)
    related = [(k, far) for far, k in nearest[: options.related]]
    topic = topics[number]._replace(words=topics[number].words[: options.top_words])
    if options.console.as_json:
        value = {
            "model": without_keys(options.model),
            "n_topics": model.n_topics,
            **topic_row(topic, model.labels),
            "rank": _rank(topics, number),
            "measures": {one.field: value for one, value in measures},
            "related": [
                {
                    "topic": k,
                    **({"name": model.labels.name(k)} if model.labels else {}),
                    "distance": distance,
                    "words": [word for word, _ in topics[k].words[:WORDS_OF_OTHERS]],
                }
                for k, distance in related
            ],
        }
        if found is not None:
            value["seed"] = found.seed
            value["documents"] = [_document(found, row, number) for row in best_rows(found, number)]
        options.console.result(value, lambda: "")
        return
    page = TopicPage(bars=options.bars, color=options.color, width=columns())
    page.head(topic, model.labels, _rank(topics, number), len(topics))
    page.numbers(measures)
    page.words(topic)
    page.related(related, topics, model.labels)
    if found is not None:
        page.documents(found, number)
    print_styled(page.text(), options.color)


def _number(text: str, labels: Labels, topics: list[Topic]) -> int:
    """The topic that is meant: by number, by name, by part of a name, or by one of its first words.

    Raises click.UsageError where there is none, or more than one.
    """
    n_topics = len(topics)
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < n_topics:
        return int(text)
    wanted = text.strip().casefold()
    names = {number: label.name.casefold() for number, label in labels.names.items()}
    exact = [number for number, name in names.items() if name == wanted]
    part = exact or [number for number, name in names.items() if wanted and wanted in name]
    told = "part of the names"
    if not part:
        told = f"among the first {FIRST_WORDS} words"
        part = [
            topic.number
            for topic in topics
            if wanted in {word.casefold() for word, _ in topic.words[:FIRST_WORDS]}
        ]
    if len(part) == 1:
        return part[0]
    if part:
        some = ", ".join(f"{number} ({_called(number, labels, topics)})" for number in part[:5])
        more = f" and {len(part) - 5} more" if len(part) > 5 else ""
        raise click.UsageError(f"{text!r:.80} is {told} of topics {some}{more}; give the number")
    named = "no topic has a name" if not labels else f"{len(labels)} have names"
    raise click.UsageError(
        f"TOPIC must be a number from 0 to {n_topics - 1}, part of a name, or one of a topic's first {FIRST_WORDS} "
        f"words, got {text!r:.80} ({named})"
    )


def _called(number: int, labels: Labels, topics: list[Topic]) -> str:
    """Its name, or else its first words."""
    return labels.name(number) or " ".join(word for word, _ in topics[number].words[:3])


def _rank(topics: list[Topic], number: int) -> int:
    """1 for the largest topic."""
    mine = topics[number]
    return 1 + sum((other.tokens, -other.number) > (mine.tokens, -number) for other in topics)


def _survey(model: Model, options: ShowOptions) -> Survey:
    from lda.survey.survey import SurveyOptions

    wanted = SurveyOptions(n_best=options.documents, n_described=0, n_nearest=0, seed=options.seed)
    return surveyed(model, options.inputs, options.source, wanted, options.console, threads=options.threads)


def _document(found: Survey, row: int, topic: int) -> dict[str, Any]:
    """A document as plain values; the excerpt in pieces, each with the topic of its token, or -1."""
    from lda.corpus.plain_values import plain

    pieces = found.texts.get(row, ())
    kept, before, after = excerpt(pieces, topic, ELSEWHERE * LINES_OF_TEXT)
    return {
        "id": found.ids[row],
        "weight": float(found.theta[row, topic]),
        "n_tokens": int(found.n_tokens_of[row]),
        "fields": plain(fields_of(found, row)),
        "excerpt": [[text, its] for text, its in kept],
        "cut_before": before,
        "cut_after": after,
        "words_only": row in found.rebuilt,
    }
