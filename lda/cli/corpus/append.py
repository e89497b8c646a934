"""`lda corpus append`: documents that join a finished corpus."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.console import Console, output_options
from lda.cli.document_options import condition_of, document_options, where_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.option import Function, Heading, option
from lda.cli.shared_options import threads_option
from lda.cli.sources import (
    LineOptions,
    SourceOptions,
    line_options,
    names_of,
    size_of,
    source_options,
    stored_inputs,
)
from lda.cli.text_options import frequency, text_options
from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable, printable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from lda.corpus.append.append import Appended

SHOWN: Final = 10
"""New terms that are named."""


def _settled_options(command: Function) -> Function:
    """The options on text and documents, hidden: one that is typed is refused with the reason, not as if unknown."""
    known: Any = document_options(text_options(lambda **_: None))
    for found in known.__click_params__:
        # What a recipe names is imported only if the user names it, too; which documents come is told each time.
        if {"--tokenizer", "--where"} & {*found.opts}:
            continue
        if found.heading in {Heading.TEXT, Heading.DOCUMENTS}:
            command = click.option(
                *found.opts,
                f"settled_{found.name}",
                is_flag=found.is_flag,
                type=None if found.is_flag else click.UNPROCESSED,
                default=None,
                hidden=True,
                expose_value=False,
                callback=_refuse,
            )(command)
    return command


def _refuse(_ctx: click.Context, parameter: click.Parameter, value: object) -> None:
    if value not in (None, False, ()):
        name = next(name for name in parameter.opts if name.startswith("--"))
        raise click.UsageError(
            f"{name} is settled by the corpus: what was done with its documents is done with the new ones; leave it "
            "out, or build another corpus"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendOptions:
    """What `lda corpus append` is asked for. new_min_df: None for that of the corpus. threads: None for all cores."""

    folder: str
    inputs: tuple[str, ...]
    where: tuple[str, ...]
    skip_known: bool
    new_min_df: str | None
    tokenizer: str | None
    source: SourceOptions
    lines: LineOptions
    threads: int | None
    console: Console


@click.command(
    cls=Command,
    essentials=("where", "skip_known", "new_min_df", "text", "id", "format", "on_error", "threads", "json"),
    examples=(
        "lda corpus append corpus/ week-48.jsonl.gz",
        "lda corpus append corpus/ news/*.parquet --skip-known",
        "lda corpus append s3://bucket/corpus today.csv --new-min-df 20 --json",
    ),
    short_help="Append documents to a corpus.",
)
@click.argument("folder", metavar="DIR")
@inputs_argument()
@where_option
@option(
    "--skip-known",
    is_flag=True,
    heading=Heading.INPUT,
    help="Leave out documents whose ids the corpus has; else they are refused, and nothing is appended.",
    brief="Leave out documents whose ids the corpus has.",
)
@option(
    "--new-min-df",
    metavar="N|SHARE",
    heading=Heading.TEXT,
    help="New documents (or the share of them) that a new term is in.  [default: the --min-df of the corpus]",
    brief="New documents that a new term is in.",
)
@option(
    "--tokenizer",
    metavar="PKG.MOD:FUNC",
    heading=Heading.TEXT,
    help="The function that cut the texts of the corpus, if it was imported: naming it says that you trust it.",
)
@source_options
@line_options
@_settled_options
@threads_option
@output_options
@taking(AppendOptions)
def append(options: AppendOptions) -> None:
    """Append documents to the corpus DIR, by the recipe that it was built by.

    Shards that are there stay as they are; term ids, too: terms that are new stand at the end of the vocabulary. A
    process that is killed leaves the corpus as it was, and the next append removes what is left of it; while one runs,
    a second is refused. A model of the corpus as it was goes on with `lda fit`.
    """
    from lda.building.append import append_corpus

    console, source, folder = options.console, options.source, options.folder
    least = None if options.new_min_df is None else frequency("--new-min-df", options.new_min_df)
    where, reading = condition_of(options.where), options.lines.reading(source)
    console.progress.note(f"reading {names_of(options.inputs)}")
    started = time.perf_counter()
    with stored_inputs(options.inputs, source.vocabulary) as stored:
        try:
            made = append_corpus(
                folder,
                stored.inputs,
                tell=console.progress.note,
                **reading,
                text=source.text,
                id=source.id,
                vocabulary=stored.vocabulary,
                threads=options.threads,
                tokenizer=options.tokenizer,
                where=where,
                skip_known=options.skip_known,
                new_min_df=least,
            )
        except DataError:
            raise
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    seconds = time.perf_counter() - started
    for line in _notes(made):
        console.progress.note(line)
    done = f"appended {_many(made)} in {seconds:.1f} s" if made.n_documents else "nothing to append"
    console.progress.note(f"{done}; {presentable(folder)} has {size_of(made.corpus)}")
    value = {
        "corpus": without_keys(folder),
        "appended": {
            "n_documents": made.n_documents,
            "n_tokens": made.n_tokens,
            "n_known": made.n_known,
            "n_skipped": made.n_skipped,
            "n_dropped_tokens": made.n_dropped,
            "n_new_terms": len(made.new_terms),
            "new_terms": made.new_terms,
            "dropped_fields": made.dropped_fields,
        },
        **made.corpus.manifest,
        "seconds": round(seconds, 3),
    }
    console.result(value, lambda: "")


def _many(made: Appended) -> str:
    return f"{plural(made.n_documents, 'document')}, {made.n_tokens:,} tokens"


def _notes(made: Appended) -> list[str]:
    """What is to be known of the documents."""
    notes = []
    if made.n_known:
        told = "document whose id is" if made.n_known == 1 else "documents whose ids are"
        notes.append(f"{made.n_known:,} {told} there already, left out")
    if made.new_terms:
        some = " ".join(printable(term) for term in made.new_terms[:SHOWN])
        more = " ..." if len(made.new_terms) > SHOWN else ""
        notes.append(f"{plural(len(made.new_terms), 'new term')}: {some}{more}")
    if made.n_dropped:
        notes.append(f"{made.n_dropped:,} tokens of words that are no terms, left out")
    if made.dropped_fields:
        names = ", ".join(printable(name) for name in made.dropped_fields[:SHOWN])
        notes.append(f"the corpus has no field {names}; left out")
    return notes
