"""Soft counts: the sum of the tokens' full conditionals, to the bit of a twin and near what they stand for."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from compiled import delta_of, dense_phi, documents, mean_model, store
from naive import counts as counted
from naive_soft import Soft, document_sums, exact
from problems import CASES, problem

from lda.samplers.counts.row_layout import FEW_TOPICS, slice_counts, slice_rows, topic_dtype
from lda.samplers.counts.word_counts import index_by_word
from lda.samplers.numerics.weighed_rows import STATES
from lda.samplers.phi import soft_counts
from lda.samplers.phi.soft_counts import (
    LEAST,
    UNIT,
    DocumentTopics,
    SoftRows,
    Terms,
    add_rows,
    joined_rows,
    list_topics,
    mean_of,
    soft_rows,
    spread_rest,
    terms_of,
)
from lda.samplers.phi.soft_counts import (
    slice_rows as slice_soft_rows,
)
from lda.samplers.priors import Priors
from lda.samplers.scoring.full_conditionals import WORDS, add_full_conditionals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiled import Documents
    from numpy.typing import NDArray


def listed(docs: Documents, z: NDArray[Any], n_topics: int, blocks: Sequence[int]) -> DocumentTopics:
    """The documents by topic, listed in runs that begin at `blocks`."""
    n = len(docs.words)
    out = DocumentTopics(
        docs.doc_offsets, np.zeros(docs.n, np.int32), np.zeros(n, z.dtype), np.zeros(n, np.float32),
        np.zeros(n, np.int32), np.zeros(n, z.dtype),
    )  # fmt: skip
    for first, last in zip(blocks, [*blocks[1:], docs.n], strict=True):
        list_topics(z, 0, 0, first, last, n_topics, out)
    return out


def terms(n_wk: NDArray[Any], alpha: NDArray[np.float64], beta: float) -> Terms:
    return terms_of(n_wk.sum(axis=0), Priors(alpha=alpha, beta=beta), len(n_wk))


def rows_of(
    docs: Documents, z: NDArray[Any], n_wk: NDArray[Any], alpha: Any, beta: float, cuts: Sequence[int] = (0,)
) -> SoftRows:
    """Soft counts by the kernel, of ranges of words that begin at `cuts`, each with its own counts."""
    rows, counts = store(n_wk)
    order, start = np.zeros(len(z), np.int32), np.zeros(len(n_wk) + 1, np.int64)
    index_by_word(docs.words, 0, len(z), start, order)
    topics = listed(docs, z, n_wk.shape[1], [0] if len(cuts) == 1 else list(range(docs.n)))
    parts = []
    for first, last in zip(cuts, [*cuts[1:], len(n_wk)], strict=True):
        part = slice_counts(counts, rows, first, last)
        assert len(part.start) == len(slice_rows(rows, first, last).start)
        parts.append(soft_rows(topics, order, start, first, last, part, first, terms(n_wk, alpha, beta)))
    return joined_rows(parts)


def dense(rows: SoftRows, n_topics: int) -> NDArray[np.int64]:
    matrix = sp.csr_matrix((rows.value, rows.topic.astype(np.int64), rows.start), (len(rows.rest), n_topics))
    return np.asarray(matrix.toarray())


@pytest.mark.parametrize("name", CASES)
def test_to_the_bit_of_the_twin(name: str) -> None:
    p = problem(name)
    n_topics = p.n_wk.shape[1]
    layout, _ = store(p.n_wk)
    twin = Soft(p.n_wk, p.alpha, p.beta)
    for first, last in pairwise(p.docs.doc_offsets):
        dense_words = set(np.flatnonzero(layout.start >= 0).tolist())
        twin.add_document(p.docs.words[first:last], p.z[first:last], dense_words)
    found = rows_of(p.docs, p.z, p.n_wk, p.alpha, p.beta)
    assert found.rest.tolist() == twin.rest
    for w, values in enumerate(twin.values):
        entries = slice(found.start[w], found.start[w + 1])
        expected = {k: n for k, n in sorted(values.items()) if n}
        assert (
            dict(zip(found.topic[entries].tolist(), found.value[entries].tolist(), strict=True)) == expected
        )
        assert found.topic[entries].tolist() == list(expected)
    spread = spread_rest(found, delta_of(p.n_wk), terms(p.n_wk, p.alpha, p.beta))
    assert not spread.rest.any()
    for w, expected in enumerate(twin.spread()):
        entries = slice(spread.start[w], spread.start[w + 1])
        assert (
            dict(zip(spread.topic[entries].tolist(), spread.value[entries].tolist(), strict=True)) == expected
        )
    lengths = np.bincount(p.docs.words, minlength=len(p.n_wk))
    np.testing.assert_array_equal(dense(spread, n_topics).sum(axis=1), lengths * UNIT)
    assert (spread.value > 0).all()


@pytest.mark.parametrize("n_topics", [1, 2, 7, 33])
def test_they_are_sums_of_full_conditionals(n_topics: int) -> None:
    """Against the definition, each token left out by counting anew without it."""
    rng = np.random.default_rng(n_topics)
    docs = documents([rng.integers(0, 6, n).tolist() for n in (1, 25, 60, 2, 30)])
    z = rng.integers(0, n_topics, len(docs.words)).astype(topic_dtype(n_topics))
    n_wk, alpha = counted(docs.words, z, 6, n_topics), rng.gamma(1.0, 0.5, n_topics) + 0.01
    expected = exact(docs.words, docs.doc_offsets, z, n_wk, alpha, 0.2)
    found = spread_rest(rows_of(docs, z, n_wk, alpha, 0.2), delta_of(n_wk), terms(n_wk, alpha, 0.2))
    # Each of the 5 documents is rounded twice for the own topic, and what is least of a topic goes to others.
    np.testing.assert_allclose(dense(found, n_topics) / UNIT, expected, rtol=0.02, atol=0.02)
    start, topic, value = mean_of(found, 1)
    mean = sp.csr_matrix((value, topic, start), n_wk.shape).toarray()
    np.testing.assert_allclose(mean, expected, atol=0.05)
    np.testing.assert_allclose(mean.sum(axis=1), n_wk.sum(axis=1), rtol=1e-6)


def test_neither_blocks_nor_pieces_nor_order_change_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem("three groups")
    given = p.docs, p.z, p.n_wk, p.alpha, p.beta
    whole, most = rows_of(*given), p.n_wk.shape[1]
    monkeypatch.setattr(soft_counts, "ENTRIES", 1)  # a word at a time
    np.testing.assert_array_equal(dense(rows_of(*given, cuts=(0, 1, 7, 24)), most), dense(whole, most))
    # Documents one by one, in any order.
    parts = []
    for first, last in pairwise(p.docs.doc_offsets):
        one = documents([p.docs.words[first:last].tolist()])
        parts.append(rows_of(one, p.z[first:last], p.n_wk, p.alpha, p.beta))
    for order in ((0, 1, 2), (2, 0, 1)):
        total = parts[order[0]]
        for i in order[1:]:
            total = add_rows(total, parts[i])
        np.testing.assert_array_equal(dense(total, most), dense(whole, most))
        np.testing.assert_array_equal(total.rest, whole.rest)
        assert total.topic.tolist() == whole.topic.tolist()


def test_means_keep_the_tokens_of_a_word_and_its_largest_topic() -> None:
    units = np.array([[3 * UNIT, LEAST, LEAST - 1], [1, 3, 3], [0, 0, 0], [2 * LEAST, 2 * UNIT, 0]]) * 2
    csr = sp.csr_matrix(units)
    rows = SoftRows(
        csr.indptr.astype(np.int64), csr.indices.astype(np.uint16), csr.data, np.zeros(4, np.int64)
    )
    start, topic, value = mean_of(rows, 2)
    mean = sp.csr_matrix((value, topic, start), units.shape).toarray()
    assert (mean > 0).tolist() == [[True, True, False], [False, True, True], [False] * 3, [True, True, False]]
    np.testing.assert_allclose(mean.sum(axis=1), units.sum(axis=1) / (2 * UNIT), rtol=1e-6)
    part = slice_soft_rows(rows, 1, 4)
    np.testing.assert_array_equal(dense(part, 3), units[1:])


def test_priors_near_their_smallest() -> None:
    """A token without which nothing is left counts for its own topic."""
    docs = documents([[0], [0, 1]])
    z = np.array([0, 1, 1], dtype=np.uint16)
    n_wk = counted(docs.words, z, 2, 3)
    alpha = np.full(3, 1e-12)
    found = spread_rest(rows_of(docs, z, n_wk, alpha, 1e-12), delta_of(n_wk), terms(n_wk, alpha, 1e-12))
    np.testing.assert_array_equal(dense(found, 3), n_wk * UNIT)


@pytest.mark.parametrize("name", CASES)
def test_new_documents_are_sums_of_full_conditionals(name: str) -> None:
    """Under a frozen model, where only the document's counts are without the token."""
    p = problem(name)
    if p.n_wk.shape[1] > FEW_TOPICS:
        return
    model = mean_model(p.n_wk, p.alpha, p.beta)
    sums = np.zeros((p.docs.n, p.n_wk.shape[1]))
    for first, last in ((0, 1), (1, p.docs.n)):
        add_full_conditionals(p.docs.words, p.z[None], p.docs.doc_offsets, first, last, model, sums)
    phi = dense_phi(model)[:, : len(p.alpha)].astype(np.float64)
    for d, (first, last) in enumerate(pairwise(p.docs.doc_offsets)):
        expected = document_sums(p.docs.words[first:last], p.z[first:last], phi, p.alpha)
        np.testing.assert_allclose(sums[d], expected, rtol=1e-5, atol=1e-6)
        assert sums[d].sum() == pytest.approx(last - first)


def test_states_may_be_added_together_or_one_by_one() -> None:
    """More words than rows that are kept, more states than are weighed at a time, sparse rows, words that repeat."""
    rng = np.random.default_rng(2)
    n_topics, n_terms = 100, 3 * WORDS
    lists = [rng.integers(0, n_terms, n).tolist() for n in (2, 0, 30, 400)]
    docs = documents([*lists, list(range(2 * WORDS)), [5] * 7])
    n_wk = rng.poisson(0.02, (n_terms, n_topics))
    n_wk[::2] *= 50
    alpha = rng.gamma(0.5, 0.5, n_topics) + 1e-4
    model = mean_model(n_wk, alpha, 0.1)
    assert (model.start >= 0).any()
    assert (model.start < 0).any()
    states = rng.integers(0, n_topics, (2 * STATES + 3, len(docs.words))).astype(np.uint16)
    arguments = docs.words, docs.doc_offsets, 0, docs.n, model

    def added(*runs: NDArray[np.uint16]) -> NDArray[np.float64]:
        sums = np.zeros((docs.n, n_topics))
        for run in runs:
            add_full_conditionals(arguments[0], run, *arguments[1:], sums)
        return sums

    together = added(states)
    np.testing.assert_array_equal(added(*(z[None] for z in states)), together)
    np.testing.assert_array_equal(added(states[:3], states[3:]), together)
    phi = dense_phi(model)[:, :n_topics].astype(np.float64)
    for d, (first, last) in enumerate(pairwise(docs.doc_offsets)):
        expected = sum(document_sums(docs.words[first:last], z[first:last], phi, alpha) for z in states)
        np.testing.assert_allclose(together[d], expected, rtol=1e-5, atol=1e-5)


def test_a_lone_token_with_next_to_no_prior_keeps_its_topic() -> None:
    docs = documents([[0]])
    model = mean_model(np.array([[3, 0], [0, 3]]), np.full(2, 1e-12), 1e-12)
    sums = np.zeros((1, 2))
    add_full_conditionals(docs.words, np.array([[0]], dtype=np.uint16), docs.doc_offsets, 0, 1, model, sums)
    assert sums.tolist() == [[1.0, 0.0]]
