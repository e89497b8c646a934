"""`lda corpus build`: documents become a corpus folder."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.cluster_options import reach_now, worker_options
from lda.cli.console import Console, output_options
from lda.cli.corpus.build_lines import shown
from lda.cli.corpus.described import describe, skipped_of
from lda.cli.document_options import DocumentOptions, document_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.monitor_options import MonitorOptions, monitor_options
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.cli.sources import (
    LineOptions,
    SourceOptions,
    line_options,
    names_of,
    size_of,
    source_options,
    stored_inputs,
)
from lda.cli.text_options import TextOptions, text_options
from lda.sizes import take_size

if TYPE_CHECKING:
    from lda.cluster import Cluster
    from lda.corpus.ingest.build import BuildProgress
    from lda.monitoring.followers import Followers


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What `lda corpus build` is asked for.

    threads: None for all cores. vocabulary_memory: bytes; None for any number. cluster: None for this machine.
    """

    inputs: tuple[str, ...]
    output: str
    source: SourceOptions
    lines: LineOptions
    documents: DocumentOptions
    text: TextOptions
    threads: int | None
    vocabulary_memory: int | None
    cluster: Cluster | None
    overwrite: bool
    monitoring: MonitorOptions
    console: Console


@click.command(
    cls=Command,
    essentials=(
        "output", "text", "id", "format", "stop_words", "min_df", "max_df", "phrases", "ngram_range",
        "pattern", "threads", "address", "overwrite",
    ),
    examples=(
        "lda corpus build speeches/ --stop-words en -o corpus/",
        "lda corpus build docs.jsonl.gz --text body --id url --min-df 5 -o corpus/",
        "lda corpus build papers.parquet --text title,abstract --max-df 0.5 --ngram-range 1,2 -o corpus/",
        "lda corpus build 's3://lake/news/*.jsonl.gz' --text body --address auto -o s3://lake/corpus",
    ),
    short_help="Read documents into a corpus folder.",
)  # fmt: skip
@inputs_argument()
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
@line_options
@document_options
@text_options
@option(
    "-j",
    "--threads",
    "--num-threads",
    type=click.IntRange(min=1),
    heading=Heading.MACHINE,
    help="Cores: of threads, or of processes where the input is large.  [default: all]",
    brief="Cores: threads or processes.  [default: all]",
)
@option(
    "--vocabulary-memory",
    metavar="SIZE",
    callback=take_size,
    heading=Heading.MACHINE,
    help="Room for the terms, such as 2GB: those in the fewest documents are left out until the others fit.",
)
@worker_options
@overwrite_option(help="Replace a corpus that exists.")
@monitor_options()
@output_options
@taking(BuildOptions)
def build(options: BuildOptions) -> None:
    """Cut documents into words, and write a corpus that `lda fit` can map.

    A large input is read in parts, by several processes or, with --address, the workers of a Ray cluster. What is done
    is kept beside DIR until the corpus is complete: after a crash the same command goes on. The corpus is the same
    whoever reads it, and however often that was interrupted.
    """
    with options.monitoring.following(
        "corpus build", options.console.progress, options.output, read=options.inputs
    ) as followers:
        _build(options, followers)


def _build(options: BuildOptions, followers: Followers) -> None:
    from lda.building.build import build_corpus
    from lda.corpus.documents.steps import steps_in_words
    from lda.corpus.presentable import presentable

    console, source, output = options.console, options.source, options.output
    recipe, reading = options.text.recipe(source), options.lines.reading(source)
    steps = options.documents.steps()
    reach_now(options.cluster)
    console.progress.note(f"reading {names_of(options.inputs)}")
    started = time.perf_counter()
    with stored_inputs(options.inputs, source.vocabulary) as stored, shown(console.progress) as show:

        def on_state(state: BuildProgress) -> None:
            show(state)
            followers.on_state(state)

        made = build_corpus(
            stored.inputs,
            output,
            **reading,
            **steps,
            recipe=recipe,
            vocabulary=stored.vocabulary,
            threads=options.threads,
            cluster=options.cluster,
            vocabulary_memory=options.vocabulary_memory,
            overwrite=options.overwrite,
            tell=console.progress.note,
            warn=console.progress.warn,
            on_state=on_state,
        )
    seconds = time.perf_counter() - started
    console.progress.note(f"wrote {output}: {size_of(made)} in {seconds:.1f} s")
    if steps and made.steps is not None:
        console.progress.note(presentable(f"documents: {steps_in_words(made.steps)}"))
    value = {**describe(made, output), **skipped_of(made, source, output), "seconds": round(seconds, 3)}
    console.result(value, lambda: "")
