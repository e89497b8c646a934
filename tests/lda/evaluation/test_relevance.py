"""Relevance, beside a twin that writes the formula of Sievert and Shirley out over whole matrices."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from made_models import made_model, planted_model

import lda
from lda.evaluation.relevance import (
    LAMBDAS,
    held_terms,
    most_relevant,
    probabilities,
    relevance,
    relevant_terms,
    term_share,
)


def by_relevance(model: lda.Model, k: int, lambda_: float) -> list[int]:
    """All terms that topic k holds, by relevance from dense matrices."""
    counts = model.language_counts.toarray()
    p_w = counts.sum(axis=1) / counts.sum()
    p_wk = model.topic_word[k]
    scores = {
        w: lambda_ * np.log(p_wk[w]) + (1 - lambda_) * np.log(p_wk[w] / p_w[w])
        for w in range(len(p_w))
        if counts[w, k] > 0
    }
    return sorted(scores, key=lambda w: (-round(scores[w], 9), w))


@pytest.fixture(scope="module")
def model() -> lda.Model:
    return planted_model()


@pytest.mark.parametrize("lambda_", [0.0, 0.35, 0.6, 1.0])
def test_most_relevant_is_the_order_of_the_formula(model: lda.Model, lambda_: float) -> None:
    for k, terms in enumerate(most_relevant(model, 4, lambda_)):
        assert terms.tolist() == by_relevance(model, k, lambda_)[:4]


def test_relevance_is_the_formula() -> None:
    p, share = np.array([0.2, 0.01]), np.array([0.05, 0.02])
    expected = 0.3 * np.log(p) + 0.7 * np.log(p / share)
    np.testing.assert_allclose(relevance(p, share, 0.3), expected)


def test_relevant_terms_are_the_union_over_the_slider(model: lda.Model) -> None:
    found = relevant_terms(model, 3)
    for k in range(model.n_topics):
        terms, p = found.topic(k)
        expected = {w for lambda_ in LAMBDAS for w in by_relevance(model, k, lambda_)[:3]}
        assert set(terms.tolist()) == expected
        np.testing.assert_allclose(p, model.topic_word[k, terms], rtol=1e-12)
        assert (np.diff(p) <= 0).all()


def test_shares_sum_to_one_and_are_those_of_the_counts(model: lda.Model) -> None:
    counts = model.counts.toarray()
    np.testing.assert_allclose(term_share(model), counts.sum(axis=1) / counts.sum())


def test_soft_counts_are_added_up_as_the_model_adds_them_up() -> None:
    rng = np.random.default_rng(0)
    plain = made_model(rng.integers(1, 9, (3000, 2)))
    soft = plain.counts.astype(np.float32)
    soft.data = rng.gamma(1.0, 2.0, soft.nnz).astype(np.float32)
    model = dataclasses.replace(plain, soft_counts=soft)
    for k, (terms, p) in enumerate(held_terms(model)):
        np.testing.assert_allclose(p, model.topic_word[k, terms], rtol=1e-12)
    exact = soft.toarray().astype(np.float64)
    np.testing.assert_allclose(term_share(model), exact.sum(axis=1) / exact.sum(), rtol=1e-12)


def test_a_topic_without_tokens_has_no_relevant_terms() -> None:
    model = made_model(np.array([[3, 0], [1, 0], [2, 0]]))
    assert [terms.tolist() for terms in most_relevant(model, 2, 1.0)] == [[0, 2], []]
    assert relevant_terms(model, 2).topic(1)[0].size == 0


def test_a_topic_word_matrix_is_not_smoothed() -> None:
    matrix = np.array([[0.7, 0.3, 0.0], [0.1, 0.1, 0.8]])
    other = lda.TopicMatrix(matrix=matrix, vocabulary=["a", "b", "c"], alpha=np.array(0.1))
    terms, p = relevant_terms(other, 2).topic(0)
    assert terms.tolist() == [0, 1]
    np.testing.assert_allclose(p, [0.7, 0.3])


@pytest.mark.parametrize("wrong", [{"n": -1}, {"lambda_": 1.5}, {"lambda_": float("nan")}])
def test_wrong_arguments_are_refused(model: lda.Model, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        most_relevant(model, **wrong)


def test_probabilities_are_those_of_the_model(model: lda.Model) -> None:
    terms, topics = np.array([3, 3, 0]), np.array([1, 0, 5])
    np.testing.assert_allclose(
        probabilities(model, terms, topics), model.topic_word[topics, terms], rtol=1e-12
    )
    assert probabilities(model, terms[:0], topics[:0]).shape == (0,)
    matrix = lda.TopicMatrix(
        matrix=np.array([[0.7, 0.3], [0.5, 0.5]]), vocabulary=["a", "b"], alpha=np.array(0.1)
    )
    np.testing.assert_allclose(probabilities(matrix, np.array([0, 1]), np.array([0, 1])), [0.7, 0.5])
