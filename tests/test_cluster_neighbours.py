"""Memory that workers of one node share: found by its owner's name, refused when it is not, written in turns."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nodes import same, settings

from lda.cluster import driver as driver_module
from lda.cluster import fit
from lda.cluster.cluster import Cluster
from lda.cluster.driver import Driver
from lda.cluster.neighbours import Lent, SharedArrays, Team
from lda.cluster.threads import Threads

if TYPE_CHECKING:
    from nodes import Nodes

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


def spawn(*arguments: Any) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("spawn").Process(target=fill, args=arguments)
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
    team, done = Team(), []
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
    assert sorted(len(names) for names in shared) == [0, 1, 1]
    assert len(set.union(*shared)) == 1
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
