"""New documents under a frozen model: one answer a document, close to the exact one."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
import pytest
import scipy.sparse as sp
from compiled import dense_phi
from small_models import ALPHA, BETA, COUNTS, PHI, batch, large, texts

from lda.cluster import FitSettings, FrozenModel, fit
from lda.corpus import as_corpus
from lda.samplers.registry import sampler
from lda.samplers.rules.sequential import sweep_documents

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def theta_given(words: list[int]) -> NDArray[np.float64]:
    """Exact E[theta | words] under the frozen phi, all K^N assignments listed."""
    total, weights = np.zeros(3), 0.0
    for z in product(range(3), repeat=len(words)):
        n = np.bincount(z, minlength=3) if words else np.zeros(3)
        log_p = naive.log_joint(n[None, :], np.zeros((1, 1)), ALPHA, np.ones(1))
        p = np.exp(log_p) * np.prod([PHI[w, k] for w, k in zip(words, z, strict=True)])
        total += p * (n + ALPHA) / (len(words) + ALPHA.sum())
        weights += p
    return total / weights


@pytest.mark.parametrize("model", [large(), FrozenModel(COUNTS, ALPHA, BETA)])
def test_theta_and_topics_of_the_same_sweeps(model: FrozenModel) -> None:
    documents = batch([[word % model.n_terms for word in words] for words in texts(60)])
    theta, words, z = model.theta_and_topics(*documents, seed=3)
    np.testing.assert_array_equal(theta, model.transform(*documents, seed=3))
    expected_words, expected = model.topics_of_tokens(*documents, seed=3)
    np.testing.assert_array_equal(words, expected_words)
    np.testing.assert_array_equal(z, expected)
    assert z.dtype == expected.dtype


def test_alone_or_in_bulk() -> None:
    model, lists = large(), texts(250)
    bulk = model.transform(*batch(lists), seed=3)
    assert bulk.dtype == np.float32
    np.testing.assert_allclose(bulk.sum(axis=1), 1, rtol=1e-5)
    scores, tokens = model.completion(*batch(lists), seed=3)
    assigned = model.assign(*batch(lists), seed=3).toarray()
    np.testing.assert_array_equal(assigned.sum(axis=1), [len(words) for words in lists])
    np.testing.assert_array_equal(tokens, [len(words) // 2 for words in lists])
    for d in (0, 3, 77, 249):
        alone = batch([lists[d]])
        np.testing.assert_array_equal(model.transform(*alone, seed=3)[0], bulk[d])
        np.testing.assert_array_equal(model.completion(*alone, seed=3)[0][0], scores[d])
        np.testing.assert_array_equal(model.assign(*alone, seed=3).toarray()[0], assigned[d])
    back = model.transform(*batch([words[::-1] for words in lists[::-1]]), seed=3)
    np.testing.assert_array_equal(back[::-1], bulk)
    assert not np.array_equal(model.transform(*batch(lists), seed=4), bulk)


def test_empty_document_has_the_prior() -> None:
    model = FrozenModel(COUNTS, ALPHA, BETA)
    np.testing.assert_allclose(
        model.transform(*batch([[], []])), np.tile(ALPHA / ALPHA.sum(), (2, 1)), rtol=1e-6
    )
    scores, tokens = model.completion(*batch([[], [1]]))
    assert scores.tolist() == [0, 0]
    assert tokens.tolist() == [0, 0]
    assert model.transform(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32)).shape == (0, 3)


@pytest.mark.parametrize("words", [[0], [3], [0, 2, 2, 3], [1, 1, 0, 4, 2, 0, 3]])
def test_proportions_come_near_the_exact_ones(words: list[int]) -> None:
    theta = FrozenModel(COUNTS, ALPHA, BETA).transform(*batch([words]), samples=40_000)[0]
    np.testing.assert_allclose(theta, theta_given(words), atol=0.006)


def test_completion_comes_near_the_exact_one() -> None:
    lists = [[0, 0, 1, 2, 2], [4, 1], [3, 3, 0, 4, 1, 1, 2]]
    scores, tokens = FrozenModel(COUNTS, ALPHA, BETA).completion(*batch(lists), seed=5, samples=20_000)
    for words, score, n in zip(lists, scores, tokens, strict=True):
        held = naive.held_half(len(words), naive.content_key(words), 5)
        split: dict[bool, list[int]] = {True: [], False: []}
        for w, h in zip(sorted(words), held, strict=True):
            split[h].append(w)
        theta = theta_given(split[False])
        assert score == pytest.approx(sum(np.log(PHI[w] @ theta) for w in split[True]), abs=0.02)
        assert n == len(split[True])


def test_averaged_counts_keep_their_fractions() -> None:
    # Ten states: a tenth of a token is a count like any other.
    rng = np.random.default_rng(0)
    mean = sp.csr_matrix(rng.poisson(0.02, (50, 300)).astype(np.float32) / 10)
    model = FrozenModel(mean, np.full(300, 0.1), 0.01)
    exact = (mean.toarray() + 0.01) / (mean.toarray().sum(axis=0) + 50 * 0.01)
    np.testing.assert_allclose(dense_phi(model._model), exact, rtol=3e-3)
    assert np.all(model._model.start < 0)  # rare words stay sparse
    large_mean = sp.csr_matrix(np.array([[1.9e9, 0.5], [0, 3]]))
    phi = dense_phi(FrozenModel(large_mean, np.ones(2), 0.01)._model)
    assert phi[0, 0] == pytest.approx(1)


def test_counts_that_are_no_counts() -> None:
    with pytest.raises(ValueError, match="must not be negative, got -1"):
        FrozenModel(sp.csr_matrix(np.array([[1, -1]])), np.ones(2), 0.1)
    unsorted = COUNTS.copy()
    for row in range(5):
        part = slice(unsorted.indptr[row], unsorted.indptr[row + 1])
        unsorted.indices[part], unsorted.data[part] = unsorted.indices[part][::-1], unsorted.data[part][::-1]
    unsorted.has_sorted_indices = False
    document = batch([[0, 1, 2, 3, 4]])
    np.testing.assert_array_equal(
        FrozenModel(unsorted, ALPHA, BETA).transform(*document),
        FrozenModel(COUNTS, ALPHA, BETA).transform(*document),
    )


@pytest.mark.parametrize("word", [-1, 5])
def test_words_that_the_model_does_not_have(word: int) -> None:
    with pytest.raises(ValueError, match=rf"term ids must lie in 0 \.\. 4, got .*{word}"):
        FrozenModel(COUNTS, ALPHA, BETA).transform(*batch([[0, word, 2]]))


def test_documents_too_long_for_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.samplers.limits.MAX_DOCUMENT_TOKENS", 3)
    with pytest.raises(ValueError, match="at most 3 tokens, got 4"):
        FrozenModel(COUNTS, ALPHA, BETA).transform(*batch([[0], [0, 1, 2, 3]]))
    with pytest.raises(ValueError, match="at most 3 tokens, got 4"):
        fit(as_corpus(np.array([[1, 0], [2, 2]])), FitSettings(n_topics=2))


def test_training_and_inference_share_a_kernel() -> None:
    import lda.cluster.sweeping.frozen_model

    assert lda.cluster.sweeping.frozen_model.sweep_documents is sweep_documents
    assert sampler("adlda").load_rule().__globals__["sweep_documents"] is sweep_documents  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("offsets", "words", "message"),
    [
        ([0, 5], [1], "rise from 0 to the number of words, 1, got 0 .. 5"),
        ([0, 1], [1, 2], "number of words, 2, got 0 .. 1"),
        ([1, 2], [1, 2], "number of words, 2, got 1 .. 2"),
        ([0, 2, 1, 2], [1, 2], "got 2 before 1"),
        ([], [], "number of words, 0, got none"),
        ([0, 1], [1.7], "words must be an array of whole numbers"),
        ([0, 1.5], [1], "doc_offsets must be an array of whole numbers"),
    ],
)
def test_documents_that_do_not_fit_their_words_are_refused(
    offsets: list[float], words: list[float], message: str
) -> None:
    model = FrozenModel(COUNTS, ALPHA, BETA, threads=1)
    for ask in (model.transform, model.completion, model.left_to_right, model.topics_of_tokens):
        with pytest.raises(ValueError, match=message):
            ask(np.array(offsets), np.array(words))


def test_a_seed_that_is_none_is_refused() -> None:
    model = FrozenModel(COUNTS, ALPHA, BETA, threads=1)
    for ask in (model.transform, model.completion, model.left_to_right, model.topics_of_tokens):
        for seed in (-1, 1 << 64):
            with pytest.raises(ValueError, match="the seed must be between 0 and"):
                ask(*batch([[0, 1, 2, 4]]), seed=seed)


@pytest.mark.parametrize("device", ["gpu", "CUDA", None, 0])
def test_only_devices_that_there_are(device: Any) -> None:
    with pytest.raises(ValueError, match="the device must be cpu or cuda, got"):
        FrozenModel(COUNTS, ALPHA, BETA, device=device)
    with pytest.raises(ValueError, match="the device must be cpu or cuda, got"):
        FrozenModel.of_topic_word(PHI.T, ALPHA, device=device)


@pytest.mark.parametrize("n_topics", [1, 100, 256, 257])
def test_one_call_of_a_kernel_is_all_sweeps(n_topics: int) -> None:
    rng = np.random.default_rng(n_topics)
    counts = sp.csr_matrix(rng.poisson(0.2, (60, n_topics)) * rng.integers(1, 9, (60, 1)), dtype=np.int32)
    model = FrozenModel(counts, rng.gamma(0.3, size=n_topics) + 0.01, 0.05, threads=2)
    alone = FrozenModel(counts, model.alpha, 0.05, threads=1)
    lengths = [0, 1, 2, 70, 0, 130, 3000]
    offsets, words = batch([rng.integers(0, 60, length).tolist() for length in lengths])
    theta = model.transform(offsets, words, seed=7)
    np.testing.assert_array_equal(theta, model.theta_and_topics(offsets, words, seed=7)[0])
    np.testing.assert_array_equal(theta, alone.transform(offsets, words, seed=7))
    np.testing.assert_array_equal(
        theta, FrozenModel.of_arrays(model.arrays()).transform(offsets, words, seed=7)
    )
    for d, length in enumerate(lengths):
        one = words[offsets[d] : offsets[d + 1]]
        np.testing.assert_array_equal(alone.transform(np.array([0, length]), one, seed=7)[0], theta[d])
    assert alone.transform(np.array([0]), words[:0]).shape == (0, n_topics)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("phi", lambda a: a[:-16]),
        ("start", lambda a: a + 16),
        ("start", lambda a: ~a),
        ("length", lambda a: a + 1000),
        ("topic", lambda a: a.astype(np.int64)),
        ("topic", lambda a: a + np.uint16(300)),
        ("prior", lambda a: a[:-1]),
        ("row_mass", lambda a: a[:0]),
    ],
)
def test_arrays_that_are_no_model_are_refused(name: str, change: Callable[[Any], Any]) -> None:
    arrays = FrozenModel(COUNTS, ALPHA, BETA).arrays()
    with pytest.raises(ValueError, match=r"must be|rows of words lie outside"):
        FrozenModel.of_arrays(arrays | {name: change(arrays[name])})
