"""Topics found again, against the definition spelled out pair by pair; and what must not count as found."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from made_models import made_model, planted_model

import lda
from lda.evaluation.found_again import CLOSER, LEAST, found_again


def overlap(p: np.ndarray, q: np.ndarray) -> float:
    return sum(math.sqrt(a * b) for a, b in zip(p, q, strict=True))


def naive(first: lda.Model, second: lda.Model) -> set[tuple[int, int]]:
    """Topics of the two that are each other's: the best one to one match of all, and then the two conditions."""
    p, q = first.topic_word, second.topic_word
    k = len(p)
    across = [[overlap(p[i], q[j]) for j in range(k)] for i in range(k)]
    best = max(
        itertools.permutations(range(k)), key=lambda order: sum(across[i][j] for i, j in enumerate(order))
    )
    found = set()
    for i, j in enumerate(best):
        among_first = max(overlap(p[i], p[other]) for other in range(k) if other != i)
        among_second = max(overlap(q[j], q[other]) for other in range(k) if other != j)
        apart = 1 - across[i][j]
        if apart <= 1 - LEAST and all(apart <= CLOSER * (1 - other) for other in (among_first, among_second)):
            found.add((i, j))
    return found


def noisy(model: lda.Model, seed: int, n_new: int) -> lda.Model:
    """The model with its topics in another order, and some of them replaced by others."""
    rng = np.random.default_rng(seed)
    counts = model.counts.toarray()
    counts = rng.poisson(counts)
    counts[:, :n_new] = rng.poisson(rng.dirichlet(np.full(len(counts), 0.2), size=n_new).T * 300)
    return made_model(counts[:, rng.permutation(counts.shape[1])])


def test_against_the_definition() -> None:
    models = [noisy(planted_model(5), seed, 2) for seed in range(3)]
    pairs = list(itertools.combinations(range(3), 2))
    expected = [naive(models[a], models[b]) for a, b in pairs]
    assert any(expected)
    assert not all(len(one) == 5 for one in expected)
    found = found_again(models)
    assert found.share == pytest.approx(np.mean([len(one) / 5 for one in expected]))
    for number in range(3):
        counts = np.zeros(5)
        for (a, b), of_pair in zip(pairs, expected, strict=True):
            for i, j in of_pair:
                if number in (a, b):
                    counts[i if number == a else j] += 0.5
        np.testing.assert_allclose(found.topics[number], counts)


def test_topics_of_no_content_are_not_found_again() -> None:
    """All topics are the distribution of the corpus, so every match overlaps by nearly 1, with anything."""
    rng = np.random.default_rng(0)
    share = rng.dirichlet(np.full(200, 0.5))
    models = [made_model(rng.poisson(share[:, None] * np.full(30, 4000.0))) for _ in range(2)]
    found = found_again(models)
    assert found.overlap > 0.95
    assert found.share < 0.05


def test_dead_topics_are_left_out() -> None:
    counts = planted_model(4).counts.toarray()
    counts[:, 3] = 0
    models = [made_model(counts), made_model(counts)]
    found = found_again(models, [(3,), (3,)])
    assert found.share == 1.0
    np.testing.assert_array_equal(found.topics[0], [1, 1, 1, 0])
    assert np.isnan(found_again(models, [range(4), range(4)]).share)


def test_terms_are_matched_by_name_and_one_model_is_no_other() -> None:
    model = planted_model(4)
    order = np.random.default_rng(1).permutation(model.n_terms)
    other = made_model(model.counts.toarray()[order], vocabulary=[model.vocabulary[w] for w in order])
    assert found_again([model, other]).share == 1.0
    with pytest.raises(ValueError, match="got 1 in all"):
        found_again([model])
