"""Random numbers, gamma draws and the drawing of an index."""

from __future__ import annotations

import naive
import numpy as np
import pytest
from compiled import from_python
from goodness import accept, assert_fits
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lda.samplers.numerics import prefix_sum, streams
from lda.samplers.numerics.streams import Stream
from lda.samplers.phi import dirichlet_draw
from lda.samplers.start import document_shares, random_topics
from lda.samplers.tokens import Tokens

pick, gamma_draw = from_python(prefix_sum.pick), from_python(dirichlet_draw.gamma_draw)
stream, uniform = from_python(streams.stream), from_python(streams.uniform)
increment, mix = from_python(streams.increment), from_python(streams.mix)

WORD = st.integers(0, 2**64 - 1)


def unsigned(numbers: Stream) -> Stream:
    """The same as uint64: what a kernel returns to Python comes as Python's own integers."""
    return Stream(np.uint64(numbers.origin), np.uint64(numbers.step))


@given(WORD, WORD, WORD, st.integers(0, 2**40))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_streams_equal_their_twin(seed: int, sweep: int, key: int, i: int) -> None:
    twin = naive.Stream(seed, sweep, key)
    numbers = unsigned(stream(np.uint64(seed), np.uint64(sweep), np.uint64(key)))
    assert (int(numbers.origin), int(numbers.step)) == (twin.origin, twin.step)
    assert uniform(numbers, i) == twin(i)
    assert int(mix(np.uint64(key))) == naive.mix(key)
    assert int(increment(np.uint64(key))) == naive.increment(key)


def test_increments_alternate_enough() -> None:
    # Runs of equal bits are what SplitMix's paper warns of; few enough bits that any such x is mended.
    for x in [0, 2**63, *range(1, 2000)]:
        step = naive.increment(x)
        assert step % 2 == 1
        assert (step ^ (step >> 1)).bit_count() >= 24


def draws(seed: int, sweep: int, n_docs: int, length: int, n: int) -> np.ndarray:
    """(documents, tokens) uniform integers below n from neighbouring streams."""
    z = np.zeros(n_docs * length, dtype=np.uint16)
    offsets = np.arange(n_docs + 1, dtype=np.int64) * length
    keys = np.arange(n_docs, dtype=np.uint64)
    words = np.zeros(len(z), dtype=np.int32)
    random_topics(Tokens(words, offsets, keys, z), 0, n_docs, n, np.uint64(seed), np.uint64(sweep))
    return z.reshape(n_docs, length).astype(np.int64)


def independent(a: np.ndarray, b: np.ndarray, n: int, what: str) -> None:
    """Pairs (a, b) fill an n by n table evenly."""
    assert_fits(np.bincount((a * n + b).ravel(), minlength=n * n), np.full(n * n, 1 / n**2), what)


def test_uniform_and_independent_of_the_neighbours() -> None:
    n = 16
    now = draws(1, 5, 20_000, 16, n)
    assert_fits(np.bincount(now.ravel(), minlength=n), np.full(n, 1 / n), "uniform")
    by_position = (np.arange(16)[None, :] * n + now).ravel()
    assert_fits(np.bincount(by_position, minlength=16 * n), np.full(16 * n, 1 / (16 * n)), "at each position")
    independent(now[:, 1:], now[:, :-1], n, "tokens side by side")
    independent(now[1:], now[:-1], n, "documents side by side")
    independent(now[1024:], now[:-1024], n, "documents 1024 apart")
    independent(now, draws(1, 6, 20_000, 16, n), n, "sweeps one after the other")
    independent(now, draws(2, 5, 20_000, 16, n), n, "seeds side by side")
    # The same sum of seed, sweep and key must not give the same stream.
    independent(now[1:], draws(1, 6, 20_000, 16, n)[:-1], n, "next sweep, document before")
    fine = draws(3, 0, 50_000, 20, 1 << 16)
    for shift in (0, 4, 8, 12):
        low = (fine >> shift) & 15
        assert_fits(np.bincount(low.ravel(), minlength=16), np.full(16, 1 / 16), f"bits {shift} and up")


def test_shares_of_documents_are_uniform() -> None:
    shares = np.zeros(50_000)
    document_shares(np.uint64(0), np.uint64(1), 0, shares)
    accept(float(stats.kstest(shares, "uniform").pvalue), "shares")


@pytest.mark.parametrize("shape", [0.01, 0.3, 1.0, 2.5, 1000.0])
def test_gamma_draws(shape: float) -> None:
    numbers = unsigned(stream(np.uint64(11), np.uint64(0), np.uint64(round(shape * 100))))
    values, i = np.zeros(200_000), 0
    for j in range(len(values)):
        values[j], i = gamma_draw(shape, numbers, i)
    tiny = 1.2e-38
    lost = stats.gamma.cdf(tiny, shape)
    lost_draws = int(np.sum(values == 0))
    accept(float(stats.binomtest(lost_draws, len(values), lost).pvalue), f"underflow of shape {shape}")
    kept = values[values > 0]
    assert kept.min() >= tiny
    # In logarithms: half of the draws of shape 0.01 lie below 10^-30.
    law = stats.loggamma(shape)
    floor = law.cdf(np.log(tiny))
    accept(
        float(stats.kstest((law.cdf(np.log(kept)) - floor) / (1 - floor), "uniform").pvalue), f"shape {shape}"
    )
    z_mean = (values.mean() - shape) / np.sqrt(shape / len(values))
    accept(float(2 * stats.norm.sf(abs(z_mean))), f"mean of shape {shape}")


@pytest.mark.parametrize("shape", [0.01, 0.9, 3.7, 5e6])
def test_gamma_draws_equal_their_twin(shape: float) -> None:
    for key in range(300):
        numbers = unsigned(stream(np.uint64(0), np.uint64(0), np.uint64(key)))
        value, i = gamma_draw(shape, numbers, 0)
        expected, j = naive.gamma(shape, naive.Stream(0, 0, key), 0)
        assert (value, i) == (pytest.approx(expected, rel=1e-12, abs=0), j)


def test_an_index_of_weight_zero_is_never_drawn() -> None:
    rng = np.random.default_rng(0)
    falling = 0
    for _ in range(300):
        p = rng.random(48).astype(np.float32)
        p[rng.random(48) < 0.4] = 0
        p[[7, 23]], p[39] = 0, p[39] * 1e-6
        p[40:] = 0  # padding
        s = naive.scan(p)
        falling += bool(np.any(np.diff(s.lanes) < 0))
        prefix = np.concatenate([s.rows.ravel(), s.lanes])
        edges = np.concatenate([np.nextafter(s.lanes, -1), s.lanes, np.nextafter(s.lanes, 99), [0, s.total]])
        for target in edges[(edges >= 0) & (edges <= s.total)]:
            i = pick(prefix, 3, float(target))
            assert i == naive.pick(s, float(target))
            assert p[i] > 0
    assert falling  # sums over different trees, which do not rise from lane to lane


def test_all_weights_zero_give_no_padding() -> None:
    prefix = np.zeros(16 * 4, dtype=np.float32)
    assert pick(prefix, 3, 0.0) == 32  # the one index of the last block that is never padding


def test_an_index_is_drawn_in_proportion() -> None:
    p = np.random.default_rng(5).gamma(0.3, size=70).astype(np.float32)
    s = naive.scan(p)
    prefix = np.concatenate([s.rows.ravel(), s.lanes])
    # Evenly spaced targets: each index gets its share but for one at either end.
    n = 200_000
    found = np.array([pick(prefix, 5, (i + 0.5) / n * s.total) for i in range(n)])
    np.testing.assert_allclose(
        np.bincount(found, minlength=70) / n, p / p.sum(dtype=np.float64), atol=2.1 / n
    )
