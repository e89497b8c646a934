"""A fit on Ray: the same bits as in one process, also when processes and nodes are killed. The rest runs on threads."""

from __future__ import annotations

import os
import re
import signal
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cluster_fits import TWO, alone, consistent, same, settings
from nodes import beside_waiting, on_nodes

from lda.cluster import fit
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.distributed.actor_report import Ready
    from lda.cluster.distributed.worker import PhaseEvent
    from lda.cluster.spec.results import SweepRecord

pytestmark = pytest.mark.ray
LONG = settings(sweeps=16, n_samples=2, evaluate_every=8)


@pytest.mark.smoke
def test_one_seed_one_model(nodes: Nodes) -> None:
    wanted = settings("pclda", n_samples=2, sample_interval=1)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2)
    spread = fit(nodes.corpus, wanted, cluster=on, runtime=on_nodes())
    same(alone(nodes.folder / "small", wanted), spread)
    assert all(record.bytes_exchanged > 0 for record in spread.history)


def memory_names(pid: int) -> set[str]:
    """Inodes of the shared memory that a process maps."""
    with open(f"/proc/{pid}/maps") as maps:
        return {line.split()[4] for line in maps if "memfd:raylda" in line}


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memfd on this system")
@pytest.mark.parametrize(
    ("strategy", "sampler", "aggregators"), [("STRICT_PACK", "adlda", 2), ("SPREAD", "esca", 1)]
)
def test_workers_of_a_node_share_memory(
    nodes: Nodes, tmp_path: Path, strategy: str, sampler: str, aggregators: int
) -> None:
    """A replica, documents, and where all are on one node what they tell each other; resumed, too."""
    mapped: dict[str, set[str]] = {}
    said: dict[str, Ready] = {}

    def look(record: SweepRecord) -> None:
        mapped.update({name: memory_names(ready.pid) for name, ready in said.items()})

    wanted = settings(sampler, sweeps=4)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=aggregators)
    place = Checkpointing(path=str(tmp_path), every=1)
    runtime = on_nodes(strategy, on_started=said.update)
    first = replace(wanted, sweeps=2)
    fit(nodes.corpus, first, cluster=on, checkpointing=place, on_sweep=look, runtime=runtime)
    of_workers = [mapped[f"worker {i}"] for i in range(3)]
    of_aggregators = [mapped[f"aggregator {i}"] for i in range(aggregators)]
    if strategy == "STRICT_PACK":
        # The replica, what they tell each other, and everybody's documents.
        assert [len(names) for names in of_workers] == [5, 5, 5]
        assert [len(names) for names in of_aggregators] == [1] * aggregators
    else:
        # Of two the replica, and the documents of both; the third is alone on its node.
        assert sorted(len(names) for names in of_workers) == [0, 3, 3]
        assert len(set.union(*of_workers)) == 3
    again = fit(
        nodes.corpus,
        wanted,
        cluster=on,
        checkpointing=replace(place, resume=True),
        runtime=on_nodes(strategy),
    )
    same(alone(nodes.folder / "small", wanted), again)


def suicide(marker: Path, event: tuple[int, int, bool]) -> Callable[[PhaseEvent], None]:
    """Has a worker kill its process at an event, once. Made here, so that it travels by value."""

    def on_phase(happened: Any) -> None:
        import os
        import signal

        if tuple(happened) == event and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    return on_phase


@pytest.mark.smoke
def test_a_killed_worker_is_replaced(nodes: Nodes, tmp_path: Path) -> None:
    """Between sampling a phase and the next one; gone on from a checkpoint."""
    told: list[str] = []
    result = fit(
        nodes.corpus,
        LONG,
        cluster=TWO,
        checkpointing=Checkpointing(path=str(tmp_path / "c"), every=3),
        warn=told.append,
        runtime=on_nodes(on_phase=suicide(tmp_path / "killed", (1, 17, True))),
    )
    # A checkpoint under way when it happened is damaged, and said to be.
    (lost,) = [line for line in beside_waiting(told) if "is damaged" not in line]
    assert re.fullmatch(
        r"lost worker 1 \(process \d+ on [\d.]+\); going on from the checkpoint of sweep 3", lost
    )
    same(alone(nodes.folder / "small", LONG), result)


@pytest.mark.parametrize("strategy", ["SPREAD", "STRICT_PACK"])
def test_a_killed_aggregator_is_missed(nodes: Nodes, strategy: str) -> None:
    """One that is pushed what changes, and one that only reads the workers' replica."""
    attempts: list[dict[str, Ready]] = []
    told: list[str] = []

    def kill(record: SweepRecord) -> None:
        if record.sweep == 2 and len(attempts) == 1:
            os.kill(attempts[0]["aggregator 1"].pid, signal.SIGKILL)
        elif len(attempts) == 1:
            threading.Event().wait(0.1)
            assert record.sweep < 100, "nobody has missed it"

    def note(said: Mapping[str, Ready]) -> None:
        attempts.append(dict(said))

    wanted = settings(sweeps=100, evaluate_every=1000)
    on = replace(TWO, aggregators=2)
    runtime = on_nodes(strategy, on_started=note)
    found = fit(nodes.corpus, wanted, cluster=on, on_sweep=kill, warn=told.append, runtime=runtime)
    assert len(attempts) == 2
    assert "lost aggregator 1 (process" in beside_waiting(told)[0]
    same(alone(nodes.folder / "small", wanted), found)


def test_a_killed_node_leaves_no_trace_in_the_model(nodes: Nodes, tmp_path: Path) -> None:
    """One node is left, with room for one worker only."""
    raylet = nodes.second.all_processes["raylet"][0].process.pid
    told: list[str] = []
    attempts: list[int] = []

    def kill(record: SweepRecord) -> None:
        if record.sweep == 6 and len(attempts) == 1:
            os.kill(raylet, signal.SIGKILL)

    try:
        result = fit(
            nodes.corpus,
            LONG,
            cluster=replace(TWO, threads_per_worker=3),
            checkpointing=Checkpointing(path=str(tmp_path), every=3),
            on_sweep=kill,
            warn=told.append,
            runtime=on_nodes(on_started=lambda said: attempts.append(len(said) - 1)),
        )
    finally:
        nodes.renew()
    assert re.search(r"lost .*worker \d", beside_waiting(told)[0])
    assert attempts[-1] == 1
    same(alone(nodes.folder / "small", LONG), result)


def test_workers_apart_end_in_one_moment(nodes: Nodes) -> None:
    """Without steps in common; one of them slow, so that passes are called off."""

    def slow(event: PhaseEvent) -> None:
        import time

        time.sleep(0.05 * event.worker)

    wanted = settings(validation_fraction=0.0, sweeps=500)
    on = replace(TWO, staleness=1, aggregators=2)
    result = fit(
        nodes.corpus,
        wanted,
        cluster=on,
        on_sweep=lambda record: record.sweep == 3,
        runtime=on_nodes(on_phase=slow),
    )
    assert result.n_sweeps == 3
    consistent(nodes.corpus, result)
