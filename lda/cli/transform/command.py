"""`lda transform`: the topics of new documents, streamed."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.cluster_options import worker_options
from lda.cli.command_line import command_line
from lda.cli.console import output_options
from lda.cli.document_options import where_option
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.monitor_options import monitor_options
from lda.cli.named_model import labels_option, named_model
from lda.cli.new_documents import documents_for
from lda.cli.option import Heading, option
from lda.cli.several import Several
from lda.cli.shared_options import (
    device_option,
    overwrite_option,
    seed_option,
    threads_option,
    verify_option,
)
from lda.cli.sources import names_of, source_options
from lda.cli.text_options import imports_tokenizer
from lda.cli.transform.into_folder import names_folder, transform_parts
from lda.cli.transform.options import TransformOptions
from lda.corpus.presentable import without_keys
from lda.progress import SECONDS_BETWEEN_LINES, plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.corpus import DocumentBatch
    from lda.model.model import Model
    from lda.monitoring.followers import Followers
    from lda.transform.state_writers import TokenWriter
    from lda.transform.topic_writers import Selection, Writer

WEIGHTS_AT_A_TIME: Final = 2**24  # 64 MB of float32, whatever the number of topics


def _each_once(_ctx: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    """All names that were given, by one option or several, each once."""
    return tuple(dict.fromkeys(name.strip() for entry in value for name in entry.split(",") if name.strip()))


class _TransformCommand(Command):
    """MODEL and INPUT may be named by options, as MALLET's infer-topics has them: --inferencer and --input."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does, with the values of the two options where MODEL and INPUT stand."""
        words, named = [], {"--inferencer": list[str](), "--input": list[str]()}
        left = iter(args)
        for word in left:
            name, equals, value = word.partition("=")
            if name not in named:
                words.append(word)
            elif equals:
                named[name].append(value)
            else:
                value = next(left, "")
                if not value:
                    raise click.UsageError(f"{name} needs a value", ctx)
                named[name].append(value)
        return super().parse_args(ctx, [*named["--inferencer"], *words, *named["--input"]])


@click.command(
    cls=_TransformCommand,
    essentials=(
        "output", "top", "threshold", "keep", "text", "id", "format", "threads", "address", "resume", "overwrite",
        "json",
    ),
    examples=(
        "lda transform model/ new.jsonl --text text -o topics.parquet",
        "lda transform model/ corpus/ -o topics/ --resume",
        "lda transform model/ new.jsonl --text text -o topics.csv --top 5 --threshold 0.01",
        "lda transform /shared/model /shared/corpus -o /shared/topics --address auto --top 10",
        "kcat -C -t news | lda transform model/ - --text body --keep offset --unknown",
        'echo "peace and trade with all nations" | lda transform model/ - --format lines --top 3',
    ),
)  # fmt: skip
@click.argument("model", metavar="MODEL")
@inputs_argument()
@option("--inferencer", expose_value=False, metavar="MODEL", heading=Heading.MODEL, help="The same as MODEL.")
@option("--input", expose_value=False, metavar="INPUT", heading=Heading.INPUT, help="The same as INPUT.")
@option(
    "-o", "--output", "--output-doc-topics", default="-", metavar="FILE|FOLDER", heading=Heading.OUTPUT,
    help="File to write: .parquet, .jsonl, .csv, .tsv, .npy or MALLET's .txt, or a folder (or s3://, gs:// "
    "URI) for Parquet parts; - prints JSON lines.",
    brief=".parquet, .jsonl, .csv, .npy, ..., or a folder.",
)  # fmt: skip
@option(
    "--top",
    "--doc-topics-max",
    type=int,
    metavar="N",
    heading=Heading.OUTPUT,
    help="Only the N heaviest topics of each document.",
)
@option(
    "--threshold",
    "--doc-topics-threshold",
    type=float,
    default=0.0,
    heading=Heading.OUTPUT,
    help="Only topics of this weight or more.",
    brief="Only topics of this weight or more.",
)
@option(
    "--doc-topics-format",
    type=click.Choice(["auto", "mallet"]),
    default="auto",
    heading=Heading.OUTPUT,
    help="mallet: the form of MALLET's infer-topics, as a .txt has it anyway; auto goes by the ending.",
)
@option(
    "--unknown", is_flag=True, heading=Heading.OUTPUT,
    help="With each document, how many of its words the model knows, and how many not: known, unknown.",
    brief="With each document, its words known and unknown.",
)  # fmt: skip
@option(
    "--keep", multiple=True, type=Several(","), callback=_each_once, metavar="FIELD,...", heading=Heading.OUTPUT,
    help="Fields of the input to write beside the topics, as offset,partition; the id is there anyway.",
    brief="Fields of the input to write, too.",
)  # fmt: skip
@option(
    "--output-state", metavar="FILE", heading=Heading.OUTPUT,
    help="Also write the topic of each token: .gz in MALLET's form, .jsonl or .parquet.",
    brief="Also the topic of each token (.gz, .jsonl, .parquet).",
)  # fmt: skip
@threads_option
@seed_option(default=None, help="Seed.  [default: the model's]")
@device_option
@source_options
@where_option
@imports_tokenizer
@labels_option
@verify_option
@worker_options
@option(
    "--resume",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Go on with a folder of parts that this command was cut off in.",
    brief="Go on with a folder that was cut off.",
)
@monitor_options()
@overwrite_option(help="Replace a file, or a folder of parts, that exists.", brief="Replace what exists.")
@output_options
@taking(TransformOptions)
def transform(options: TransformOptions) -> None:
    """Find the topics of new documents; the model stays as it is.

    Text is cut into words as it was for the model. Documents stream through, so their number does not matter; each
    gets the same answer alone and among others. Lines of standard input, or of one pipe, are answered as they arrive
    (JSON lines; any lines with --format lines). Words that the model does not know are left out; a document without
    known words gets the prior. Documents are numbered where the id field of the model's own is missing.

    With --labels names of topics are written, too: as `topic_3 War` in the header of a CSV, as a column `name` or
    `names` behind topics that are selected (--top, --threshold), in the metadata of Parquet, and as _labels.json in a
    folder of parts.

    A folder gets parts of some thousand documents each, in order, with the columns of a Parquet file. They are the same
    however they are made: in this process, or with --address by the workers of a cluster, which read model and corpus
    themselves, so that these and the folder must lie where all nodes see them. The same command with --resume keeps the
    parts that are whole and makes the others.
    """
    console, output = options.console, options.output
    if console.as_json and output == "-":
        raise click.UsageError("--json needs -o: standard output holds one JSON object then")
    if output == "-" and sys.stdout is None:
        raise click.UsageError("stdout is closed; connect it to a file or pipe, or name a file by -o")
    into_folder, read = names_folder(options), [options.model, *options.inputs, options.labels]
    if into_folder and options.where:
        raise click.UsageError(
            "--where goes with one file, or standard output; for a folder of parts, write the chosen documents before: "
            "lda corpus select --where"
        )
    if into_folder and (options.further or options.output_state):
        raise click.UsageError("--unknown, --keep and --output-state go with one file, or standard output")
    options.condition()
    with options.monitoring.following(
        "transform", console.progress, "" if output == "-" else output, read=read
    ) as followers:
        if into_folder:
            transform_parts(options, command_line(click.get_current_context()), followers)
        else:
            _transform_stream(options, followers)


def _transform_stream(options: TransformOptions, followers: Followers) -> None:
    """Write one file, or to standard output, while documents come."""
    console = options.console
    selection = _selection(options)
    model = named_model(options.model, options.labels, verify=not options.no_verify)
    started = time.perf_counter()
    with (
        documents_for(
            model,
            options.inputs,
            options.source,
            console,
            threads=options.threads,
            batch_documents=max(1, min(4096, WEIGHTS_AT_A_TIME // model.n_topics)),
            where=options.condition(),
            keep=bool(options.keep),
            exact=options.keep,
        ) as batches,
        _writer(options, model, selection) as writer,
        _state_writer(options, model) as state,
    ):
        counts = _stream(model, batches, writer, state, options, followers)
    _report(options, {**counts, "seconds": round(time.perf_counter() - started, 3)})


def _selection(options: TransformOptions) -> Selection:
    """Check the target and what goes into it, before anything is read."""
    from lda.corpus.storage.output_target import check_apart, check_different, check_file_target, local_path
    from lda.transform.state_writers import check_state_target
    from lda.transform.topic_writers import check_format

    selection = options.selection()
    check_format(
        options.output,
        selection,
        names=options.labels is not None,
        mallet=options.mallet_form,
        further=options.further,
    )
    targets = [] if options.output == "-" else [local_path(options.output)]
    if options.output_state is not None:
        check_state_target(options.output_state)
        targets.append(local_path(options.output_state))
    check_different(targets)
    for target in targets:
        check_file_target(target, overwrite=options.overwrite)
        check_apart(
            target, [*options.inputs, options.labels, options.source.vocabulary], whole=[options.model]
        )
    return selection


@contextmanager
def _writer(options: TransformOptions, model: Model, selection: Selection) -> Iterator[Writer]:
    """The names that the model keeps are not written unasked: who reads `topic_3` today is to find it tomorrow."""
    from lda.transform.topic_writers import open_writer, text_writer

    labels = None if options.labels is None else model.labels
    if options.output == "-":
        yield text_writer(sys.stdout, ".jsonl", model.n_topics, selection, labels, options.further)
    else:
        with open_writer(
            options.output,
            model.n_topics,
            selection,
            labels=labels,
            overwrite=options.overwrite,
            mallet=options.mallet_form,
            further=options.further,
        ) as writer:
            yield writer


@contextmanager
def _state_writer(options: TransformOptions, model: Model) -> Iterator[TokenWriter | None]:
    from lda.transform.state_writers import open_state_writer

    if options.output_state is None:
        yield None
        return
    with open_state_writer(options.output_state, model, overwrite=options.overwrite) as writer:
        yield writer


def _stream(
    model: Model,
    batches: Iterator[DocumentBatch],
    writer: Writer,
    state: TokenWriter | None,
    options: TransformOptions,
    followers: Followers,
) -> dict[str, int]:
    """Infer and write batch by batch, each to its end; the sums for the report."""
    from lda.transform.carried_fields import carried_columns
    from lda.transform.state_writers import StatedDocuments, in_text_order

    frozen = model.frozen(threads=options.threads, device=options.device)
    seed = model.record.seed if options.seed is None else options.seed
    names = ("n_documents", "n_empty_documents", "n_without_text", "n_tokens", "n_unknown")
    counts = dict.fromkeys(names, 0)
    said = started = time.monotonic()
    followers.stage("inferring")
    for batch in batches:
        if state is None:
            theta = frozen.transform(batch.doc_offsets, batch.words, seed=seed)
        else:
            theta, _, topics = frozen.theta_and_topics(batch.doc_offsets, batch.words, seed=seed)
            placed = in_text_order(batch.doc_offsets, batch.words, topics)
            state.add(StatedDocuments(batch.ids, batch.doc_offsets, batch.words, placed))
        further = carried_columns(batch.metadata, options.keep, len(batch.ids))
        if options.unknown:
            assert batch.unknown is not None
            further += [(batch.doc_offsets[1:] - batch.doc_offsets[:-1]).tolist(), batch.unknown.tolist()]
        writer.write(batch.ids, theta, further)
        if options.output == "-":
            sys.stdout.flush()  # whoever reads it may wait for it
        counts["n_documents"] += len(batch.ids)
        counts["n_empty_documents"] += int((batch.doc_offsets[1:] == batch.doc_offsets[:-1]).sum())
        counts["n_without_text"] += batch.n_without_text
        counts["n_tokens"] += len(batch.words)
        counts["n_unknown"] += batch.n_unknown
        followers.documents(counts["n_documents"])
        now = time.monotonic()
        if now - said >= SECONDS_BETWEEN_LINES:
            said = now
            rate = counts["n_documents"] / (now - started)
            options.console.progress.note(f"{counts['n_documents']:,} documents, {rate:,.0f} a second")
    if not counts["n_documents"]:
        from lda.corpus import DataError

        raise DataError(f"{names_of(options.inputs)} holds no documents; check the input")
    return counts


def _report(options: TransformOptions, counts: dict[str, Any]) -> None:
    progress, known, unknown = options.console.progress, counts["n_tokens"], counts["n_unknown"]
    if unknown and not known:
        progress.warn("warning: the model knows none of the words, so every document got the prior")
    where = "standard output" if options.output == "-" else options.output
    without = f", {counts['n_without_text']:,} for want of a text field" if counts["n_without_text"] else ""
    progress.note(
        f"wrote the topics of {plural(counts['n_documents'], 'document')} to {where} in {counts['seconds']:.1f} s "
        f"({counts['n_empty_documents']:,} without known words{without}, "
        f"{unknown:,} of {known + unknown:,} words unknown)"
    )
    places = {"model": without_keys(options.model), "output": without_keys(options.output)}
    options.console.result({**places, **counts}, lambda: "")
