"""Long documents: proportions that sum to 1, and scores that no entropy refutes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from lda.cluster import FrozenModel
from lda.samplers.inference import content_keys, count_topics, mean_proportions, sort_documents, split_tokens
from lda.samplers.language import empty_model, set_priors
from lda.samplers.layout import topic_dtype, word_rows

COUNTS = sp.csr_matrix(
    np.array([[300, 20, 900], [0, 800, 100], [340, 0, 200], [0, 1, 0], [0, 500, 5]], dtype=np.int32)
)


def frozen(n_topics: int) -> FrozenModel:
    """Of three topics the one above, of others one in which each word has topics of its own."""
    if n_topics == 3:
        return FrozenModel(COUNTS, np.array([0.1, 0.5, 0.3]), 0.01, threads=2)
    topics = np.arange(n_topics)
    counts = sp.csr_matrix(((1 + topics % 7).astype(np.int32), (topics % 5, topics)), shape=(5, n_topics))
    return FrozenModel(counts, np.full(n_topics, 0.1), 0.01, threads=2)


def document(n_tokens: int) -> tuple[np.ndarray, np.ndarray]:
    words = np.random.default_rng(n_tokens).choice(5, n_tokens, p=[0.4, 0.3, 0.2, 0.02, 0.08])
    return np.array([0, n_tokens]), words.astype(np.int32)


@pytest.mark.parametrize(
    ("n_tokens", "n_topics"), [(1, 2), (1, 100_000), (20_000, 100_000), (100_000, 3), (1_000_000, 3)]
)
def test_proportions_of_a_document_sum_to_one(n_tokens: int, n_topics: int) -> None:
    theta = frozen(n_topics).transform(*document(n_tokens))
    assert theta.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)


def test_proportions_of_ten_million_tokens_sum_to_one() -> None:
    theta = frozen(3).transform(*document(10_000_000), burn_in=0, samples=2)
    assert theta.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    n_tokens=st.integers(0, 10_000_000),
    n_topics=st.integers(2, 100_000),
    held=st.integers(1, 100_000),
    n_states=st.integers(1, 100),
    alpha=st.floats(1e-12, 1e12),
)
def test_proportions_from_counts(
    n_tokens: int, n_topics: int, held: int, n_states: int, alpha: float
) -> None:
    """Any counts, without the tokens behind them: whole numbers that sum to tokens times states."""
    rng = np.random.default_rng(held)
    held = min(held, n_topics)
    counts = np.zeros((1, n_topics), dtype=np.int64)
    counts[0, rng.permutation(n_topics)[:held]] = rng.multinomial(
        n_tokens * n_states, rng.dirichlet(np.ones(held))
    )
    model = empty_model(word_rows(np.ones(1, dtype=np.int64), n_topics))
    set_priors(model, np.zeros(n_topics, dtype=np.int64), np.full(n_topics, alpha), 0.01)
    offsets = np.array([0, n_tokens])
    theta = np.zeros((1, n_topics))
    mean_proportions(counts, offsets, 0, 1, model, n_states, theta)
    assert theta.sum() == pytest.approx(1, abs=1e-12)
    assert theta.astype(np.float32).sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)
    exact = (counts[0] / n_states + alpha) / (n_tokens + n_topics * alpha)
    np.testing.assert_allclose(theta[0], exact, rtol=1e-6)


def test_counts_beyond_float32_are_counted() -> None:
    z = np.zeros(100, dtype=topic_dtype(2))
    counts = np.array([[2**53, 2**31 - 50]])
    z[50:] = 1
    count_topics(z, np.array([0, 100]), 0, 1, counts)
    assert counts.tolist() == [[2**53 + 50, 2**31]]


@pytest.mark.parametrize("n_tokens", [1_000, 100_000, 1_000_000])
def test_no_score_beats_the_entropy_of_what_is_scored(n_tokens: int) -> None:
    """By Gibbs' inequality: a mixture of topics is a distribution, and none tells words better than their own."""
    offsets, words = document(n_tokens)
    nearly_the_words_own = sp.csr_matrix(np.tile([[40_000], [30_000], [20_000], [2_000], [8_000]], 3))
    for model in (frozen(3), FrozenModel(nearly_the_words_own, np.ones(3), 0.01)):
        scores, tokens = model.completion(offsets, words, seed=1)
        sort_documents(words, offsets)
        keys, held = np.zeros(1, dtype=np.uint64), np.zeros(n_tokens, dtype=np.bool_)
        content_keys(words, offsets, keys)
        split_tokens(offsets, keys, np.uint64(1), held)
        share = np.bincount(words[held]) / tokens[0]
        entropy = -float(share[share > 0] @ np.log(share[share > 0]))
        # What rounds are the weights of words and topics, to float32.
        assert scores[0] / tokens[0] <= -entropy + 3e-7
        assert scores[0] / tokens[0] >= -entropy - 0.2


def test_blocks_of_documents_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    model = frozen(3)
    words = np.random.default_rng(0).integers(0, 5, 200, dtype=np.int32)
    offsets = np.array([0, 1, 1, 60, 61, 62, 190, 200])
    theta, (scores, _) = model.transform(offsets, words), model.completion(offsets, words)
    monkeypatch.setattr("lda.cluster.inference.CELLS", 2)  # a document at a time
    np.testing.assert_array_equal(model.transform(offsets, words), theta)
    np.testing.assert_array_equal(model.completion(offsets, words)[0], scores)
