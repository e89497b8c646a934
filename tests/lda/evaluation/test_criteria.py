"""The five criteria of numbers of topics against the formulas of their papers, spelled out in NumPy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import tiny

import lda
from lda.evaluation.criteria import arun_2010, cao_juan_2009, deveaud_2014, log_likelihood, mimno_2011

RNG = np.random.default_rng(3)
K, V, D = 4, 30, 12
PHI = RNG.dirichlet(np.full(V, 0.3), size=K)
THETA = RNG.dirichlet(np.full(K, 0.4), size=D)
LENGTHS = RNG.integers(5, 60, size=D)


def test_arun() -> None:
    """Section 3.2: KL(C1 || C2) + KL(C2 || C1), both distributions sorted."""
    singular = np.sqrt(np.maximum(np.linalg.eigvalsh(PHI @ PHI.T), 0))
    sizes = np.array([sum(LENGTHS[d] * THETA[d, k] for d in range(D)) for k in range(K)])
    c1, c2 = (sorted(values / values.sum()) for values in (singular, sizes))
    expected = sum(a * math.log(a / b) + b * math.log(b / a) for a, b in zip(c1, c2, strict=True))
    assert arun_2010(PHI, THETA, LENGTHS) == pytest.approx(expected, rel=1e-9)
    order = RNG.permutation(K)  # numbers of topics mean nothing
    assert arun_2010(PHI[order], THETA[:, order], LENGTHS) == pytest.approx(expected, rel=1e-9)
    assert arun_2010(PHI, THETA * [1, 1, 1, 0], LENGTHS) == np.inf


def test_cao_juan() -> None:
    """Equations 7 and 8: the mean over i < j of the cosine of topics i and j."""
    cosines = [
        sum(PHI[i, v] * PHI[j, v] for v in range(V))
        / math.sqrt(sum(PHI[i, v] ** 2 for v in range(V)) * sum(PHI[j, v] ** 2 for v in range(V)))
        for i in range(K)
        for j in range(i + 1, K)
    ]
    assert cao_juan_2009(PHI) == pytest.approx(sum(cosines) / (K * (K - 1) / 2))
    assert cao_juan_2009(np.eye(K)) == 0
    assert math.isnan(cao_juan_2009(PHI[:1]))


def test_deveaud() -> None:
    """Pairs of topics, half of the divergence in either direction, divided by K (K - 1)."""
    total = 0.0
    for i in range(K):
        for j in range(i + 1, K):
            total += 0.5 * sum(PHI[i, v] * math.log(PHI[i, v] / PHI[j, v]) for v in range(V))
            total += 0.5 * sum(PHI[j, v] * math.log(PHI[j, v] / PHI[i, v]) for v in range(V))
    assert deveaud_2014(PHI) == pytest.approx(total / (K * (K - 1)), rel=1e-9)
    assert deveaud_2014(np.hstack([PHI, np.zeros((K, 1))])) == pytest.approx(total / (K * (K - 1)), rel=1e-9)
    assert deveaud_2014(np.vstack([PHI[0], PHI[0]])) == pytest.approx(0, abs=1e-12)
    assert deveaud_2014(np.eye(K)) == np.inf
    assert math.isnan(deveaud_2014(PHI[:1]))


def naive_mimno(counts: Any, words: list[int], epsilon: float) -> float:
    """Equation 1: sum over m = 2 ... M, l < m of log((D(v_m, v_l) + epsilon) / D(v_l))."""
    there = np.asarray(counts.todense() > 0)
    total = 0.0
    for m in range(1, len(words)):
        for before in words[:m]:
            both = int((there[:, words[m]] & there[:, before]).sum())
            total += math.log((both + epsilon) / int(there[:, before].sum()))
    return total


def test_mimno() -> None:
    counts = tiny.counts()
    words = [[0, 5, 2, 7], [3, 1, 8, 9]]
    there = np.asarray(counts.todense() > 0).astype(np.int64)
    together = [(there.T @ there)[np.ix_(w, w)] for w in words]
    found = mimno_2011(together)
    np.testing.assert_allclose(found, [naive_mimno(counts, w, 1.0) for w in words])
    small = mimno_2011(together, epsilon=1e-12, normalised=True)
    np.testing.assert_allclose(small, [naive_mimno(counts, w, 1e-12) / 6 for w in words])
    assert np.isnan(mimno_2011([np.ones((1, 1), np.int64)])).all()


def test_log_likelihood() -> None:
    """Equations 2 and 3, a factor at a time; also as the chance of each token given those before it."""
    alpha, beta = np.array([0.2, 0.5, 0.1, 0.9]), 0.07
    docs = [RNG.integers(V, size=n) for n in (5, 9, 1, 0)]
    topics = [RNG.integers(K, size=len(d)) for d in docs]
    n_kw, n_dk = np.zeros((K, V), int), np.zeros((len(docs), K), int)
    chain = 0.0
    for d, (words, zs) in enumerate(zip(docs, topics, strict=True)):
        for w, z in zip(words, zs, strict=True):
            chain += math.log((n_dk[d, z] + alpha[z]) / (n_dk[d].sum() + alpha.sum()))
            chain += math.log((n_kw[z, w] + beta) / (n_kw[z].sum() + V * beta))
            n_dk[d, z] += 1
            n_kw[z, w] += 1
    eq2 = K * (math.lgamma(V * beta) - V * math.lgamma(beta)) + sum(
        sum(math.lgamma(n + beta) for n in n_kw[k]) - math.lgamma(n_kw[k].sum() + V * beta) for k in range(K)
    )
    eq3 = sum(
        math.lgamma(alpha.sum())
        - sum(map(math.lgamma, alpha))
        + sum(math.lgamma(n + a) for n, a in zip(row, alpha, strict=True))
        - math.lgamma(row.sum() + alpha.sum())
        for row in n_dk
    )
    found = log_likelihood(n_kw, n_dk, alpha, beta)
    assert found == pytest.approx(eq2 + eq3)
    assert found == pytest.approx(chain)
    assert log_likelihood(n_kw, n_dk, 0.3, beta) == pytest.approx(
        log_likelihood(n_kw, n_dk, np.full(K, 0.3), beta)
    )


def test_log_likelihood_of_counts_in_single_precision() -> None:
    """The sum of these counts, 2^24 + 1, is none of its numbers."""
    n_kw = np.array([[2.0**24, 1.0]], dtype=np.float32)
    n_dk = n_kw.sum(axis=1, dtype=np.float64).reshape(1, 1)
    expected = log_likelihood(n_kw.astype(np.float64), n_dk, 0.1, 0.01)
    assert log_likelihood(n_kw, n_dk, 0.1, 0.01) == pytest.approx(expected, abs=1e-6)


def test_criteria_of_a_model() -> None:
    counts = tiny.counts()
    estimator = lda.LDA(3, max_iter=30, random_state=0).fit(counts)
    model = estimator.model_
    found = model.criteria(counts, n_words=4, n_best=2)
    assert estimator.criteria(counts, n_words=4, n_best=2).log_likelihood == found.log_likelihood
    assert found.cao_juan_2009 == pytest.approx(cao_juan_2009(model.topic_word))
    assert found.deveaud_2014 == pytest.approx(deveaud_2014(model.topic_word))
    theta, lengths = model.transform(counts, seed=0), np.asarray(counts.sum(axis=1)).ravel()
    assert found.arun_2010 == pytest.approx(arun_2010(model.topic_word, theta, lengths))
    words = [[int(term) for term in topic] for topic in model.top_words(4)]
    each = [naive_mimno(counts, w, 1e-12) / 6 for w in words]
    np.testing.assert_allclose(found.coherence, each)
    assert found.mimno_2011 == pytest.approx(sum(sorted(each)[-2:]) / 2)
    # Of one state of the same documents: near the likelihood at the end of the fit, and above that of chance.
    last = model.record.history[-1]["log_likelihood"] * model.record.n_trained_tokens
    assert found.log_likelihood == pytest.approx(last, rel=0.05)
    with pytest.raises(ValueError, match="n_words must be 2 or more and n_best 1 or more, got 1 and 5"):
        model.criteria(counts, n_words=1)
