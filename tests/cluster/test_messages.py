"""Deltas on the wire and in sum, who owns what, and blobs that are whole or not there."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lda.cluster.counts.aggregator import Aggregator
from lda.cluster.counts.fingerprint import BLOCK
from lda.cluster.counts.partition import shard_shares, word_ranges
from lda.cluster.exchange.delta_codec import decode, encode
from lda.corpus.storage.places import storage
from lda.samplers.counts.deltas import joined, merge_deltas
from lda.samplers.counts.row_layout import empty_counts, slice_rows, topic_dtype, word_rows
from lda.samplers.counts.word_counts import Delta

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

quick = settings(max_examples=60, deadline=None)
# Most changes are zero and most others small; some need two or four bytes.
changes = st.one_of(
    st.just(0), st.just(0), st.integers(-3, 3), st.integers(-40_000, 40_000), st.integers(-(2**31), 2**31 - 1)
)


def delta(dense: NDArray[np.int64], first: int = 0, n_topics: int | None = None) -> Delta:
    """The delta of a matrix of changes (words, K)."""
    word, topic = np.nonzero(dense)
    start = np.searchsorted(word, np.arange(len(dense) + 1)).astype(np.int64)
    dtype = topic_dtype(n_topics or dense.shape[1])
    change = dense[word, topic].astype(np.int32)
    return Delta(first, start, topic.astype(dtype), change, dense.sum(axis=0))


def dense(given: Delta, n_topics: int) -> NDArray[np.int64]:
    words = np.repeat(np.arange(len(given.start) - 1), np.diff(given.start))
    out = np.zeros((len(given.start) - 1, n_topics), dtype=np.int64)
    out[words, given.topic] = given.change
    return out


@st.composite
def matrices(draw: st.DrawFn, n: int = 1, largest: int = 2**30) -> list[NDArray[np.int64]]:
    """`n` matrices of changes of the same shape (words, K), within +- largest."""
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 9)))
    elements = changes.map(lambda c: int(np.clip(c, -largest, largest)))
    return [draw(arrays(np.int64, shape, elements=elements)) for _ in range(n)]


def same(a: Delta, b: Delta) -> None:
    assert a.first == b.first
    for x, y in zip(a[1:], b[1:], strict=True):
        np.testing.assert_array_equal(x, y)


@quick
@given(matrices(largest=2**31 - 1), st.integers(0, 10**9), st.sampled_from([None, 70_000]))
def test_a_message_says_what_was_sent(made: list[Any], first: int, n_topics: int | None) -> None:
    sent = delta(made[0], first, n_topics)
    got = decode(encode([sent], first, first + len(made[0])), made[0].shape[1])
    same(sent, got)
    assert got.topic.dtype == sent.topic.dtype


@quick
@given(matrices(), st.data())
def test_a_message_joins_ranges_and_fills_gaps(made: list[Any], data: st.DataObject) -> None:
    """Ranges cut anywhere, some left out because nothing changed there."""
    whole = made[0].copy()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))) | {0, len(whole)})
    parts = []
    for low, high in pairwise(cuts):
        if data.draw(st.booleans()):
            parts.append(delta(whole[low:high], 5 + low, whole.shape[1]))
        else:
            whole[low:high] = 0
    same(decode(encode(parts, 5, 5 + len(whole)), whole.shape[1]), delta(whole, 5))


def test_a_message_about_nothing() -> None:
    got = decode(encode([], 3, 7), 4)
    assert (got.first, got.start.tolist(), len(got.topic), got.totals.tolist()) == (3, [0] * 5, 0, [0] * 4)


def test_a_message_byte_by_byte() -> None:
    """As the format is described: lengths of rows, gaps, changes in four bits, and what did not fit."""
    made = np.zeros((206, 700), dtype=np.int64)
    made[0, [0, 1, 256, 512, 699]] = 1, -1, 8, -8, 131
    made[2, 62] = -300
    made[203, 62] = 1
    rows, gaps, extra = (
        [5, 0, 0, 1, 0, 199 - 128 | 128, 1, 1, 0, 1],
        [0, 0, 254, 255, 186, 62, 62],
        [0, 0, 260 - 15 - 128 | 128, 1, 599 - 15 - 512 | 128, 4],
    )
    changes = [0 | 1 << 4, 14 | 15 << 4, 15 | 15 << 4, 0]
    message = encode([delta(made, 7)], 7, 213)
    assert list(message[-27:]) == rows + gaps + changes + extra
    same(decode(message, 700), delta(made, 7))


def test_a_message_that_is_not_whole_is_refused() -> None:
    message = encode([delta(np.ones((2, 3), dtype=np.int64))], 0, 2)
    with pytest.raises(ValueError, match="a message has 53 bytes, and its head says 52"):
        decode(message + b"\0", 3)


def test_a_change_beyond_32_bits_is_refused() -> None:
    wide = delta(np.ones((1, 1), dtype=np.int64))._replace(change=np.array([2**31], dtype=np.int64))
    with pytest.raises(OverflowError, match="beyond 32 bits"):
        encode([wide], 0, 1)


@quick
@given(matrices(), st.data())
def test_pieces_join(made: list[Any], data: st.DataObject) -> None:
    """Cutting at the sampler's own ranges loses and repeats nothing."""
    n, n_topics = made[0].shape
    cuts = sorted(data.draw(st.sets(st.integers(0, n))) | {0, n})
    pieces = [encode([delta(made[0][a:b], a, n_topics)], a, b) for a, b in pairwise(cuts)]
    same(joined([decode(piece, n_topics) for piece in pieces]), delta(made[0], 0, n_topics))


@quick
@given(matrices(n=3))
def test_deltas_add_up_in_any_order(made: list[Any]) -> None:
    a, b, c = (delta(m) for m in made)
    expected = delta(made[0] + made[1] + made[2])
    same(merge_deltas(merge_deltas(a, b), c), expected)
    same(merge_deltas(c, merge_deltas(b, a)), expected)
    assert len(merge_deltas(a, delta(-made[0])).topic) == 0


@quick
@given(arrays(np.int64, st.integers(1, 2000), elements=st.integers(0, 5000)), st.integers(1, 9))
def test_aggregators_own_all_words_once(frequencies: NDArray[np.int64], n: int) -> None:
    ranges = word_ranges(frequencies, 50, n)
    assert 1 <= len(ranges) <= n
    edges = [first for first, _ in ranges] + [ranges[-1][1]]
    assert edges[0] == 0
    assert edges[-1] == len(frequencies)
    assert all(last == after for (_, last), after in zip(ranges, edges[1:], strict=True))
    assert all(first < last for first, last in ranges)
    # Each hashes whole blocks of the fingerprint.
    assert all(edge % BLOCK == 0 for edge in edges[:-1])


def test_aggregators_have_about_as_much_to_do() -> None:
    frequencies = (2e6 / np.arange(1, 40_001)).astype(np.int64)
    weights = [
        int((np.minimum(frequencies[a:b], 1000) + 1).sum()) for a, b in word_ranges(frequencies, 1000, 4)
    ]
    assert len(weights) == 4
    assert max(weights) < 1.7 * min(weights)


@quick
@given(arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 10**6)), st.integers(1, 12))
def test_workers_own_all_shards_once(tokens: NDArray[np.int64], workers: int) -> None:
    shares = shard_shares(tokens, workers)
    assert len(shares) == workers
    assert sorted(i for share in shares for i in share) == list(range(len(tokens)))
    load = [int(tokens[share].sum()) for share in shares]
    assert max(load) - min(load) <= tokens.max()


@quick
@given(
    arrays(np.int64, st.integers(1, 80), elements=st.integers(0, 200)),
    st.integers(1, 300),
    st.booleans(),
    st.data(),
)
def test_a_part_of_the_vocabulary_is_laid_out_as_in_the_whole(
    frequencies: NDArray[np.int64], n_topics: int, all_dense: bool, data: st.DataObject
) -> None:
    rows = word_rows(frequencies, n_topics, all_dense=all_dense)
    first = data.draw(st.integers(0, len(frequencies) - 1))
    last = data.draw(st.integers(first + 1, len(frequencies)))
    part = slice_rows(rows, first, last)
    np.testing.assert_array_equal(part.start >= 0, rows.start[first:last] >= 0)
    np.testing.assert_array_equal(part.capacity, rows.capacity[first:last])
    assert (part.n_topics, part.stride) == (rows.n_topics, rows.stride)
    # Rows lie in the words' order without gaps, each as long as in the whole.
    for kind, total, size in (
        (rows.start >= 0, rows.n_dense_rows * rows.stride, part.n_dense_rows * part.stride),
        (rows.start < 0, rows.n_sparse_slots, part.n_sparse_slots),
    ):
        length = np.zeros(len(frequencies), dtype=np.int64)
        start = np.where(rows.start < 0, ~rows.start, rows.start)
        length[kind] = np.diff(np.append(start[kind], total))
        own = kind[first:last]
        start = np.where(part.start < 0, ~part.start, part.start)
        expected = np.append(0, np.cumsum(length[first:last][own]))
        np.testing.assert_array_equal(np.append(start[own], size), expected)


@quick
@given(
    arrays(np.int64, st.tuples(st.integers(1, 30), st.integers(1, 20)), elements=st.integers(0, 3)), st.data()
)
def test_parts_of_the_counts_stack_up_to_the_whole(made: NDArray[np.int64], data: st.DataObject) -> None:
    rows = word_rows(made.sum(axis=1), made.shape[1])
    cut = data.draw(st.integers(0, len(made)))
    whole = Aggregator(rows)
    whole.add_totals(whole.add(delta(made)))
    stacked = []
    for first, last in ((0, cut), (cut, len(made))):
        if first == last:
            continue
        part = Aggregator(slice_rows(rows, first, last))
        part.add_totals(part.add(delta(made[first:last])))
        stacked.append(part.matrix().toarray())
    np.testing.assert_array_equal(np.vstack(stacked), made)
    np.testing.assert_array_equal(whole.matrix().toarray(), made)
    assert empty_counts(rows).dense.sum() == 0


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_a_blob_is_whole_or_not_there(tmp_path: Path, scheme: str) -> None:
    place = storage(f"{scheme}{tmp_path}/some/where")
    assert place.folders() == []
    place.write("one/a.bin", b"abc")
    place.write("one/a.bin", memoryview(b"abcd"))
    place.write("two/empty", b"")
    assert place.read("one/a.bin") == b"abcd"
    assert place.read("two/empty") == b""
    assert place.folders() == ["one", "two"]
    with pytest.raises(FileNotFoundError):
        place.read("one/b.bin")
    place.remove("one")
    place.remove("one")
    assert place.folders() == ["two"]
    assert not list(tmp_path.rglob("*.partial"))


def test_a_blob_that_could_not_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = storage(tmp_path)
    place.write("one/a.bin", b"old")

    def refuse(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space left"):
        place.write("one/a.bin", b"new")
    assert place.read("one/a.bin") == b"old"
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["a.bin"]
