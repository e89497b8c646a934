"""`lda report`: a model and its documents as one page, and as tables."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lda.cli.console import output_options, write_page
from lda.cli.document_options import condition_of, where_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.named_model import labels_option, named_model
from lda.cli.option import Heading, option
from lda.cli.report.options import ReportOptions
from lda.cli.shared_options import (
    overwrite_option,
    page_option,
    seed_option,
    threads_option,
    title_option,
    verify_option,
)
from lda.cli.sources import source_options
from lda.cli.surveyed import surveyed
from lda.cli.text_options import imports_tokenizer
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from lda.model.model import Model
    from lda.report.report import Report


@click.command(
    cls=Command,
    essentials=(
        "output", "over", "by", "documents", "labels", "tables", "xlsx", "text", "id", "format", "overwrite", "json",
    ),
    examples=(
        "lda report model/ speeches.jsonl --text text --id id -o report.html",
        "lda report model/ speeches.jsonl --text text --over year --by party --xlsx report.xlsx",
        "lda report model/ corpus/ --over date --bin month --tables tables/",
        "lda report model/ -o topics.html",
    ),
)  # fmt: skip
@click.argument("model", metavar="MODEL")
@inputs_argument(required=False, metavar="[INPUT...]")
@page_option(default="report.html", help="Page to write; - prints it.")
@option(
    "--over",
    metavar="FIELD",
    heading=Heading.INPUT,
    help="Field with a date or a number, over which topics are followed.",
    brief="Field with a date or a number to go along.",
)
@option(
    "--bin",
    default="auto",
    metavar="WIDTH",
    heading=Heading.INPUT,
    help="Intervals of --over: day, month, quarter, year, decade, or a width for numbers.",
)
@option(
    "--by",
    multiple=True,
    metavar="FIELD",
    heading=Heading.INPUT,
    help="Field whose values are groups to compare; repeat it for several fields.",
    brief="Field of groups to compare; repeat it.",
)
@option(
    "--documents",
    type=click.IntRange(min=0),
    heading=Heading.OUTPUT,
    help="Documents with their text, the best of each topic first; 0 for none.  [default: the best of each topic]",
    brief="Documents with their text; 0 for none.",
)
@option(
    "--described",
    type=click.IntRange(min=0),
    default=10_000,
    heading=Heading.OUTPUT,
    help="Documents with name, fields and topics: the best ones, then a sample.",
)
@labels_option
@title_option(help="Title of the page.")
@option(
    "--tables",
    metavar="FOLDER",
    heading=Heading.OUTPUT,
    help="Write all tables into this folder as well.",
    brief="Write all tables into this folder, too.",
)
@option(
    "--tables-format",
    type=click.Choice(["csv", "parquet"]),
    default="csv",
    heading=Heading.OUTPUT,
    help="Of --tables.",
)
@option(
    "--xlsx",
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="Write all tables as one workbook as well.",
    brief="Write all tables as one workbook, too.",
)
@overwrite_option(help="Replace what exists.")
@threads_option
@seed_option(default=None, help="Seed of the inference.  [default: the model's]")
@source_options
@where_option
@imports_tokenizer
@verify_option
@output_options
@taking(ReportOptions)
def report(options: ReportOptions) -> None:
    """Show a model and its documents in one page that opens in any browser, without a network.

    The page has the topics and their words, a map of them, the documents that show each best with every word in the
    colour of its topic, and their course over a field and over groups. Documents are read once, as they stream by. They
    may be those of the fit or others, raw or a corpus; without any, the page shows what the model alone knows.
    """
    started = time.perf_counter()
    console = options.console
    _check(options)
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    made = _made(model, options)
    written = _written(made, options)
    for found in made.findings:
        console.progress.note(f"note: {found.text}")
    seconds = time.perf_counter() - started
    names = ", ".join(without_keys(name) for name in written)
    console.progress.note(f"wrote {names} in {seconds:.1f} s")
    value = {
        "model": without_keys(options.model),
        **_facts(made, options, written),
        "seconds": round(seconds, 3),
    }
    console.result(value, lambda: "")


def _check(options: ReportOptions) -> None:
    """Refuse outputs that may not be written, and see that what writes them is there, before anything is read."""
    from lda.corpus.storage.output_target import check_file_target, local_path
    from lda.report.report import check_packages
    from lda.report.table_files import check_tables_target

    check_packages()
    _check_apart(options)
    if options.output != "-":
        check_file_target(local_path(options.output), overwrite=options.overwrite)
    if options.tables is not None:
        check_tables_target(local_path(options.tables), overwrite=options.overwrite)
    if options.xlsx is not None:
        from lda.report.workbook import xlsxwriter

        xlsxwriter()
        check_file_target(local_path(options.xlsx), overwrite=options.overwrite)


def _check_apart(options: ReportOptions) -> None:
    """Refuse outputs that would take the place of one another, or of what is read."""
    from lda.corpus.storage.output_target import check_apart, local_path

    written = {"-o": options.output, "--tables": options.tables, "--xlsx": options.xlsx}
    places = {name: local_path(place) for name, place in written.items() if place is not None}
    if options.output == "-":
        del places["-o"]
    real = {name: Path(os.path.realpath(place)) for name, place in places.items()}
    if len(set(real.values())) < len(real):
        raise click.UsageError("-o, --tables and --xlsx must name different places")
    for name, place in real.items():
        if "--tables" in real and real["--tables"] in place.parents:
            raise click.UsageError(
                f"the folder of --tables holds tables alone, got {name} {written[name]}; name a place beside it"
            )
    read = [*options.inputs, options.labels, options.source.vocabulary]
    for place in places.values():
        check_apart(place, read, whole=[options.model])


def _made(model: Model, options: ReportOptions) -> Report:
    from lda.report.report import Report

    found = None
    if options.inputs:
        found = surveyed(
            model,
            options.inputs,
            options.source,
            options.survey(),
            options.console,
            threads=options.threads,
            where=condition_of(options.where),
        )
    return Report.of(model, found, labels=model.labels, title=options.title, threads=options.threads)


def _written(made: Report, options: ReportOptions) -> list[str]:
    """Write everything that was asked for; the names of what was written, the page first."""
    from lda.corpus.storage.output_target import local_path

    html = made.html()
    tables = made.tables() if options.tables is not None or options.xlsx is not None else {}
    if options.xlsx is not None:  # before anything is written
        from lda.report.workbook import check_sheets

        check_sheets(tables)
    written = []
    write_page(html, options.output, overwrite=options.overwrite)
    written.append("to standard output" if options.output == "-" else options.output)
    if options.tables is not None:
        from lda.report.table_files import write_tables

        folder = local_path(options.tables)
        write_tables(tables, folder, form=options.tables_format, overwrite=options.overwrite)
        written.append(options.tables)
    if options.xlsx is not None:
        from lda.report.workbook import write_workbook

        write_workbook(tables, local_path(options.xlsx), overwrite=options.overwrite)
        written.append(options.xlsx)
    return written


def _facts(made: Report, options: ReportOptions, written: list[str]) -> dict[str, Any]:
    survey = made.parts.survey
    of_documents = {} if survey is None else {
        "n_documents": survey.n_documents,
        "n_empty_documents": survey.n_empty_documents,
        "n_without_text": survey.n_without_text,
        "n_tokens": survey.n_tokens,
        "n_unknown": survey.n_unknown,
        "n_trained": survey.n_trained,
        "n_described": len(survey.ids),
        "n_texts": len(survey.texts),
        "heldout": None if survey.heldout is None else survey.heldout.to_dict(),
    }  # fmt: skip
    return {
        "inputs": [without_keys(name) for name in options.inputs],
        "output": [without_keys(name) for name in written],
        "bytes": None if options.output == "-" else Path(options.output).stat().st_size,
        "n_topics": made.parts.model.n_topics,
        **of_documents,
        "warnings": [
            {"kind": one.kind, "text": one.text, "topics": list(one.topics)} for one in made.findings
        ],
    }
