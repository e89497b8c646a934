"""`lda reproduce`."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from lda.cli.cluster_options import reach_early, worker_options
from lda.cli.console import Console, output_options
from lda.cli.document_options import DocumentOptions, document_options
from lda.cli.edited_target import check_new_model
from lda.cli.errors import DIFFERS
from lda.cli.fit.beginnings import BeginOptions, begin_options, read_origin, state_corpus
from lda.cli.fit.input import opened_corpus
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.inputs_argument import inputs_argument
from lda.cli.option import Heading, option
from lda.cli.shared_options import device_option, overwrite_option, threads_option, verify_option
from lda.cli.sources import LineOptions, SourceOptions, line_options, source_options
from lda.cli.text_options import imports_tokenizer, named_tokenizer
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from lda.cli.fit.beginnings import Origin
    from lda.cluster import Cluster
    from lda.cluster.spec.fit_settings import Device
    from lda.corpus import Corpus, Recipe
    from lda.experiments.history.reproduce import Repetition
    from lda.experiments.history.reproduction import Reproduction
    from lda.model.model import Model
    from lda.model.run_record import RunRecord

_SOURCE: Final = (
    "text", "id", "format", "vocabulary", "encoding", "encoding_errors", "layer", "on_error", "max_errors", "skipped",
)  # fmt: skip
_LINES: Final = {
    "pattern": "pattern_of_lines", "name": "name_group", "label": "label_group", "data": "data_group"
}  # fmt: skip
"""Names of fields of `LineOptions`, and of the options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReproduceOptions:
    """What `lda reproduce` is asked for. output: None to write nothing. threads: None for all cores."""

    model: str
    inputs: tuple[str, ...]
    corpus: str | None
    begin: BeginOptions
    output: str | None
    overwrite: bool
    source: SourceOptions
    lines: LineOptions
    documents: DocumentOptions
    threads: int | None
    device: Device
    cluster: Cluster | None
    no_verify: bool
    console: Console

    def __post_init__(self) -> None:
        if self.corpus is not None and self.inputs:
            raise click.UsageError(
                f"--corpus and INPUT exclude each other, got --corpus {self.corpus} and inputs"
            )
        if self.begin.init_from is not None and self.begin.input_state is not None:
            raise click.UsageError("--init-from and --input-state exclude each other")
        if self.cluster is not None and self.threads is not None:
            raise click.UsageError("--threads is for this process; with --address give --threads-per-worker")

    @property
    def named(self) -> tuple[str, ...]:
        """The documents that were named, however."""
        return self.inputs if self.corpus is None else (self.corpus,)


@click.command(
    cls=Command,
    essentials=("corpus", "output", "init_from", "threads", "address", "workers", "overwrite", "json"),
    examples=(
        "lda reproduce model/",
        "lda reproduce model/ speeches.jsonl -o again/",
        "lda reproduce study/trials/0003/model --threads 1",
        "lda reproduce onward/ more.jsonl --init-from model/ --json",
    ),
)
@click.argument("model", metavar="MODEL")
@inputs_argument(required=False, metavar="[INPUT...]")
@option(
    "--corpus",
    metavar="DIR",
    heading=Heading.INPUT,
    help="Corpus folder with the documents of the fit; the same as one INPUT.",
    brief="Corpus folder with the documents of the fit.",
)
@option(
    "-o",
    "--output",
    metavar="NEW",
    heading=Heading.OUTPUT,
    help="Folder (or s3://, gs:// URI) to write the new model to.  [default: it is not written]",
    brief="Folder to write the new model to.",
)
@begin_options
@source_options
@imports_tokenizer
@line_options
@document_options
@threads_option
@device_option
@worker_options
@overwrite_option(help="Replace a model that exists.", brief="Replace a model that exists.")
@verify_option
@output_options
@taking(ReproduceOptions)
def reproduce(options: ReproduceOptions) -> None:
    """Run the fit of a model again, from its record alone, and say whether the model comes out the same.

    Settings, recipe, seed and seed words are those of the record. Without INPUT the documents are those of the recorded
    command, if they are still there, or of the study that the model is part of. Before anything is fitted their content
    hash is compared with the recorded one. Exit code 0: the same, to the bit; 5: it differs, and what differs from the
    record of code and machine is told.
    """
    from lda.experiments.history.group_part import group_documents
    from lda.experiments.history.reproduce import Repetition
    from lda.model.going_on import new_from
    from lda.model.model import Model

    ctx, console = click.get_current_context(), options.console
    model = Model.load(options.model, verify=not options.no_verify)
    _check_recorded(model, options)
    plan = Repetition.of(model)
    before = _recorded(model.record)
    inputs, begin = _inputs(options, plan, before), _begin(options, before, model.record)
    if options.output is not None:
        read = [*inputs, options.source.vocabulary, begin.input_state]
        check_new_model(options.output, read, [options.model, begin.init_from], overwrite=options.overwrite)
    origin = read_origin(begin, model.n_topics, new_from(model.record))
    plan.check_parent(None if origin is None else origin.parent)
    with (
        _opened(options, inputs, origin, model, before) as (opened, seconds_read),
        group_documents(opened, model.record) as corpus,
    ):
        found = _run(options, plan, corpus, origin, seconds_read)
    if found.output is not None:
        console.progress.note(f"wrote {without_keys(found.output)} (fingerprint {found.fingerprint[:12]})")
    console.result({"model": without_keys(options.model), **found.to_dict()}, found.lines)
    if not found.same:
        ctx.exit(DIFFERS)


def _check_recorded(model: Model, options: ReproduceOptions) -> None:
    """Raise DataError for a model that is not what was written: there is nothing to compare with."""
    from lda.corpus.errors import DataError
    from lda.model.description import Description, read_description

    recorded = Description(options.model, read_description(options.model)).fingerprint
    if recorded is not None and recorded != model.fingerprint():
        raise DataError(
            f"{options.model} records the fingerprint {recorded}, but that of its counts is {model.fingerprint()}: one "
            "of them is not what was written; restore it from a copy"
        )


def _run(
    options: ReproduceOptions, plan: Repetition, corpus: Corpus, origin: Origin | None, seconds_read: float
) -> Reproduction:
    from lda.cli.fit.checkpoints import once
    from lda.corpus.errors import DataError
    from lda.experiments.history.same_corpus import check_corpus
    from lda.samplers.cuda.available import DeviceError

    console = options.console
    check_corpus(plan.model, corpus)
    begin = None if origin is None else origin.beginning(corpus, console.progress.note)
    settings = replace(plan.settings, threads=options.threads, sweeps=plan.model.record.n_sweeps)
    with console.progress.fit(settings, corpus.n_documents, begin=begin) as tell:
        try:
            return plan.run(
                corpus,
                begin=begin,
                output=options.output,
                overwrite=options.overwrite,
                threads=options.threads,
                device=options.device,
                cluster=options.cluster,
                seconds_read=seconds_read,
                on_sweep=tell,
                on_start=tell.on_start,
                warn=once(console.progress.warn),
                runtime=click.get_current_context().obj,
            )
        except (DataError, DeviceError):
            raise
        except ValueError as error:  # the settings do not fit this corpus
            raise DataError(str(error)) from error


def _recorded(record: RunRecord) -> dict[str, Any]:
    """The options of the recorded command, by name; empty where it is none of `lda fit`, or of another version."""
    from lda.cli.fit.command import fit

    try:
        words = shlex.split(record.command or "")
        if words[:2] != ["lda", "fit"]:
            return {}
        made = fit.make_context("lda fit", words[2:])
    except (ValueError, click.ClickException, click.exceptions.Exit):
        return {}
    given = {name: made.get_parameter_source(name) is not ParameterSource.DEFAULT for name in made.params}
    return {name: value for name, value in made.params.items() if given[name]}


def _inputs(options: ReproduceOptions, plan: Repetition, before: dict[str, Any]) -> tuple[str, ...]:
    """Where the documents are: as named, else where the recorded command had them, else in the study of the model.

    Raises:
        DataError: they are nowhere to be found.
    """
    from lda.corpus.errors import DataError
    from lda.experiments.history.near import corpus_near

    if options.named:
        return options.named
    record = plan.model.record
    near = corpus_near(options.model, record.corpus_hash)
    if near is not None:
        options.console.progress.note(f"documents: {near}")
        return (near,)
    recorded: tuple[str, ...] = before.get("inputs", ())
    remedy = "name the documents: lda reproduce MODEL INPUT..., or --corpus DIR"
    if not recorded:
        if (plan.parent or {}).get("kind") == "state":
            return ()
        raise DataError(
            f"{options.model} does not say where its documents lie"
            + ("" if record.command else ", for it was fitted in Python")
            + f"; {remedy}"
        )
    gone = [name for name in recorded if name == "-" or not _is_there(name)]
    if gone:
        what = "standard input" if gone[0] == "-" else gone[0]
        raise DataError(f"the input of the recorded command, {what}, is not here any more; {remedy}")
    return recorded


def _begin(options: ReproduceOptions, before: dict[str, Any], record: RunRecord) -> BeginOptions:
    """What the fit went on from: as named, else as the recorded command names it."""
    nothing = BeginOptions(init_from=None, input_state=None)
    if options.begin != nothing or record.parent is None:
        return options.begin
    begin = BeginOptions(init_from=before.get("init_from"), input_state=before.get("input_state"))
    named = begin.init_from or begin.input_state
    # `check_parent` says what is missing.
    return begin if named is not None and _is_there(named) else nothing


def _is_there(name: str) -> bool:
    """Whether it may be there: stores are asked by whoever reads, and a pattern stands for what it matches now."""
    from lda.corpus.inputs.globs import is_glob, local_matches
    from lda.corpus.storage.places import is_uri

    return is_uri(name) or Path(name).exists() or (is_glob(name) and bool(local_matches(name)))


def _opened(
    options: ReproduceOptions,
    inputs: tuple[str, ...],
    origin: Origin | None,
    model: Model,
    before: dict[str, Any],
) -> AbstractContextManager[tuple[Corpus, float]]:
    """The corpus of the inputs, read as the record says; and the seconds that it took."""
    if not inputs:
        assert origin is not None
        return state_corpus(origin, options.console)
    source, lines = _reading(options, before)
    steps = _steps(options, inputs, model.record, before)
    ready = reach_early(options.cluster, inputs, finished=False, chosen=bool(steps))
    return opened_corpus(
        options.console,
        inputs,
        source,
        lines,
        _recipe(model, inputs, source),
        ready,
        threads=options.threads,
        steps=steps,
    )


def _steps(
    options: ReproduceOptions, inputs: tuple[str, ...], record: RunRecord, before: dict[str, Any]
) -> dict[str, Any]:
    """What is done with the documents: what the recorded command did, but for what was said of it now."""
    from lda.corpus import Corpus
    from lda.corpus.build import finished_corpora

    built = finished_corpora(list(inputs))
    if built and Corpus.open(built[0]).content_hash == record.corpus_hash:
        return {}
    named = {field.name: getattr(options.documents, field.name) for field in fields(DocumentOptions)}
    ctx = click.get_current_context()
    typed = {name for name in named if ctx.get_parameter_source(name) is not ParameterSource.DEFAULT}
    return DocumentOptions(
        **{name: value if name in typed else before.get(name, value) for name, value in named.items()}
    ).steps()


def _reading(options: ReproduceOptions, before: dict[str, Any]) -> tuple[SourceOptions, LineOptions]:
    """How files are read: as the recorded command did, but for what was said of it now."""
    ctx = click.get_current_context()

    def value(of: str, now: object) -> object:
        typed = ctx.get_parameter_source(of) is not ParameterSource.DEFAULT
        return now if typed else before.get(of, now)

    source: dict[str, Any] = {name: value(name, getattr(options.source, name)) for name in _SOURCE}
    source["skipped"] = options.source.skipped  # the other command's file is not this one's
    lines: dict[str, Any] = {name: value(of, getattr(options.lines, name)) for name, of in _LINES.items()}
    return SourceOptions(**source), LineOptions(**lines)


def _recipe(model: Model, inputs: tuple[str, ...], source: SourceOptions) -> Recipe:
    """The recorded recipe, with the fields that were named now. Raises DataError for one that nobody can repeat."""
    from lda.corpus import DataError, Recipe
    from lda.corpus.build import finished_corpora
    from lda.corpus.text.chosen_tokenizer import released

    if finished_corpora(list(inputs)):  # its words are what they are
        return Recipe()
    if model.record.recipe is None:
        return Recipe(text=source.text, id=source.id)
    recipe = Recipe.from_dict(dict(model.record.recipe))
    if recipe.cut_by_function:
        raise DataError(
            f"the words of the model were cut by the Python function {recipe.tokenizer}, which is not stored; give "
            "the corpus that it made (--corpus DIR), or call lda.reproduce in Python"
        )
    recipe = released(recipe, named_tokenizer())
    if recipe.terms_of is not None:
        recipe = replace(recipe, terms_of=tuple(model.vocabulary))
    return replace(recipe, text=source.text or recipe.text, id=source.id or recipe.id)
