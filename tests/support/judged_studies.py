"""Studies that are made of given trials, in memory: what `summary_of` asks of one, without a folder or a search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import lda
from lda.evaluation.paired import DocumentScores
from lda.experiments.study.measures import TrialMeasures, measure_trial
from lda.experiments.study.records import StudySettings, TrialRecord

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from lda.corpus import Corpus


def made_measures(**changes: Any) -> TrialMeasures:
    """Measures of a trial about which nothing is remarkable."""
    facts: dict[str, Any] = {
        "heldout": -7.0,
        "heldout_error": 0.01,
        "n_scored_tokens": 100,
        "npmi": 0.1,
        "reference": "the training documents",
        "window": 10,
        "diversity": 0.8,
        "exclusivity": 0.6,
        "dead_topics": (),
        "duplicate_topics": (),
    }
    return TrialMeasures(**facts | changes)


class MadeStudy:
    """corpora: name to (train, heldout). Trials are added one by one."""

    def __init__(self, corpora: dict[str, tuple[Corpus, Corpus]] | None = None, name: str = "study") -> None:
        self.corpora = corpora or {}
        self.settings = StudySettings(
            name=name, source={}, reading={}, search={}, seeds=(0, 1, 2), split={}, fit={}
        )
        self.trials: list[TrialRecord] = []
        self.models: dict[int, lda.Model] = {}
        self.made_scores: dict[int, DocumentScores] = {}

    def add(
        self,
        parameters: dict[str, Any],
        seed: int = 0,
        *,
        corpus: str = "all",
        model: lda.Model | None = None,
        scores: ArrayLike | None = None,
        tokens: int = 10,
        measures: TrialMeasures | None = None,
        **facts: Any,
    ) -> TrialRecord:
        """A trial: with a model, which is measured; or with the scores of documents, each of so many tokens."""
        number = len(self.trials) + 1
        if model is not None:
            train, heldout = self.corpora[corpus]
            measures, found = measure_trial(model, heldout, train, "the training documents", threads=1)
            self.models[number], self.made_scores[number] = model, found
        elif scores is not None:
            each = np.asarray(scores, dtype=np.float64)
            found = DocumentScores(
                log_likelihoods=each * tokens, tokens=np.full(len(each), tokens, dtype=np.int64)
            )
            self.made_scores[number] = found
            measures = measures or made_measures(heldout=found.log_likelihood)
        known: dict[str, Any] = {"state": "done", "seconds": 2.0, "peak_bytes": 1 << 20} | facts
        trial = TrialRecord(
            number=number, parameters=parameters, seed=seed, corpus=corpus, measures=measures, **known
        )
        self.trials.append(trial)
        return trial

    def has_model(self, number: int) -> bool:
        return number in self.models

    def model(self, number: int) -> lda.Model:
        return self.models[number]

    def scores(self, number: int) -> DocumentScores:
        return self.made_scores[number]

    def train(self, name: str) -> Corpus:
        return self.corpora[name][0] if name in self.corpora else lda.as_corpus([["a", "b"]])

    def heldout(self, name: str) -> Corpus:
        return self.corpora[name][1]
