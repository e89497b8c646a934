"""Models of a study beside each other: the topics of some candidates, matched with those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.evaluation.stability import stability
from lda.progress import plural
from lda.report.numbers import number, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.experiments.study.judging.summary import JudgedStudy, StudySummary
    from lda.model.model import Model

MOST_MODELS: Final = 8
"""A reader compares two or three; the page has a choice of these."""

MOST_WORK: Final = 1e10
"""Products of all pairs of models together, K times K' times V: some seconds. The first two are compared always."""

N_WORDS: Final = 12


def beside_data(study: JudgedStudy, summary: StudySummary) -> dict[str, Any]:
    """Models and their matches.

    models: candidate, trial, topics as [share, [word, p, word, p, ...]], words by their numbers in `words`. matches: of
    every two models [first, second, [topic of the first, topic of the second, overlap, ...]]. missing: what was left
    out.
    """
    chosen = _chosen(study, summary)
    models: list[tuple[int, int, Model]] = []
    work = 0.0
    for place, trial in chosen[:MOST_MODELS]:
        model = study.model(trial)
        more = sum(
            model.n_topics * other.n_topics * max(model.n_terms, other.n_terms) for _, _, other in models
        )
        if len(models) >= 2 and work + more > MOST_WORK:
            break
        work += more
        models.append((place, trial, model))
    models.sort(key=lambda one: one[0])
    number_of: dict[str, int] = {}
    told = [
        {
            "candidate": place,
            "trial": trial,
            "topics": [
                [
                    number(topic.share, 4),
                    [
                        part
                        for word, p in topic.words
                        for part in (number_of.setdefault(word, len(number_of)), number(p, 4))
                    ],
                ]
                for topic in model.topics(N_WORDS)
            ],
        }
        for place, trial, model in models
    ]
    return {
        "words": [text(word) for word in number_of],
        "models": told,
        "matches": _matches([model for _, _, model in models]),
        "missing": _left_out(summary, len(chosen), len(models)),
    }


def _matches(models: Sequence[Model]) -> list[list[Any]]:
    """Of every two models that have a term in common."""
    found = []
    for second in range(len(models)):
        for first in range(second):
            a, b = models[first], models[second]
            if set(a.vocabulary).isdisjoint(b.vocabulary):
                continue
            [match] = stability([a, b]).pairs
            flat = [part for i, j, overlap, _ in match.topics for part in (i, j, number(overlap, 3))]
            found.append([first, second, flat])
    return found


def _chosen(study: JudgedStudy, summary: StudySummary) -> list[tuple[int, int]]:
    """(candidate, trial) of those with a model, the ones that a reader asks for first ahead."""
    advice = summary.recommendation
    first = [place for place in (advice.best, advice.smallest, *advice.within) if place is not None]

    def rank(place: int) -> tuple[int, float]:
        heldout = summary.candidates[place].heldout
        return (
            first.index(place) if place in first else len(first),
            -heldout if heldout is not None else 0.0,
        )

    score = {trial.number: trial.measures.heldout for trial in study.trials if trial.measures is not None}
    found = []
    for place in sorted(range(len(summary.candidates)), key=rank):
        kept = [
            trial for trial in summary.candidates[place].trials if trial in score and study.has_model(trial)
        ]
        if kept:
            found.append((place, max(kept, key=lambda trial: (score[trial], -trial))))
    return found


def _left_out(summary: StudySummary, there: int, taken: int) -> list[str]:
    done = sum(one.n_trials > 0 for one in summary.candidates)
    found = []
    if there < done:
        found.append(f"Topics of {plural(done - there, 'candidate')}: no model was kept.")
    if taken < there:
        found.append(
            f"Topics of {plural(there - taken, 'candidate')} beside others: the page has room for those nearest to the "
            "best; `lda compare` shows any two models."
        )
    return found
