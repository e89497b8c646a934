"""What a study leaves beside its trials: a table, the summary, a page, and those models that were to stay."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import shutil
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, get_args

from lda.corpus.storage.atomic_write import replaced_file
from lda.corpus.storage.places import storage
from lda.corpus.storage.signed_record import read_record, write_record
from lda.experiments.study.records import MODEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lda.experiments.study.judging.candidates import CandidateSummary
    from lda.experiments.study.judging.summary import StudySummary
    from lda.experiments.study.records import StudyFolder, TrialRecord
    from lda.experiments.study.running.plan import Keep
    from lda.report.notebook_page import ReportPage

TABLE: Final = "trials.csv"
PAGE: Final = "study.html"
SUMMARY: Final = "summary.json"
SUMMARY_FORMAT: Final = "raylda-study-summary"
SUMMARY_VERSION: Final = 1

_OF_TRIALS: Final = ("seed", "corpus", "state", "sweeps", "seconds", "peak_bytes", "fingerprint", "error")
_OF_MEASURES: Final = ("heldout", "heldout_error", "npmi", "diversity", "exclusivity")


def write_table(study: StudyFolder) -> None:
    """Write `trials.csv`, a row a trial. Raises OSError."""
    names = list(dict.fromkeys(name for trial in study.trials for name in trial.parameters))
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["trial", *names, *_OF_TRIALS, *_OF_MEASURES, "dead_topics", "duplicate_topics"])
    for trial in study.trials:
        measures = trial.measures
        numbers = [None if measures is None else getattr(measures, name) for name in _OF_MEASURES]
        if measures is None:
            numbers[0] = trial.heldout
        wasted = [None, None] if measures is None else [len(measures.dead_topics), measures.n_duplicates]
        rows.writerow(
            [
                trial.number,
                *(trial.parameters.get(name) for name in names),
                *(getattr(trial, name) for name in _OF_TRIALS),
                *numbers,
                *wasted,
            ]
        )
    with replaced_file(study.folder / TABLE) as temporary:
        temporary.write_text(text.getvalue(), encoding="utf-8")


def write_summary(study: StudyFolder, summary: StudySummary) -> None:
    """Keep a summary, so that it can be told again when models have gone that it was made of. Raises OSError."""
    row = {"trials": digest_of(study.trials), "summary": summary.to_dict()}
    write_record(storage(study.folder), SUMMARY, row, form=SUMMARY_FORMAT, version=SUMMARY_VERSION)


def kept_summary(study: StudyFolder) -> StudySummary | None:
    """The summary that was kept of these very trials; None where there is none, or trials have changed since."""
    try:
        row = read_record(storage(study.folder), SUMMARY, form=SUMMARY_FORMAT, version=SUMMARY_VERSION)
        if row.get("trials") != digest_of(study.trials):
            return None
        _check_kinds(row["summary"], study)
        return _rebuilt(row["summary"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):  # made anew
        return None


_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": (float, int),
    "int | None": (int, type(None)),
    "float | None": (float, int, type(None)),
    "str | None": (str, type(None)),
}
"""What stands in JSON for fields that are annotated so."""


def _check_kinds(row: dict[str, Any], study: StudyFolder) -> None:
    """See that a summary is one of these trials, and of the kinds of values that tables and pages are made of.

    Raises:
        ValueError, KeyError, TypeError: it is not; it can be made anew.
    """
    from lda.experiments.study.judging.candidates import Basis, CandidateSummary, Compared
    from lda.experiments.study.records import candidate_key

    for kind, values in ((Compared, [row["compared"]]), (CandidateSummary, row["candidates"])):
        for one, entry in itertools.product(values, fields(kind)):
            wanted = _KINDS.get(str(entry.type))
            value = one.get(entry.name, entry.default)
            if wanted is not None and not _is(value, wanted):
                raise TypeError(entry.name)
    known = {trial.candidate for trial in study.trials}
    numbers = {trial.number for trial in study.trials}
    names = {name for trial in study.trials for name in trial.parameters}
    sound = (
        isinstance(row["candidates"], list)
        and all(candidate_key(one["parameters"]) in known for one in row["candidates"])
        and all(number in numbers for one in row["candidates"] for number in one["trials"])
        and all(_are_numbers((one["criteria"] or {}).values()) for one in row["candidates"])
        and all(_are_numbers(one["stopped_at"] or ()) for one in row["candidates"])
        and _is(row["name"], str)
        and set(row["varied"]) <= names
        and all(_is(seed, int) for seed in row["seeds"])
        and all(_is(one, str) for one in row["references"])
        and _is(row["windows"], bool)
        and _are_numbers([row["seed_deviation"]])
        and (row["best"] is None or (_is(row["best"], int) and 0 <= row["best"] < len(row["candidates"])))
        and row["compared"]["basis"] in get_args(Basis)
    )
    if not sound:
        raise ValueError


def _is(value: object, kinds: type | tuple[type, ...]) -> bool:
    """isinstance, by which true is no number."""
    return isinstance(value, kinds) and (not isinstance(value, bool) or kinds is bool)


def _are_numbers(values: Iterable[object]) -> bool:
    return all(_is(value, (float, int, type(None))) for value in values)


def _rebuilt(row: dict[str, Any]) -> StudySummary:
    """A summary from its plain values; what is read out of them is read again."""
    from lda.experiments.study.judging.candidates import CandidateSummary, Compared
    from lda.experiments.study.judging.recommendation import recommend
    from lda.experiments.study.judging.summary import StudySummary

    known = {entry.name for entry in fields(CandidateSummary)}
    rows = []
    for one in row["candidates"]:
        values = {name: value for name, value in one.items() if name in known}
        values["trials"] = tuple(values["trials"])
        if values["stopped_at"] is not None:
            values["stopped_at"] = tuple(values["stopped_at"])
        rows.append(CandidateSummary(**values))
    compared = Compared(**row["compared"])
    facts: dict[str, Any] = {name: row[name] for name in ("name", "best", "seed_deviation", "windows")}
    lists: dict[str, Any] = {name: tuple(row[name]) for name in ("varied", "seeds", "references")}
    return StudySummary(
        candidates=rows,
        compared=compared,
        **facts,
        **lists,
        recommendation=recommend(
            rows,
            row["best"],
            compared,
            deviation=row["seed_deviation"],
            references=lists["references"],
            windows=row["windows"],
        ),
    )


def digest_of(trials: Sequence[TrialRecord]) -> str:
    """Of all that is recorded of the trials."""
    text = json.dumps([trial.to_dict() for trial in trials], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def page_of(study: StudyFolder, summary: StudySummary) -> ReportPage:
    """The page of a study, with the command that keeps a model. Raises MissingPackageError, DataError."""
    from lda.experiments.study.page.page import study_page

    return study_page(study, summary, keep=(to_keep(study), command_to_keep(study, summary)))


def write_page(study: StudyFolder, summary: StudySummary) -> None:
    """Write `study.html`. Raises MissingPackageError, DataError, OSError."""
    page = page_of(study, summary)
    with replaced_file(study.folder / PAGE) as temporary:
        temporary.write_text(str(page), encoding="utf-8")


def chosen(summary: StudySummary) -> CandidateSummary | None:
    """The candidate that serves: the smallest one as good as the best; None where nothing can be compared."""
    place = summary.recommendation.smallest
    if place is None:
        place = summary.best
    return None if place is None else summary.candidates[place]


def to_keep(study: StudyFolder) -> str:
    """What `command_to_keep` does, in words."""
    waiting = any(not trial.ended for trial in study.trials)
    serve = "serve best so far, before all trials have ended" if waiting else "serve"
    return f"To keep a model of all documents with the settings that {serve}"


def command_to_keep(study: StudyFolder, summary: StudySummary) -> str | None:
    """The command that fits all documents with the settings of the candidate that serves; None without one."""
    candidate = chosen(summary)
    if candidate is None:
        return None
    from lda.cluster import FitSettings
    from lda.experiments.study.running.plan import fit_command
    from lda.experiments.study.space import settings_of

    base = FitSettings(**{**study.settings.fit, "n_topics": candidate.parameters["topics"]})
    settings = settings_of(base, candidate.parameters, study.settings.seeds[0])
    return fit_command(study.settings, settings, candidate.parameters)


def drop_models(study: StudyFolder, summary: StudySummary, keep: Keep) -> int:
    """Remove the models that are not to stay; how many. Records, scores and curves stay."""
    stay: set[int] = set()
    if keep == "all":
        return 0
    if keep == "best":
        best = chosen(summary)
        stay.update(() if best is None else best.trials)
    dropped = 0
    for trial in study.trials:
        if trial.number not in stay and study.has_model(trial.number):
            place = study.path(trial.number) / MODEL
            if place.is_symlink():  # whoever moved the model elsewhere keeps it
                place.unlink()
            else:
                shutil.rmtree(place)
            dropped += 1
    return dropped
