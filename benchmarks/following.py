"""What following costs a fit: microseconds a sweep of a status file, a log and a metrics server, and all of them."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

import lda
from benchmarks.report import machine, table
from lda.cluster import FitSettings, SweepRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.monitoring.follower import Follower

EVALUATED: int = 10
"""Sweeps between evaluations, as a fit has them by default."""


@click.command()
@click.option("--sweeps", default=20_000, help="That are told of.")
@click.option("--repeats", default=3, help="The best of so many counts.")
def following(sweeps: int, repeats: int) -> None:
    """Tell followers of sweeps that take no time, so that nothing but them is measured."""
    corpus = lda.as_corpus(np.ones((2, 3), dtype=np.int64))
    settings = FitSettings(n_topics=2, sweeps=sweeps)
    plain = SweepRecord(
        sweep=1,
        seconds=1.0,
        tokens_per_second=1e6,
        log_likelihood=None,
        heldout=None,
        alpha_sum=1.0,
        beta=0.01,
    )
    records = [
        replace(plain, sweep=number, log_likelihood=None if number % EVALUATED else -7.0)
        for number in range(1, sweeps + 1)
    ]
    with tempfile.TemporaryDirectory() as folder:
        ways: dict[str, Callable[[], list[Follower]]] = {
            "status file": lambda: [lda.StatusFile(Path(folder) / "status.json")],
            "log": lambda: [lda.RunLog(Path(folder) / "log.jsonl")],
            "metrics": lambda: [lda.MetricsServer()],
        }
        ways["all three"] = lambda: [way()[0] for name, way in list(ways.items())[:3]]
        rows = [
            [name, f"{_microseconds(way, corpus, settings, records, repeats):.1f}"]
            for name, way in ways.items()
        ]
    print(machine())
    print(table(["followed by", "µs a sweep"], rows))


def _microseconds(
    made: Callable[[], list[Follower]],
    corpus: lda.Corpus,
    settings: FitSettings,
    records: list[SweepRecord],
    repeats: int,
) -> float:
    best = float("inf")
    for _ in range(repeats):
        followers = made()
        for follower in followers:
            follower.on_begin(settings, corpus)
        began = time.perf_counter()
        for record in records:
            for follower in followers:
                follower(record)
        best = min(best, time.perf_counter() - began)
        for follower in followers:
            follower.end("done")
    return 1e6 * best / len(records)
