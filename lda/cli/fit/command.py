"""`lda fit`: from documents to a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from lda.cli.cluster_options import cluster_options, reach_early
from lda.cli.command_line import command_line
from lda.cli.console import Console, output_options
from lda.cli.fit.checkpoints import CheckpointOptions, Checkpoints, checkpoint_options, once
from lda.cli.fit.input import opened_corpus
from lda.cli.fit.outputs import Fitted, Output, Targets
from lda.cli.fit.settings import alpha_of_mallet, setting_options
from lda.cli.gathering import gathered, taking
from lda.cli.help import SPELLED, Command
from lda.cli.option import Heading, option
from lda.cli.signals import finish_on_interrupt
from lda.cli.sources import SourceOptions, source_options
from lda.cli.terminal import columns
from lda.cli.text_options import TextOptions, text_options
from lda.cli.topic_table import topic_table
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from rich.text import Text

    from lda.cluster import Cluster, FitResult, FitSettings, Runtime, SweepRecord
    from lda.corpus import Corpus
    from lda.model.model import Topic
    from lda.model.run_record import RunRecord

TOPICS_PRINTED: Final = 30  # more than that would scroll the result away
HISTORY: Final = ("sweep", "seconds", "log_likelihood", "heldout")
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """What `lda fit` is asked for. top_words: of each topic, printed at the end."""

    inputs: tuple[str, ...]
    source: SourceOptions
    text: TextOptions
    settings: FitSettings
    targets: Targets
    checkpoints: CheckpointOptions
    cluster: Cluster | None
    top_words: int
    console: Console


@click.command(
    cls=Command,
    essentials=(
        "output", "topics", "sweeps", "seed", "text", "id", "stop_words", "min_df", "max_df", "address", "resume",
        "overwrite",
    ),
    examples=(
        "lda fit speeches.jsonl --text text --stop-words en -k 30 -o model/",
        "lda fit corpus/ -k 1000 -n 1000 -o model/ --resume",
        "lda fit papers.csv --text title,abstract --id doi --min-df 5 --max-df 0.5 -k 100 -o model/",
        "lda fit docword.nips.txt.gz --vocab vocab.nips.txt -k 50 --num-iterations 500 -o model/",
        "lda fit corpus/ -k 100 --validation-fraction 0.05 --tol 0.001 -o model/ --json",
        "lda fit /shared/corpus -k 1000 -o /shared/model --address auto --workers 8",
    ),
)  # fmt: skip
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@option(
    "-o",
    "--output",
    "--output-model",
    required=True,
    metavar="MODEL",
    heading=Heading.OUTPUT,
    help="Folder (or s3://, gs:// URI) to write the model to.",
    brief="Folder to write the model to.",
)
@setting_options
@source_options
@text_options
@option(
    "--top-words",
    "--num-top-words",
    type=int,
    default=10,
    heading=Heading.OUTPUT,
    help="Words per topic to print at the end; 0: no topics.",
)
@option(
    "--output-doc-topics",
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="Write the documents' topics: .parquet, .jsonl, .csv, .tsv, .npy.",
)
@option(
    "--output-topic-keys",
    metavar="FILE",
    heading=Heading.OUTPUT,
    help="Write the topics: number, alpha, words (tab-separated).",
)
@cluster_options
@checkpoint_options
@option("--overwrite", is_flag=True, heading=Heading.OUTPUT, help="Replace a model, or files, that exist.")
@output_options
@gathered("targets", Targets.asked_for)
@taking(FitOptions)
def fit(options: FitOptions) -> None:
    """Fit topics to documents and write the model to a folder.

    INPUT is a folder of text files, a file (.txt with a document on each line, .jsonl, .csv, .tsv, .parquet, UCI
    docword, Matrix Market, LDA-C, SVMlight, .npz; also compressed), a corpus folder made by `lda corpus build`, a pipe,
    or - for standard input. Ctrl-C ends the run early and keeps the model so far. The same command with --resume goes
    on from the last checkpoint, to the same model as if nothing had happened, and does nothing if all is done.
    """
    ctx = click.get_current_context()
    settings, cluster, console = options.settings, options.cluster, options.console
    command = command_line(ctx, seed=settings.seed)
    checkpoints = Checkpoints.of(options.checkpoints, options.targets)
    checkpoints.check(options.targets)
    ctx.with_resource(checkpoints.alone(console.progress.warn))
    targets = options.targets.replacing(checkpoints.resume)
    targets.check([*options.inputs, options.source.vocabulary])
    recipe = options.text.recipe(options.source)
    if (told := alpha_of_mallet(settings, ctx.meta[SPELLED])) is not None:
        console.progress.warn(told)
    if settings.device == "cuda" and cluster is None:
        from lda.samplers.cuda.available import check_device

        check_device()  # before the input is read; on a cluster the workers say what they have
    n_words = max(options.top_words, 0)
    resumed_from: int | None
    if cluster is None:
        from lda.cluster.sweeping.compile_ahead import begin_fit

        begin_fit(settings)
    ready = reach_early(cluster, options.inputs, finished=checkpoints.has_model(targets.model))
    with opened_corpus(console, options.inputs, options.source, recipe, ready, threads=settings.threads) as (
        corpus,
        seconds_read,
    ):
        done = checkpoints.finished(targets.model, settings, corpus, complete=targets.others_exist())
        if done is not None:
            console.progress.warn(f"{targets.model} is finished already; nothing to resume")
            fitted, resumed_from = Fitted.of(done, n_words), done.record.n_sweeps
        else:
            with Output(targets, n_words) as output:
                with checkpoints.remedied(command, console.progress.warn):
                    result, resumed_from = _run(
                        console, corpus, settings, checkpoints, cluster, output, ctx.obj
                    )
                record = _record(result, corpus, seconds_read, command)
                # Of a fit on a cluster the driver reads no documents, however many there are.
                fitted = output.finish(result, corpus, record, remember=cluster is None)
            console.progress.note(f"wrote {targets.model} (fingerprint {fitted.fingerprint[:12]})")
    run = fitted.record
    if not run.interrupted:
        checkpoints.discard_at_end(console.progress.warn)
    _report(console, fitted, targets.model, n_words, resumed_from)
    if run.interrupted:
        console.progress.warn(
            f"interrupted after {run.n_sweeps} sweeps; the model so far is in {targets.model}; "
            + checkpoints.remedy(command)
        )
        ctx.exit(INTERRUPTED)


def _record(result: FitResult, corpus: Corpus, seconds_read: float, command: str) -> RunRecord:
    from lda.corpus.terms import has_names
    from lda.model.run_record import RunRecord

    named = has_names(corpus.vocabulary)
    return RunRecord.from_fit(result, corpus, named_terms=named, seconds_read=seconds_read, command=command)


def _run(
    console: Console,
    corpus: Corpus,
    settings: FitSettings,
    checkpoints: Checkpoints,
    cluster: Cluster | None,
    output: Output,
    runtime: Runtime | None,
) -> tuple[FitResult, int | None]:
    """The fit, and the sweep of an earlier run after which it began. runtime: as of `lda.cluster.fit`."""
    from lda.cluster import fit as fit_corpus
    from lda.corpus import DataError
    from lda.samplers.cuda.available import DeviceError

    warn = once(console.progress.warn)
    resumed_from = checkpoints.begin(
        settings, corpus, console.progress.note, warn, on_cluster=cluster is not None
    )
    began: list[int] = []
    progress = console.progress.fit(settings, corpus.n_documents)
    with finish_on_interrupt(console.progress.warn) as interrupted, progress as tell:

        def note(record: SweepRecord) -> bool | None:
            if not began:
                checkpoints.swept()
                interrupted.keep()
                began.append(record.sweep - 1)
            return tell(record)

        try:
            result = fit_corpus(
                corpus,
                settings,
                on_sweep=note,
                on_start=tell.on_start,
                interrupted=interrupted,
                document_topics=output.wants_document_topics,
                checkpointing=checkpoints.settings,
                cluster=cluster,
                counts_to=output.counts_to,
                warn=warn,
                runtime=runtime,
            )
        except DeviceError:
            raise
        except ValueError as error:  # the settings do not fit this corpus
            raise DataError(str(error)) from error
    if resumed_from is not None and began:
        # Workers may have found that checkpoint damaged, and used one before.
        resumed_from = began[0] or None
    return result, resumed_from


def _report(console: Console, fitted: Fitted, path: str, n_words: int, resumed_from: int | None) -> None:
    run = fitted.record
    value = {
        "model": without_keys(path),
        "n_documents": run.n_documents,
        "n_empty_documents": run.n_empty_documents,
        "n_tokens": run.n_tokens,
        "n_terms": fitted.n_terms,
        "n_topics": len(fitted.topics),
        "sampler": run.settings["sampler"],
        "seed": run.seed,
        "sweeps": run.n_sweeps,
        "interrupted": run.interrupted,
        "resumed_from": resumed_from,
        "seconds": run.seconds,
        "tokens_per_second": run.tokens_per_second,
        "history": [{name: row[name] for name in HISTORY} for row in run.history],
        "fingerprint": fitted.fingerprint,
    }
    console.result(value, lambda: _largest_topics(console, fitted.topics, path, n_words))


def _largest_topics(console: Console, topics: list[Topic], path: str, n_words: int) -> str | Text:
    if n_words <= 0:
        return ""
    if len(topics) > TOPICS_PRINTED:
        console.progress.note(f"the {TOPICS_PRINTED} largest of {len(topics)} topics; all: lda topics {path}")
        largest = sorted(topics, key=lambda topic: -topic.tokens)[:TOPICS_PRINTED]
        topics = sorted(largest, key=lambda topic: topic.number)
    return topic_table(topics, width=columns())
