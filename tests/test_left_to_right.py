"""The left-to-right estimator: the twin's numbers, and the likelihood that listing all assignments gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import naive_evaluation
import naive_rules
import numpy as np
import pytest
from compiled import copies, dense_phi, documents, mean_model
from test_engine_inference import batch, large, texts

from lda.cluster import FrozenModel
from lda.samplers.left_to_right import left_to_right, particle_topics, survivors

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALPHA, BETA = np.array([0.2, 0.9, 0.4]), 0.3
# Word 0 is dense, the others sparse; word 3 has no counts.
N_WK = np.array([[30, 2, 9], [0, 8, 1], [3, 0, 2], [0, 0, 0], [0, 5, 5]])
PHI = (N_WK + BETA) / (N_WK.sum(axis=0) + 5 * BETA)


def estimates(docs: Any, model: Any, n_particles: int, seed: int = 0) -> NDArray[np.float64]:
    longest = int(np.diff(docs.doc_offsets).max())
    scores = np.zeros(docs.n)
    z = particle_topics(n_particles, longest, model.n_topics)
    left_to_right(*docs, 0, docs.n, model, np.uint64(seed), z, scores)  # type: ignore[call-arg]
    return scores


def test_exact_likelihood_is_a_distribution() -> None:
    # The oracle itself: all documents of two tokens have the probabilities that sum to one.
    total = sum(
        np.exp(naive_evaluation.log_likelihood([a, b], PHI, ALPHA)) for a in range(5) for b in range(5)
    )
    assert total == pytest.approx(1)


@pytest.mark.parametrize("n_particles", [1, 2, 7])
@pytest.mark.parametrize("words", [[3], [0, 2], [0, 1, 2, 2, 4, 4]])
def test_expectation_is_the_likelihood(words: list[int], n_particles: int) -> None:
    n = 60_000 // n_particles
    docs, _ = copies(words, [0] * len(words), n, 3)
    p = np.exp(estimates(docs, mean_model(N_WK, ALPHA, BETA), n_particles))
    exact = np.exp(naive_evaluation.log_likelihood(words, PHI, ALPHA))
    error = p.std() / np.sqrt(n) + 1e-6 * exact
    assert abs(p.mean() - exact) < 4 * error


def test_conflicting_words_need_the_resampling() -> None:
    # Two topics that exclude each other, a prior that wants one of them: with independent particles
    # the product of averages misses the likelihood by far.
    n_wk, alpha = np.array([[40, 1], [1, 40], [2, 2]]), np.array([0.05, 0.05])
    phi = (n_wk + 0.1) / (n_wk.sum(axis=0) + 0.3)
    docs, _ = copies([0, 1, 1, 1], [0] * 4, 20_000, 2)
    p = np.exp(estimates(docs, mean_model(n_wk, alpha, 0.1), 3))
    exact = np.exp(naive_evaluation.log_likelihood([0, 1, 1, 1], phi, alpha))
    assert abs(p.mean() - exact) < 4 * p.std() / np.sqrt(20_000)


def test_many_particles_give_the_logarithm() -> None:
    lists = [[0, 0, 1, 2, 2], [4, 1], [3, 3, 0, 4, 1, 1, 2]]
    import scipy.sparse as sp

    model = FrozenModel(sp.csr_matrix(N_WK.astype(np.int32)), ALPHA, BETA)
    scores, tokens = model.left_to_right(*batch(lists), particles=2000)
    exact = [naive_evaluation.log_likelihood(words, PHI, ALPHA) for words in lists]
    np.testing.assert_allclose(scores, exact, atol=0.03)
    assert tokens.tolist() == [5, 2, 7]


def test_twin() -> None:
    rng = np.random.default_rng(3)
    n_wk = np.zeros((30, 300), dtype=np.int64)
    for w, n_topics in enumerate([12, 3, 10] * 10):  # dense rows, short rows, long rows
        n_wk[w, rng.choice(300, n_topics, replace=False)] = 5 if n_topics == 12 else 1
    alpha = rng.gamma(0.5, size=300) + 0.01
    lists = [sorted(rng.integers(0, 30, n).tolist()) for n in (1, 2, 9, 14)]
    model, twin = mean_model(n_wk, alpha, 0.05), naive_rules.Model(n_wk, alpha, 0.05)
    scores = estimates(documents(lists), model, 5, seed=11)
    expected = [naive_evaluation.left_to_right(words, d, twin, 11, 5) for d, words in enumerate(lists)]
    np.testing.assert_allclose(scores, expected, rtol=1e-13)
    assert {"document side", "short word row", "long word row"} <= twin.paths


def test_alone_or_in_bulk() -> None:
    model, lists = large(), [words[:25] for words in texts(60)]
    scores, _ = model.left_to_right(*batch(lists), seed=3, particles=3)
    for d in (0, 7, 59):
        assert model.left_to_right(*batch([lists[d][::-1]]), seed=3, particles=3)[0][0] == scores[d]
    assert not np.array_equal(model.left_to_right(*batch(lists), seed=4, particles=3)[0], scores)
    empty, tokens = model.left_to_right(*batch([[], lists[0]]), particles=3)
    assert empty[0] == 0
    assert tokens[0] == 0


def test_survivors_are_as_many_as_their_weight() -> None:
    p, ancestors = np.array([0.0, 2.0, 5.0, 1.0, 0.0]), np.zeros(5, dtype=np.int64)
    times = np.zeros(5)
    for u in (np.arange(1000) + 0.5) / 1000:
        survivors(p, u, ancestors)
        times += np.bincount(ancestors, minlength=5)
    np.testing.assert_allclose(times / 1000, 5 * p / p.sum(), atol=0.01)


def test_topics_given_as_a_matrix() -> None:
    exact, given = mean_model(N_WK, ALPHA, BETA), FrozenModel.of_topic_word(PHI.T, ALPHA)
    np.testing.assert_allclose(dense_phi(given._model), dense_phi(exact), rtol=1e-6)
    lists = [[0, 0, 1, 2, 2], [4, 1, 3], [3]]
    scores, _ = given.left_to_right(*batch(lists), particles=3000)
    np.testing.assert_allclose(
        scores, [naive_evaluation.log_likelihood(words, PHI, ALPHA) for words in lists], atol=0.03
    )
    theta = given.transform(*batch([[], [0, 0, 0]]))
    np.testing.assert_allclose(theta[0], ALPHA / ALPHA.sum(), rtol=1e-6)
