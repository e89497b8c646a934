"""Counts, sums, offsets, sizes and ids near 2^31: right, or refused for what they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from compiled import certain_rows, documents, drawn_model, mean_model

from lda.cluster import FitSettings, FrozenModel
from lda.cluster.counts.aggregator import Aggregator, CountError
from lda.cluster.counts.sparse_npz import csr_bytes
from lda.cluster.counts.word_range import WordRange
from lda.cluster.documents.word_index import WordIndex
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import DataError, as_corpus
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.storage.places import storage
from lda.samplers.counts.histograms import Histogram, document_topics, topic_and_count, values
from lda.samplers.counts.row_layout import empty_counts, topic_dtype, word_rows
from lda.samplers.counts.word_counts import Delta, add_delta, gather_rows
from lda.samplers.phi.soft_counts import UNIT, DocumentTopics, list_topics
from lda.samplers.priors import Priors
from lda.samplers.rules import drawn_theta, sequential, simultaneous
from lda.samplers.scoring.completion import content_keys, count_topics
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood
from lda.samplers.tokens import Tokens

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 2**31 - 1


def held(cells: list[list[int]]) -> Aggregator:
    """Counts (V, K) held as the layout has them: few topics dense, one word of many sparse."""
    counts = sp.csr_matrix(np.array(cells, dtype=np.int64))
    made = Aggregator(word_rows(np.asarray(counts.sum(axis=1)).ravel(), counts.shape[1]))
    made.add_totals(made.add(change(counts)))
    return made


def change(counts: sp.csr_matrix, first: int = 0) -> Delta:
    totals = np.asarray(counts.sum(axis=0, dtype=np.int64)).ravel()
    topics = counts.indices.astype(topic_dtype(counts.shape[1]))
    return Delta(first, counts.indptr.astype(np.int64), topics, counts.data.astype(np.int32), totals)


def owner(cells: list[list[int]]) -> WordRange:
    """The owner of all words with these counts (V, K), of which no state is in the sum."""
    return WordRange(held(cells), 0, len(cells))


def sample(words: WordRange, cells: list[list[int]], open_tokens: int = 0) -> None:
    """Add a state with these counts to the sum.

    open_tokens: how many tokens that have the first topic of their word are still to be divided among all topics.
    """
    rows, counts = certain_rows(np.array(cells)), np.array(cells, dtype=np.int64)
    rows.value[rows.start[:-1]] -= UNIT * open_tokens
    rows.rest[:] = UNIT * open_tokens
    words.take((words.first, words.last), rows)
    words.accumulate(counts.sum(axis=0), Priors(alpha=np.full(counts.shape[1], 0.1), beta=0.01), len(counts))


def mean_of_sum(words: WordRange, taken: int) -> np.ndarray:
    mean = words.soft(taken)
    assert mean is not None
    assert mean.dtype == np.float32
    return np.asarray(mean.toarray())


def test_thirty_million_eighty_times() -> None:
    cells = [[30_000_000, 1], [0, 5]]
    words = owner(cells)
    for _ in range(80):
        sample(words, cells)
    assert mean_of_sum(words, 80).tolist() == cells


@pytest.mark.parametrize("n_topics", [3, 1000])
def test_a_rest_of_the_largest_counts_is_divided(n_topics: int) -> None:
    """Evenly: in a vocabulary of one word phi is 1 in all topics."""
    cells = [[LARGEST, LARGEST // 2] + [0] * (n_topics - 2)]
    words = owner(cells)
    for _ in range(3):
        sample(words, cells, open_tokens=LARGEST)
    expected = np.array([0, LARGEST // 2] + [0] * (n_topics - 2)) + LARGEST / n_topics
    np.testing.assert_allclose(mean_of_sum(words, 3)[0], expected, rtol=1e-6)


def test_sums_of_the_largest_counts_are_stored_and_taken_up(tmp_path: Path) -> None:
    cells = [[LARGEST, 3]]
    words = owner(cells)
    for _ in range(3):
        sample(words, cells)
    names = words.store_sum(storage(tmp_path), "c")
    again = owner(cells)
    again.restore_sum(storage(tmp_path), "c", names)
    sample(again, cells)
    assert mean_of_sum(again, 4).tolist() == [[np.float32(LARGEST), 3]]


def test_sums_that_were_stored_as_int32_are_left_alone(tmp_path: Path) -> None:
    """Those of plain counts, by earlier versions: with soft counts they have no sum."""
    cells, name = [[LARGEST, 3]], "sum-0000000000-0000000001.npz"
    storage(tmp_path).write(f"c/{name}", csr_bytes(sp.csr_matrix(np.array(cells, dtype=np.int32))))
    words = owner(cells)
    words.restore_sum(storage(tmp_path), "c", [name])
    assert words.soft(1) is None
    sample(words, cells)
    assert mean_of_sum(words, 1).tolist() == [[np.float32(LARGEST), 3]]


@pytest.mark.parametrize("kind", ["dense", "sparse"])
def test_a_count_that_outgrows_32_bits_is_noticed(kind: str) -> None:
    n_topics = 3 if kind == "dense" else 100_000
    counts = Aggregator(word_rows(np.array([LARGEST if kind == "dense" else 5]), n_topics))
    assert (counts.rows.start[0] >= 0) == (kind == "dense")
    one = sp.csr_matrix(([1], ([0], [1])), shape=(1, n_topics))
    counts.add(change(one * (LARGEST - 1)))
    counts.add(change(one))
    assert counts.matrix()[0, 1] == LARGEST
    with pytest.raises(CountError, match="counts of word 0"):
        counts.add(change(one))


def test_a_term_too_frequent_for_a_count() -> None:
    corpus = SimpleNamespace(n_terms=2, term_frequencies=np.array([7, LARGEST]), vocabulary=["rare", "the"])
    settings = FitSettings(n_topics=2).resolved()
    assert count_rows(corpus, settings).capacity.tolist() == [2, 2]  # type: ignore[arg-type]
    corpus.term_frequencies = np.array([7, LARGEST + 1])
    with pytest.raises(ValueError, match="at most 2147483647 times in a corpus, got 'the' 2147483648 times"):
        count_rows(corpus, settings)  # type: ignore[arg-type]


def test_likelihood_and_histograms_of_large_counts() -> None:
    found = values(np.array([LARGEST, 0, LARGEST, 5], dtype=np.int32))
    assert (found.key.tolist(), found.times.tolist()) == ([5, LARGEST], [1, 2])
    key = np.array([(LARGEST - 1) << 32 | LARGEST])
    topic, n = topic_and_count(Histogram(key, np.ones(1, dtype=np.int64)))
    assert (topic.tolist(), n.tolist()) == ([LARGEST - 1], [LARGEST])
    whole = joint_log_likelihood(
        Priors(alpha=np.ones(2), beta=0.5),
        Histogram(np.array([LARGEST]), np.array([4])),
        Histogram(np.array([LARGEST]), np.array([4])),
        Histogram(np.array([LARGEST]), np.array([4])),
        np.array([4 * LARGEST, 0]),
        4,
    )
    assert np.isfinite(whole)
    assert -1.4 < whole / (4 * LARGEST) < -1.38  # four words, equally frequent: log 1/4 a token


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint32, np.float32, np.float64])
def test_language_models_of_the_largest_counts(dtype: type) -> None:
    counts: Any = np.array([[LARGEST, 0], [0, 1000]]).astype(dtype)
    theta = FrozenModel(sp.csr_matrix(counts), np.ones(2), 0.1).transform(
        np.array([0, 20]), np.zeros(20, dtype=np.int32)
    )
    assert theta[0, 0] > 0.9
    if np.dtype(dtype).itemsize == 8:
        with pytest.raises(ValueError, match=r"must be at most 2147483647, got (3e\+09|3000000000)"):
            FrozenModel(sp.csr_matrix(np.array([[3_000_000_000]]).astype(dtype)), np.ones(1), 0.1)


def far(file: Path, near: np.ndarray) -> np.ndarray:
    """An array of which only the last entries exist, from 2^31 - 5 on; the rest is a hole in a file."""
    whole = np.memmap(file, near.dtype, "w+", shape=(2**31 - 5 + len(near),))
    whole[2**31 - 5 :] = near
    return np.asarray(whole)


@pytest.mark.parametrize("n_topics", [3, 300])
def test_documents_that_lie_beyond_31_bits(n_topics: int, tmp_path: Path) -> None:
    """All kernels that walk documents, around the place where an offset of 32 bits would become negative."""
    rng = np.random.default_rng(0)
    docs = documents([sorted(rng.integers(0, 6, n).tolist()) for n in (4, 3, 80, 7)])
    topics = rng.integers(0, n_topics, len(docs.words)).astype(topic_dtype(n_topics))
    words, z = far(tmp_path / "words", docs.words), far(tmp_path / "z", topics)
    offsets, keys = docs.doc_offsets + (2**31 - 5), docs.doc_keys
    model = mean_model(rng.integers(0, 9, (6, n_topics)), np.full(n_topics, 0.1), 0.01)
    dense = drawn_model(rng.integers(0, 9, (6, n_topics)), np.full(n_topics, 0.1), 0.01, 1, 1)
    seeds = np.uint64(1), np.uint64(2)
    for sweep in (
        lambda tokens: sequential.sweep_documents(tokens, 0, 4, model, *seeds, False, False),
        lambda tokens: simultaneous.sweep_documents(tokens, 0, 4, model, *seeds, True),
        lambda tokens: drawn_theta.sweep_documents(tokens, 0, 4, dense, *seeds),
    ):
        sweep(docs.tokens(topics))
        sweep(Tokens(words, offsets, keys, z))
        np.testing.assert_array_equal(z[2**31 - 5 :], topics)
    near, beyond = (np.zeros((4, n_topics), dtype=np.int64) for _ in range(2))
    count_topics(topics, docs.doc_offsets, 0, 4, near)
    count_topics(z, offsets, 0, 4, beyond)
    np.testing.assert_array_equal(beyond, near)
    for a, b in zip(
        document_topics(z, offsets, 0, 4, n_topics),
        document_topics(topics, docs.doc_offsets, 0, 4, n_topics),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
    for z_of, first in ((topics, 0), (z, 2**31 - 5)):
        lists = DocumentTopics(
            docs.doc_offsets, np.zeros(4, np.int32), np.zeros_like(topics), np.zeros(len(topics), np.float32),
            np.zeros(len(topics), np.int32), np.zeros_like(topics),
        )  # fmt: skip
        list_topics(z_of, first, 0, 0, 4, n_topics, lists)
        np.testing.assert_array_equal(lists.topic[docs.doc_offsets[lists.document] + lists.slot], topics)
    ids = np.zeros((2, 4), dtype=np.uint64)
    content_keys(words, offsets, ids[0])
    content_keys(docs.words, docs.doc_offsets, ids[1])
    np.testing.assert_array_equal(ids[0], ids[1])


def test_counts_that_lie_beyond_31_bits(tmp_path: Path) -> None:
    """A dense row of which every cell is further than 32 bits reach."""
    rows = word_rows(np.array([50]), 3, all_dense=True)
    counts = empty_counts(rows)._replace(
        start=np.array([2**31]), dense=far(tmp_path / "dense", np.zeros(5 + rows.stride, dtype=np.int32))
    )
    added = change(sp.csr_matrix(np.array([[7, 0, LARGEST]])))
    assert add_delta(counts, added) == -1
    topic, count = np.zeros(2, dtype=np.int32), np.zeros(2, dtype=np.int32)
    gather_rows(counts, 3, np.array([0, 2]), topic, count)
    assert (topic.tolist(), count.tolist()) == ([0, 2], [7, LARGEST])


def test_offsets_beyond_31_bits() -> None:
    assert shard_bounds(np.full(40, 2**28)).tolist() == list(range(41))
    with pytest.raises(ValueError, match="2147483648"):
        WordIndex(np.zeros(1, dtype=np.int32), [(0, 2**31)], 1, None)  # type: ignore[arg-type]


def test_rows_laid_out_beyond_31_bits() -> None:
    rows = word_rows(np.full(30_000, 10**6), 10**5)
    assert rows.start.max() > 2**31
    assert np.diff(np.sort(rows.start[rows.start >= 0])).min() == rows.stride


def test_term_ids_at_the_end_of_31_bits() -> None:
    with pytest.raises(DataError, match=r"lie in 0 \.\.\. 2147483646, got 2147483647 in document 0"):
        as_corpus([[(2**31 - 1, 1)]])
    with pytest.raises(DataError, match="highest term id is 2147483646, but there are only 2 pairs"):
        as_corpus([[(2**31 - 2, 1)], [(0, 1)]])
    with pytest.raises(DataError, match="at most 2147483647 columns, got 2147483648"):
        as_corpus(sp.csr_matrix(([1], ([0], [2**31 - 1])), shape=(1, 2**31)))
