"""Ray beside one process, in turns of a few sweeps."""

from __future__ import annotations

import logging
import statistics
import time
from typing import TYPE_CHECKING, Final

import click
import ray

from benchmarks.report import table
from lda.cluster import FitSettings
from lda.cluster.distributed.connection import environment
from lda.cluster.distributed.engine import ClusterEngine
from lda.cluster.distributed.ray_actors import RayActors
from lda.cluster.loop.local_engine import Engine
from lda.cluster.loop.training_loop import AnyEngine
from lda.cluster.spec.cluster import Cluster

if TYPE_CHECKING:
    from lda.corpus import Corpus

TURN: Final = 5
"""Sweeps of a turn, priors learned after the last. Whole fits one after the other lost: the machine's speed changes
by a fifth within the minute that a fit takes, and with it the ratio."""

WAYS: Final = {
    "one process, 2 threads": None,
    "Ray, 2 workers x 1 thread": Cluster(workers=2, threads_per_worker=1, aggregators=2),
    "Ray, 1 worker x 2 threads": Cluster(workers=1, threads_per_worker=2, aggregators=1),
}


def turn(engine: AnyEngine) -> float:
    """Seconds a sweep of the next sweeps of a fit."""
    before = time.perf_counter()
    for _ in range(TURN):
        engine.sweep()
    engine.learn_priors()
    return (time.perf_counter() - before) / TURN


def against_one_process(corpus: Corpus, settings: FitSettings, turns: int) -> None:
    """Two workers of one thread through Ray, one of two (what a node gets), and one process, in turns.

    All fits are there at a time, each idle while another sweeps. A first turn of each does not count: new
    processes load machine code from Numba's cache then.
    """
    # Room for both fits; only one of them works at a time.
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    system = RayActors(None, environment())
    engines: dict[str, AnyEngine] = {}
    starts: dict[str, float] = {}
    try:
        for name, cluster in WAYS.items():
            before = time.perf_counter()
            if cluster is None:
                engines[name] = Engine(corpus, settings, lambda: False)
            else:
                engines[name] = ClusterEngine(system, corpus, settings, cluster, lambda: False)
            engines[name].start()
            turn(engines[name])
            starts[name] = time.perf_counter() - before
        seconds: dict[str, list[float]] = {name: [] for name in WAYS}
        for _ in range(turns):
            for name, engine in engines.items():
                seconds[name].append(turn(engine))
    finally:
        for engine in engines.values():
            if isinstance(engine, ClusterEngine):
                engine.end()
            engine.close()
        ray.shutdown()
    base = seconds["one process, 2 threads"]
    rows = []
    for name, found in seconds.items():
        rates = [corpus.n_tokens / s / 1e6 for s in found]
        ratios = sorted(b / s for b, s in zip(base, found, strict=True))
        rows.append(
            (
                name,
                f"{statistics.median(rates):.2f}",
                f"{min(rates):.2f} .. {max(rates):.2f}",
                f"{statistics.median(ratios):.2f}",
                f"{ratios[0]:.2f} .. {ratios[-1]:.2f}",
                f"{starts[name]:.1f}",
            )
        )
    header = "", "M tokens/s", "range", "ratio of a turn", "range", "s until the first turn"
    click.echo(table(header, rows) + "\n")
