"""Memory that workers of one node share: found by its owner's name, refused when it is not, written in turns."""

from __future__ import annotations

import multiprocessing
import os
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from cluster_fits import ONE_NODE, TWO_NODES, alone, same, settings, threads

from lda.cluster import fit
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.cluster.distributed.worker import WorkerActor
from lda.cluster.exchange.shared_mailbox import SharedMailbox
from lda.cluster.resources.shared_memory import Lent, SharedArrays
from lda.cluster.resources.threads import Threads
from lda.cluster.resources.work_sharing import Queues, Team
from lda.cluster.spec.cluster import Cluster
from lda.corpus import Corpus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lda.cluster.documents.assignments import LentDocuments

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


def test_letters_keep_the_steps_that_are_still_to_be_read() -> None:
    """Longer and shorter ones after each other, empty ones, of workers that are a step apart."""
    first = SharedMailbox(2, 3, 2)
    second, reader = SharedMailbox(2, 3, 2, first.lent), SharedMailbox(2, 3, 2, first.lent)

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


class Stranger(WorkerActor):
    """Does not reach what a neighbour lends."""

    def borrow(self, lent: Lent, rank: int, size: int) -> bool:
        reached = super().borrow(Lent(lent.path, b"x" * len(lent.token)), rank, size)
        assert not reached
        return reached


class Far(AggregatorActor):
    """Does not reach the workers' replica, but for the first of them."""

    async def read_counts(self, lent: Lent) -> bool:
        here = self.span[0] == 0
        reached = await super().read_counts(lent if here else Lent("/proc/0/fd/0", lent.token))
        assert reached == here
        return reached


class NoMailbox(WorkerActor):
    """Reaches the replica, but not what the others tell each other."""

    def open_mailbox(self, shape: tuple[int, int, int], lent: Lent | None = None) -> Lent | None:
        return super().open_mailbox(shape, lent and Lent(lent.path, b"x" * len(lent.token)))


class Alone(WorkerActor):
    """Cannot lend its documents."""

    def lend_documents(self) -> LentDocuments | None:
        return None if self.number == 1 else super().lend_documents()


@pytest.mark.parametrize("cpus", [ONE_NODE, TWO_NODES], ids=["one node", "two nodes"])
@pytest.mark.parametrize("sampler", ["adlda", "pclda"])
@pytest.mark.parametrize("unlucky", [Stranger, Far, NoMailbox, Alone])
def test_where_memory_cannot_be_lent_each_has_its_own(
    small: Path, cpus: tuple[int, ...], sampler: str, unlucky: type
) -> None:
    wanted = settings(sampler, sweeps=3)
    on = Cluster(workers=4, threads_per_worker=1, aggregators=2)
    which = "aggregator" if issubclass(unlucky, AggregatorActor) else "worker"
    same(
        alone(small, wanted),
        fit(Corpus.open(small), wanted, cluster=on, runtime=threads(cpus, **{which: unlucky})),
    )


@pytest.mark.parametrize(
    ("cpus", "memory", "model_memory", "staleness", "shared"),
    [
        (ONE_NODE, None, None, 0, ["direct", "team"]),
        (TWO_NODES, None, None, 0, ["team"]),
        (ONE_NODE, 1 << 40, None, 0, ["team without documents"]),
        (ONE_NODE, None, 1 << 30, 0, []),
        (ONE_NODE, None, None, 1, []),
    ],
)
def test_who_shares_what(
    small: Path,
    cpus: tuple[int, ...],
    memory: int | None,
    model_memory: int | None,
    staleness: int | None,
    shared: list[str],
) -> None:
    seen: set[str] = set()

    class Noting(WorkerActor):
        def use_mailbox(self) -> None:
            super().use_mailbox()
            seen.add("direct")

        def help(self, team: list[LentDocuments | None]) -> None:
            super().help(team)
            assert len(team) == (3 if len(cpus) == 1 else 2)
            assert all(team)
            seen.add("team")

        def borrow(self, lent: Lent, rank: int, size: int) -> bool:
            assert super().borrow(lent, rank, size)
            seen.add("team without documents")
            return True

    wanted = settings(sweeps=2, memory=memory, model_memory=model_memory, validation_fraction=0.0)
    on = Cluster(workers=3, threads_per_worker=1, aggregators=2, staleness=staleness)
    fit(Corpus.open(small), wanted, cluster=on, runtime=threads(cpus, worker=Noting))
    if "team" in seen:
        seen.remove("team without documents")
    assert sorted(seen) == shared


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
