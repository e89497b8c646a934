"""What the page of a study shows, as plain values for JSON.

Candidates are told by their places in `candidates`, which are those of the summary; trials by their numbers. Numbers
have six significant digits, and None stands for what is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import presentable, printable
from lda.experiments.study.judging.candidates import SYMBOLS, title_of, value_of
from lda.experiments.study.page.beside import beside_data
from lda.experiments.study.page.importance import importance_of
from lda.experiments.study.page.shown_criteria import CRITERIA
from lda.experiments.study.records import candidate_key
from lda.progress import plural
from lda.report.facts import recipe_in_words
from lda.report.numbers import number, text
from lda.report.page_data import made

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lda.experiments.study.judging.candidates import CandidateSummary
    from lda.experiments.study.judging.summary import JudgedStudy, StudySummary
    from lda.experiments.study.page.importance import Importance
    from lda.experiments.study.page.shown_criteria import Criterion
    from lda.experiments.study.records import StudySettings, TrialRecord

FORMAT: Final = 1

LOG_FROM: Final = 8
"""Largest over smallest value of a parameter from which its axis is logarithmic: K is tried in steps of factors."""

ENDS: Final = ("done", "stopped", "failed", "paused", "waiting")


def study_data(
    study: JudgedStudy, summary: StudySummary, keep: tuple[str, str | None] | None = None
) -> dict[str, Any]:
    """The data of the page.

    parameters: those that vary, with what they are. criteria: see `CRITERIA`. candidates, trials: objects. importance:
    see `importance_data`. beside: see `lda.experiments.study.page.beside`. sentences, cautions, missing: for people.
    keep: [words, command], or null.
    """
    settings = study.settings
    candidates = list(summary.candidates)
    place = {candidate_key(one.parameters): i for i, one in enumerate(candidates)}
    trials = sorted(study.trials, key=lambda trial: trial.number)
    scored = summary.compared.basis == "all terms"
    importance = _importance(trials, summary, place)
    beside = beside_data(study, summary)
    found = summary.recommendation
    return {
        "format": FORMAT,
        "title": text(printable(f"Study {settings.name}")),
        "made": made(),
        "name": text(printable(settings.name)),
        "sentences": [text(printable(one)) for one in found.sentences],
        "cautions": [text(printable(one)) for one in found.cautions],
        "keep": None if keep is None or keep[1] is None else [text(printable(part or "")) for part in keep],
        "best": found.best,
        "smallest": found.smallest,
        "within": list(found.within),
        "compared": {
            "basis": summary.compared.basis,
            "n_documents": summary.compared.n_documents,
            "n_tokens": summary.compared.n_tokens,
            "n_terms": summary.compared.n_terms,
        },
        "seeds": list(summary.seeds),
        "references": [text(printable(one)) for one in summary.references],
        "parameters": [_parameter(name, candidates) for name in _varied(candidates)],
        "criteria": [_criterion(row, summary) for row in _criteria(candidates)],
        "candidates": [_candidate(one) for one in candidates],
        "trials": [_trial(one, place, scored=scored) for one in trials],
        "importance": importance,
        "beside": beside,
        "facts": _facts(settings, trials),
        "missing": _missing(study, summary, importance, beside),
    }


def _varied(candidates: Sequence[CandidateSummary]) -> list[str]:
    """Parameters of which candidates have more than one value; K first, since every reader asks for it first."""
    names = dict.fromkeys(name for one in candidates for name in one.parameters)
    varied = [name for name in names if len({value_of(one.parameters.get(name)) for one in candidates}) > 1]
    return sorted(varied, key=lambda name: name != "topics")


def _parameter(name: str, candidates: Sequence[CandidateSummary]) -> dict[str, Any]:
    values = [one.parameters.get(name) for one in candidates]
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    numbers = [float(value) for value in values if value is not None] if numeric else []
    log = bool(numbers) and min(numbers) > 0 and max(numbers) / min(numbers) >= LOG_FROM
    return {
        "name": name,
        "title": "number of topics, K" if name == "topics" else name.replace("_", " "),
        "symbol": SYMBOLS.get(name, name.replace("_", " ")),
        "numeric": numeric,
        "log": log,
    }


def _criteria(candidates: Sequence[CandidateSummary]) -> list[Criterion]:
    """Those of which at least one candidate has a number."""
    return [row for row in CRITERIA if any(getattr(one, row.field) is not None for one in candidates)]


def _criterion(row: Criterion, summary: StudySummary) -> dict[str, Any]:
    what = row.what
    if row.field == "npmi" and summary.references:
        within = "in windows of tokens" if summary.windows else "in whole documents"
        what = f"{what} Reference: {', '.join(printable(one) for one in summary.references)}, {within}."
    told = {"field": row.field, "title": row.title, "digits": row.digits}
    return {**told, "what": text(what), "caution": row.caution}


def _candidate(one: CandidateSummary) -> dict[str, Any]:
    fields = (
        "heldout", "seed_deviation", "difference", "difference_error", "margin", "npmi", "npmi_deviation", "diversity",
        "exclusivity", "stability", "overlap", "dead", "duplicates", "seconds", "peak_bytes",
    )  # fmt: skip
    return {
        "title": text(one.title),
        "values": {name: _plain(value) for name, value in one.parameters.items()},
        "trials": list(one.trials),
        "n_trials": one.n_trials,
        "n_stopped": one.n_stopped,
        "n_failed": one.n_failed,
        "n_waiting": one.n_waiting,
        "within": one.within_one_error,
        "stopped_at": None if one.stopped_at is None else [one.stopped_at[0], number(one.stopped_at[1])],
        "extra": None
        if one.criteria is None
        else {text(name): number(value) for name, value in one.criteria.items()},
        **{name: number(getattr(one, name)) for name in fields},
    }


def _plain(value: Any) -> float | int | str | None:  # noqa: ANN401 - any value of an option
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value)
    return text(value_of(value))


def _trial(one: TrialRecord, place: Mapping[str, int], *, scored: bool) -> dict[str, Any]:
    found = one.measures
    told: dict[str, Any] = dict.fromkeys(
        ("heldout", "npmi", "diversity", "exclusivity", "dead", "duplicates")
    )
    if found is not None:
        told = {
            # With several vocabularies the score of a trial is of its own terms, and no number to put beside others.
            "heldout": number(found.heldout) if scored else None,
            "npmi": number(found.npmi),
            "diversity": number(found.diversity),
            "exclusivity": number(found.exclusivity),
            "dead": len(found.dead_topics),
            "duplicates": found.n_duplicates,
        }
    return {
        "number": one.number,
        "candidate": place.get(one.candidate),
        "title": text(title_of(one.parameters)),
        "seed": str(one.seed) if one.seed >= 2**53 else one.seed,
        "state": one.state,
        "sweeps": one.sweeps,
        "seconds": number(one.seconds),
        "peak_bytes": one.peak_bytes,
        "fingerprint": one.fingerprint,
        "curve": [[sweep, number(value)] for sweep, value in one.curve],
        "error": None if one.error is None else text(presentable(one.error)),
        **told,
    }


def _importance(
    trials: Sequence[TrialRecord], summary: StudySummary, place: Mapping[str, int]
) -> dict[str, Any] | None:
    """Rows of (parameter, share), and a sentence on how they were found; None where nothing can be told."""
    if summary.compared.basis == "none":
        return None
    rows = [trial for trial in trials if trial.state == "done" and trial.measures is not None]
    of = "candidate" if summary.compared.basis == "shared terms" else "trial"
    if summary.compared.basis == "shared terms":  # only candidates have scores that can be compared
        chosen = [one for one in summary.candidates if one.heldout is not None]
        found = importance_of(
            [one.parameters for one in chosen], [float(one.heldout or 0.0) for one in chosen]
        )
    else:
        found = importance_of(
            [trial.parameters for trial in rows],
            [trial.measures.heldout for trial in rows if trial.measures is not None],
        )
    if found is None:
        return None
    return {
        "method": found.method,
        "rows": [
            {"name": text(printable(name.replace("_", " "))), "share": number(share)}
            for name, share in found.shares.items()
        ],
        "how": _how(found, of),
    }


def _how(found: Importance, of: str) -> str:
    if found.method == "ped-anova":
        return (
            f"PED-ANOVA of Optuna over {plural(found.n_trials, of)}: how much each parameter tells the best "
            f"{100 * (found.quantile or 0):.0f} % of them from the rest. Shares sum to 1. It is about where this study "
            "looked, not about all values there are."
        )
    return (
        f"One-way analysis of variance over {plural(found.n_trials, of)}, a parameter at a time (epsilon "
        "squared): the part of the differences in held-out likelihood that goes with it, less what chance would show. "
        "These need not sum to 1, and what two parameters do together counts for neither."
    )


def _facts(settings: StudySettings, trials: Sequence[TrialRecord]) -> list[dict[str, Any]]:
    search = settings.search
    space = search.get("space")
    rows: list[tuple[str, object]] = [
        ("name", settings.name),
        ("search", search.get("kind")),
        *(
            (str(name), _values(values))
            for name, values in (space.items() if isinstance(space, dict) else ())
        ),
        ("seeds", ", ".join(str(seed) for seed in settings.seeds)),
        ("stopped early", _halving(search)),
        ("begun", settings.created[:16].replace("T", " ") + " UTC" if settings.created else None),
        ("command", None if settings.command is None else presentable(settings.command)),
    ]
    states = [(state, sum(trial.state == state for trial in trials)) for state in ENDS]
    seconds = sum(trial.seconds for trial in trials)
    run: list[tuple[str, object]] = [
        ("trials", ", ".join(f"{n:,} {state}" for state, n in states if n) or None),
        ("time of all fits", f"{seconds:,.1f} s"),
        # What trials vary stands above, with its values.
        *((name, settings.fit.get(name)) for name in ("sweeps", "sampler") if name not in (space or {})),
        ("versions", ", ".join(f"{name} {version}" for name, version in settings.versions.items()) or None),
    ]
    return [
        {"heading": "Study", "rows": _rows(rows)},
        {"heading": "Trials", "rows": _rows(run)},
        *(
            {
                "heading": "Documents" if len(settings.corpora) == 1 else f"Documents {printable(name)}",
                "rows": _rows(rows),
            }
            for name, rows in _corpora(settings)
        ),
    ]


def _corpora(settings: StudySettings) -> Iterable[tuple[str, list[tuple[str, object]]]]:
    for name, corpus in settings.corpora.items():
        yield (
            name,
            [
                *((str(key), value_of(value)) for key, value in corpus.parameters.items()),
                ("trained on", f"{plural(corpus.n_documents, 'document')}, {corpus.n_tokens:,} tokens"),
                ("held out", plural(corpus.n_heldout, "document")),
                ("kept out", _split(settings.split)),
                ("terms", f"{corpus.n_terms:,}"),
                ("words", recipe_in_words(corpus.recipe)),
                ("content", corpus.train_hash),
            ],
        )


def _rows(rows: Iterable[tuple[str, object]]) -> list[list[str]]:
    return [[text(printable(name)), text(printable(str(value)))] for name, value in rows if value is not None]


def _values(values: object) -> str:
    if isinstance(values, dict) and "range" in values:
        low, high = values["range"]
        return f"{value_of(low)} to {value_of(high)}"
    if isinstance(values, list | tuple):
        return ", ".join(value_of(value) for value in values)
    return value_of(values)


def _halving(search: Mapping[str, Any]) -> str | None:
    rungs = list(search.get("rungs") or [])[:-1]  # at the last one, trials are done
    if not search.get("halving") or not rungs:
        return "no trial"
    return f"the worse trials after {', '.join(str(rung) for rung in rungs)} sweeps"


def _split(split: Mapping[str, Any]) -> str | None:
    fraction = split.get("test_fraction")
    if isinstance(fraction, int | float):
        by = split.get("by")
        return f"{100 * fraction:g} % of the documents" + (f", by a hash of {by}" if by else "")
    return "a file of their own" if "heldout" in split else None


def _missing(
    study: JudgedStudy, summary: StudySummary, importance: object, beside: Mapping[str, Any]
) -> list[str]:
    """What the page cannot show, and what would make it."""
    found = []
    reason = summary.compared.reason
    if summary.compared.basis == "none":
        found.append(f"Held-out scores are not compared: {printable(reason or 'no trial is done')}.")
    elif summary.compared.basis == "shared terms":
        found.append(
            "Single seeds in the chart of held-out scores: trials have different vocabularies, and candidates are "
            f"compared on the {summary.compared.n_terms:,} terms that all of them have."
        )
    if len(summary.seeds) < 2:
        found.append("Stability over seeds: each candidate has one seed; `lda tune --seeds 3` fits three.")
    done = [one for one in summary.candidates if one.n_trials]
    if done and all(one.npmi is None for one in done):
        found.append("Coherence: the reference lacks the topics' words; name another by `--reference`.")
    if len(_varied(summary.candidates)) > 1 and importance is None:
        found.append(
            "Importance of the parameters: too few trials are done to tell chance from what a parameter does."
        )
    if not study.settings.search.get("halving"):
        found.append(
            "Where trials were stopped: this study ran each to its end; `lda tune --halving` stops the worse ones."
        )
    waiting = sum(not trial.ended for trial in study.trials)
    if waiting:
        found.append(f"{plural(waiting, 'trial')} not done yet; `lda tune --resume` goes on.")
    return [text(one) for one in [*found, *beside["missing"]]]
