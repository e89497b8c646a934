"""The measures of a trial are those that `lda evaluate` takes of the model, and need no more than the folder has."""

from __future__ import annotations

import numpy as np
import pytest
import tiny

import lda
from lda.evaluation.criteria import CRITERIA
from lda.experiments.study.measures import SCORING_SEED, measure_trial

DOCUMENTS = tiny.documents(90)
TRAIN, HELDOUT = lda.as_corpus(DOCUMENTS[:60]), lda.as_corpus(DOCUMENTS[60:])


@pytest.fixture(scope="module")
def model() -> lda.Model:
    found: lda.Model = lda.LDA(4, max_iter=40, random_state=0).fit(TRAIN).model_
    return found


def test_they_are_those_of_evaluate(model: lda.Model) -> None:
    found, scores = measure_trial(model, HELDOUT, TRAIN, "training", threads=1, criteria_on=TRAIN)
    score = model.heldout_score(HELDOUT, seed=SCORING_SEED)
    assert (found.heldout, found.heldout_error) == (score.log_likelihood, score.standard_error)
    assert found.n_scored_tokens == score.n_scored_tokens == int(scores.tokens.sum())
    assert found.npmi == model.coherence(TRAIN).mean
    assert (found.window, found.reference) == (10, "training")
    assert found.diversity == model.diversity()
    assert found.exclusivity == pytest.approx(float(np.nanmean(model.diagnostics().exclusivity)))
    criteria = model.criteria(TRAIN)
    assert found.criteria == {name: getattr(criteria, name) for name in CRITERIA}
    again, _ = measure_trial(model, HELDOUT, TRAIN, "training", threads=2, criteria_on=TRAIN)
    assert again == found


def test_dead_and_duplicate_topics() -> None:
    """Topics 0 and 1 share their words, 3 has none; a model of 60 documents and four topics has no others."""
    from made_models import made_model

    words = sorted(" ".join(tiny.THEMES).split())
    counts = np.zeros((15, 4))
    counts[:5, 0] = counts[:5, 1] = (100, 90, 80, 70, 60)
    counts[5:, 2] = 50
    found, _ = measure_trial(made_model(counts, vocabulary=words), HELDOUT, TRAIN, "training", threads=1)
    assert found.dead_topics == (3,)
    assert found.duplicate_topics == ((0, 1),)


def test_a_reference_without_the_words_costs_no_other_number(model: lda.Model) -> None:
    found, _ = measure_trial(model, HELDOUT, lda.as_corpus([["other", "words"]]), "elsewhere", threads=1)
    assert found.npmi is None
    assert found.heldout < 0
    counted, _ = measure_trial(model, HELDOUT, tiny_counts(), "counts", threads=1)
    assert counted.window is None
    assert counted.npmi is not None


def tiny_counts() -> lda.Corpus:
    terms = sorted(" ".join(tiny.THEMES).split())
    return lda.as_corpus(tiny.counts(), vocabulary=terms)


def test_nothing_to_score(model: lda.Model) -> None:
    with pytest.raises(lda.DataError, match="nothing to score"):
        measure_trial(model, lda.as_corpus([["bread"], ["unknown", "words"]]), TRAIN, "training", threads=1)
