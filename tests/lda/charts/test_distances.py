"""Distances between topics beside SciPy's, and the map made of them."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from made_models import made_model, planted_model
from scipy.spatial.distance import jensenshannon, pdist, squareform

import lda
from lda.charts.coordinates import map_coordinates
from lda.charts.distances import distances_to, nearest_topics, topic_distances


def by_scipy(p: np.ndarray) -> np.ndarray:
    return squareform(pdist(p, jensenshannon)) if len(p) > 1 else np.zeros((1, 1))


def uneven(n_topics: int, n_terms: int, seed: int = 0) -> lda.Model:
    """Topics of very different sizes; words that one topic holds, that few hold, and that most hold."""
    rng = np.random.default_rng(seed)
    use = rng.uniform(0, 1, n_terms) ** 4
    counts = rng.poisson(rng.gamma(0.3, 9, (n_terms, n_topics))) * (
        rng.random((n_terms, n_topics)) < use[:, None]
    )
    return made_model(counts * rng.integers(1, 60, n_topics), beta=0.03)


@pytest.mark.parametrize(("n_topics", "n_terms"), [(2, 30), (7, 300), (90, 500), (110, 40)])
def test_distances_are_those_of_scipy(n_topics: int, n_terms: int) -> None:
    model = uneven(n_topics, n_terms)
    np.testing.assert_allclose(topic_distances(model), by_scipy(model.topic_word), atol=1e-7, rtol=0)


@pytest.mark.parametrize("threads", [1, 2])
def test_distances_to_one_topic_are_a_row_of_all(threads: int) -> None:
    twins = made_model([[9, 9, 0, 1], [3, 3, 2, 0], [0, 0, 5, 8]])
    matrix = lda.TopicMatrix(
        matrix=np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]]), vocabulary=["a", "b", "c"], alpha=np.array(0.1)
    )
    for model in (uneven(7, 300), twins, matrix):
        for k, row in enumerate(topic_distances(model)):
            np.testing.assert_allclose(distances_to(model, k, threads=threads), row, atol=1e-7, rtol=0)


def test_soft_counts_are_what_is_compared() -> None:
    rng = np.random.default_rng(3)
    plain = uneven(12, 200)
    soft = plain.counts.astype(np.float32)
    soft.data = rng.gamma(1.0, 2.0, soft.nnz).astype(np.float32)
    model = lda.Model(
        counts=plain.counts, alpha=plain.alpha, beta=0.02, vocabulary=plain.vocabulary,
        record=plain.record, soft_counts=soft,
    )  # fmt: skip
    np.testing.assert_allclose(topic_distances(model), by_scipy(model.topic_word), atol=1e-7, rtol=0)


def test_the_answer_does_not_depend_on_threads() -> None:
    model = uneven(70, 400)
    np.testing.assert_array_equal(topic_distances(model, threads=1), topic_distances(model, threads=3))


def test_a_topic_word_matrix_without_smoothing() -> None:
    matrix = np.array([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0], [0.25, 0.25, 0.5]])
    other = lda.TopicMatrix(matrix=matrix, vocabulary=["a", "b", "c"], alpha=np.array(0.1))
    found = topic_distances(other)
    np.testing.assert_allclose(found, by_scipy(matrix), atol=1e-9)
    assert found[0, 1] == pytest.approx(np.sqrt(np.log(2)))


def test_identical_topics_have_distance_0_and_nearest_are_in_order() -> None:
    counts = np.array([[9, 9, 0, 1], [3, 3, 2, 0], [0, 0, 5, 8]])
    distances = topic_distances(made_model(counts))
    assert distances[0, 1] == 0
    assert (np.diag(distances) == 0).all()
    nearest = nearest_topics(distances, 2)
    assert nearest.topics[:2, 0].tolist() == [1, 0]
    assert nearest.distances[2, 0] == np.sort(distances[2])[1]
    assert nearest_topics(distances, 9).topics.shape == (4, 3)
    assert nearest_topics(np.zeros((1, 1)), 5).topics.shape == (1, 0)
    with pytest.raises(ValueError, match="n must be 0 or more"):
        nearest_topics(distances, -1)


def test_an_empty_topic_is_as_far_from_others_as_the_prior() -> None:
    model = made_model([[5, 0, 2], [1, 0, 7]])
    np.testing.assert_allclose(topic_distances(model), by_scipy(model.topic_word), atol=1e-9)


@pytest.mark.parametrize("n_topics", [1, 2, 3])
def test_few_topics_lie_at_their_distances(n_topics: int) -> None:
    distances = topic_distances(planted_model(n_topics))
    points = map_coordinates(distances)
    assert points.shape == (n_topics, 2)
    np.testing.assert_allclose(squareform(pdist(points)) if n_topics > 1 else [[0.0]], distances, atol=1e-3)
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)


def test_identical_topics_lie_on_one_place() -> None:
    assert not map_coordinates(np.zeros((5, 5))).any()
    twins = topic_distances(made_model([[9, 9, 0, 1], [3, 3, 2, 0], [0, 0, 5, 8]]))
    points = map_coordinates(twins)
    np.testing.assert_allclose(points[0], points[1], atol=0.02)


def test_the_map_is_the_same_again_and_says_nothing() -> None:
    distances = topic_distances(planted_model(30))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        points = map_coordinates(distances)
    np.testing.assert_array_equal(points, map_coordinates(distances))
    for axis in points.T:
        assert axis[np.abs(axis).argmax()] > 0
    # Near topics lie nearer than far ones.
    upper = np.triu_indices(30, 1)
    assert np.corrcoef(distances[upper], squareform(pdist(points))[upper])[0, 1] > 0.4
