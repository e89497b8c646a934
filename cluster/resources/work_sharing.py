"""Work shared by the workers of one node: `Team` fills a replica and a language model, `Queues` samples documents.

Rejected: a replica for each worker, because every
worker then took in all messages and computed all of phi, in memory of its own and in a cache that they share.

Only workers that keep in step can share. One that runs ahead would change what another still reads.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.resources.threads import Threads
from lda.samplers.numerics.atomic_flags import SPACING, lowest_flag, set_flag, sum_of_flags, take_number

POLL_SECONDS: Final = 1e-4


def nothing() -> None:
    """Default check, a no-op: for workers that are killed externally."""


def wait_until(condition: Callable[[], bool], check: Callable[[], None]) -> None:
    """Wait for what another worker does. check: called now and then; it may raise, to end the wait."""
    while not condition():
        check()
        time.sleep(POLL_SECONDS)


class Team:
    """The workers that share a replica, as one of them sees it: number `rank` of `size`.

    They go through the same rounds: `begin`, any number of `share`, `end`. In a round the first worker to arrive
    begins, and a late one finds less to do or nothing. Rejected: static partitioning with a barrier, because a worker
    whose CPU had been busy elsewhere held up the others four times a sweep (34 of 330 ms, arXiv, K = 1000).

    numbers: (`Team.length(size)`,) int64, shared by them and zero at first; none for one alone. check: as in
    `wait_until`.
    """

    def __init__(
        self,
        rank: int = 0,
        size: int = 1,
        numbers: NDArray[np.int64] | None = None,
        check: Callable[[], None] = nothing,
    ) -> None:
        self.rank, self.size, self._check = rank, size, check
        self._alone = numbers is None
        if numbers is None:
            numbers = np.zeros(self.length(1), dtype=np.int64)
        # The next piece of work, and by worker: rounds done, pieces done.
        self._next, self._rounds, self._done = np.split(numbers, [SPACING, (1 + size) * SPACING])
        self._round = self._mine = self._through = 0

    @staticmethod
    def length(size: int) -> int:
        """How many numbers `size` workers share."""
        return (1 + 2 * size) * SPACING

    def begin(self) -> None:
        """Wait until all have what the last round made. They may still read it: this one must write elsewhere.

        Where one has died the others wait here until they are ended, as all actors are after a loss. Rejected: meeting
        at an aggregator, because two calls a phase took 15 ms of 300.
        """
        set_flag(self._rounds, self.rank, self._round)
        self._wait(lambda: lowest_flag(self._rounds) >= self._round)
        self._round += 1

    def end(self) -> None:
        """Signal that this worker has what the round made."""
        set_flag(self._rounds, self.rank, self._round)

    def share(self, n: int, work: Callable[[int], object], threads: Threads | None = None) -> None:
        """Do work(0) .. work(n - 1) together with the team, each once, in any order; returns when all are done.

        threads: of this worker, which take part. All workers must pass the same n.
        """
        first, self._through = self._through, self._through + n

        def some() -> int:
            done = 0
            while (number := take_number(self._next, self._through)) >= 0:
                work(number - first)
                done += 1
            return done

        self._mine += sum(threads.everywhere(some) if threads else [some()])
        set_flag(self._done, self.rank, self._mine)
        self._wait(lambda: sum_of_flags(self._done) >= self._through)

    def _wait(self, until: Callable[[], bool]) -> None:
        if not self._alone:
            wait_until(until, self._check)


class Queues:
    """For each worker of a team, the blocks of its documents, to be sampled by the first worker that is free.

    All go through the same steps, and all pass how many blocks each one has in a step. A worker's blocks are open to
    others from when it comes to a step until all of them are done, for which it waits; that is the only wait here.
    Rejected: each worker samples only its own documents; see `Team`.

    numbers: (`Queues.length(size)`,) int64, shared by them and zero at first. check: as in `wait_until`.
    """

    def __init__(
        self, rank: int, size: int, numbers: NDArray[np.int64], check: Callable[[], None] = nothing
    ) -> None:
        self.rank, self.size, self._check = rank, size, check
        self._opened, self._next, self._done = numbers.reshape(3, size, SPACING)
        self._through = np.zeros(size, dtype=np.int64)
        # One's own first.
        self._order = [(rank + i) % size for i in range(size)]

    @staticmethod
    def length(size: int) -> int:
        """How many numbers `size` workers share."""
        return 3 * size * SPACING

    def work(self, blocks: list[int], work: Callable[[int, int], object], threads: Threads) -> int:
        """Have all blocks of this worker done, and do some of others while there are any.

        blocks: by worker, how many it has in this step. work: called with a worker's rank and the number of a block.
        Returns how many blocks of others have been done here.
        """
        first = self._through
        self._through = through = first + blocks
        set_flag(self._opened[self.rank], 0, int(through[self.rank]))

        def some() -> int:
            helped = 0
            for owner in self._order:
                if lowest_flag(self._opened[owner]) < through[owner]:
                    continue  # not yet here, or done with all
                while (number := take_number(self._next[owner], int(through[owner]))) >= 0:
                    work(owner, int(number - first[owner]))
                    take_number(self._done[owner], int(through[owner]))
                    helped += owner != self.rank
            return helped

        helped = sum(threads.everywhere(some))
        wait_until(lambda: lowest_flag(self._done[self.rank]) >= through[self.rank], self._check)
        return helped
