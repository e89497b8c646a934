"""`lda tune`: many models of the same documents, compared on documents that none has seen."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from lda.cli.cluster_options import worker_options
from lda.cli.command_line import command_line
from lda.cli.console import Console, output_options
from lda.cli.errors import FAILURE
from lda.cli.fit.settings import field_option
from lda.cli.gathering import gathered, taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.monitor_options import MonitorOptions, monitor_options
from lda.cli.option import Function, Heading, Option, option
from lda.cli.shared_options import overwrite_option, threads_option
from lda.cli.signals import terminate_as_interrupt, unhurried
from lda.cli.sources import LineOptions, SourceOptions, line_options, names_of, source_options, stored_inputs
from lda.cli.text_options import TextOptions, text_options
from lda.cli.tune.duration import take_time, written
from lda.cli.tune.listener import listening
from lda.cli.tune.space_options import OF_TEXT, SpaceOptions, lists_of_text, space_options
from lda.corpus.presentable import without_keys
from lda.experiments.study.space import COMMON_SETTINGS, NO_STOP_WORDS, stop_lists_of
from lda.fit_fields import FIELDS
from lda.progress import plural

if TYPE_CHECKING:
    from lda.cli.sources import StoredInputs
    from lda.cluster import Cluster
    from lda.corpus import Recipe
    from lda.experiments.study.running.documents import ReadDocuments
    from lda.experiments.study.running.plan import Keep, StudyPlan
    from lda.experiments.study.tuning import StudyResult

COMMON: Final = tuple(row for row in FIELDS if row.setting in ("seed", *COMMON_SETTINGS))
"""Settings that all trials share; the others are searched, or are a study's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneOptions:
    """What `lda tune` is asked for. time: seconds; None for no end."""

    inputs: tuple[str, ...]
    output: str | None
    show: bool
    space: SpaceOptions
    text_lists: dict[str, Any]
    common: dict[str, Any]
    source: SourceOptions
    lines: LineOptions
    text: TextOptions
    test_fraction: float
    heldout: tuple[str, ...]
    near_duplicates: float | None
    reference: tuple[str, ...]
    criteria: bool
    time: float | None
    threads: int | None
    at_once: int | None
    cluster: Cluster | None
    keep: Keep
    no_page: bool
    resume: bool
    overwrite: bool
    monitoring: MonitorOptions
    console: Console

    @property
    def cores(self) -> int:
        """Of this machine, in all."""
        from lda.corpus.machine import available_cores

        return self.threads or available_cores()

    def recipe_of(self, parameters: dict[str, Any]) -> Recipe:
        """The recipe for values of its parameters. Raises click.UsageError, DataError."""
        text = self.text
        for name in ("min_df", "max_df"):
            if name in parameters:
                text = replace(text, **{name: parameters[name]})
        if lists := stop_lists_of(parameters.get("stop_words", NO_STOP_WORDS)):
            text = replace(text, stop_lists=(*lists, *text.stop_lists))
        return text.recipe(self.source)


def _common(**values: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of the table each
    """Fields of `FitSettings`."""
    return {row.setting: values[row.option] for row in COMMON}


def common_options(command: Function) -> Function:
    """Settings that all trials share; the command gets them as `common`."""
    return gathered("common", _common, *map(field_option, COMMON), names=[row.option for row in COMMON])(
        command
    )


@click.command(
    cls=Command,
    essentials=(
        "output", "topics", "seeds", "sweeps", "search", "halving", "time", "text", "stop_words", "address", "resume",
        "show",
    ),
    examples=(
        "lda tune speeches.jsonl --text text --stop-words en -k 20,50,100 --seeds 3 -o study/",
        "lda tune corpus/ -k 20,50,100,200 --seeds 3 -o study/ --resume",
        "lda tune papers.csv --text abstract -k 20,50 --min-df 2,10 --stop-words en,none -o study/",
        "lda tune corpus/ -k 20-400 --alpha 0.01-1 --search bayes --candidates 30 --halving -o study/",
        "lda tune corpus/ -k 50,100,200 --seeds 3 --time 10m -o study/",
        "lda tune /shared/corpus -k 100,200 --seeds 3 -o /shared/study --address auto --workers 8",
        "lda tune study/ --show",
    ),
)  # fmt: skip
@inputs_argument()
@option(
    "-o",
    "--output",
    metavar="STUDY",
    heading=Heading.OUTPUT,
    help="Folder to write the study to.",
)
@space_options
@lists_of_text
@common_options
@option(
    "--test-fraction",
    type=float,
    metavar="SHARE",
    default=0.1,
    heading=Heading.EVALUATION,
    help="Share of the documents that no trial is trained on, and all are scored on; chosen by a hash of their ids.",
)
@option(
    "--heldout",
    multiple=True,
    metavar="INPUT",
    heading=Heading.EVALUATION,
    help="Score on these documents instead, read in the same way.",
)
@option(
    "--near-duplicates",
    type=float,
    metavar="SIMILARITY",
    heading=Heading.EVALUATION,
    help="Keep documents this similar (0.5 to 1) on one side; those of the same words are anyway.",
)
@option(
    "--reference",
    multiple=True,
    metavar="INPUT",
    heading=Heading.EVALUATION,
    help="Documents in which NPMI looks for words together.  [default: those of the training]",
)
@option(
    "--criteria",
    is_flag=True,
    heading=Heading.EVALUATION,
    help="Add the criteria of Griffiths, Cao Juan, Arun and Deveaud; read what they are worth first.",
)
@option(
    "--time",
    metavar="TIME",
    callback=take_time,
    heading=Heading.SEARCH,
    help="Begin no trial that would not end within this time: 90s, 10m, 1h30m. --resume goes on later.",
    brief="Time for all of it: 90s, 10m, 1h30m.",
)
@threads_option
@option(
    "--at-once",
    type=click.IntRange(min=0),
    heading=Heading.MACHINE,
    help="Trials side by side, each in a process; 0: in this process, one by one.  [default: as many as cores]",
)
@source_options
@line_options
@text_options
@worker_options
@option(
    "--keep",
    type=click.Choice(["all", "best", "none"]),
    default="all",
    heading=Heading.OUTPUT,
    help="Which models stay at the end; best: those of the settings that the recommendation ends with.",
)
@option("--no-page", is_flag=True, heading=Heading.OUTPUT, help="Write no study.html.")
@option(
    "--resume",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Go on with the study of this command, if it was cut off or ran out of time.",
    brief="Go on with a study that was cut off.",
)
@monitor_options()
@overwrite_option(help="Replace a study that exists.")
@option(
    "--show",
    is_flag=True,
    heading=Heading.OUTPUT,
    help="Print the results of a study again: INPUT is its folder.",
    brief="Print the results of the study INPUT again.",
)
@output_options
@taking(TuneOptions)
def tune(options: TuneOptions) -> None:
    """Fit models with many settings, compare them on documents that none has seen, and say which serve.

    INPUT is all that `lda fit` takes. Options of the sampler that list values (-k, --alpha, --beta, --sampler,
    --sweeps, --phases), and --min-df, --max-df and --stop-words, take several, separated by commas: 20,50,100 or
    en,none. With --search random or bayes those of numbers also take a range, 20-400. Stop-word lists that add up are
    joined by a plus: en+FILE. All trials have the same documents to train on, and the same to be scored on.

    STUDY gets a folder for each trial, with its model, trials.csv and study.html. Ctrl-C, and even a power cut, loses
    nothing: the same command with --resume goes on. Trials are the same, bit for bit, however many run side by side,
    in processes here or, with --address, on the workers of a cluster, all of which must see the folder of the study.
    """
    if options.show:
        _show(options)
        return
    ctx = click.get_current_context()
    for value, flag in ((options.output, "'-o' / '--output'"), (options.space.topics, "'-k' / '--topics'")):
        if value is None:
            raise click.UsageError(f"Missing option {flag}.")
    assert options.output is not None
    if options.resume and options.overwrite:
        raise click.UsageError("--resume and --overwrite exclude each other")
    time = None if options.time is None else written(options.time)
    command = command_line(ctx, seed=options.common["seed"], time=time)
    folder = Path(options.output)
    with (
        options.monitoring.following(
            "tune", options.console.progress, options.output, read=[*options.inputs, *options.heldout]
        ) as followers,
        unhurried(),
        terminate_as_interrupt(),
        stored_inputs(options.inputs, options.source.vocabulary) as stored,
        listening(options.console.progress, followers) as listener,
    ):
        from lda.corpus.storage.output_target import check_apart
        from lda.experiments.study.running.study_run import Workers
        from lda.experiments.study.tuning import check_folder, run_study

        check_folder(folder, resume=options.resume, overwrite=options.overwrite)
        check_apart(
            folder, [*options.inputs, *options.heldout, *options.reference, options.source.vocabulary]
        )
        try:
            plan = _plan(options, stored, ctx, command)
            listener.note(f"reading {names_of(options.inputs)}")
            result = run_study(
                plan,
                folder,
                workers=Workers(
                    cores=options.cores,
                    at_once=options.at_once,
                    cluster=options.cluster,
                    runtime=ctx.obj,
                ),
                listener=listener,
                seconds=options.time,
                page=not options.no_page,
                resume=options.resume,
                overwrite=options.overwrite,
            )
        except ValueError as error:
            if hasattr(type(error), "exit_code"):
                raise
            raise click.UsageError(str(error)) from error
    _report(options, result, command)


def _plan(options: TuneOptions, stored: StoredInputs, ctx: click.Context, command: str) -> StudyPlan:
    """What is asked for. Raises click.UsageError, ValueError, DataError."""
    from lda.experiments.study.running.documents import ReadDocuments
    from lda.experiments.study.running.plan import plan_of

    reading: dict[str, Any] = {**options.lines.reading(options.source), "vocabulary": stored.vocabulary}

    def documents(inputs: tuple[str | Path, ...], told: tuple[str, ...]) -> ReadDocuments:
        return ReadDocuments(inputs=inputs, reading=reading, told=told)

    space = options.space
    return plan_of(
        space.values(options.text_lists),
        documents=documents(tuple(stored.inputs), options.inputs),
        heldout=documents(options.heldout, ()) if options.heldout else None,
        test_fraction=options.test_fraction,
        recipe_of=options.recipe_of,
        seed=options.common["seed"],
        common={name: value for name, value in options.common.items() if name != "seed"},
        search=space.search,
        n_candidates=space.candidates,
        near_duplicates=options.near_duplicates,
        n_seeds=space.seeds,
        halving=space.halving,
        keep=options.keep,
        reference=documents(options.reference, ()) if options.reference else None,
        criteria=options.criteria,
        options=_document_words(ctx),
        command=command,
    )


def _document_words(ctx: click.Context) -> tuple[str, ...]:
    """The options on how documents become tokens that were given, but for those that list values."""
    words: list[str] = []
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if (
            not isinstance(parameter, Option)
            or parameter.heading not in (Heading.INPUT, Heading.TEXT)
            or name in OF_TEXT
            or ctx.get_parameter_source(name) in (ParameterSource.DEFAULT, None)
        ):
            continue
        value = ctx.params[name]
        each = value if isinstance(value, tuple) else (value,)
        flag = parameter.own_names[-1]
        words += [flag] if value is True else [word for one in each for word in (flag, str(one))]
    return tuple(without_keys(word) for word in words)


def _show(options: TuneOptions) -> None:
    """Print a study again, from its records."""
    from lda.cli.tune.results import results, study_json
    from lda.experiments.study.judging.summary import summary_of
    from lda.experiments.study.study import Study

    if len(options.inputs) != 1:
        raise click.UsageError(f"--show takes the folder of one study, got {len(options.inputs)}")
    study = Study.open(options.inputs[0])
    summary = study.summary(threads=options.cores)
    if options.criteria and not any(one.criteria for one in summary.candidates):
        summary = summary_of(study, criteria=True, threads=options.cores)
    options.console.result(study_json(study, summary), lambda: results(study, summary))


def _report(options: TuneOptions, result: StudyResult, command: str) -> None:
    from lda.cli.tune.results import results, study_json

    study, progress = result.study, options.console.progress
    options.console.result(study_json(study, result.summary), lambda: results(study, result.summary))
    if not options.no_page:
        progress.note(f"wrote {study.folder}{os.sep}study.html")
    states = [trial.state for trial in study.trials]
    if "failed" in states and "done" not in states and result.complete:
        progress.warn(f"no trial of {study.folder} has come to its end")
        click.get_current_context().exit(FAILURE)
    if not result.complete:
        left = sum(not trial.ended for trial in study.trials)
        progress.warn(f"the time is over, and {plural(left, 'trial')} left; to go on: {command} --resume")
