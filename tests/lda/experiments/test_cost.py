"""What fits are expected to cost, and how many are put side by side for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import tiny

import lda
from lda.cluster import FitSettings
from lda.experiments.cost import (
    Packing,
    estimated_peak_bytes,
    estimated_seconds,
    peak_bytes_of,
    side_by_side,
)
from lda.experiments.study.records import CorpusFacts
from lda.experiments.study.running import cost
from lda.experiments.study.running.cost import Rate, cost_of
from lda.samplers.registry import SAMPLERS

MB = 10**6


def test_seconds_order_fits() -> None:
    base = estimated_seconds(1_000_000, 50, 100)
    assert estimated_seconds(2_000_000, 50, 100) == pytest.approx(2 * base)
    assert estimated_seconds(1_000_000, 50, 200) == pytest.approx(2 * base)
    assert estimated_seconds(1_000_000, 500, 100) > 2 * base
    assert base / 2 < estimated_seconds(1_000_000, 50, 100, threads=2) < base
    alone = estimated_seconds(1_000_000, 50, 100, "collapsed")
    assert estimated_seconds(1_000_000, 50, 100, "collapsed", threads=8) == alone, "it has no use for more"
    assert all(estimated_seconds(1, 1, 1, name) > 0 for name in SAMPLERS)
    with pytest.raises(ValueError, match="sampler"):
        estimated_seconds(1, 1, 1, "gibbs")


def test_bytes_grow_with_what_is_held() -> None:
    settings = FitSettings(n_topics=100)
    sizes: dict[str, Any] = {"n_documents": 10_000, "n_tokens": 5_000_000, "n_terms": 20_000}
    base = peak_bytes_of(settings, **sizes)
    assert 350 * MB < base < 700 * MB
    assert peak_bytes_of(settings, **sizes | {"n_tokens": 10_000_000}) - base > 50 * MB
    assert peak_bytes_of(replace(settings, n_topics=1000), **sizes) > base + 100 * MB
    assert peak_bytes_of(replace(settings, n_samples=0), **sizes) < base
    assert peak_bytes_of(replace(settings, memory=500 * MB), **sizes) == 500 * MB


def test_bytes_of_a_corpus_that_is_not_there_are_about_as_many() -> None:
    corpus = lda.as_corpus(tiny.documents(300))
    settings = FitSettings(n_topics=20)
    known = estimated_peak_bytes(corpus, settings)
    unknown = peak_bytes_of(
        settings, n_documents=corpus.n_documents, n_tokens=corpus.n_tokens, n_terms=corpus.n_terms
    )
    assert known == pytest.approx(unknown, rel=0.02)


@pytest.mark.parametrize(
    ("sizes", "cores", "memory", "packing"),
    [
        ([400] * 20, 8, 10_000, (8, 1)),
        ([400] * 20, 8, 1_300, (3, 2)),  # memory for three
        ([400] * 3, 8, 10_000, (3, 2)),  # three tasks
        ([2_000, 300, 300, 300], 4, 2_500, (2, 2)),  # the largest at a time with the next
        ([2_000], 4, 1_000, (1, 4)),  # too large by itself: alone
        ([], 4, 1_000, (1, 4)),
        ([400] * 20, 8, None, None),
    ],
)
def test_side_by_side(
    sizes: list[int], cores: int, memory: int | None, packing: tuple[int, int] | None
) -> None:
    found = side_by_side(sizes, cores, memory)
    if packing is None:
        assert found == Packing(8, 1), "of this machine's memory, which so little fits into"
    else:
        assert found == Packing(*packing)
    assert sum(np.sort(sizes)[::-1][: found.processes]) <= (memory or 10**12) or found.processes == 1


def test_a_probe_looks_at_no_more_than_it_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = lda.as_corpus(tiny.documents(300))
    assert corpus.n_shards > 2
    seen: list[int] = []
    batch = corpus.batch
    monkeypatch.setattr(corpus, "batch", lambda index: seen.append(index) or batch(index))  # type: ignore[func-returns-value]
    monkeypatch.setattr(cost, "PROBED_TOKENS", int(corpus.shard(0).doc_offsets[-1]) + 1)
    assert cost.probe(corpus, FitSettings(n_topics=2, sweeps=5)).value > 0
    assert seen == [0]


def test_trials_are_ordered_by_what_their_sampler_takes() -> None:
    facts = CorpusFacts(
        parameters={}, recipe=None, train_hash="", heldout_hash="", n_documents=100_000, n_heldout=100, n_tokens=10**7,
        n_terms=5000,
    )  # fmt: skip
    settings = FitSettings(n_topics=400, sweeps=100, start="random")
    base = cost_of(facts, settings)
    assert cost_of(facts, replace(settings, sampler="pclda")) > 1.5 * base
    assert cost_of(facts, settings, begin=50) < 0.6 * base
    assert cost_of(facts, replace(settings, start="growing")) > base
    learned = Rate().learned(base, 3 * base)
    assert learned.value == pytest.approx(3)
    assert learned.learned(base, base).value == pytest.approx(2)
