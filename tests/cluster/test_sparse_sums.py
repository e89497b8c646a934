"""Sums of word-topic counts are those of double precision, whatever the counts are stored in."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from lda.cluster.counts.sparse_sums import term_sums, topic_sums
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


def test_totals_of_top_words_are_such_sums() -> None:
    rng = np.random.default_rng(1)
    counts = csr_matrix(rng.integers(0, 50, (4000, 3)).astype(np.int32))
    soft = csr_matrix((rng.random((4000, 3)) * 1e5).astype(np.float32))
    found = top_words(counts, soft, 2)
    np.testing.assert_allclose(found.totals, soft.toarray().astype(np.float64).sum(axis=0), rtol=1e-14)
    assert found.tokens.tolist() == counts.toarray().sum(axis=0).tolist()
