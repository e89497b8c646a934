"""Memory that workers of one node share: found by its owner's name, refused when it is not, written in turns."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nodes import same, settings

from lda.cluster import driver as driver_module
from lda.cluster import fit, placement
from lda.cluster.checkpoint import Checkpointing
from lda.cluster.cluster import Cluster
from lda.cluster.driver import Driver
from lda.cluster.letters import Letters
from lda.cluster.neighbours import Lent, Queues, SharedArrays, Team
from lda.cluster.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nodes import Nodes

    from lda.cluster.records import SweepRecord

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="no memfd on this system")


PIECES = 40


def fill(lent: Lent, rank: int, rounds: int) -> None:
    """In each round, add one to all numbers of one of two sets; nobody may still read that one as it was."""
    arrays = SharedArrays(lent)
    sets = arrays.zeros(2 * PIECES * 100, np.int64).reshape(2, PIECES, 100)
    team = Team(rank, 2, arrays.zeros(Team.length(2), np.int64))
    busy = np.random.default_rng(rank)
    with Threads(2) as threads:
        for n in range(rounds):
            numbers = sets[n % 2]

            def work(piece: int, numbers: Any = numbers, n: int = n) -> None:
                assert (numbers[piece] == n // 2).all()
                numbers[piece] += 1

            team.begin()
            team.share(PIECES, work, threads)
            assert (numbers == n // 2 + 1).all()
            team.end()
            time.sleep(busy.exponential(1e-4))
            assert (numbers == n // 2 + 1).all(), "written while it is read"


def spawn(*arguments: Any, target: Callable[..., None] = fill) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=target, args=arguments)
    process.start()
    return process


def test_two_processes_write_in_turns() -> None:
    owner = SharedArrays()
    numbers = owner.zeros(2 * PIECES * 100, np.int64)
    owner.zeros(Team.length(2), np.int64)
    others = [spawn(owner.lent, rank, 300) for rank in range(2)]
    for process in others:
        process.join(120)
    assert [process.exitcode for process in others] == [0, 0]
    assert (numbers == 150).all()


def test_memory_goes_with_its_last_user() -> None:
    owner = SharedArrays()
    array = owner.zeros(1000, np.float32)
    array[:] = 1
    lent = owner.lent
    assert (SharedArrays(lent).zeros(1000, np.float32) == 1).all()
    del owner
    with pytest.raises(OSError, match="No such file"):
        SharedArrays(lent)
    assert (array == 1).all()


def test_memory_of_another_is_refused() -> None:
    owner, other = SharedArrays(), SharedArrays()
    with pytest.raises(OSError, match="not the memory that was lent"):
        SharedArrays(Lent(owner.lent.path, other.lent.token))
    with pytest.raises(OSError, match="smaller"):
        SharedArrays(owner.lent).zeros(10, np.int64)


@pytest.mark.parametrize("n_threads", [1, 3])
def test_one_alone_does_everything(n_threads: int) -> None:
    team, done = Team(), list[int]()
    with Threads(n_threads) as threads:
        for n in (0, 1, 7):
            team.begin()
            team.share(n, done.append, threads)
            team.end()
    assert sorted(done) == sorted([*range(1), *range(7)])


def test_workers_of_a_node_share_one_replica(nodes: Nodes) -> None:
    """Three on two nodes: two of them map the same memory, and the bits are those of one process."""
    wanted = settings("pclda", sweeps=3)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2)
    driver = Driver(nodes.corpus, wanted, on)
    try:
        pids = [driver.said[f"worker {i}"].pid for i in range(3)]
        shared = [memory_names(pid) for pid in pids]  # one file each, however many arrays
    finally:
        driver.close()
    # The replica, and the documents of both.
    assert sorted(len(names) for names in shared) == [0, 3, 3]
    assert len(set.union(*shared)) == 3
    same(fit(nodes.corpus, wanted), fit(nodes.corpus, wanted, cluster=on))


def memory_names(pid: int) -> set[str]:
    """Inodes of the shared memory that a process maps."""
    with open(f"/proc/{pid}/maps") as maps:
        return {line.split()[4] for line in maps if "memfd:raylda" in line}


def test_where_memory_cannot_be_lent_each_has_its_own(nodes: Nodes, monkeypatch: pytest.MonkeyPatch) -> None:
    ordinary = driver_module.WorkerActor

    class Stranger(ordinary):  # type: ignore[misc, valid-type]
        def borrow(self, lent: Lent, rank: int, size: int) -> bool:
            reached: bool = super().borrow(Lent(lent.path, b"x" * len(lent.token)), rank, size)
            assert not reached
            return reached

    monkeypatch.setattr(driver_module, "WorkerActor", Stranger)
    wanted = settings(sweeps=3)
    on = Cluster(workers=4, threads_per_worker=1, aggregators=2)
    driver = Driver(nodes.corpus, wanted, on)
    try:
        assert not set.union(*[memory_names(driver.said[f"worker {i}"].pid) for i in range(4)])
    finally:
        driver.close()
    same(fit(nodes.corpus, wanted), fit(nodes.corpus, wanted, cluster=on))


def test_letters_keep_the_steps_that_are_still_to_be_read() -> None:
    """Longer and shorter ones after each other, empty ones, of workers that are a step apart."""
    first = Letters(2, 3, 2)
    second, reader = Letters(2, 3, 2, first.lent), Letters(2, 3, 2, first.lent)

    def said(worker: int, step: int) -> list[bytes]:
        rng = np.random.default_rng([worker, step])
        return [rng.bytes(int(rng.integers(0, 9000)) * (part > 0)) for part in range(3)]

    first.leave(0, 0, said(0, 0))
    for step in range(20):
        first.leave(0, step + 1, said(0, step + 1))
        second.leave(1, step, said(1, step))
        for of_whom in (first, second, reader):
            of_whom.wait(step + 1)
            assert [of_whom.read(step, part) for part in range(3)] == [
                [said(0, step)[part], said(1, step)[part]] for part in range(3)
            ]


@pytest.fixture
def on_one_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """All workers of a fit come to one of the nodes."""
    ordinary = placement.placement_group

    def packed(bundles: list[Any], strategy: str) -> Any:
        assert strategy == "SPREAD"
        return ordinary(bundles, strategy="STRICT_PACK")

    monkeypatch.setattr(placement, "placement_group", packed)


@pytest.mark.usefixtures("on_one_node")
@pytest.mark.parametrize(
    ("sampler", "workers", "aggregators"), [("adlda", 3, 2), ("pclda", 2, 3), ("esca", 1, 2)]
)
def test_workers_of_one_node_read_from_each_other(
    nodes: Nodes, tmp_path: Path, sampler: str, workers: int, aggregators: int
) -> None:
    """Who can reach it maps one memory more, and the bits are those of one process, gone on from a checkpoint, too."""
    wanted = settings(sampler, sweeps=4)
    on = Cluster(workers=workers, threads_per_worker=1, aggregators=aggregators)
    driver = Driver(nodes.corpus, wanted.resolved(), on)
    try:
        maps = {name: len(memory_names(said.pid)) for name, said in driver.said.items()}
    finally:
        driver.close()
    # The replica, what they tell each other, and where they are several, everybody's documents.
    own = 2 + (workers if workers > 1 else 0)
    assert maps == {f"worker {i}": own for i in range(workers)} | {
        f"aggregator {i}": 1 for i in range(aggregators)
    }
    alone = fit(nodes.corpus, wanted)
    same(alone, fit(nodes.corpus, wanted, cluster=on))
    here = Checkpointing(path=str(tmp_path), every=1)
    fit(nodes.corpus, replace(wanted, sweeps=2), cluster=on, checkpointing=here)
    same(alone, fit(nodes.corpus, wanted, cluster=on, checkpointing=replace(here, resume=True)))


@pytest.mark.usefixtures("on_one_node")
def test_aggregators_that_cannot_read_the_replica_are_pushed_what_changes(
    nodes: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordinary = driver_module.AggregatorActor

    class Far(ordinary):  # type: ignore[misc, valid-type]
        async def read_counts(self, lent: Lent) -> bool:
            here: bool = self.span[0] == 0
            reached: bool = await super().read_counts(lent if here else Lent("/proc/0/fd/0", lent.token))
            assert reached == here
            return reached

    monkeypatch.setattr(driver_module, "AggregatorActor", Far)
    wanted = settings(sweeps=3)
    on = Cluster(workers=2, threads_per_worker=1, aggregators=2)
    same(fit(nodes.corpus, wanted), fit(nodes.corpus, wanted, cluster=on))


@pytest.mark.usefixtures("on_one_node")
@pytest.mark.parametrize("victim", ["aggregator 1", "worker 0", "worker 1"])
def test_who_is_killed_on_a_node_is_missed(nodes: Nodes, drivers: list[Driver], victim: str) -> None:
    """An aggregator that only reads, who lends the replica, and who borrows it."""

    def kill(record: SweepRecord) -> None:
        if record.sweep == 2 and len(drivers) == 1:
            pid = drivers[0].said[victim].pid
            threading.Timer(0.015, os.kill, (pid, signal.SIGKILL)).start()  # in the middle of a pass
        elif len(drivers) == 1:
            time.sleep(0.1)
            assert record.sweep < 60, "nobody has missed it"

    told: list[str] = []
    wanted = settings(sweeps=60, evaluate_every=1000)
    on = Cluster(workers=2, threads_per_worker=1, aggregators=2)
    found = fit(nodes.corpus, wanted, cluster=on, on_sweep=kill, warn=told.append)
    assert len(drivers) == 2
    assert victim in told[0]
    same(fit(nodes.corpus, wanted), found)


def help_others(lent: Lent, rank: int, steps: int) -> None:
    """In each step, add one to every number of every block; the second worker is slow with its own blocks."""
    arrays = SharedArrays(lent)
    numbers = arrays.zeros(2 * PIECES, np.int64).reshape(2, PIECES)
    helped = arrays.zeros(2, np.int64)
    queues = Queues(rank, 2, arrays.zeros(Queues.length(2), np.int64))
    team = Team(rank, 2, arrays.zeros(Team.length(2), np.int64))
    with Threads(2) as threads:
        for n in range(steps):
            sizes = [PIECES, PIECES - n % 3]  # some steps have less

            def work(owner: int, block: int, n: int = n) -> None:
                numbers[owner, block] += 1
                if rank == 1:
                    time.sleep(1e-3)

            team.begin()
            helped[rank] += queues.work(sizes, work, threads)
            # Open for nobody before the next step begins: nobody else may change them now.
            assert (numbers[rank, : PIECES - 2] == n + 1).all()
            time.sleep(1e-3)
            assert (numbers[rank, : PIECES - 2] == n + 1).all()


def test_who_is_done_helps_the_others() -> None:
    owner = SharedArrays()
    numbers = owner.zeros(2 * PIECES, np.int64).reshape(2, PIECES)
    helped = owner.zeros(2, np.int64)
    owner.zeros(Queues.length(2), np.int64)
    owner.zeros(Team.length(2), np.int64)
    others = [spawn(owner.lent, rank, 60, target=help_others) for rank in range(2)]
    for process in others:
        process.join(120)
    assert [process.exitcode for process in others] == [0, 0]
    assert (numbers[0] == 60).all()
    assert (numbers[1, : PIECES - 2] == 60).all()
    assert numbers[1, PIECES - 2 :].tolist() == [40, 20]
    assert helped[0] > PIECES
