"""Studies without a fit: trials, models and a summary of one's choice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from made_models import made_model

from lda.experiments.study.judging.candidates import CandidateSummary
from lda.experiments.study.judging.recommendation import Recommendation
from lda.experiments.study.judging.summary import Compared, StudySummary
from lda.experiments.study.measures import TrialMeasures
from lda.experiments.study.records import CorpusFacts, StudyFolder, StudySettings, TrialRecord, candidate_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import lda

N_TERMS = 60


class MadeStudy(StudyFolder):
    """A study whose models are made when they are asked for."""

    def __init__(
        self, settings: StudySettings, trials: tuple[TrialRecord, ...], words: Sequence[str]
    ) -> None:
        super().__init__(Path("/nowhere"), settings, trials)
        self.words = words

    def has_model(self, number: int) -> bool:
        return self.trial(number).state == "done"

    def model(self, number: int, *, verify: bool = False) -> lda.Model:
        trial = self.trial(number)
        rng = np.random.default_rng(number)
        n_topics = int(trial.parameters.get("topics", 5))
        share = rng.dirichlet(np.full(len(self.words), 0.2), size=n_topics).T
        return made_model(
            rng.poisson(share * rng.integers(50, 900, n_topics)),
            vocabulary=[f"{word}" for word in self.words],
        )


def made_study(
    space: Sequence[Mapping[str, Any]],
    *,
    seeds: Sequence[int] = (0, 1, 2),
    stopped: Sequence[int] = (),
    words: Sequence[str] | None = None,
    name: str = "speeches",
    measured: bool = True,
) -> tuple[StudyFolder, StudySummary]:
    """A study over these candidates. stopped: places of those that were stopped; measured: False, none is done."""
    rng = np.random.default_rng(3)
    trials: list[TrialRecord] = []
    for parameters in space:
        for seed in seeds:
            trials.append(_trial(rng, len(trials) + 1, dict(parameters), seed, end=measured))
    gone = {candidate_key(space[i]) for i in stopped}
    trials = [_stopped(trial) if trial.candidate in gone else trial for trial in trials]
    names = [f"word{w}" for w in range(N_TERMS)] if words is None else words
    study = MadeStudy(_settings(name, space, seeds), tuple(trials), names)
    return study, _summary(study, space, seeds)


def _trial(
    rng: np.random.Generator, number: int, parameters: dict[str, Any], seed: int, *, end: bool
) -> TrialRecord:
    size = float(parameters.get("topics", 20))
    score = -8 + 0.12 * math.log(size) - 0.0003 * size + 0.004 * rng.normal()
    alpha = parameters.get("alpha")
    score -= 0.02 * abs(math.log(alpha / 0.1)) if isinstance(alpha, float) else 0
    curve = tuple((sweep, score - 0.6 * math.exp(-sweep / 40)) for sweep in (25, 50, 100, 200))
    measures = TrialMeasures(
        heldout=score,
        heldout_error=0.02,
        n_scored_tokens=12_345,
        npmi=0.14 - 0.02 * math.log(size / 20) ** 2 + 0.003 * rng.normal(),
        reference="the documents of training",
        window=10,
        diversity=1 - 0.08 * math.log(size) + 0.01 * rng.normal(),
        exclusivity=0.3 + 0.1 * math.log(size),
        dead_topics=(1,) if size > 90 else (),
        duplicate_topics=((0, 2),) if size > 40 else (),
    )
    return TrialRecord(
        number=number,
        parameters=parameters,
        seed=seed,
        corpus="c",
        state="done" if end else "waiting",
        sweeps=200 if end else 0,
        curve=curve if end else (),
        seconds=0.4 * size if end else 0.0,
        peak_bytes=int(2e8 + 1e6 * size) if end else None,
        fingerprint=f"{number:064x}" if end else None,
        measures=measures if end else None,
    )


def _stopped(trial: TrialRecord) -> TrialRecord:
    return TrialRecord(
        number=trial.number,
        parameters=trial.parameters,
        seed=trial.seed,
        corpus=trial.corpus,
        state="stopped",
        sweeps=50,
        curve=trial.curve[:2],
        seconds=trial.seconds / 4,
        peak_bytes=trial.peak_bytes,
    )


def _settings(name: str, space: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> StudySettings:
    return StudySettings(
        name=name,
        source={"digest": "ab" * 32, "inputs": ["speeches.jsonl"]},
        reading={"text": "text"},
        search={
            "kind": "grid",
            "space": {key: [row[key] for row in space] for key in space[0]},
            "candidates": None,
            "seed": 0,
            "halving": True,
            "rungs": [50, 100],
            "batch": None,
        },
        seeds=tuple(seeds),
        split={"test_fraction": 0.1, "by": "id"},
        fit={"sweeps": 200, "sampler": "adlda"},
        corpora={
            "c": CorpusFacts(
                parameters={},
                recipe=None,
                train_hash="cd" * 32,
                heldout_hash="ef" * 32,
                n_documents=210,
                n_heldout=27,
                n_tokens=123_456,
                n_terms=N_TERMS,
            )
        },
        command="lda tune speeches.jsonl -k 20,50 -o study/",
        versions={"python": "3.13", "raylda": "1"},
        created="2026-11-27T18:00:00+00:00",
    )


def _summary(study: StudyFolder, space: Sequence[Mapping[str, Any]], seeds: Sequence[int]) -> StudySummary:
    rows: list[dict[str, Any]] = []
    for parameters in space:
        of = [trial for trial in study.trials if trial.candidate == candidate_key(parameters)]
        done = [trial for trial in of if trial.measures is not None]
        found = [trial.measures for trial in done if trial.measures is not None]
        row: dict[str, Any] = {
            "parameters": dict(parameters),
            "trials": tuple(trial.number for trial in done),
        }
        row |= {"n_trials": len(done), "n_stopped": sum(trial.state == "stopped" for trial in of)}
        row["n_waiting"] = sum(trial.state == "waiting" for trial in of)
        if found:
            scores = [one.heldout for one in found]
            row |= {
                "heldout": float(np.mean(scores)),
                "seed_deviation": float(np.std(scores, ddof=1)) if len(scores) > 1 else None,
                "npmi": float(np.mean([one.npmi for one in found])),
                "diversity": float(np.mean([one.diversity for one in found])),
                "exclusivity": float(np.mean([one.exclusivity for one in found])),
                "stability": None if len(seeds) < 2 else 0.9 - 0.002 * float(parameters.get("topics", 20)),
                "dead": float(np.mean([len(one.dead_topics) for one in found])),
                "duplicates": float(np.mean([one.n_duplicates for one in found])),
                "seconds": float(np.mean([trial.seconds for trial in done])),
                "peak_bytes": max(trial.peak_bytes or 0 for trial in done),
            }
        rows.append(row)
    best = max((row["heldout"] for row in rows if "heldout" in row), default=None)
    candidates = [
        CandidateSummary(
            **row,
            **(
                {}
                if "heldout" not in row
                else {
                    "difference": row["heldout"] - best,
                    "difference_error": 0.0 if row["heldout"] == best else 0.004,
                    "margin": 0.0 if row["heldout"] == best else 0.006,
                    "within_one_error": row["heldout"] - best >= -0.006,
                }
            ),
        )
        for row in rows
    ]
    at = next((i for i, one in enumerate(candidates) if best is not None and one.heldout == best), None)
    within = tuple(i for i, one in enumerate(candidates) if one.within_one_error)
    return StudySummary(
        name=study.settings.name,
        candidates=candidates,
        varied=tuple(space[0]),
        seeds=tuple(seeds),
        best=at,
        compared=Compared(
            basis="none" if at is None else "all terms",
            n_terms=N_TERMS,
            n_documents=27,
            n_tokens=12_345,
            reason="no trial is done" if at is None else None,
        ),
        seed_deviation=0.004 if len(seeds) > 1 else None,
        references=("the documents of training",),
        windows=True,
        recommendation=Recommendation(
            best=at,
            within=within,
            smallest=min(within, default=None),
            sentences=() if at is None else ("Held-out documents cannot tell these apart.", "Take `K = 50`."),
            cautions=("K = 200 is the largest that was tried.",),
        ),
    )
