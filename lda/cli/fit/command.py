"""`lda fit`: from documents to a model."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from lda.cli.cluster_options import cluster_options, reach_early
from lda.cli.command_line import command_line
from lda.cli.console import output_options
from lda.cli.document_options import document_options
from lda.cli.fit.alignment import align_option, check_finished
from lda.cli.fit.beginnings import (
    begin_options,
    known_to,
    onward_settings,
    origin_of,
    settings_for,
    state_corpus,
)
from lda.cli.fit.checkpoints import Checkpoints, checkpoint_options, once
from lda.cli.fit.group_options import group_options
from lda.cli.fit.input import opened_corpus
from lda.cli.fit.mallet_names import mallet_options, with_inputs
from lda.cli.fit.options import FitOptions
from lda.cli.fit.output_files import output_file_options
from lda.cli.fit.outputs import Fitted, Output
from lda.cli.fit.periods import period_options
from lda.cli.fit.seeds import seed_options
from lda.cli.fit.settings import setting_options, warn_of_mallet
from lda.cli.fit.window import InWindow, in_window, window_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.monitor_options import monitor_options
from lda.cli.option import Heading, option
from lda.cli.shared_options import overwrite_option
from lda.cli.signals import finish_on_interrupt
from lda.cli.sources import line_options, source_options
from lda.cli.terminal import columns
from lda.cli.text_options import text_options
from lda.cli.topic_table import topic_table
from lda.corpus.presentable import without_keys
from lda.progress import events_to, whole_fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from lda.cli.console import Console
    from lda.cli.fit.beginnings import Origin
    from lda.cli.fit.outputs import Targets
    from lda.cli.fit.periods import Periods
    from lda.cluster import Beginning, Cluster, FitResult, FitSettings, Runtime, SweepRecord
    from lda.cluster.counts.word_prior import WordPrior
    from lda.corpus import Corpus
    from lda.labels.labels import Labels
    from lda.model.model import Model
    from lda.model.run_record import RunRecord
    from lda.monitoring.followers import Followers
    from lda.progress import OnSweep
    from lda.seed_words import SeedWords

TOPICS_PRINTED: Final = 30  # more than that would scroll the result away
HISTORY: Final = ("sweep", "seconds", "log_likelihood", "heldout")
INTERRUPTED: Final = 130


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
        "lda fit speeches.jsonl --text text -k 20 --over year --bin decade -o model/",
        "lda fit more.jsonl --text text --init-from model/ -n 100 -o onward/",
        "lda fit speeches.jsonl --text text -k 20 --group-by party -o models/",
        "lda fit /shared/corpus -k 1000 -o /shared/model --address auto --workers 8",
    ),
)  # fmt: skip
@inputs_argument(required=False, callback=with_inputs)
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
@begin_options
@window_options
@align_option
@group_options
@seed_options
@mallet_options
@source_options
@line_options
@document_options
@text_options
@option(
    "--top-words",
    "--num-top-words",
    type=int,
    heading=Heading.OUTPUT,
    help="Words per topic to print at the end; 0: no topics. Also those in files.  [default: 10, in files 20]",
    brief="Words per topic to print at the end; 0: no topics.",
)
@period_options
@output_file_options
@option(
    "--mlflow",
    metavar="URI",
    heading=Heading.OUTPUT,
    help="Keep the run and the model in MLflow: a server, or a store as sqlite:///mlflow.db. The experiment is that of "
    "MLFLOW_EXPERIMENT_NAME, or raylda.",
)
@cluster_options
@checkpoint_options
@monitor_options(log_unasked=True)
@overwrite_option(help="Replace a model, or files, that exist.")
@output_options
@taking(FitOptions)
def fit(options: FitOptions) -> None:
    """Fit topics to documents and write the model to a folder.

    INPUT is a folder of text files, a file (.txt with a document on each line, .jsonl, .csv, .tsv, .parquet, .h5ad, UCI
    docword, Matrix Market, LDA-C, SVMlight, .low, .npz; also compressed), a corpus folder made by `lda corpus build`, a
    pipe, or - for standard input; with --input-state it may be left out. Ctrl-C ends the run early and keeps the model
    so far. The same command with --resume goes on from the last checkpoint, to the same model as if nothing had
    happened, and does nothing if all is done. With --group-by there is a model for each value of a field, in a folder
    below MODEL; --resume then fits those that are missing or failed.
    """
    read = [*options.inputs, options.source.vocabulary, options.begin.input_state]
    with options.monitoring.following(
        "fit", options.console.progress, options.output, read=read, log_unasked=True
    ) as followers:
        if options.groups is None:
            _fit(options, followers)
            return
        from lda.cli.fit.groups import fit_groups

        fit_groups(options, options.groups, followers)


def _fit(options: FitOptions, followers: Followers) -> None:
    """One model, of which followers are told."""
    ctx = click.get_current_context()
    cluster, console = options.cluster, options.console
    origin = origin_of(options.begin, options.inputs)
    other = _other(options.align_to)
    settings = settings_for(origin, options.settings)
    asked = options.targets()
    checkpoints = Checkpoints.of(options.checkpoints, asked)
    checkpoints.check(asked)
    ctx.with_resource(checkpoints.alone(console.progress.warn, asked.model))
    targets = asked.replacing(checkpoints.resume)
    read = [*options.inputs, options.source.vocabulary, options.begin.input_state]
    targets.check(read)
    options.periods.check(targets, read)
    recipe = options.text.recipe(options.source)
    options.documents.steps()  # told of before anything is read
    run = _Run(
        console=console,
        settings=settings,
        seeds=options.seeds.read(settings.n_topics),
        origin=origin,
        align_to=other,
        checkpoints=checkpoints,
        targets=targets,
        n_words=options.n_words,
        cluster=cluster,
        callbacks=_callbacks(options.mlflow),
        followers=followers,
        command=command_line(ctx, seed=settings.seed),
        runtime=ctx.obj,
    )
    options.lines.readers(options.source)
    warn_of_mallet(settings, console.progress.warn)
    if settings.device == "cuda" and cluster is None:
        from lda.samplers.cuda.available import check_device

        check_device()  # before the input is read; on a cluster the workers say what they have
    if cluster is None:
        from lda.cluster.sweeping.compile_ahead import begin_fit

        begin_fit(settings)
    window, inside = options.window.chosen(), list[InWindow]()

    def chosen(corpus: Corpus, folder: str) -> Corpus:
        assert window is not None
        made, found = in_window(corpus, window, folder, console)
        inside.append(found)
        return made

    # The corpus of a window lies in a temporary folder, which workers have to see.
    ready = reach_early(
        cluster,
        [] if window is not None else options.inputs,
        finished=checkpoints.has_model(targets.model),
        chosen=bool(options.documents.where),
    )
    followers.stage("reading")
    opened = (
        state_corpus(origin, console)
        if origin is not None and not options.inputs
        else opened_corpus(
            console,
            options.inputs,
            options.source,
            options.lines,
            recipe,
            ready,
            threads=settings.threads,
            chosen=None if window is None else chosen,
            steps=options.documents.steps(),
        )
    )
    periods = None
    with opened as (corpus, seconds_read):
        options.periods.check_corpus(corpus)
        whole, which = (inside[0].whole, inside[0].inside) if inside else (corpus, None)
        known = known_to(origin, whole, which)
        run = replace(
            run,
            settings=onward_settings(run.settings, known, console.progress.note),
            origin=None if origin is None else origin.new_from(known.first),
        )
        fitted, resumed_from = run.of(corpus, seconds_read, inside[0].part if inside else None)
        if not fitted.record.interrupted:
            periods = options.periods.of(targets, corpus, console, settings.threads)
    if not fitted.record.interrupted:
        checkpoints.discard_at_end(console.progress.warn)
    _report(console, fitted, targets.model, options.n_words, resumed_from, periods)
    if fitted.record.interrupted:
        console.progress.warn(
            f"interrupted after {fitted.record.n_sweeps} sweeps; the model so far is in {targets.model}; "
            + checkpoints.remedy(run.command)
        )
        ctx.exit(INTERRUPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run of the command: what was asked for, and what was found before any document was read.

    Attributes:
        align_to: the model whose topic numbers are wanted, or None.
        targets: what is written, and may be replaced.
        n_words: of each topic, for the summary.
        callbacks: told of the fit, and of its model.
        followers: told of the fit; not of its model, which would be opened for that.
        command: repeats the run.
        runtime: as of `lda.cluster.fit`.
    """

    console: Console
    settings: FitSettings
    seeds: SeedWords | None
    origin: Origin | None
    align_to: Model | None
    checkpoints: Checkpoints
    targets: Targets
    n_words: int
    cluster: Cluster | None
    callbacks: Sequence[OnSweep]
    followers: Followers
    command: str
    runtime: Runtime | None

    def of(
        self, corpus: Corpus, seconds_read: float, part_of: dict[str, str] | None
    ) -> tuple[Fitted, int | None]:
        """The model of the documents, and the sweep after which this run took it up; None for the beginning.

        part_of: what they are a part of, for the record. A model that an earlier run has finished stays as it is.
        """
        progress = self.console.progress
        self.settings.check_tokens(corpus.n_tokens)
        begin = None if self.origin is None else self.origin.beginning(corpus, progress.note)
        prior = (
            None
            if self.seeds is None
            else self.seeds.prior(list(corpus.vocabulary), self.settings.n_topics, progress.warn)
        )
        done = self._finished(corpus, begin, prior)
        if done is not None:
            progress.warn(f"{self.targets.model} is finished already; nothing to resume")
            return Fitted.of(done, self.n_words), done.record.n_sweeps
        fitted, resumed_from = self._fitted(corpus, seconds_read, part_of, begin, prior)
        progress.note(f"wrote {self.targets.model} (fingerprint {fitted.fingerprint[:12]})")
        # A model of a cluster may be larger than this machine.
        if (
            self.seeds is not None
            and self.cluster is None
            and (lost := _outvoted(self.seeds, self.targets.model)) is not None
        ):
            progress.warn(f"warning: {lost}")
        return fitted, resumed_from

    def _finished(self, corpus: Corpus, begin: Beginning | None, prior: WordPrior | None) -> Model | None:
        """The model of an earlier run that was to give the same; None if there is still work to do."""
        done = self.checkpoints.finished(
            self.targets.model,
            self.settings,
            corpus,
            begin,
            complete=self.targets.others_exist(),
            prior=prior,
        )
        if done is None or check_finished(
            done, self.align_to, self.targets.model, overwrite=self.checkpoints.overwrite
        ):
            return done
        return None

    def _fitted(
        self,
        corpus: Corpus,
        seconds_read: float,
        part_of: dict[str, str] | None,
        begin: Beginning | None,
        prior: WordPrior | None,
    ) -> tuple[Fitted, int | None]:
        """A new model, written with all other files; and the sweep after which the fit began."""
        seeds = self.seeds
        with (
            Output(self.targets, self.n_words) as output,
            whole_fit([*self.callbacks, *self.followers], self.settings, corpus) as finished,
        ):
            with self.checkpoints.remedied(self.command, self.console.progress.warn):
                result, resumed_from = self._swept(corpus, prior, begin, output)
            # Of a fit on a cluster the driver reads no documents, however many there are.
            fitted = output.finish(
                result,
                corpus,
                _record(
                    result, corpus, seconds_read, self.command, seeds, _parent(self.origin, begin), part_of
                ),
                remember=self.cluster is None,
                labels=_labels(self.origin, seeds, result),
                align_to=self.align_to,
            )
            if self.callbacks:
                from lda.model.model import Model

                finished(Model.load(self.targets.model, verify=False))
        return fitted, resumed_from

    def _swept(
        self, corpus: Corpus, prior: WordPrior | None, begin: Beginning | None, output: Output
    ) -> tuple[FitResult, int | None]:
        """The sweeps, and the one of an earlier run after which they began."""
        from lda.cluster import fit as fit_corpus
        from lda.corpus import DataError
        from lda.samplers.cuda.available import DeviceError

        checkpoints, shown = self.checkpoints, self.console.progress
        warn = once(shown.warn)
        resumed_from = checkpoints.begin(
            self.settings, corpus, begin, shown.note, warn, on_cluster=self.cluster is not None, prior=prior
        )
        began: list[int] = []
        told = [*self.callbacks, *self.followers]
        progress = shown.fit(self.settings, corpus.n_documents, told, begin=begin)
        with finish_on_interrupt(shown.warn) as interrupted, progress as tell:

            def note(record: SweepRecord) -> bool | None:
                if not began:
                    checkpoints.swept()
                    interrupted.keep()
                    began.append(record.sweep - 1)
                return tell(record)

            try:
                result = fit_corpus(
                    corpus,
                    self.settings,
                    on_sweep=note,
                    on_start=tell.on_start,
                    interrupted=interrupted,
                    document_topics=output.wants_document_topics,
                    token_topics=output.wants_token_topics,
                    begin=begin,
                    checkpointing=checkpoints.settings,
                    cluster=self.cluster,
                    counts_to=output.counts_to,
                    warn=warn,
                    on_event=events_to(told),  # warnings reach followers by way of the console
                    runtime=self.runtime,
                    word_prior=None if prior is None else prior.counts,
                    frozen_topics=() if prior is None else prior.frozen,
                )
            except DeviceError:
                raise
            except ValueError as error:  # the settings do not fit this corpus
                raise DataError(str(error)) from error
        if resumed_from is not None and began:
            # Workers may have found that checkpoint damaged, and used one before.
            resumed_from = began[0] or None
        return result, resumed_from


def _other(place: str | None) -> Model | None:
    """The model whose topic numbers are wanted. Raises `DataError`."""
    if place is None:
        return None
    from lda.model.model import Model

    return Model.load(place)


def _callbacks(uri: str | None) -> list[OnSweep]:
    """What is told of the fit beside the console. Raises `MissingPackageError` where MLflow is wanted and absent."""
    if uri is None:
        return []
    from lda.interop.mlflow_tracker import EXPERIMENT, MlflowTracker

    return [MlflowTracker(os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT, uri)]


def _parent(origin: Origin | None, begin: Beginning | None) -> dict[str, str] | None:
    """What the record says of the origin of a fit, and that by which a resumed fit knows it again."""
    if origin is None or begin is None:
        return None
    from lda.cluster.checkpoints.identity import BEGIN
    from lda.cluster.counts.beginning_digest import digest_of

    return origin.parent | {BEGIN: digest_of(begin)}


def _labels(origin: Origin | None, seeds: SeedWords | None, result: FitResult) -> Labels | None:
    """Names of the topics: those of the origin, and over them those of the seeds."""
    known = None if origin is None else origin.labels
    return known if seeds is None else seeds.labels_over(known, result.word_prior)


def _record(
    result: FitResult,
    corpus: Corpus,
    seconds_read: float,
    command: str,
    seeds: SeedWords | None,
    parent: dict[str, str] | None,
    part_of: dict[str, str] | None,
) -> RunRecord:
    from lda.corpus.terms import has_names
    from lda.model.run_record import RunRecord

    named = has_names(corpus.vocabulary)
    return RunRecord.from_fit(
        result,
        corpus,
        named_terms=named,
        seconds_read=seconds_read,
        command=command,
        parent=parent,
        seed_words=None if seeds is None else seeds.to_dict(),
        part_of=part_of,
    )


def _outvoted(seeds: SeedWords, path: str) -> str | None:
    """A line on topics of the model, just written, that are not about their seed words."""
    from lda.model.model import Model

    model = Model.load(path, verify=False)  # its counts stay in their file
    if model.word_prior is None:
        return None
    return seeds.outvoted(model.vocabulary, model.document_counts, model.word_prior, model.beta)


def _report(
    console: Console,
    fitted: Fitted,
    path: str,
    n_words: int,
    resumed_from: int | None,
    periods: Periods | None,
) -> None:
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
        **({} if periods is None else {"over": periods.to_dict()}),
    }
    console.result(value, lambda: _tables(console, fitted, path, n_words, periods))


def _tables(console: Console, fitted: Fitted, path: str, n_words: int, periods: Periods | None) -> str | Text:
    topics = _largest_topics(console, fitted, path, n_words)
    if periods is None:
        return topics
    console.progress.note(periods.note())
    table = periods.text(columns())
    return table if isinstance(topics, str) else topics.append("\n\n").append(table)


def _largest_topics(console: Console, fitted: Fitted, path: str, n_words: int) -> str | Text:
    topics = fitted.topics
    if n_words <= 0:
        return ""
    if len(topics) > TOPICS_PRINTED:
        console.progress.note(f"the {TOPICS_PRINTED} largest of {len(topics)} topics; all: lda topics {path}")
        largest = sorted(topics, key=lambda topic: -topic.tokens)[:TOPICS_PRINTED]
        topics = sorted(largest, key=lambda topic: topic.number)
    return topic_table(topics, width=columns(), labels=fitted.labels)
