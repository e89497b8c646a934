"""The formulas of `lda/deploy/sizing.py` beside what a cluster really sends and holds."""

from __future__ import annotations

import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
import ray
from ray.cluster_utils import Cluster as Nodes

from benchmarks.corpora import SOURCES, recipe
from benchmarks.report import machine, table
from lda.cluster import FitSettings
from lda.cluster.distributed.connection import environment
from lda.cluster.distributed.engine import ClusterEngine
from lda.cluster.distributed.ray_actors import RayActors
from lda.cluster.loop.local_engine import Engine
from lda.cluster.spec.cluster import Cluster
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import Corpus, build_corpus
from lda.deploy.sizing import Setup, Traffic, aggregator_bytes, traffic, worker_bytes
from lda.samplers.counts.histograms import Histogram

if TYPE_CHECKING:
    from numpy.typing import NDArray


def reference(corpus: Corpus, settings: FitSettings, sweeps: int) -> tuple[float, Histogram]:
    """(share of tokens that change their topic, histogram of n_kw) in sweep number `sweeps` of the fit.

    In one process: with the same seed the topics are those of the cluster, to the bit.
    """
    engine = Engine(corpus, settings, lambda: False)
    engine.start()
    for _ in range(sweeps - 1):
        engine.sweep()
    before = topics_of(engine)
    engine.sweep()
    changed = float((before != topics_of(engine)).mean())
    cells = engine.aggregator.cell_histogram()
    engine.close()
    return changed, cells


def topics_of(engine: Engine) -> NDArray[Any]:
    """Topics of all tokens."""
    return np.concatenate([topics for _, topics in engine.documents.topics()])


def measured(corpus: Corpus, settings: FitSettings, workers: int, sweeps: int) -> tuple[Traffic, int, int]:
    """(bytes of that sweep, peak memory of a worker, of an aggregator) on the cluster that runs."""
    cluster = Cluster(address="auto", workers=workers, threads_per_worker=1)
    engine = ClusterEngine(RayActors(None, environment()), corpus, settings, cluster, lambda: False)
    try:
        engine.start()
        for _ in range(sweeps):
            engine.sweep()
        reports = engine._reports
        moved = Traffic(sum(r.sent for r in reports), max(r.received for r in reports))
        peaks = {name: peak(said.pid) for name, said in engine.driver.group.said.items()}
    finally:
        engine.end()
    return (
        moved,
        max(size for name, size in peaks.items() if name.startswith("worker")),
        max(size for name, size in peaks.items() if name.startswith("aggregator")),
    )


def peak(pid: int) -> int:
    """Peak resident bytes of a process of this machine."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"process {pid} does not say how large it was")


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default="sotu", help="Corpus.")
@click.option("-k", "topics", type=int, multiple=True, default=(50, 500), help="Numbers of topics.")
@click.option("--workers", type=int, multiple=True, default=(1, 2, 4), help="Workers, each a process here.")
@click.option("--sweeps", type=int, default=20, help="The sweep that is looked at.")
def sizing(name: str, topics: tuple[int, ...], workers: tuple[int, ...], sweeps: int) -> None:
    """Bytes on the network and in memory, by the formulas of docs/concepts/sizing.md and as measured."""
    nodes = Nodes()
    for _ in range(max(workers)):  # one for each worker: on one node they would share a replica
        nodes.add_node(num_cpus=1, include_dashboard=False)
    ray.init(nodes.address, log_to_driver=False, logging_level=logging.ERROR)
    rows = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        corpus = build_corpus([SOURCES[name].path], Path(scratch) / name, recipe=recipe(SOURCES[name]))
        for n_topics in topics:
            settings = FitSettings(n_topics=n_topics, sweeps=sweeps, evaluate_every=10**6).resolved()
            changed, cells = reference(corpus, settings, sweeps)
            for n in workers:
                setup = Setup(
                    n_documents=corpus.n_documents,
                    n_tokens=corpus.n_tokens,
                    n_terms=corpus.n_terms,
                    n_topics=n_topics,
                    phases=settings.phases or 1,
                    workers=n,
                    aggregators=n,
                )
                said = traffic(setup, changed, cells)
                layout = count_rows(corpus, settings)
                memory = worker_bytes(setup, layout), aggregator_bytes(setup, layout)
                moved, *peaks = measured(corpus, settings, n, sweeps)
                pairs = [
                    (said.pushed, moved.pushed),
                    (said.pulled, moved.pulled),
                    *zip(memory, peaks, strict=True),
                ]
                cells_of = [f"{a / 1e6:.2f} / {b / 1e6:.2f} = {a / b:.2f}" for a, b in pairs]
                rows.append([n_topics, n, f"{changed:.2f}", *cells_of])
    ray.shutdown()
    nodes.shutdown()
    click.echo(f"{machine()}\n{name}: {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms; sweep {sweeps}")
    click.echo("MB by the formula / MB measured = their ratio\n")
    click.echo(
        table(["K", "workers", "changed", "pushed by all", "pulled by each", "worker", "aggregator"], rows)
    )
