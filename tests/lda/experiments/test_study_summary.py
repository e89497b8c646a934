"""What a study tells of its candidates: paired errors, seeds, shared terms, and what is left out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tiny
from judged_studies import MadeStudy, made_measures
from made_models import made_model

import lda
from lda.cluster import FrozenModel
from lda.evaluation.shared_terms import prior_of_rest, restricted
from lda.experiments.study.judging.summary import StudySummary, summary_of
from lda.experiments.study.measures import TrialMeasures

RNG = np.random.default_rng(5)
HARD = RNG.normal(-7, 0.5, 200)  # how well documents can be predicted at all


def scores(gain: float, noise: float = 0.02) -> Any:
    return HARD + gain + RNG.normal(0, noise, len(HARD))


def over_k(seeds: dict[int, list[Any]], **facts: Any) -> StudySummary:
    study = MadeStudy()
    for k, of_k in seeds.items():
        for seed, of_seed in enumerate(of_k):
            study.add({"topics": k}, seed, scores=of_seed, **facts)
    return summary_of(study)


def test_differences_are_paired_and_margins_know_of_seeds() -> None:
    """By hand, from the formulas: documents of equal length, so ratios are means."""
    runs = {10: [scores(-0.3), scores(-0.31)], 20: [scores(0.0), scores(0.006), scores(0.003)]}
    found = over_k(runs)
    low, high = found.candidates
    means = {k: np.mean(runs[k], axis=0) for k in runs}
    apart = means[10] - means[20]
    assert found.best == 1
    assert low.difference == pytest.approx(apart.mean())
    assert low.difference_error == pytest.approx(apart.std(ddof=1) / np.sqrt(len(HARD)))
    assert low.difference_error is not None
    assert low.difference_error < 0.1 * HARD.std() / np.sqrt(len(HARD))  # what pairing is for
    of_seeds = {k: np.array([run.mean() for run in runs[k]]) for k in runs}
    assert high.seed_deviation == pytest.approx(of_seeds[20].std(ddof=1))
    pooled = sum(((one - one.mean()) ** 2).sum() for one in of_seeds.values()) / (1 + 2)
    assert found.seed_deviation == pytest.approx(np.sqrt(pooled))
    assert low.margin == pytest.approx(np.sqrt(low.difference_error**2 + pooled * (1 / 2 + 1 / 3)))
    assert (high.difference, high.margin, high.within_one_error) == (0.0, 0.0, True)
    assert not low.within_one_error


def test_seeds_that_differ_widen_the_set() -> None:
    """The documents alone would tell the two apart; one of the seeds does as much."""
    quiet = over_k({10: [HARD - 0.02] * 2, 20: [HARD] * 2})
    loud = over_k({10: [HARD + 0.02, HARD - 0.06], 20: [HARD + 0.04, HARD - 0.04]})
    assert [one.within_one_error for one in quiet.candidates] == [False, True]
    assert [one.within_one_error for one in loud.candidates] == [True, True]
    assert loud.recommendation.smallest == 0


def test_one_seed() -> None:
    found = over_k({10: [scores(-0.3)], 20: [scores(0.0)]})
    low = found.candidates[0]
    assert found.seed_deviation is None
    assert low.margin == low.difference_error
    assert low.stability is None
    assert any("one seed" in text for text in found.recommendation.sentences)
    assert any("one seed" in text for text in found.recommendation.cautions)


def test_trials_that_did_not_end_are_told_and_left_out() -> None:
    study = MadeStudy()
    study.add({"topics": 20}, 0, scores=scores(0.0))
    study.add({"topics": 20}, 1, state="stopped", curve=((10, -8.0),))
    study.add({"topics": 10}, 0, state="stopped", curve=((5, -9.0), (10, -8.5)))
    study.add({"topics": 40}, 0, state="failed", error="no room")
    study.add({"topics": 80}, 0, state="waiting")
    found = summary_of(study)
    assert [one.parameters["topics"] for one in found.candidates] == [10, 20, 40, 80]
    stopped, done, failed, waiting = found.candidates
    assert (stopped.n_stopped, stopped.stopped_at, stopped.heldout) == (1, (10, -8.5), None)
    assert (done.n_trials, done.n_stopped, done.within_one_error) == (1, 1, True)
    assert (failed.n_failed, waiting.n_waiting) == (1, 1)
    cautions = " ".join(found.recommendation.cautions)
    assert "stopped early" in cautions
    assert "1 trial failed" in cautions
    nothing = MadeStudy()
    for seed, score in enumerate((-8.25, -8.75)):
        nothing.add({"topics": 40}, seed, state="paused", curve=((23, -9.0), (67, score)))
        nothing.add({"topics": 10}, seed, state="stopped", curve=((23, -9.5),))
    assert summary_of(nothing).compared.basis == "none"
    [none, so_far] = summary_of(nothing).recommendation.sentences
    assert "no model yet" in none
    assert "after 67 sweeps K = 40 -8.5000; after 23 sweeps K = 10 -9.5000" in so_far


def test_plain_values_and_back() -> None:
    measures = made_measures(
        npmi=None, duplicate_topics=((1, 2), (1, 5)), criteria={"arun_2010": None, "cao_juan_2009": 0.25}
    )
    assert TrialMeasures.from_dict(measures.to_dict()) == measures
    with pytest.raises(KeyError):
        TrialMeasures.from_dict({"heldout": 1.0})
    study = MadeStudy()
    study.add({"topics": 4}, measures=measures, scores=scores(0))
    row = summary_of(study).to_dict()
    assert row["candidates"][0]["title"] == "K = 4"
    assert row["candidates"][0]["duplicates"] == 3  # topics that have one
    assert row["candidates"][0]["npmi"] is None
    assert row["recommendation"]["within"] == [0]


DOCUMENTS = tiny.documents(90)
TRAIN, HELDOUT = DOCUMENTS[:60], DOCUMENTS[60:]
RARE = frozenset({"yeast", "team", "star", "oven"})


def without(documents: list[list[str]]) -> list[list[str]]:
    return [[token for token in document if token not in RARE] for document in documents]


def corpora() -> dict[str, Any]:
    found = {"all": (TRAIN, HELDOUT), "fewer": (without(TRAIN), without(HELDOUT))}
    return {name: tuple(lda.as_corpus(part) for part in parts) for name, parts in found.items()}


def test_other_vocabularies_are_compared_on_the_terms_they_share() -> None:
    """A model, and the same one with terms taken out: per token they differ, on shared terms they are one."""
    model = lda.LDA(3, max_iter=40, random_state=0).fit(lda.as_corpus(TRAIN)).model_
    kept = [term for term in model.vocabulary if term not in RARE]
    ids = [model.vocabulary.index(term) for term in kept]
    counts = model.language_counts[ids]
    mass = model.topic_word[:, ids].sum(axis=1)
    alpha = prior_of_rest(model.alpha, mass)
    twin = made_model(np.rint(counts.toarray()), beta=model.beta, alpha=alpha, vocabulary=kept)
    exact = made_model(
        np.rint(model.language_counts.toarray()),
        beta=model.beta,
        alpha=model.alpha,
        vocabulary=model.vocabulary,
    )
    study = MadeStudy(corpora())
    study.add({"min_df": 1}, model=exact)
    study.add({"min_df": 9}, model=twin, corpus="fewer")
    raw = [study.scores(number).log_likelihood for number in (1, 2)]
    assert abs(raw[0] - raw[1]) > 0.05  # what a comparison token by token would have said
    found = summary_of(study, threads=1)
    assert found.compared.basis == "shared terms"
    assert found.compared.n_terms == len(kept)
    n_tokens = sum(map(len, HELDOUT))
    assert found.compared.share == pytest.approx(sum(map(len, without(HELDOUT))) / n_tokens)
    apart = [one.difference for one in found.candidates if one.difference]
    assert len(apart) == 1
    assert abs(apart[0]) < 0.002  # phi is rounded
    assert any("Vocabularies differ" in text for text in found.recommendation.cautions)


def test_a_restricted_model_is_the_model_given_that_terms_are_shared() -> None:
    """Restricted by hand: phi renormalised over the terms, alpha of what topics keep."""
    model = lda.LDA(3, max_iter=20, random_state=0).fit(lda.as_corpus(TRAIN)).model_
    terms = sorted(set(model.vocabulary) - RARE)
    ids = [model.vocabulary.index(term) for term in terms]
    part = model.topic_word[:, ids]
    naive = FrozenModel.of_topic_word(
        part / part.sum(axis=1, keepdims=True), prior_of_rest(model.alpha, part.sum(axis=1)), threads=1
    )
    lengths = np.array([len(document) for document in without(HELDOUT)])
    words = np.array([terms.index(token) for document in without(HELDOUT) for token in document], np.int32)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    expected, _ = naive.completion(offsets, words, seed=0)
    found, tokens = restricted(model, terms, threads=1).completion(offsets, words, seed=0)
    np.testing.assert_allclose(found / tokens, expected / tokens, atol=0.02)
    assert found.sum() / tokens.sum() == pytest.approx(expected.sum() / tokens.sum(), abs=0.002)
    with pytest.raises(lda.DataError, match="has no term 'comma'"):
        restricted(model, ["comma"])


def test_a_prior_without_some_terms_is_that_of_the_tokens_left() -> None:
    """Drawn: topics of documents, weighed by what they keep, have the mean and spread of the prior that is told."""
    alpha = np.array([0.4, 0.8, 0.3, 2.0])
    np.testing.assert_allclose(prior_of_rest(alpha, np.full(4, 0.25)), alpha)  # tokens lost at random
    gone = prior_of_rest(alpha, np.array([0.6, 0.6, 0.6, 0.0]))  # a topic of stop words
    np.testing.assert_allclose(gone, [0.4, 0.8, 0.3, 0.0], atol=1e-5)
    kept = np.array([0.5, 0.2, 0.4, 0.3])
    drawn = np.random.default_rng(0).dirichlet(alpha, 100_000) * kept
    drawn /= drawn.sum(axis=1, keepdims=True)
    found = prior_of_rest(alpha, kept)
    mean, total = found / found.sum(), found.sum()
    np.testing.assert_allclose(mean, drawn.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(np.sqrt(mean * (1 - mean) / (total + 1)), drawn.std(axis=0), rtol=0.1)


def test_a_model_of_twice_the_words_predicts_half_of_them_as_well() -> None:
    """Each word has a twin that no topic tells from it: on words alone, both models say the same."""
    counts = np.array([[30, 2, 1, 8], [1, 25, 9, 3]])
    one = made_model(counts.T, beta=0.02, alpha=np.array([0.3, 0.2]), vocabulary=list("abcd"))
    two = made_model(
        np.vstack([counts.T, counts.T]), beta=0.02, alpha=np.array([0.3, 0.2]), vocabulary=list("abcdABCD")
    )
    whole, half = one.frozen(threads=1), restricted(two, list("abcd"), threads=1)
    np.testing.assert_allclose(half.alpha, whole.alpha)
    offsets, words = np.array([0, 6, 10]), np.array([0, 0, 3, 1, 2, 0, 1, 2, 1, 2], np.int32)
    for ours, theirs in zip(half.completion(offsets, words), whole.completion(offsets, words), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_recipes_that_cut_otherwise_are_not_compared() -> None:
    pairs = corpora()
    stemmed = [["goals" if token == "goal" else token for token in document] for document in TRAIN]
    held = [["goals" if i % 2 else token for i, token in enumerate(document)] for document in HELDOUT]
    pairs["fewer"] = (lda.as_corpus(stemmed), lda.as_corpus(held))
    study = MadeStudy(pairs)
    for name, (train, _) in pairs.items():
        model = lda.LDA(3, max_iter=5, random_state=0).fit(train).model_
        study.add({"recipe": name}, model=model, corpus=name)
    found = summary_of(study, threads=1)
    assert found.compared.basis == "none"
    assert found.best is None
    assert all(one.npmi is not None and one.heldout is None for one in found.candidates)
    assert "different tokens" in found.recommendation.sentences[0]


def test_stability_and_criteria_of_real_models() -> None:
    study = MadeStudy(corpora())
    for k in (3, 6):
        for seed in (0, 1):
            model = lda.LDA(k, max_iter=60, random_state=seed).fit(study.train("all")).model_
            study.add({"topics": k}, seed, model=model)
    found = summary_of(study, criteria=True, threads=1)
    three, six = found.candidates
    assert three.stability == 1.0
    assert six.stability is not None
    assert six.stability < 1.0
    assert three.overlap is not None
    assert three.overlap > 0.95
    assert three.criteria is not None
    assert set(three.criteria) == {"log_likelihood", "cao_juan_2009", "arun_2010", "deveaud_2014"}
    assert found.recommendation.smallest is not None
    assert summary_of(study).candidates[0].criteria is None


def test_printed_it_says_what_the_command_says() -> None:
    study = MadeStudy()
    study.add({"topics": 20}, 0, scores=scores(0.0))
    study.add({"topics": 40}, 0, scores=scores(0.01))
    found = summary_of(study)
    text = str(found)
    assert text.splitlines()[0].split()[:3] == ["K", "seeds", "held-out"]
    assert str(found.recommendation).splitlines()[0] in text
