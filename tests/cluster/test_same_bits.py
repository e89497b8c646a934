"""However a fit is divided among workers, aggregators, threads and nodes, it makes the same bits as in one process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from cluster_fits import ONE_NODE, TWO, TWO_NODES, alone, counts, same, settings, stored, threads
from thread_actors import ThreadActors

from lda.cluster import fit
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.documents.shard_groups import BYTES_PER_TOKEN
from lda.cluster.resources.budget import PROGRAM_BYTES, RAY_BYTES, cut_ranges, model_bytes
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import Corpus, as_corpus
from lda.samplers.counts.row_layout import word_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster.spec.results import SweepRecord


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize(
    ("sampler", "workers", "n_threads", "aggregators"),
    [
        ("adlda", 1, 2, 2),
        ("adlda", 3, 1, 2),
        ("adlda", 4, 2, 3),
        ("esca", 2, 1, 1),
        ("esca", 1, 1, 2),
        ("esca-leave-out", 3, 1, None),
        ("pclda", 2, 1, None),
        ("pclda", 2, 2, 3),
        ("uncollapsed", 3, 1, 1),
        ("collapsed", 1, 1, None),
    ],
)
def test_one_seed_one_model(
    small: Path, cpus: tuple[int, ...], sampler: str, workers: int, n_threads: int, aggregators: int | None
) -> None:
    wanted = settings(sampler, n_samples=2, sample_interval=1)
    on = Cluster(workers=workers, threads_per_worker=n_threads, aggregators=aggregators)
    spread = fit(Corpus.open(small), wanted, cluster=on, runtime=threads(cpus))
    same(alone(small, wanted), spread)
    assert spread.soft_counts is not None
    assert all(record.bytes_exchanged > 0 for record in spread.history)
    assert {record.workers for record in spread.history} == {workers}
    assert all(record.slowest_worker > 0 for record in spread.history)


@pytest.mark.parametrize("sampler", ["adlda", "pclda"])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_calls_that_overtake_each_other(small: Path, sampler: str, seed: int) -> None:
    """Whatever comes first at an aggregator, pushes and questions of several workers."""
    wanted, system = settings(sampler, n_samples=2, sample_interval=1), ThreadActors(TWO_NODES, disorder=seed)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2)
    found = fit(Corpus.open(small), wanted, cluster=on, runtime=Runtime(connect=system.connect))
    same(alone(small, wanted), found)


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_growing_start(tmp_path: Path, cpus: tuple[int, ...], workers: int) -> None:
    wide = stored(tmp_path / "wide", counts(4300, 300, 0.3))
    wanted = settings(start="growing", sweeps=2)
    on = Cluster(workers=workers, threads_per_worker=2, aggregators=2)
    same(fit(wide, wanted), fit(wide, wanted, cluster=on, runtime=threads((6,) * len(cpus))))


@pytest.mark.parametrize(("start", "aggregators"), [("growing", 2), ("random", 1)])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_larger_than_a_worker(small: Path, workers: int, start: str, aggregators: int) -> None:
    """Workers that hold a part of the model and of their documents at a time."""
    corpus, wanted = Corpus.open(small), settings(start=start, validation_fraction=0.0)
    rows = count_rows(corpus, wanted.resolved())
    part = 2 * int(word_bytes(rows).max()) + model_bytes(rows) // 4
    assert len(cut_ranges(rows, [(0, corpus.n_terms)], part)) > 2
    largest = int(corpus.shard_tokens.max()) + 1
    memory = PROGRAM_BYTES + RAY_BYTES + part + largest * BYTES_PER_TOKEN
    little = replace(wanted, model_memory=part, memory=memory)
    on = Cluster(workers=workers, threads_per_worker=1, aggregators=aggregators)
    same(alone(small, wanted), fit(corpus, little, cluster=on, runtime=threads()))


def test_documents_larger_than_memory_on_one_node(small: Path) -> None:
    """The model is shared, the documents are not."""
    corpus, wanted = Corpus.open(small), settings(validation_fraction=0.0)
    rows = count_rows(corpus, wanted.resolved())
    largest = int(corpus.shard_tokens.max()) + 1
    memory = PROGRAM_BYTES + RAY_BYTES + 2 * model_bytes(rows) + largest * BYTES_PER_TOKEN
    little = replace(wanted, memory=memory)
    on = replace(TWO, aggregators=2)
    same(alone(small, wanted), fit(corpus, little, cluster=on, runtime=threads(ONE_NODE)))


def test_in_memory_corpus_and_one_more_worker_than_shards() -> None:
    """What does not lie on disk is put there; a worker without a shard is not started."""
    tiny, wanted = as_corpus(np.array([[1, 2, 0], [0, 0, 3]])), settings(n_topics=2, validation_fraction=0.0)
    started: list[set[str]] = []
    runtime = threads(on_started=lambda said: started.append(set(said)))
    found = fit(tiny, wanted, cluster=replace(TWO, workers=3), runtime=runtime)
    assert started == [{f"worker {i}" for i in range(tiny.n_shards)} | {"aggregator 0"}]
    same(fit(tiny, wanted), found)


TEAM = Cluster(workers=3, threads_per_worker=1, aggregators=2)


@pytest.mark.parametrize("sampler", ["adlda", "pclda", "esca"])
@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize(("first", "then"), [(None, TWO), (TWO, None), (TEAM, TWO), (TWO, TEAM)])
def test_a_checkpoint_goes_on_anywhere(
    small: Path,
    tmp_path: Path,
    sampler: str,
    cpus: tuple[int, ...],
    first: Cluster | None,
    then: Cluster | None,
) -> None:
    """Interrupted after four sweeps here, ended there."""
    place, wanted = Checkpointing(path=str(tmp_path), every=2), settings(sampler, sweeps=7, n_samples=3)
    corpus, done = Corpus.open(small), list[int]()

    def on_sweep(record: SweepRecord) -> None:
        done.append(record.sweep)

    part = fit(
        corpus,
        wanted,
        cluster=first,
        checkpointing=place,
        on_sweep=on_sweep,
        interrupted=lambda: len(done) == 4,
        runtime=threads(cpus),
    )
    assert part.interrupted
    assert part.n_sweeps == 4
    whole = fit(
        corpus,
        wanted,
        cluster=then,
        checkpointing=replace(place, resume=True),
        on_sweep=on_sweep,
        runtime=threads(cpus),
    )
    assert done == [1, 2, 3, 4, 5, 6, 7]
    same(alone(small, wanted), whole)
