"""`lda corpus build`, `info` and `stop-words`: corpora on disk, and what goes into them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command, CommandGroup
from lda.cli.option import Heading, option
from lda.cli.shared_options import threads_option
from lda.cli.sources import SourceOptions, names_of, size_of, source_options, stored_inputs
from lda.cli.text_options import TextOptions, text_options
from lda.corpus.presentable import printable, without_keys

if TYPE_CHECKING:
    from lda.corpus import Corpus


@click.group(
    cls=CommandGroup,
    examples=(
        "lda corpus build news/*.parquet --text body --id url --stop-words en -o corpus/",
        "lda corpus info corpus/",
        "lda corpus stop-words en > stop.txt",
        "lda fit corpus/ -k 200 -o model/",
    ),
)
def corpus() -> None:
    """Build and inspect corpora on disk: read once, fit many times; larger than memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What `lda corpus build` is asked for. threads: None for all cores."""

    inputs: tuple[str, ...]
    output: str
    source: SourceOptions
    text: TextOptions
    threads: int | None
    overwrite: bool
    console: Console


@corpus.command(
    cls=Command,
    essentials=(
        "output", "text", "id", "format", "stop_words", "min_df", "max_df", "max_features", "ngram_range", "pattern",
        "threads", "overwrite",
    ),
    examples=(
        "lda corpus build speeches/ --stop-words en -o corpus/",
        "lda corpus build docs.jsonl.gz --text body --id url --min-df 5 -o corpus/",
        "lda corpus build papers.parquet --text title,abstract --max-df 0.5 --ngram-range 1,2 -o corpus/",
    ),
    short_help="Read documents into a corpus folder.",
)  # fmt: skip
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@option(
    "-o",
    "--output",
    required=True,
    metavar="DIR",
    heading=Heading.OUTPUT,
    help="Folder (or s3://, gs:// URI) to write to.",
    brief="Folder to write the corpus to.",
)
@source_options
@text_options
@threads_option
@option("--overwrite", is_flag=True, heading=Heading.OUTPUT, help="Replace a corpus that exists.")
@output_options
@taking(BuildOptions)
def build(options: BuildOptions) -> None:
    """Cut documents into words, and write a corpus that `lda fit` can map."""
    from lda.corpus import build_corpus

    console, source, output = options.console, options.source, options.output
    recipe = options.text.recipe(source)
    console.progress.note(f"reading {names_of(options.inputs)}")
    started = time.perf_counter()
    with stored_inputs(options.inputs, source.vocabulary) as stored:
        made = build_corpus(
            stored.inputs,
            output,
            format=source.format,
            recipe=recipe,
            vocabulary=stored.vocabulary,
            threads=options.threads,
            encoding=source.encoding,
            errors=source.encoding_errors,
            overwrite=options.overwrite,
        )
    seconds = time.perf_counter() - started
    console.progress.note(f"wrote {output}: {size_of(made)} in {seconds:.1f} s")
    console.result({**describe(made, output), "seconds": round(seconds, 3)}, lambda: "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusInfoOptions:
    """What `lda corpus info` is asked for."""

    folder: str
    console: Console


@corpus.command(
    cls=Command,
    examples=(
        "lda corpus info corpus/",
        "lda corpus info corpus/ --json",
    ),
    short_help="Describe a corpus folder.",
)
@click.argument("folder", metavar="DIR")
@output_options
@taking(CorpusInfoOptions)
def info(options: CorpusInfoOptions) -> None:
    """Describe a corpus: its size, how it was made, its most frequent terms."""
    from lda.corpus import Corpus

    value = describe(Corpus.open(options.folder), options.folder)
    options.console.result(value, lambda: _lines(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWordsOptions:
    """What `lda corpus stop-words` is asked for. language: None for the languages there are."""

    language: str | None
    console: Console


@corpus.command(
    "stop-words",
    cls=Command,
    examples=(
        "lda corpus stop-words",
        "lda corpus stop-words en > stop.txt",
        "lda corpus stop-words german --json",
    ),
    short_help="Print a list of stop words.",
)
@click.argument("language", required=False)
@output_options
@taking(StopWordsOptions)
def print_stop_words(options: StopWordsOptions) -> None:
    """Print the words that --stop-words LANGUAGE drops, one a line; without LANGUAGE the languages there are.

    The list, edited, goes into --stop-words FILE.
    """
    from lda.corpus.text.stop_words import LANGUAGES, language_code, stop_words

    console, language = options.console, options.language
    if language is None:
        codes = {code: name for name, code in LANGUAGES.items()}
        console.result({"languages": codes}, lambda: "\n".join(f"{c}  {codes[c]}" for c in sorted(codes)))
        return
    code = language_code(language)
    if code is None:
        raise click.UsageError(
            f"there is no stop-word list for {language!r}; `lda corpus stop-words` names all languages"
        )
    words = sorted(stop_words(code))
    value = {"language": code, "n_words": len(words), "words": words}
    console.result(value, lambda: "\n".join(words))


def describe(corpus: Corpus, path: str) -> dict[str, Any]:
    """The facts of a corpus as plain values."""
    from lda.corpus.terms import has_names

    terms, frequencies = corpus.vocabulary, corpus.term_frequencies
    largest = sorted(range(corpus.n_terms), key=lambda term: (-int(frequencies[term]), term))[:20]
    return {
        "corpus": without_keys(path),
        **corpus.manifest,
        "named_terms": has_names(terms),
        "frequent_terms": [{"term": terms[i], "tokens": int(frequencies[i])} for i in largest],
    }


def _lines(value: dict[str, Any]) -> str:
    recipe = value["recipe"]
    share = value["stop_word_share"]
    stop_words = recipe["stop_words"] if recipe else None
    if isinstance(stop_words, (list, tuple)):
        stop_words = f"{len(stop_words):,} words"
    without = f", {value['n_without_text']:,} for want of a text field" if value["n_without_text"] else ""
    rows = {
        "documents": f"{value['n_documents']:,} ({value['n_empty_documents']:,} empty{without})",
        "tokens": f"{value['n_tokens']:,}",
        "terms": f"{value['n_terms']:,}",
        "shards": f"{value['n_shards']:,}",
        "made from": "text" if recipe else "counts",
        "stop words": (f"removed ({stop_words})" if stop_words else "kept") if recipe else None,
        "English stop words": f"{share:.1%} of the tokens" if share is not None else None,
        "frequent terms": " ".join(row["term"] for row in value["frequent_terms"]),
        "content hash": value["content_hash"],
    }
    return "\n".join(f"{name:<19} {printable(str(text))}" for name, text in rows.items() if text is not None)
