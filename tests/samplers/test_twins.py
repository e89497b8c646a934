"""Kernels against their twins in plain Python: the same topics to the bit."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any

import naive
import naive_rules
import numpy as np
import pytest
from compiled import delta_of, dense_phi, documents, drawn_model, mean_model, store
from problems import CASES, SEED, problem

from lda.samplers.counts.document_rows import fill_rows
from lda.samplers.counts.document_rows import row_lengths as document_row_lengths
from lda.samplers.counts.histograms import Histogram, add_histograms, document_topics, topic_and_count, values
from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.counts.word_counts import (
    Moves,
    add_delta,
    count_dense,
    count_dense_by_document,
    gather_rows,
    index_by_word,
    net_delta,
    row_lengths,
)
from lda.samplers.priors import ALPHA_STEPS, BETA_STEPS, Priors, learn_alpha, learn_beta
from lda.samplers.rules import collapsed, drawn_theta, sequential, simultaneous
from lda.samplers.rules import sequential_few_topics as few_topics
from lda.samplers.scoring import completion
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood
from lda.samplers.start import copy_documents, document_shares, random_topics
from lda.samplers.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.mark.parametrize("name", CASES)
def test_language_model(name: str) -> None:
    p = problem(name)
    model, twin = mean_model(p.n_wk, p.alpha, p.beta), naive_rules.Model(p.n_wk, p.alpha, p.beta)
    assert {w for w, row in enumerate(model.start) if row >= 0} == set(twin.dense)
    for w, row in twin.dense.items():
        np.testing.assert_array_equal(model.phi[model.start[w] :][: model.stride], row)
        groups, total = twin.masses[id(row)]
        r = model.start[w] // model.stride
        assert model.row_mass[r] == total
        np.testing.assert_array_equal(model.group_mass[r * model.n_groups :][: model.n_groups], groups)
    for w, (topics, weights) in twin.sparse.items():
        entries = slice(~model.start[w], ~model.start[w] + model.length[w])
        np.testing.assert_array_equal(model.topic[entries], topics)
        np.testing.assert_array_equal(model.weight[entries], weights)
    exact = (p.n_wk + p.beta) / (p.n_wk.sum(axis=0) + len(p.n_wk) * p.beta)
    np.testing.assert_allclose(dense_phi(model), exact, rtol=3e-7)


def test_rules_to_the_bit() -> None:
    paths: set[str] = set()
    for name in CASES:
        p = problem(name)
        model, twin = mean_model(p.n_wk, p.alpha, p.beta), naive_rules.Model(p.n_wk, p.alpha, p.beta)
        keys = [int(k) for k in p.docs.doc_keys]
        for leave_out, fresh in [(True, False), (False, False), (False, True), (True, True)]:
            z = p.z.copy()
            sequential.sweep_documents(
                p.docs.tokens(z), 0, p.docs.n, model, np.uint64(SEED), np.uint64(3), leave_out, fresh
            )
            expected = naive_rules.sequential(
                p.docs.words, p.docs.doc_offsets, keys, p.z, twin, SEED, 3, leave_out=leave_out, fresh=fresh
            )
            np.testing.assert_array_equal(z, expected, f"{name}, sequential, {leave_out=}, {fresh=}")
        for leave_out in (False, True):
            z = p.z.copy()
            simultaneous.sweep_documents(
                p.docs.tokens(z), 0, p.docs.n, model, np.uint64(SEED), np.uint64(4), leave_out
            )
            expected = naive_rules.simultaneous(
                p.docs.words, p.docs.doc_offsets, keys, p.z, twin, SEED, 4, leave_out=leave_out
            )
            np.testing.assert_array_equal(z, expected, f"{name}, simultaneous, {leave_out=}")
        paths |= twin.paths
    dense, sparse = {"all topics", "document side", "alpha part"}, {"short word row", "long word row"}
    assert paths == dense | sparse | {"smooth document part", "smooth alpha part"}


def test_few_topics_to_the_bit_whatever_they_are() -> None:
    """Widths of a block and around, priors down to 1e-12, counts that lack some of the tokens, turns left empty."""
    rng = np.random.default_rng(11)
    for case in range(200):
        n_topics, n_terms = int(rng.choice([1, 2, 15, 16, 17, 100, 255, 256])), int(rng.integers(1, 20))
        # More than 64 documents are not sorted by length.
        lengths = rng.integers(0, rng.choice([3, 6, 30]), 70 if case % 20 == 0 else rng.integers(1, 10))
        lists = [sorted(rng.integers(0, n_terms, n).tolist()) for n in lengths]
        docs = documents(lists, rng.integers(0, 2**63, len(lists), dtype=np.uint64))
        used = int(rng.integers(1, n_topics + 1))
        z = rng.integers(0, used, len(docs.words)).astype(topic_dtype(n_topics))
        n_wk = naive.counts(docs.words, z, n_terms, n_topics)
        np.add.at(n_wk[0], rng.integers(0, used, rng.integers(0, 60)), 1)
        if case % 5 == 0:
            n_wk = np.maximum(n_wk - rng.integers(0, 2, n_wk.shape), 0)
        alpha, beta = 10.0 ** rng.uniform(-12, 2, n_topics), float(10.0 ** rng.uniform(-12, 1))
        model, twin = mean_model(n_wk, alpha, beta), naive_rules.Model(n_wk, alpha, beta)
        keys = [int(k) for k in docs.doc_keys]
        for leave_out, fresh in product((False, True), repeat=2):
            new = z.copy()
            sequential.sweep_documents(
                docs.tokens(new), 0, docs.n, model, np.uint64(SEED), np.uint64(case), leave_out, fresh
            )
            expected = naive_rules.sequential(
                docs.words, docs.doc_offsets, keys, z, twin, SEED, case, leave_out=leave_out, fresh=fresh
            )
            np.testing.assert_array_equal(new, expected, f"{case=}, {n_topics=}, {leave_out=}, {fresh=}")


@pytest.mark.parametrize("n_documents", [1, 3, 70])
def test_documents_of_a_frozen_model_go_through_their_passes_in_one_turn(n_documents: int) -> None:
    """To the bit of one pass after the other, wherever passes are cut, empty documents among them."""
    rng = np.random.default_rng(n_documents)
    for n_topics in (1, 17, 200):
        lists = [rng.integers(0, 9, n).tolist() for n in rng.integers(0, 40, n_documents)]
        docs = documents(lists, rng.integers(0, 2**63, n_documents, dtype=np.uint64))
        n_wk = rng.integers(0, 30, (9, n_topics)) * rng.integers(0, 2, (9, n_topics))
        model, seed = mean_model(n_wk, rng.gamma(0.5, 1.0, n_topics) + 1e-4, 0.1), np.uint64(SEED)
        z, expected = np.zeros(len(docs.words), dtype=topic_dtype(n_topics)), []
        for number in range(7):
            sequential.sweep_documents(
                docs.tokens(z), 0, docs.n, model, seed, np.uint64(number), False, number == 0
            )
            expected.append(z.copy())
        for cuts in ((0, 7), (0, 1, 4, 7)):
            z, found = np.zeros_like(z), []
            for passes in pairwise(cuts):
                kept_from = max(passes[0], 2)
                states = np.zeros((max(passes[1] - kept_from, 0), len(z)), dtype=z.dtype)
                few_topics.sweep_frozen(
                    docs.tokens(z), 0, docs.n, few_topics.ALL_WORDS, few_topics.NO_CURSOR, model, seed,
                    passes, kept_from, states,
                )  # fmt: skip
                found += list(states)
            np.testing.assert_array_equal(found, expected[2:], f"{n_topics=}, {cuts=}")


@pytest.mark.parametrize("name", ["two topics", "few topics", "many topics a document", "two groups"])
def test_exact_samplers_to_the_bit(name: str) -> None:
    p = problem(name)
    keys, seed = [int(k) for k in p.docs.doc_keys], np.uint64(SEED)
    model = drawn_model(p.n_wk, p.alpha, p.beta, SEED, 5)
    phi = naive_rules.drawn_phi(p.n_wk, p.beta, SEED, 5)
    np.testing.assert_array_equal(dense_phi(model), phi)
    twin = naive_rules.Model(p.n_wk, p.alpha, p.beta, phi)
    z = p.z.copy()
    drawn_theta.sweep_documents(p.docs.tokens(z), 0, p.docs.n, model, seed, np.uint64(5))
    assert z.tolist() == naive_rules.drawn_theta(p.docs.words, p.docs.doc_offsets, keys, p.z, twin, SEED, 5)
    z = p.z.copy()
    sequential.sweep_documents(p.docs.tokens(z), 0, p.docs.n, model, seed, np.uint64(5), False, False)
    assert z.tolist() == naive_rules.sequential(
        p.docs.words, p.docs.doc_offsets, keys, p.z, twin, SEED, 5, leave_out=False, fresh=False
    )
    z, n_topics = p.z.copy(), p.n_wk.shape[1]
    alpha = np.zeros(model.stride, dtype=np.float32)
    alpha[:n_topics] = p.alpha
    n_wk = np.zeros((len(p.n_wk), model.stride), dtype=np.int32)
    n_wk[:, :n_topics] = p.n_wk
    totals, flat = p.n_wk.sum(axis=0), n_wk.ravel()
    current = collapsed.CurrentCounts(flat, totals, alpha, p.beta)
    collapsed.sweep_documents(p.docs.tokens(z), 0, p.docs.n, current, seed, np.uint64(5))
    expected = naive_rules.collapsed(
        p.docs.words, p.docs.doc_offsets, keys, p.z, p.n_wk, p.alpha, p.beta, SEED, 5
    )
    assert z.tolist() == expected
    moved = (
        p.n_wk + naive.counts(p.docs.words, z, *p.n_wk.shape) - naive.counts(p.docs.words, p.z, *p.n_wk.shape)
    )
    np.testing.assert_array_equal(flat.reshape(n_wk.shape)[:, :n_topics], moved)
    np.testing.assert_array_equal(totals, moved.sum(axis=0))


@pytest.mark.parametrize("name", CASES)
def test_counting(name: str) -> None:
    p = problem(name)
    n_terms, n_topics = p.n_wk.shape
    words, rng = p.docs.words, np.random.default_rng(3)
    z_new = rng.integers(0, n_topics, len(words)).astype(p.z.dtype)
    z_new[::3] = p.z[::3]
    z_old = p.z.copy()
    z_old[1::4] = n_topics  # some have no topic yet
    word_start, order = np.zeros(n_terms + 1, dtype=np.int64), np.zeros(len(words), dtype=np.int32)
    index_by_word(words, 0, len(words), word_start, order)
    np.testing.assert_array_equal(order, np.argsort(words, kind="stable"))
    np.testing.assert_array_equal(np.diff(word_start), np.bincount(words, minlength=n_terms))
    gone, come = naive.counts(words, z_old, n_terms, n_topics), naive.counts(words, z_new, n_terms, n_topics)
    rows, counts = store(p.n_wk)
    # The layout has room for what the corpus holds: words without a topic so far are part of that.
    n_wk = p.n_wk - naive.counts(words, p.z, n_terms, n_topics) + gone
    _fill(counts, n_wk, n_topics)
    middle, moves = n_terms // 2, Moves(z_old, z_new, order, word_start, words)
    for first, last in [(0, middle), (middle, n_terms)]:
        delta = net_delta(moves, first, last, n_topics)
        change = np.zeros((last - first, n_topics), dtype=np.int64)
        for w in range(last - first):
            topics = delta.topic[delta.start[w] : delta.start[w + 1]]
            assert np.all(np.diff(topics.astype(np.int64)) > 0)
            change[w, topics] = delta.change[delta.start[w] : delta.start[w + 1]]
        np.testing.assert_array_equal(change, (come - gone)[first:last])
        np.testing.assert_array_equal(delta.totals, change.sum(axis=0))
        assert np.all(delta.change != 0)
        assert add_delta(counts, delta) == -1
    np.testing.assert_array_equal(_matrix(counts, n_terms, n_topics), n_wk + come - gone)
    assert rows.n_topics == n_topics
    # Without deltas for dense rows.
    dense = rows.start >= 0
    for count in (count_dense, count_dense_by_document):
        _fill(counts, n_wk, n_topics)
        totals = np.zeros(n_topics, dtype=np.int64)
        assert count(counts, moves, 0, middle, totals) == count(counts, moves, middle, n_terms, totals) == -1
        there = _matrix(counts, n_terms, n_topics)
        np.testing.assert_array_equal(there, n_wk + np.where(dense[:, None], come - gone, 0))
        np.testing.assert_array_equal(totals, (come - gone)[dense].sum(axis=0))
    delta = net_delta(moves, 0, n_terms, n_topics, rows.start)
    assert not np.diff(delta.start)[dense].any()
    assert add_delta(counts, delta) == -1
    np.testing.assert_array_equal(_matrix(counts, n_terms, n_topics), n_wk + come - gone)
    np.testing.assert_array_equal(totals + delta.totals, (come - gone).sum(axis=0))


def test_counts_that_cannot_be_are_found() -> None:
    n_wk = np.zeros((3, 2), dtype=np.int64)
    n_wk[:, 0] = 40
    rows, counts = store(n_wk)
    words, z = np.repeat(np.arange(3, dtype=np.int32), 2), np.zeros(6, dtype=np.uint16)
    word_start, order = np.zeros(4, dtype=np.int64), np.zeros(6, dtype=np.int32)
    index_by_word(words, 0, 6, word_start, order)
    moves = Moves(z, z + np.uint16(1), order, word_start, words)
    for count in (count_dense, count_dense_by_document):
        counts.dense[rows.start[1]] = 1  # two of its tokens leave topic 0
        assert count(counts, moves, 0, 3, np.zeros(2, dtype=np.int64)) == 1


def _fill(counts: Any, n_wk: NDArray[Any], n_topics: int) -> None:
    """Replace the counts by n_wk, through deltas."""
    for sign, n in [(-1, _matrix(counts, len(n_wk), n_topics)), (1, n_wk)]:
        assert add_delta(counts, delta_of(sign * n)) == -1


def _matrix(counts: Any, n_terms: int, n_topics: int) -> NDArray[np.int64]:
    lengths = np.zeros(n_terms, dtype=np.int64)
    row_lengths(counts, n_topics, lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    topic, count = np.zeros(starts[-1], dtype=np.int32), np.zeros(starts[-1], dtype=np.int32)
    gather_rows(counts, n_topics, starts, topic, count)
    n = np.zeros((n_terms, n_topics), dtype=np.int64)
    for w in range(n_terms):
        entries = slice(starts[w], starts[w + 1])
        assert np.all(np.diff(topic[entries]) > 0)
        n[w, topic[entries]] = count[entries]
    return n


def test_counts_that_cannot_be_right_are_named() -> None:
    _, counts = store(np.array([[40, 2, 0], [1, 0, 2]]))
    for word, change in [(0, -3), (1, -1), (1, 1)]:
        result = add_delta(counts, delta_of(np.array([[0, change, 0]]), word))
        # Three tokens of word 1 have room for three topics.
        assert result == (-1 if (word, change) == (1, 1) else word)


@pytest.mark.parametrize("name", CASES)
def test_histograms_likelihood_and_priors(name: str) -> None:
    p = problem(name)
    n_topics, offsets = p.n_wk.shape[1], p.docs.doc_offsets
    n_dk = naive.document_counts(p.z, offsets, n_topics)
    middle = p.docs.n // 2
    whole = add_histograms(
        [document_topics(p.z, offsets, a, b, n_topics) for a, b in [(0, middle), (middle, p.docs.n)]]
    )
    topic, n = topic_and_count(whole)
    assert np.all(np.diff(whole.key) > 0)
    seen = dict(zip(zip(topic.tolist(), n.tolist(), strict=True), whole.times.tolist(), strict=True))
    used = np.unique(p.z)
    assert seen == {(int(k), n): c for k in used for n, c in naive.histogram(n_dk[:, k]).items()}
    cells = values(p.n_wk.ravel().astype(np.int32))
    assert dict(zip(cells.key.tolist(), cells.times.tolist(), strict=True)) == naive.histogram(
        p.n_wk[p.n_wk > 0]
    )
    key, times = np.unique(np.diff(offsets)[np.diff(offsets) > 0], return_counts=True)
    lengths = Histogram(key, times)
    joint = joint_log_likelihood(
        Priors(alpha=p.alpha, beta=p.beta), whole, lengths, cells, p.n_wk.sum(axis=0), len(p.n_wk)
    )
    few = slice(None) if n_topics < 1000 else used  # the twin is slow; empty topics add nothing
    expected = (
        naive.log_joint(n_dk, p.n_wk, p.alpha, np.full(len(p.n_wk), p.beta)) if n_topics < 1000 else joint
    )
    assert joint == pytest.approx(expected, rel=1e-10)
    alpha = learn_alpha(p.alpha, whole, lengths)
    np.testing.assert_allclose(alpha[few], naive.learned_alpha(p.alpha, n_dk, ALPHA_STEPS)[few], rtol=1e-9)
    if n_topics < 1000:
        beta = learn_beta(0.1, cells, p.n_wk.sum(axis=0), len(p.n_wk))
        assert beta == pytest.approx(
            np.clip(naive.learned_beta(0.1, p.n_wk, BETA_STEPS), 1e-6, 1e3), rel=1e-8
        )


def test_large_counts_in_histograms() -> None:
    n = np.array([3, 0, (1 << 22) + 5, 3, 2**31 - 1], dtype=np.int32)
    assert values(n).key.tolist() == [3, (1 << 22) + 5, 2**31 - 1]
    assert values(n).times.tolist() == [2, 1, 1]
    z = np.array(
        [1] * 200 + [0] * 70_000 + [1], dtype=np.uint16
    )  # beyond 2^16 tokens, beyond the small table
    found = document_topics(z, np.array([0, 200, 70_200, 70_201]), 0, 3, 2)
    assert [(k >> 32, k & 0xFFFFFFFF) for k in found.key.tolist()] == [(0, 70_000), (1, 1), (1, 200)]


@pytest.mark.parametrize("name", CASES)
def test_document_rows(name: str) -> None:
    p = problem(name)
    n_topics, n_docs = p.n_wk.shape[1], p.docs.n
    ids = np.random.default_rng(1).permutation(n_docs + 2)[:n_docs].astype(np.int64)  # two rows are elsewhere
    lengths = np.zeros(n_docs + 3, dtype=np.int64)
    document_row_lengths(p.z, p.docs.doc_offsets, ids, n_topics, lengths)
    starts = np.cumsum(lengths)
    topic, count = np.zeros(starts[-1], dtype=np.int32), np.zeros(starts[-1], dtype=np.int32)
    fill_rows(p.z, p.docs.doc_offsets, ids, n_topics, starts, topic, count)
    for d, n in zip(ids, naive.document_counts(p.z, p.docs.doc_offsets, n_topics), strict=True):
        entries = slice(starts[d], starts[d + 1])
        np.testing.assert_array_equal(topic[entries], np.flatnonzero(n))
        np.testing.assert_array_equal(count[entries], n[n > 0])


def test_start() -> None:
    rng = np.random.default_rng(0)
    lists = [rng.integers(0, 50, n).tolist() for n in (3, 0, 200, 64, 65)]
    source = np.concatenate([np.array(words, dtype=np.int32) for words in lists])
    offsets = np.cumsum([0, *map(len, lists)])
    out = np.full(268, -1, dtype=np.int32)
    copy_documents(source, offsets, np.array([265, 265, -1, 0, 64]), out)
    assert out[:64].tolist() == sorted(lists[3])
    assert out[64:129].tolist() == sorted(lists[4])
    assert out[265:].tolist() == sorted(lists[0])
    assert np.all(out[129:265] == -1)
    z = np.zeros(len(source), dtype=np.uint16)
    keys = np.arange(5, dtype=np.uint64)
    random_topics(Tokens(source, offsets, keys, z), 0, 5, 11, np.uint64(SEED), np.uint64(2))
    draws = [naive.Stream(SEED, 2, d)(i) for d in range(5) for i in range(len(lists[d]))]
    assert z.tolist() == [int(u * 11) for u in draws]
    shares = np.zeros(4)
    document_shares(np.uint64(SEED), np.uint64(1), 0, shares)
    assert shares.tolist() == [naive.Stream(SEED ^ naive.SHARE_STREAM, 1, d)(0) for d in range(4)]


@pytest.mark.parametrize("name", ["few topics", "rows beyond the short ones", "three groups"])
def test_inference(name: str) -> None:
    p = problem(name)
    offsets, n_docs, n_topics = p.docs.doc_offsets, p.docs.n, p.n_wk.shape[1]
    words = p.docs.words.copy()
    for d in range(n_docs):
        words[offsets[d] : offsets[d + 1]] = words[offsets[d] : offsets[d + 1]][::-1]
    completion.sort_documents(words, offsets)
    np.testing.assert_array_equal(words, p.docs.words)
    keys = np.zeros(n_docs, dtype=np.uint64)
    completion.content_keys(words, offsets, keys)
    bounds = [slice(a, b) for a, b in zip(offsets[:-1], offsets[1:], strict=True)]  # noqa: RUF007
    assert keys.tolist() == [naive.content_key(words[d]) for d in bounds]
    held = np.zeros(len(words), dtype=np.bool_)
    completion.split_tokens(offsets, keys, np.uint64(SEED), held)
    for part, key in zip(bounds, keys, strict=True):
        assert held[part].tolist() == naive.held_half(part.stop - part.start, int(key), SEED)
        assert held[part].sum() == (part.stop - part.start) // 2
    model = mean_model(p.n_wk, p.alpha, p.beta)
    theta, counts = np.zeros((n_docs, n_topics)), np.zeros((n_docs, n_topics), dtype=np.int64)
    for z in (p.z, p.z[::-1].copy()):
        completion.count_topics(z, offsets, 0, n_docs, counts)
    n_dk = naive.document_counts(p.z, offsets, n_topics)
    both = n_dk + naive.document_counts(p.z[::-1], offsets, n_topics)
    np.testing.assert_array_equal(counts, both)
    completion.mean_proportions(counts, offsets, 0, n_docs, model, 2, theta)
    mean = (both / 2 + p.alpha) / (n_dk.sum(axis=1) + p.alpha.sum())[:, None]
    np.testing.assert_allclose(theta, mean, rtol=1e-7)
    scores = np.zeros(n_docs)
    completion.score_documents(words, offsets, 0, n_docs, model, theta, scores)
    phi = (p.n_wk + p.beta) / (p.n_wk.sum(axis=0) + len(p.n_wk) * p.beta)
    expected = [sum(np.log(mean[d] @ phi[w]) for w in words[b]) for d, b in enumerate(bounds)]
    np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-9)
