"""`lda corpus build`, `info` and `stop-words`: corpora on disk, and what goes into them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from lda.cli.help import GroupWithExamples, WithExamples
from lda.cli.options import (
    Console,
    names_of,
    output_options,
    size_of,
    source_options,
    stored_inputs,
    take_recipe,
    token_options,
)
from lda.corpus.presentable import printable, without_keys

if TYPE_CHECKING:
    from lda.corpus import Corpus


@click.group(
    cls=GroupWithExamples,
    examples=(
        "lda corpus build news/*.parquet --text body --id url --stop-words en -o corpus/",
        "lda corpus info corpus/",
        "lda corpus stop-words en > stop.txt",
        "lda fit corpus/ -k 200 -o model/",
    ),
    short_help="Build and inspect corpora on disk.",
)
def corpus() -> None:
    """Build and inspect corpora on disk: read once, fit many times; larger than memory."""


@corpus.command(
    cls=WithExamples,
    examples=(
        "lda corpus build speeches/ --stop-words en -o corpus/",
        "lda corpus build docs.jsonl.gz --text body --id url --min-df 5 --max-df 0.5 -o corpus/",
    ),
    short_help="Read documents into a corpus folder.",
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "-o", "--output", required=True, metavar="DIR", help="Folder (or s3://, gs:// URI) to write to."
)
@source_options
@token_options
@click.option(
    "-j", "--threads", "--num-threads", type=click.IntRange(min=1), help="Threads.  [default: all cores]"
)
@click.option("--overwrite", is_flag=True, help="Replace a corpus that exists.")
@output_options
def build(**options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Read documents, cut them into words and write them as a corpus that `lda fit` maps into memory."""
    from lda.corpus import build_corpus

    console = Console.take(options)
    recipe = take_recipe(options)
    inputs, output = options["inputs"], options["output"]
    console.progress.note(f"reading {names_of(inputs)}")
    started = time.perf_counter()
    with stored_inputs(options) as stored:
        made = build_corpus(
            stored["inputs"],
            output,
            format=options["format"],
            recipe=recipe,
            vocabulary=stored["vocabulary"],
            threads=options["threads"],
            encoding=options["encoding"],
            errors=options["encoding_errors"],
            overwrite=options["overwrite"],
        )
    seconds = time.perf_counter() - started
    console.progress.note(f"wrote {output}: {size_of(made)} in {seconds:.1f} s")
    console.result({**describe(made, output), "seconds": round(seconds, 3)}, lambda: "")


@corpus.command(
    cls=WithExamples,
    examples=(
        "lda corpus info corpus/",
        "lda corpus info corpus/ --json",
    ),
    short_help="Describe a corpus folder.",
)
@click.argument("folder", metavar="DIR")
@output_options
def info(folder: str, **options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Describe a corpus: its size, how it was made, its most frequent terms."""
    from lda.corpus import Corpus

    console = Console.take(options)
    opened = Corpus.open(folder)
    value = describe(opened, folder)
    console.result(value, lambda: _lines(value))


@corpus.command(
    "stop-words",
    cls=WithExamples,
    examples=(
        "lda corpus stop-words",
        "lda corpus stop-words en > stop.txt",
        "lda corpus stop-words german --json",
    ),
    short_help="Print a list of stop words.",
)
@click.argument("language", required=False)
@output_options
def print_stop_words(language: str | None, **options: Any) -> None:  # noqa: ANN401 - click passes them by name
    """Print the words that --stop-words LANGUAGE drops, one a line; without LANGUAGE the languages there are.

    The list, edited, goes into --stop-words FILE.
    """
    from lda.corpus.text.stop_words import LANGUAGES, language_code, stop_words

    console = Console.take(options)
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
