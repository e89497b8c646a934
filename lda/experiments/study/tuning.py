"""A study from beginning to end."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from lda.cluster.spec.errors import CheckpointError, InUseError
from lda.corpus.errors import DataError
from lda.corpus.storage.output_target import check_parent
from lda.corpus.storage.places import is_uri, storage
from lda.experiments.study.outputs import drop_models, kept_summary, write_page, write_summary, write_table
from lda.experiments.study.records import is_study, read_settings, read_trials, write_settings
from lda.experiments.study.running.cost import Rate, cost_of, probe
from lda.experiments.study.running.study_run import StudyRun, TimeBudget
from lda.experiments.study.space import ends, recipe_parameters, recipes_of, settings_of
from lda.experiments.study.study import Study
from lda.progress import clock as in_time
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.experiments.study.judging.summary import StudySummary
    from lda.experiments.study.records import CorpusFacts, StudySettings
    from lda.experiments.study.running.plan import StudyPlan
    from lda.experiments.study.running.study_run import Listener, Workers


class StudyResult:
    """A study that a command has worked on, and its summary. complete: whether nothing is left of it."""

    def __init__(self, study: Study, summary: StudySummary, *, complete: bool) -> None:
        self.study, self.summary, self.complete = study, summary, complete


def run_study(
    plan: StudyPlan,
    folder: Path,
    *,
    workers: Workers,
    listener: Listener,
    seconds: float | None = None,
    page: bool = True,
    resume: bool = False,
    overwrite: bool = False,
) -> StudyResult:
    """Make a study, or go on with one, as far as there is time.

    Args:
        plan: what is asked for.
        folder: of the study.
        workers: what there is to work with.
        listener: who is told.
        seconds: time budget; None for none.
        page: write `study.html`.
        resume: go on with the study that lies there.
        overwrite: replace it.

    Raises:
        DataError: the input is missing or damaged, or the folder is of another study, in use, or not ours.
        ValueError: the time is too short for one trial.
        MissingPackageError: an extra is needed.
        ClusterError, OSError, CheckpointError: as `lda.cluster.tasks.run_tasks`.
    """
    plan.search.check_package()
    if page:
        from lda.report.report import check_packages

        check_packages()  # now, and not when all is done but the page
    check_folder(folder, resume=resume, overwrite=overwrite)
    began = TimeBudget.of(seconds)
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _run(plan, folder, workers, listener, began, page=page, resume=resume, overwrite=overwrite)
    finally:
        if new and not any(folder.iterdir()):
            folder.rmdir()


def _run(
    plan: StudyPlan,
    folder: Path,
    workers: Workers,
    listener: Listener,
    budget: TimeBudget,
    *,
    page: bool,
    resume: bool,
    overwrite: bool,
) -> StudyResult:
    _check_seen(folder, workers)
    with _alone(folder, listener):
        with _set_up(folder, replacing=overwrite and not resume):
            run = _prepared(plan, folder, workers, listener, budget)
            if resume and run.trials and run.n_ended == run.n_trials:
                listener.note(f"{folder} is finished already; nothing to resume")
            elif budget.end is not None:
                run.rate = _measured(run)
        try:
            run.run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"interrupted; {run.n_ended} of {plural(run.n_trials, 'trial')} have ended, and the rest are "
                "kept as far as they got; the same command with --resume goes on"
            ) from None
        return _finished(run, page=page)


def _prepared(
    plan: StudyPlan, folder: Path, workers: Workers, listener: Listener, budget: TimeBudget
) -> StudyRun:
    """All that trials need, in the folder."""
    settings = _settings(plan, folder)
    facts = _corpora(plan, folder, workers, listener)
    settings = replace(settings, corpora={plan.split.name(one.parameters): one for one in facts})
    _check_topics(plan, facts)
    write_settings(folder, settings)
    return StudyRun(
        plan=plan,
        reference=_reference(plan, folder, workers),
        folder=folder,
        created=settings.created,
        facts=settings.corpora,
        workers=workers,
        budget=budget,
        listener=listener,
        trials={trial.number: trial for trial in read_trials(folder)},
    )


@contextmanager
def _set_up(folder: Path, *, replacing: bool) -> Iterator[None]:
    """Within the block a study is begun, or found; an error leaves the folder as it was.

    Otherwise a typing error in the input would have the corrected command refused, for there is a study already, and
    one that was to be replaced would be gone for it.
    """
    fresh, aside = replacing or not is_study(folder), folder / ASIDE
    if replacing:
        aside.mkdir(exist_ok=True)
        for entry in _entries(folder):
            entry.rename(aside / entry.name)
    try:
        yield
    except BaseException as error:
        if fresh and (aside.is_dir() or isinstance(error, Exception)):
            _clear(folder)
        if aside.is_dir():
            for entry in list(aside.iterdir()):
                entry.rename(folder / entry.name)
            aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def check_folder(folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Refuse a folder that no study may be written to. Raises DataError."""
    if is_uri(str(folder)) or _URI_AS_PATH.match(str(folder)):
        raise DataError(f"{folder} is a URI, where no study can be written; name a folder")
    check_parent(folder)
    if not os.path.lexists(folder):
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder for the study")
    if is_study(folder):
        if not (resume or overwrite):
            raise DataError(
                f"{folder} holds a study already; go on with it (--resume), replace it (--overwrite), or choose "
                "another name"
            )
        return
    if any(entry for entry in folder.iterdir() if entry.name != RUNNING):
        raise DataError(f"{folder} exists and is no study, so nothing is written there; choose another name")


_URI_AS_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""What `Path` makes of a URI: a folder "s3:" here, with the keys in its name."""

RUNNING: Final = "running"
"""Folder below the study's with the lock of the command at work on it."""

ASIDE: Final = ".replaced"
"""Folder below the study's where one lies that is to be replaced, until the new one has begun."""

REFERENCE: Final = "reference"
"""Folder below the study's with the corpus for coherence."""


@contextmanager
def _alone(folder: Path, listener: Listener) -> Iterator[None]:
    """Be the only command on this study. Raises DataError where another is at work on it, or none can be."""
    from lda.cluster.checkpoints.lock import alone

    with ExitStack() as stack:
        try:
            stack.enter_context(alone(storage(str(folder / RUNNING)), listener.warn))
        except InUseError as error:
            who = error.who and f" ({error.who})"
            raise DataError(
                f"another command{who} is at work on the study {folder}; wait for its end, or take another folder"
            ) from None
        except CheckpointError as error:
            raise DataError(f"nothing can be written to {folder}; choose another place ({error})") from None
        yield


def _entries(folder: Path) -> list[Path]:
    """What lies in a study's folder, but for what is there while one is at work on it."""
    return [entry for entry in folder.iterdir() if entry.name not in (RUNNING, ASIDE)]


def _clear(folder: Path) -> None:
    for entry in _entries(folder):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _settings(plan: StudyPlan, folder: Path) -> StudySettings:
    """What the study's file says: of the one that lies there, if it is the same, or of a new one."""
    if not is_study(folder):
        made = plan.settings(folder.name, datetime.now(UTC).isoformat(timespec="microseconds"))
        write_settings(folder, made)
        return made
    found = read_settings(folder)
    asked = plan.settings(found.name, found.created).to_dict()
    there = found.to_dict()
    for part, what in (
        ("source", "of other documents"),
        ("split", "of another split of the documents"),
        ("reading", "of documents that were cut into words otherwise"),
        ("search", "of another search"),
        ("seeds", "of other seeds"),
        ("fit", "of fits with other settings"),
    ):
        mine, theirs = asked[part], there[part]
        if part in ("source", "split"):  # the same documents may have moved
            mine, theirs = ({**one, "inputs": None} for one in (mine, theirs))
        if mine != theirs:
            raise DataError(
                f"{folder} holds a study {what}{_difference(theirs, mine)}; choose another folder, or replace it "
                "(--overwrite)"
            )
    return found


def _difference(there: Any, asked: Any) -> str:  # noqa: ANN401 - plain values
    """The first value that differs, in words."""
    if isinstance(there, dict) and isinstance(asked, dict):
        for name in {**there, **asked}:
            if there.get(name) != asked.get(name) and name != "digest":
                return f" ({name}: {there.get(name)!s:.60} there, {asked.get(name)!s:.60} here)"
        return ""
    return f" ({there!s:.60} there, {asked!s:.60} here)"


def _check_seen(folder: Path, workers: Workers) -> None:
    """See that all nodes of the cluster see the folder. Raises ClusterError where one does not."""
    cluster = workers.cluster
    if cluster is None or cluster.address == "local":
        return
    from lda.cluster.tasks import check_seen

    check_seen(cluster, str(folder.absolute()), runtime=workers.runtime)


def _corpora(plan: StudyPlan, folder: Path, workers: Workers, listener: Listener) -> list[CorpusFacts]:
    """The corpora of all recipes, made where they are missing."""
    found = []
    for parameters in recipes_of(plan.search.space):
        facts = plan.split.corpus(folder, parameters, threads=workers.cores)
        listener.note(
            f"{plural(facts.n_documents, 'document')} to train on ({plural(facts.n_tokens, 'token')}, "
            f"{plural(facts.n_terms, 'term')}), {facts.n_heldout:,} held out"
            + (
                f": {', '.join(f'{name} {value}' for name, value in parameters.items())}"
                if parameters
                else ""
            )
        )
        if plan.split.heldout is not None and (leaked := plan.split.leaked(folder, parameters)):
            listener.warn(
                f"warning: {leaked:,} of {facts.n_heldout:,} held-out documents say, word by word, what one to "
                "train on says; scores on them flatter models with many topics"
            )
        found.append(facts)
    return found


def _reference(plan: StudyPlan, folder: Path, workers: Workers) -> str | None:
    """Path of the corpus for coherence, made where it is missing; None for the documents of the training."""
    from lda.corpus.files.manifest import is_corpus_folder
    from lda.experiments.study.running.corpora import all_words

    if plan.reference is None:
        return None
    place = folder / REFERENCE
    if not is_corpus_folder(place):
        shutil.rmtree(place, ignore_errors=True)
        first = recipes_of(plan.search.space)[0]
        recipe = None if plan.reference.ready is not None else plan.split.recipe_of(first)
        plan.reference.build(None if recipe is None else all_words(recipe), place, threads=workers.cores)
    return str(place.absolute())


def _check_topics(plan: StudyPlan, facts: list[CorpusFacts]) -> None:
    fewest = min(one.n_documents for one in facts)
    if plan.most_topics > fewest:
        raise DataError(
            f"there are {fewest:,} documents to train on, too few for {plan.most_topics:,} topics; give fewer "
            "topics (-k), or more documents"
        )


def _measured(run: StudyRun) -> Rate:
    """The rate of this machine, by a probe; refuses a budget that no trial fits in. Raises ValueError."""
    from lda.corpus import Corpus
    from lda.experiments.study.records import CORPORA, TRAIN

    first = run.plan.search.next_batch([])[0]
    parameters = {**first, "topics": int(min(ends(run.plan.search.space["topics"])))}
    name = run.plan.split.name(recipe_parameters(parameters))
    settings = settings_of(run.plan.base, parameters, run.plan.base.seed)
    run.rate = rate = probe(Corpus.open(run.folder / CORPORA / name / TRAIN), settings)
    needed = run.shortest()
    if needed is None and run.trials:
        return rate
    if needed is None:
        processes = run.workers.processes(run.n_trials)
        threads = max(run.workers.cores // (processes or 1), 1)
        needed = cost_of(run.facts[name], settings) * rate.value / threads
    left = run.budget.left
    if needed > left:
        seconds = run.budget.seconds
        raise ValueError(
            f"the time, {in_time(seconds)}, is too short for a single trial, which takes about {in_time(needed)}"
            f"{f' after {in_time(seconds - left)} of reading' if seconds - left >= 1 else ''}; give more time, "
            "fewer topics or fewer sweeps"
        )
    return rate


def _finished(run: StudyRun, *, page: bool) -> StudyResult:
    """Judge what there is, and write all that a study leaves."""
    from lda.experiments.study.judging.summary import summary_of

    study = Study.open(run.folder)
    # What was found with models that have gone since is not to be found again without them.
    summary = kept_summary(study) or summary_of(study, criteria=run.plan.criteria, threads=run.workers.cores)
    write_table(study)
    write_summary(study, summary)
    if page:
        write_page(study, summary)
    if run.complete:
        drop_models(study, summary, run.plan.keep)
    return StudyResult(study, summary, complete=run.complete)
