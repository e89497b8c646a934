"""The formulas of docs/concepts/sizing.md, held to what a fit really keeps in memory and sends."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cluster_fits import counts, stored, threads

from lda.cluster import FitSettings, fit
from lda.cluster.loop.local_engine import Engine
from lda.cluster.resources.budget import PROGRAM_BYTES
from lda.cluster.spec.cluster import Cluster
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import as_corpus
from lda.deploy.sizing import (
    Setup,
    Traffic,
    aggregator_bytes,
    held_bytes,
    network_seconds,
    traffic,
    worker_bytes,
    workers_at_balance,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from lda.corpus import Corpus
    from lda.samplers.counts.histograms import Histogram

SWEEPS = 6


def setup_of(corpus: Corpus, settings: FitSettings, workers: int = 1) -> Setup:
    return Setup(
        n_documents=corpus.n_documents,
        n_tokens=corpus.n_tokens,
        n_terms=corpus.n_terms,
        n_topics=settings.n_topics,
        phases=settings.phases or 1,
        workers=workers,
        aggregators=workers,
    )


@pytest.mark.parametrize("n_topics", [24, 500])
def test_memory_held_is_that_of_the_arrays(n_topics: int) -> None:
    """NumPy tells tracemalloc of its arrays: all that stays after a sweep, but for small change, is in the formula."""
    corpus = as_corpus(counts(2000, 1500, 0.01))
    settings = FitSettings(n_topics=n_topics, sweeps=1, threads=1, start="random", alpha=0.1).resolved()
    Engine(corpus, replace(settings, n_topics=24), lambda: False).start()  # kernels are compiled
    tracemalloc.start()
    try:
        engine = Engine(corpus, settings, lambda: False)
        engine.start()
        held = tracemalloc.get_traced_memory()[0]
        engine.close()
    finally:
        tracemalloc.stop()
    assert held_bytes(setup_of(corpus, settings), count_rows(corpus, settings)) == pytest.approx(
        held, rel=0.1
    )


def topics_of(engine: Engine) -> NDArray[Any]:
    return np.concatenate([topics for _, topics in engine.documents.topics()])


def changes(corpus: Corpus, settings: FitSettings) -> tuple[float, Histogram]:
    """Share of tokens that change their topic in the last sweep, and the counts after it."""
    engine = Engine(corpus, settings, lambda: False)
    engine.start()
    for _ in range(SWEEPS):
        before = topics_of(engine)
        engine.sweep()
    changed = float((before != topics_of(engine)).mean())
    cells = engine.aggregator.cell_histogram()
    engine.close()
    return changed, cells


def test_bytes_exchanged_follow_the_formula(tmp_path: Path) -> None:
    corpus = stored(tmp_path / "corpus", counts(1000, 1000, 0.01))
    settings = FitSettings(n_topics=40, sweeps=SWEEPS, threads=1, evaluate_every=100, alpha=0.1).resolved()
    changed, cells = changes(corpus, settings)
    sent = []
    for workers in (1, 2, 4):
        cluster = Cluster(workers=workers, threads_per_worker=1, aggregators=1)
        result = fit(corpus, settings, cluster=cluster, document_topics=False, runtime=threads())
        sent.append(result.history[-1].bytes_exchanged)
        setup = replace(setup_of(corpus, settings, workers), aggregators=1)
        assert traffic(setup, changed, cells).pushed == pytest.approx(sent[-1], rel=0.3)
        assert sent[-1] < traffic(setup, changed).pushed  # the bound
    assert sent == sorted(sent)


def test_what_more_workers_change() -> None:
    corpus = as_corpus(counts(500, 800, 0.02))
    settings = FitSettings(n_topics=30).resolved()
    rows = count_rows(corpus, settings)
    one, ten = (setup_of(corpus, settings, workers) for workers in (1, 10))
    assert PROGRAM_BYTES < worker_bytes(ten, rows) < worker_bytes(one, rows)
    assert PROGRAM_BYTES < aggregator_bytes(ten, rows) < aggregator_bytes(one, rows)
    moved = Traffic(pushed=4e9, pulled=1e9)
    assert network_seconds(one, moved, 1e9) == 0
    assert network_seconds(ten, moved, 8e9) == pytest.approx(0.9 * 1.4)
    # At the balance the samplers' time is the link's.
    rate = ten.n_tokens / 10 / network_seconds(ten, Traffic(0, 1e9), 8e9)
    assert workers_at_balance(ten, moved, 8e9, rate) == pytest.approx(10)
