"""Sums of word-topic counts are those of double precision, whatever the counts are stored in."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from lda.cluster.counts.sparse_sums import ENTRIES, term_sums, topic_sums
from lda.cluster.counts.top_words import top_words


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_sums_are_exact(dtype: type[np.generic]) -> None:
    rng = np.random.default_rng(0)
    dense = random_array((500, 7), density=0.4, random_state=rng).toarray() * 1e6
    counts = csr_matrix(dense.astype(dtype))
    exact = counts.toarray().astype(np.float64)
    np.testing.assert_allclose(topic_sums(counts), exact.sum(axis=0), rtol=1e-14)
    np.testing.assert_allclose(term_sums(counts), exact.sum(axis=1), rtol=1e-14)


def test_nothing_sums_to_zeros() -> None:
    nothing = csr_matrix(np.zeros((3, 2), dtype=np.float32))
    assert topic_sums(nothing).tolist() == [0, 0]
    assert term_sums(nothing).tolist() == [0, 0, 0]


def test_many_entries_are_added_without_a_copy_of_them_all() -> None:
    """Rows lie across the places where one part ends and the next begins, one row is longer than a part."""
    lengths = np.full(41, ENTRIES // 10 + 3)
    lengths[[3, 7, 40]] = 2 * ENTRIES + 5, 0, 0
    starts = np.concatenate([[0], np.cumsum(lengths)])
    topics = np.arange(starts[-1], dtype=np.int32) % 7
    data = np.random.default_rng(2).integers(1, 1 << 20, starts[-1]).astype(np.float32)
    counts = csr_matrix((data, topics, starts), shape=(len(lengths), 7))
    expected = [int(data[low:high].sum(dtype=np.int64)) for low, high in pairwise(starts)]
    tracemalloc.start()
    of_terms = term_sums(counts)
    _, most_of_terms = tracemalloc.get_traced_memory()
    tracemalloc.reset_peak()
    of_topics = topic_sums(counts)
    _, most_of_topics = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert of_terms.tolist() == expected
    assert of_topics.tolist() == [int(data[k::7].sum(dtype=np.int64)) for k in range(7)]
    assert max(most_of_terms, most_of_topics) < 40 * ENTRIES < 8 * counts.nnz


def test_totals_of_top_words_are_such_sums() -> None:
    rng = np.random.default_rng(1)
    counts = csr_matrix(rng.integers(0, 50, (4000, 3)).astype(np.int32))
    soft = csr_matrix((rng.random((4000, 3)) * 1e5).astype(np.float32))
    found = top_words(counts, soft, 2)
    np.testing.assert_allclose(found.totals, soft.toarray().astype(np.float64).sum(axis=0), rtol=1e-14)
    assert found.tokens.tolist() == counts.toarray().sum(axis=0).tolist()
