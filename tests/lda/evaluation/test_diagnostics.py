"""Diagnostics by MALLET's definitions, written out document by document; diversity and stability."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
import scipy.sparse as sp
import tiny

import lda
from lda.corpus import DataError, DocumentBatch
from lda.evaluation.diagnostics import describe_topics
from lda.evaluation.document_usage import use_of_documents
from lda.evaluation.stability import diversity, stability
from lda.model.topic_matrix import TopicMatrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lda.evaluation.diagnostics import TopicDiagnostics

K, BETA, ALPHA = 4, 0.05, np.array([0.1, 0.5, 0.2, 0.1])
VOCABULARY = [f"{'x' * (w % 5 + 1)}{w}" for w in range(30)]
N_WORDS = 6


class Known:
    """Documents whose tokens have known topics, where a language model is expected."""

    def __init__(self, z: list[list[int]]) -> None:
        self._z = z
        self._next = 0

    def topics_of_tokens(
        self, doc_offsets: NDArray[np.int64], words: NDArray[np.int32], *, seed: int
    ) -> tuple[NDArray[np.int32], NDArray[np.uint16]]:
        first, self._next = self._next, self._next + len(doc_offsets) - 1
        return words, np.array(sum(self._z[first : self._next], []), dtype=np.uint16)  # noqa: RUF017


@pytest.fixture(scope="module")
def state() -> tuple[list[list[int]], list[list[int]]]:
    """Words and topics of 40 documents; topic 3 has no token, document 5 is empty."""
    rng = np.random.default_rng(2)
    lengths = [5, 1, 2, 3, 4, 0, *rng.integers(1, 40, 34)]
    words = [sorted((rng.geometric(0.15, n) % 30).tolist()) for n in lengths]
    return words, [rng.choice(3, len(tokens), p=rng.dirichlet([0.4] * 3)).tolist() for tokens in words]


@pytest.fixture(scope="module")
def counts(state: tuple[list[list[int]], list[list[int]]]) -> NDArray[np.int64]:
    n = np.zeros((30, K), dtype=np.int64)
    for tokens, z in zip(*state, strict=True):
        np.add.at(n, (tokens, z), 1)
    return n


def top_ids(counts: NDArray[np.int64]) -> list[list[int]]:
    return [[int(w) for w in np.argsort(-n, kind="stable")[:N_WORDS] if n[w]] for n in counts.T]


@pytest.fixture(scope="module")
def found(state: tuple[list[list[int]], list[list[int]]], counts: NDArray[np.int64]) -> TopicDiagnostics:
    words, z = state
    ids = [np.array(topic, dtype=np.int32) for topic in top_ids(counts)]
    batches = []
    for first in (0, 7, 33):  # three batches
        part = words[first : {0: 7, 7: 33, 33: 40}[first]]
        offsets = np.cumsum([0, *map(len, part)]).astype(np.int64)
        tokens = np.array(sum(part, []), dtype=np.int32)  # noqa: RUF017
        batches.append(DocumentBatch([""] * len(part), offsets, tokens, 0))
    use = use_of_documents(cast("Any", Known(z)), batches, ALPHA, ids, 0)
    return describe_topics(
        sp.csr_matrix(counts), BETA, [[VOCABULARY[w] for w in topic] for topic in ids], VOCABULARY,
        n_words=N_WORDS, tokens=counts.sum(axis=0).astype(float), use=use,
    )  # fmt: skip


def test_words_of_a_topic(found: TopicDiagnostics, counts: NDArray[np.int64]) -> None:
    n_k, n_w, n = counts.sum(axis=0), counts.sum(axis=1), counts.sum()
    phi = (counts + BETA) / (n_k + 30 * BETA)
    for k in range(3):
        p = counts[:, k] / n_k[k]
        held = [w for w in range(30) if p[w] > 0]
        assert found.uniform_dist[k] == pytest.approx(sum(p[w] * log(p[w] * 30) for w in held))
        assert found.corpus_dist is not None
        assert found.corpus_dist[k] == pytest.approx(sum(p[w] * log(p[w] * n / n_w[w]) for w in held))
        assert found.eff_num_words[k] == pytest.approx(1 / sum(p[w] ** 2 for w in held))
        top = top_ids(counts)[k]
        assert found.exclusivity[k] == pytest.approx(np.mean([phi[w, k] / phi[w].sum() for w in top]))
        assert found.word_length[k] == np.mean([len(VOCABULARY[w]) for w in top])
    np.testing.assert_array_equal(found.tokens, n_k)
    for name, column in found.columns().items():
        assert name == "tokens" or np.isnan(column[3]), name  # nothing can be said of an empty topic


def test_documents_of_a_topic(
    found: TopicDiagnostics, state: tuple[list[list[int]], list[list[int]]], counts: NDArray[np.int64]
) -> None:
    n_dk = np.array([np.bincount(z, minlength=K) if z else np.zeros(K) for z in state[1]])
    columns = found.columns()
    for k in range(3):
        share = (n_dk[:, k] + ALPHA[k]) / (n_dk.sum(axis=1) + ALPHA.sum())
        there = n_dk[:, k] > 0
        p = n_dk[there, k] / n_dk[:, k].sum()
        assert columns["document_entropy"][k] == pytest.approx(-np.sum(p * np.log(p)))
        first = [d for d in range(40) if n_dk[d].any() and int(np.argmax(n_dk[d])) == k]
        assert columns["rank_1_docs"][k] == pytest.approx(len(first) / there.sum())
        at_least = {s: (there & (share >= s)).sum() for s in (0.02, 0.3, 0.5)}
        assert columns["allocation_ratio"][k] == pytest.approx(at_least[0.5] / at_least[0.02])
        assert columns["allocation_count"][k] == pytest.approx(at_least[0.3] / there.sum())


def test_words_in_documents_of_a_topic(
    found: TopicDiagnostics, state: tuple[list[list[int]], list[list[int]]], counts: NDArray[np.int64]
) -> None:
    columns = found.columns()
    for k in range(3):
        top = top_ids(counts)[k]
        sets = [
            {w for w, j in zip(tokens, z, strict=True) if j == k} for tokens, z in zip(*state, strict=True)
        ]

        def documents(*words: int, sets: list[set[int]] = sets) -> int:
            return sum(set(words) <= held for held in sets)

        pairs = [(top[i], top[j]) for i in range(len(top)) for j in range(i)]
        expected = sum(log((documents(a, b) + BETA) / (documents(b) + BETA)) for a, b in pairs)
        assert columns["coherence"][k] == pytest.approx(expected)
        p = counts[top, k] / counts[top, k].sum()
        q = np.array([documents(w) for w in top]) / sum(documents(w) for w in top)
        m = (p + q) / 2
        assert columns["token_doc_diff"][k] == pytest.approx(
            np.sum(p * np.log(p / m) + q * np.log(q / m)) / 2
        )


def test_estimator() -> None:
    fitted = lda.LDA(3, max_iter=40, random_state=1).fit(tiny.documents())
    trained, inferred = fitted.diagnostics(n_words=5), fitted.diagnostics(tiny.documents(), n_words=5)
    assert trained.coherence is None
    assert inferred.coherence is not None
    assert trained.rank_1_docs is not None
    assert inferred.rank_1_docs is not None
    assert np.all(trained.rank_1_docs > 0.3)  # each document is about one theme
    np.testing.assert_allclose(trained.rank_1_docs, inferred.rank_1_docs, atol=0.2)
    assert fitted.coherence(tiny.documents(), n_words=5).mean > 0.1
    assert fitted.model_.diversity(5) == 1
    with pytest.raises(ValueError, match="n_words must be 1 or more, got 0"):
        fitted.diagnostics(n_words=0)


# Topics that come again


def test_diversity() -> None:
    assert diversity([["a", "b"], ["b", "c"]]) == 0.75
    assert np.isnan(diversity([[], []]))


def matrix(rows: list[list[float]], terms: str) -> TopicMatrix:
    return TopicMatrix(matrix=np.array(rows), vocabulary=list(terms), alpha=np.array(0.1))


def test_stability_matches_topics_by_their_words() -> None:
    first = matrix([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2]], "abc")
    # The same topics in another order, and terms in another order.
    second = matrix([[0.8, 0.1, 0.1], [0.2, 0.2, 0.6], [0.1, 0.7, 0.2]], "cab")
    found = stability([first, second], n_words=1)
    assert found.overlap == pytest.approx(1, abs=1e-6)
    assert found.jaccard == 1
    assert [topic[:2] for topic in found.pairs[0].topics] == [(0, 2), (1, 0), (2, 1)]
    other = matrix([[0.5, 0.5], [0.9, 0.1]], "cd")
    three = stability([first, second, other], n_words=1)
    assert [(pair.first, pair.second, len(pair.topics)) for pair in three.pairs] == [
        (0, 1, 3),
        (0, 2, 2),
        (1, 2, 2),
    ]
    # Greedily, the second topic of the first (.8 of c) would take the .9; by hand, both assignments:
    root = {(i, j): np.sqrt(a * b) for i, a in enumerate((0.1, 0.8, 0.2)) for j, b in enumerate((0.5, 0.9))}
    best = max((root[i, 0] + root[j, 1]) / 2 for i in range(3) for j in range(3) if i != j)
    assert three.pairs[1].overlap == pytest.approx(best, abs=1e-6)


def test_equal_topics_of_many_terms_overlap_by_one() -> None:
    n = 400_000
    even = TopicMatrix(
        matrix=np.full((2, n), 1 / n), vocabulary=[str(w) for w in range(n)], alpha=np.array(0.1)
    )
    assert stability([even, even], n_words=1).overlap == pytest.approx(1, abs=1e-6)


def test_models_that_cannot_be_compared() -> None:
    one = matrix([[0.5, 0.5], [0.9, 0.1]], "ab")
    with pytest.raises(ValueError, match="two or more models, got 1"):
        stability([one])
    with pytest.raises(DataError, match="models 1 and 2 have no term in common"):
        stability([one, matrix([[0.5, 0.5], [0.9, 0.1]], "xy")])
