"""What a study tells: a row of numbers for each candidate, over its seeds, and a recommendation in sentences.

How held-out likelihoods are compared. A candidate's score is the mean over its seeds, document by document; that of the
best candidate is taken away from it, on the same documents. Two things are left to chance, and both are told:

- *documents*: with others the difference would be another. `difference_error` is the standard error over documents of
  the difference of the means over seeds. The documents that all models find hard cancel, so it is much smaller than the
  error of either score.
- *seeds*: with others the models would be others. `seed_deviation` is the standard deviation of the candidate's seeds
  around their mean. No number of held-out documents makes it smaller.

A candidate is *within one standard error* of the best if it is worse by no more than `margin`, the root of
difference_error^2 + s^2 (1 / n + 1 / n_best), with n seeds of each. s^2 is the variance between seeds pooled over all
candidates (the mean square within candidates of an analysis of variance): three seeds of one candidate say next to
nothing about it. Rejected: the error over documents alone, because with some thousand of them it is smaller than what
another seed changes, and the set would be whichever candidate had the luckiest seeds. The two parts are added as if
they were independent; the error over documents holds some of the chance of seeds already, so the margin is a little too
wide rather than too narrow. Seeds of two candidates have nothing in common but their number, so they are not paired.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from lda.corpus.errors import DataError
from lda.evaluation.documents import together
from lda.evaluation.found_again import found_again
from lda.evaluation.heldout import Estimation
from lda.evaluation.paired import DocumentScores, document_scores, mean_scores, paired_difference
from lda.evaluation.shared_terms import restricted, shared_terms
from lda.experiments.study.judging.candidates import Basis, CandidateSummary, Compared
from lda.experiments.study.judging.recommendation import Recommendation, recommend
from lda.experiments.study.measures import SCORING_SEED, measure_criteria

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.corpus import Corpus, DocumentBatch
    from lda.experiments.study.records import StudySettings, TrialRecord
    from lda.model.model import Model

    Floats = npt.NDArray[np.float64]


class JudgedStudy(Protocol):
    """What a summary asks of a study; `lda.experiments.study.records.StudyFolder` is one."""

    @property
    def settings(self) -> StudySettings:
        """What all trials have in common."""
        ...

    @property
    def trials(self) -> Sequence[TrialRecord]:
        """All trials."""
        ...

    def has_model(self, number: int) -> bool:
        """Whether the model of a trial is there."""
        ...

    def model(self, number: int) -> Model:
        """The model of a trial."""
        ...

    def scores(self, number: int) -> DocumentScores:
        """What it makes of each held-out document."""
        ...

    def train(self, name: str) -> Corpus:
        """The documents that trials on a corpus are trained on."""
        ...

    def heldout(self, name: str) -> Corpus:
        """The documents that they are scored on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySummary:
    """What a study tells.

    Attributes:
        name: of the study.
        candidates: by number of topics, then in the order in which they were asked for.
        varied: names of the parameters that differ between candidates.
        seeds: of the trials.
        best: place of the best candidate; None where nothing can be compared.
        compared: what the held-out scores are compared on.
        seed_deviation: pooled over candidates, see the top of this file; None where no candidate has two seeds.
        references: names of the corpora that NPMI was measured on.
        windows: whether all of NPMI was measured in windows of tokens; otherwise in whole documents.
        recommendation: readings of it.
    """

    name: str
    candidates: list[CandidateSummary]
    varied: tuple[str, ...]
    seeds: tuple[int, ...]
    best: int | None
    compared: Compared
    seed_deviation: float | None
    references: tuple[str, ...]
    windows: bool
    recommendation: Recommendation

    def __str__(self) -> str:
        """What `lda tune` prints: the table, and what to make of it."""
        from lda.experiments.study.judging.table import study_text

        return study_text(self, None).plain

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON and pages."""
        from lda.model.run_record import strict_json

        row: dict[str, Any] = strict_json(
            {
                **{
                    name: getattr(self, name)
                    for name in ("name", "varied", "seeds", "best", "seed_deviation")
                },
                "references": self.references,
                "windows": self.windows,
                "compared": asdict(self.compared),
                "candidates": [one.to_dict() for one in self.candidates],
                "recommendation": self.recommendation.to_dict(),
            }
        )
        return row


def summary_of(study: JudgedStudy, *, criteria: bool = False, threads: int | None = None) -> StudySummary:
    """Judge a study.

    Args:
        study: whose trials have been measured (`measure_trial`). Those without an end are counted, and left out.
        criteria: add the criteria of Griffiths and Steyvers, Cao, Arun and Deveaud; those that trials lack are
            measured now, which takes a pass over the training documents for each.
        threads: of what has to be measured now; None takes all cores.

    Raises:
        DataError: a model or scores that are needed are missing or damaged.
    """
    done: dict[str, list[TrialRecord]] = {}
    others: dict[str, list[TrialRecord]] = {}
    for trial in study.trials:
        kind = done if trial.state == "done" and trial.measures is not None else others
        kind.setdefault(trial.candidate, []).append(trial)
    order = _order(study.trials)
    compared, scores = _comparable(study, [trial for key in order for trial in done.get(key, ())], threads)
    rows = [_alone(study, done.get(key, []), others.get(key, [])) for key in order]
    if criteria:
        rows = [_with_criteria(study, row, threads) for row in rows]
    means = {
        place: _over_seeds([scores[trial.number] for trial in done[key]])
        for place, key in enumerate(order)
        if scores and key in done
    }
    pooled = _pooled_deviation(list(means.values()))
    best = max(means, key=lambda place: means[place].mean.log_likelihood, default=None)
    if best is not None:
        for place, mean in means.items():
            rows[place] = _beside_best(rows[place], mean, means[best], pooled)
    measured = [trial.measures for trials in done.values() for trial in trials if trial.measures is not None]
    facts: dict[str, Any] = {
        "name": study.settings.name,
        "candidates": rows,
        "varied": tuple(dict.fromkeys(name for row in rows for name in row.parameters)),
        "seeds": study.settings.seeds,
        "best": best,
        "compared": compared,
        "seed_deviation": pooled,
        "references": tuple(dict.fromkeys(one.reference for one in measured)),
        "windows": all(one.window is not None for one in measured),
    }
    told = recommend(
        rows, best, compared, deviation=pooled, references=facts["references"], windows=facts["windows"]
    )
    return StudySummary(**facts, recommendation=told)


class _OverSeeds(NamedTuple):
    """mean: scores of documents, over seeds. seeds: (n,) the score of each."""

    mean: DocumentScores
    seeds: Floats


def _over_seeds(scores: Sequence[DocumentScores]) -> _OverSeeds:
    return _OverSeeds(mean_scores(scores), np.array([one.log_likelihood for one in scores]))


def _order(trials: Sequence[TrialRecord]) -> list[str]:
    """Candidates by number of topics, then as they were asked for."""
    first: dict[str, tuple[float, int]] = {}
    for place, trial in enumerate(trials):
        first.setdefault(trial.candidate, (float(trial.parameters.get("topics", 0)), place))
    return sorted(first, key=lambda key: first[key])


def _alone(study: JudgedStudy, done: list[TrialRecord], others: list[TrialRecord]) -> CandidateSummary:
    """A candidate by itself: everything but how it predicts beside others."""
    measures = [trial.measures for trial in done if trial.measures is not None]
    reached = [trial.curve[-1] for trial in others if trial.curve]
    npmi = [one.npmi for one in measures]
    stability, overlap = _stability(study, done)
    states = [trial.state for trial in others]
    peaks = [trial.peak_bytes for trial in done if trial.peak_bytes is not None]
    return CandidateSummary(
        parameters=(done or others)[0].parameters,
        trials=tuple(trial.number for trial in done),
        n_trials=len(done),
        n_stopped=states.count("stopped"),
        n_failed=states.count("failed"),
        n_waiting=len(states) - states.count("stopped") - states.count("failed"),
        npmi=_mean(npmi),
        npmi_deviation=_deviation(npmi),
        diversity=_mean([one.diversity for one in measures]),
        exclusivity=_mean([one.exclusivity for one in measures]),
        stability=stability,
        overlap=overlap,
        dead=_mean([len(one.dead_topics) for one in measures]),
        duplicates=_mean([one.n_duplicates for one in measures]),
        seconds=_mean([trial.seconds for trial in done]),
        peak_bytes=max(peaks, default=None),
        stopped_at=_furthest(reached) if reached and not done else None,
        criteria=_mean_criteria([one.criteria for one in measures]),
    )


def _furthest(reached: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """The largest of these sweeps, and the mean of the scores there."""
    last = max(sweep for sweep, _ in reached)
    return last, float(np.mean([score for sweep, score in reached if sweep == last]))


def _stability(study: JudgedStudy, done: list[TrialRecord]) -> tuple[float | None, float | None]:
    """Share of topics found again and overlap, means over all pairs of seeds whose models are there."""
    there = [trial for trial in done if study.has_model(trial.number)]
    if len(there) < 2:
        return None, None
    dead = [trial.measures.dead_topics if trial.measures else () for trial in there]
    found = found_again([study.model(trial.number) for trial in there], dead)
    return _finite(found.share), _finite(found.overlap)


def _with_criteria(study: JudgedStudy, row: CandidateSummary, threads: int | None) -> CandidateSummary:
    """The criteria of a candidate whose trials have not been measured by them."""
    if row.criteria is not None or not row.n_trials:
        return row
    corpus = {trial.number: trial.corpus for trial in study.trials}
    found = [
        measure_criteria(study.model(number), study.train(corpus[number]), threads=threads)
        for number in row.trials
        if study.has_model(number)
    ]
    return replace(row, criteria=_mean_criteria(found))


def _mean_criteria(
    found: Sequence[dict[str, float | None] | None],
) -> dict[str, float | None] | None:
    """The means; None where one is missing: a mean over some of the seeds would not be that of the others."""
    known = [one for one in found if one is not None]
    if not known or len(known) < len(found):
        return None
    return {name: _mean([one.get(name) for one in known]) for name in known[0]}


def _pooled_deviation(means: Sequence[_OverSeeds]) -> float | None:
    """Root of the mean square of seeds around the mean of their candidate; None where no candidate has two."""
    freedom = sum(len(one.seeds) - 1 for one in means)
    if not freedom:
        return None
    squares = sum(float(((one.seeds - one.seeds.mean()) ** 2).sum()) for one in means)
    return float(np.sqrt(squares / freedom))


def _beside_best(
    row: CandidateSummary, mine: _OverSeeds, best: _OverSeeds, pooled: float | None
) -> CandidateSummary:
    """A candidate with its held-out score, and how far it is from the best."""
    row = replace(
        row, heldout=mine.mean.log_likelihood, seed_deviation=_deviation([float(one) for one in mine.seeds])
    )
    if mine is best:
        return replace(row, difference=0.0, difference_error=0.0, margin=0.0, within_one_error=True)
    value, error = paired_difference(mine.mean, best.mean)
    seeds = 0.0 if pooled is None else pooled**2 * (1 / len(mine.seeds) + 1 / len(best.seeds))
    margin = float(np.sqrt(error**2 + seeds))
    return replace(
        row,
        difference=value,
        difference_error=_finite(error),
        margin=_finite(margin),
        within_one_error=-value <= margin,
    )


def _comparable(
    study: JudgedStudy, done: Sequence[TrialRecord], threads: int | None
) -> tuple[Compared, dict[int, DocumentScores]]:
    """What candidates are compared on, and the scores of their trials on that, by number; none where they are not."""
    if not done:
        return Compared(basis="none", reason="no trial has come to its end"), {}
    names = list(dict.fromkeys(trial.corpus for trial in done))
    vocabularies = [study.train(name).vocabulary for name in names]
    if all(vocabulary == vocabularies[0] for vocabulary in vocabularies):
        scores = {trial.number: study.scores(trial.number) for trial in done}
        return _compared(scores, "all terms", len(vocabularies[0]), 1.0)
    try:
        terms = shared_terms(vocabularies)
    except DataError:
        return Compared(basis="none", reason="the vocabularies of the candidates have no term in common"), {}
    heldout = [study.heldout(name) for name in names]
    documents = [_documents(corpus, terms) for corpus in heldout]
    if not _same_documents(documents):
        reason = (
            "recipes cut the held-out documents into different tokens, even of the terms that all "
            "vocabularies have"
        )
        return Compared(basis="none", reason=reason), {}
    how = Estimation(seed=SCORING_SEED)
    scores = {}
    for trial in done:
        frozen = restricted(study.model(trial.number), terms, threads=threads)
        scores[trial.number] = document_scores(frozen, documents[:1], how)
    largest = max(corpus.n_tokens for corpus in heldout)
    return _compared(scores, "shared terms", len(terms), len(documents[0].words) / max(largest, 1))


def _compared(
    scores: dict[int, DocumentScores], basis: Basis, n_terms: int, share: float
) -> tuple[Compared, dict[int, DocumentScores]]:
    first = next(iter(scores.values()))
    if not all(np.array_equal(one.tokens, first.tokens) for one in scores.values()):
        return Compared(basis="none", reason="trials were scored on different tokens"), {}
    if not first.tokens.sum():
        return Compared(basis="none", reason="held-out documents have no two of the terms that all share"), {}
    facts = Compared(
        basis=basis,
        n_terms=n_terms,
        n_documents=int((first.tokens > 0).sum()),
        n_tokens=int(first.tokens.sum()),
        share=share,
    )
    return facts, scores


def _documents(corpus: Corpus, terms: Sequence[str]) -> DocumentBatch:
    """All held-out documents at once, in the ids of the terms; they are the smaller part of a study's."""
    from lda.corpus.stream import DocumentBatch, iter_corpus

    batches = list(iter_corpus(corpus, terms))
    offsets, words = together(batches)
    return DocumentBatch([name for batch in batches for name in batch.ids], offsets, words, 0)


def _same_documents(found: Sequence[DocumentBatch]) -> bool:
    first = found[0]
    return all(
        one.ids == first.ids
        and np.array_equal(one.doc_offsets, first.doc_offsets)
        and np.array_equal(one.words, first.words)
        for one in found
    )


def _mean(values: Iterable[float | None]) -> float | None:
    """Over those that are known; None where none is."""
    known = [float(value) for value in values if value is not None and np.isfinite(value)]
    return float(np.mean(known)) if known else None


def _deviation(values: Sequence[float | None]) -> float | None:
    """Standard deviation (n - 1) of those that are known; None for fewer than two."""
    known = [float(value) for value in values if value is not None]
    return float(np.std(known, ddof=1)) if len(known) > 1 else None


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
