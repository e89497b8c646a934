"""`lda fit --group-by`: a model for each group of documents."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.cluster_options import reach_now
from lda.cli.command_line import command_line
from lda.cli.errors import FAILURE
from lda.cli.fit.beginnings import origin_of, settings_for
from lda.cli.fit.group_table import group_table
from lda.cli.fit.input import opened_corpus
from lda.cli.fit.settings import warn_of_mallet
from lda.cli.signals import terminate_as_interrupt, unhurried
from lda.corpus.presentable import printable, without_keys
from lda.corpus.wording import is_or_are
from lda.experiments.groups.names import shown_value
from lda.progress import first_of, plural

if TYPE_CHECKING:
    from lda.cli.console import Console
    from lda.cli.fit.group_options import GroupOptions
    from lda.cli.fit.options import FitOptions
    from lda.experiments.groups.fitting import Progressed
    from lda.experiments.groups.records import GroupsRecord
    from lda.monitoring.followers import Followers

NAMED: Final = 5
"""Groups that a message names."""


def fit_groups(options: FitOptions, groups: GroupOptions, followers: Followers) -> None:
    """Run the command. Raises KeyboardInterrupt with a line that says how to go on."""
    from lda.corpus.storage.output_target import check_apart
    from lda.corpus.storage.places import is_uri, storage
    from lda.experiments.groups.fitting import fit_each_group
    from lda.experiments.groups.folder import check_target
    from lda.transform.transform_corpus import absolute, check_place

    _check(options)
    ctx, console = click.get_current_context(), options.console
    settings = settings_for(origin_of(options.begin, options.inputs), options.settings)
    resume, overwrite = options.checkpoints.resume, options.overwrite
    place = storage(absolute(options.output))
    check_place(place)
    check_target(place, resume=resume, overwrite=overwrite)
    if not is_uri(options.output):  # --overwrite removes the models and corpora of the earlier run
        check_apart(Path(options.output), options.inputs, whole=[options.begin.init_from])
    recipe, steps = options.text.recipe(options.source), options.documents.steps()
    seeds = options.seeds.read(settings.n_topics)
    options.lines.readers(options.source)
    warn_of_mallet(settings, console.progress.warn)
    reach_now(options.cluster)

    def command(value: str | None) -> str:
        only = {} if value is None else {"group": (value,)}
        return command_line(ctx, seed=settings.seed, **only)

    lines, started = _Lines(console, followers), time.perf_counter()
    going_on = f"to go on: {command(None)} --resume"
    try:
        with (
            unhurried(),
            terminate_as_interrupt(),
            opened_corpus(
                console,
                options.inputs,
                options.source,
                options.lines,
                recipe,
                lambda folder: None,
                threads=settings.threads,
                steps=steps,
            ) as (corpus, _),
        ):
            record, anything = fit_each_group(
                corpus,
                groups.choice,
                options.output,
                settings,
                parent=options.begin.init_from,
                seeds=seeds,
                cluster=options.cluster,
                checkpoint_every=options.checkpoints.checkpoint_every,
                checkpoints=options.checkpoints.checkpoint,
                keep_corpora=groups.keep_corpora,
                resume=resume,
                overwrite=overwrite,
                command=command,
                on_group=lines.tell,
                note=console.progress.note,
                warn=console.progress.warn,
                runtime=ctx.obj,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted{lines.reached}; {going_on}") from None
    except Exception:
        if lines.reached:  # the error follows
            console.progress.warn(f"cut off{lines.reached}; {going_on}")
        raise
    if not anything:
        console.progress.warn(f"{options.output} is finished already; nothing to resume")
    failed = [group for group in record.groups if group.state == "failed"]
    _report(options, record, time.perf_counter() - started)
    if failed:
        named = first_of([shown_value(group.value) for group in failed], NAMED)
        console.progress.warn(
            f"{len(failed):,} of {plural(len(record.groups), 'group')} failed: {named}; to repeat "
            f"{'it' if len(failed) == 1 else 'them'}: {command(None)} --resume"
        )
        ctx.exit(FAILURE)


def _check(options: FitOptions) -> None:
    """Refuse what goes with one model only. Raises click.UsageError."""
    if options.begin.input_state is not None:
        raise click.UsageError(
            "--input-state holds the topics of all documents; with --group-by begin from a model (--init-from)"
        )
    if wanted := options.files.wanted():
        raise click.UsageError(
            f"{wanted[0][0].flag} writes a file of one model; leave it out, and use `lda export` or `lda transform` "
            "with the models of --group-by"
        )
    if options.begin.add_topics:
        raise click.UsageError(
            "--add-topics goes with one model; with --group-by groups have the topics of the model they begin from"
        )
    if options.window.window is not None:
        raise click.UsageError(
            "--window goes with one model; leave it out, and choose the documents before they become groups"
        )
    if options.periods.over is not None:
        raise click.UsageError(
            "--over follows the topics of one model; leave it out, and use `lda report --over` with those of --group-by"
        )
    if options.top_words is not None:
        raise click.UsageError(
            "--top-words prints the topics of one model; leave it out, and use `lda topics` with those of --group-by"
        )
    if options.mlflow is not None:
        raise click.UsageError(
            "--mlflow keeps one run; leave it out, and use `lda export --to mlflow` with the models of --group-by"
        )
    if options.cluster is not None and options.settings.device != "cpu":
        raise click.UsageError(
            "on a cluster groups are fitted by processors: leave --device or --address out"
        )


class _Lines:
    """A line for each group that is over."""

    def __init__(self, console: Console, followers: Followers) -> None:
        self._console, self._followers, self.reached = console, followers, ""

    def tell(self, progressed: Progressed) -> None:
        """Say what became of a group."""
        group, progress = progressed.group, self._console.progress
        self._followers.on_parts("fitting groups", progressed.ended, progressed.total)
        self.reached = f" after {progressed.ended:,} of {plural(progressed.total, 'group')}"
        at = f"{progressed.ended:,}/{progressed.total:,} {shown_value(group.value)}"
        if group.error:
            progress.warn(f"{at}: failed: {group.error}")
            return
        heldout = "" if group.heldout is None else f", held-out {group.heldout:.4f}"
        how = "there already" if progressed.kept else f"{group.seconds or 0.0:.1f} s"
        progress.note(
            f"{at}: {plural(group.documents, 'document')}, {plural(group.tokens, 'token')}{heldout}, {how}"
        )


def _report(options: FitOptions, record: GroupsRecord, seconds: float) -> None:
    states = [group.state for group in record.groups]
    value: dict[str, Any] = {
        "models": without_keys(options.output),
        "group_by": record.field,
        "n_documents": record.documents,
        "n_missing": record.missing,
        "n_in_several": record.shared,
        "n_groups": len(states),
        "n_done": states.count("done"),
        "n_failed": states.count("failed"),
        "n_skipped": states.count("skipped"),
        "seconds": round(seconds, 3),
        "groups": [group.to_dict() for group in record.groups],
    }
    if record.missing:
        options.console.progress.note(
            f"{plural(record.missing, 'document')} without {printable(record.field)!r} "
            f"{is_or_are(record.missing)} in no group"
        )
    options.console.result(value, lambda: group_table(record, without_keys(options.output)))
