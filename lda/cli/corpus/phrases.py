"""`lda corpus phrases`: the pairs of words that a corpus would join, with their scores."""

from __future__ import annotations

from dataclasses import dataclass

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.shared_options import threads_option
from lda.cli.sources import (
    LineOptions,
    SourceOptions,
    line_options,
    names_of,
    source_options,
    stored_inputs,
)
from lda.cli.text_options import TextOptions, text_options
from lda.corpus.presentable import printable


@dataclass(frozen=True, slots=True, kw_only=True)
class PhrasesOptions:
    """What `lda corpus phrases` is asked for. threads: None for all cores."""

    inputs: tuple[str, ...]
    source: SourceOptions
    lines: LineOptions
    text: TextOptions
    threads: int | None
    console: Console


@click.command(
    "phrases",
    cls=Command,
    essentials=(
        "text", "id", "format", "stop_words", "phrases", "phrase_min_count", "phrase_threshold", "threads", "json",
    ),
    examples=(
        "lda corpus phrases speeches.jsonl --text text --stop-words en --phrase-threshold 0.4",
        "lda corpus phrases speeches.jsonl --text text --stop-words en --phrases count > phrases.tsv",
    ),
    short_help="List the phrases of documents, with scores.",
)  # fmt: skip
@inputs_argument()
@source_options
@line_options
@text_options
@threads_option
@output_options
@taking(PhrasesOptions)
def print_phrases(options: PhrasesOptions) -> None:
    """Print the pairs of words that a corpus would join: phrase, count and score, between tabs, the highest first.

    They are scored by npmi where the options do not say otherwise. The end of the list shows where the threshold cuts.
    """
    from lda.corpus import find_phrases
    from lda.corpus.text.phrases import JOINER

    console, source = options.console, options.source
    recipe, reading = options.text.with_phrases().recipe(source), options.lines.reading(source)
    console.progress.note(f"reading {names_of(options.inputs)}")
    with stored_inputs(options.inputs, None) as stored:
        found = find_phrases(
            stored.inputs,
            **reading,
            recipe=recipe,
            threads=options.threads,
        )
    named = [(f"{one.first}{JOINER}{one.second}", one.times, one.score) for one in found]
    if not console.as_json:
        for name, times, score in named:
            click.echo(f"{printable(name)}\t{times}\t{score:.4g}")
        return
    rows = [{"phrase": name, "count": times, "score": score} for name, times, score in named]
    console.result({"phrases": recipe.phrases, "n_phrases": len(rows), "found": rows}, lambda: "")
