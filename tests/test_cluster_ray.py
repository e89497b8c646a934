"""A fit on two real Ray nodes: the same bits as in one process, however it is divided."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from nodes import TWO, counts, same, settings, stored

from lda.cluster import fit
from lda.cluster.checkpoint import Checkpointing
from lda.cluster.cluster import Cluster
from lda.cluster.documents import BYTES_PER_TOKEN
from lda.cluster.memory import PROGRAM_BYTES, RAY_BYTES, cut_ranges, model_bytes
from lda.cluster.sweeper import count_rows
from lda.corpus import as_corpus
from lda.samplers.layout import word_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.records import SweepRecord


@pytest.mark.parametrize(
    ("sampler", "workers", "threads", "aggregators"),
    [
        ("adlda", 1, 2, 2),
        ("esca", 2, 1, 1),
        ("pclda", 2, 1, None),
        ("uncollapsed", 3, 1, 1),
        ("collapsed", 1, 1, None),
    ],
)
def test_one_seed_one_model(
    nodes: Nodes, sampler: str, workers: int, threads: int, aggregators: int | None
) -> None:
    wanted = settings(sampler, n_samples=2, sample_interval=1)
    on = Cluster(workers=workers, threads_per_worker=threads, aggregators=aggregators)
    alone, spread = fit(nodes.corpus, wanted), fit(nodes.corpus, wanted, cluster=on)
    same(alone, spread)
    assert alone.mean_counts is not None
    assert spread.mean_counts is not None
    assert (alone.mean_counts != spread.mean_counts).nnz == 0  # type: ignore[attr-defined]
    assert all(record.bytes_exchanged > 0 for record in spread.history)
    assert {record.workers for record in spread.history} == {workers}
    assert all(record.slowest_worker > 0 for record in spread.history)


def test_growing_start(nodes: Nodes, tmp_path: Path) -> None:
    wide = stored(tmp_path / "wide", counts(4300, 300, 0.3))
    wanted = settings(start="growing", sweeps=2)
    on = Cluster(workers=2, threads_per_worker=2, aggregators=2)
    same(fit(wide, wanted), fit(wide, wanted, cluster=on))


@pytest.mark.parametrize(("start", "aggregators"), [("growing", 2), ("random", 1)])
def test_larger_than_a_worker(nodes: Nodes, start: str, aggregators: int) -> None:
    """Workers that hold a part of the model and of their documents at a time."""
    wanted = settings(start=start, validation_fraction=0.0)
    rows = count_rows(nodes.corpus, wanted.resolved())
    part = 2 * int(word_bytes(rows).max()) + model_bytes(rows) // 4
    assert len(cut_ranges(rows, [(0, nodes.corpus.n_terms)], part)) > 2
    largest = int(nodes.corpus.shard_tokens.max()) + 1
    memory = PROGRAM_BYTES + RAY_BYTES + part + largest * BYTES_PER_TOKEN
    small = replace(wanted, model_memory=part, memory=memory)
    on = Cluster(workers=2, threads_per_worker=1, aggregators=aggregators)
    same(fit(nodes.corpus, wanted), fit(nodes.corpus, small, cluster=on))


def test_in_memory_corpus_and_one_more_worker_than_shards(nodes: Nodes) -> None:
    """What does not lie on disk is put there; a worker without a shard is not started."""
    small, wanted = as_corpus(np.array([[1, 2, 0], [0, 0, 3]])), settings(n_topics=2, validation_fraction=0.0)
    on = replace(TWO, workers=3)
    same(fit(small, wanted), fit(small, wanted, cluster=on))


@pytest.mark.parametrize(("first", "then"), [(None, TWO), (TWO, None)])
def test_a_checkpoint_goes_on_anywhere(
    nodes: Nodes, tmp_path: Path, first: Cluster | None, then: Cluster | None
) -> None:
    """Interrupted after four sweeps here, ended there."""
    place, wanted = Checkpointing(path=str(tmp_path), every=2), settings(sweeps=7)
    done: list[int] = []

    def on_sweep(record: SweepRecord) -> None:
        done.append(record.sweep)

    part = fit(
        nodes.corpus,
        wanted,
        cluster=first,
        checkpointing=place,
        on_sweep=on_sweep,
        interrupted=lambda: len(done) == 4,
    )
    assert part.interrupted
    assert part.n_sweeps == 4
    whole = fit(
        nodes.corpus, wanted, cluster=then, checkpointing=replace(place, resume=True), on_sweep=on_sweep
    )
    assert done == [1, 2, 3, 4, 5, 6, 7]
    same(fit(nodes.corpus, wanted), whole)
