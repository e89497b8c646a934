"""Workers on one node: one replica of the counts and one language model among them, in shared memory.

Together they add what the aggregators publish and build the model. A replica for each worker lost: every worker
took in all messages and computed all of phi, in memory of its own and in a cache that they share.

Only workers that keep in step can share. One that runs ahead would change what its neighbour still reads.
"""

from __future__ import annotations

import mmap
import os
import secrets
import time
import weakref
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from lda.cluster.threads import Threads
from lda.samplers.numerics.atomic_flags import SPACING, lowest_flag, set_flag, sum_of_flags, take_number

TOKEN_BYTES: Final = 16

POLL_SECONDS: Final = 1e-4


class Lent(NamedTuple):
    """Where a process of this machine finds the arrays of another, and how it knows that they are the right ones."""

    path: str
    token: bytes


class SharedArrays:
    """Arrays in memory without a name that several processes map; it is gone with the last of them.

    Who opens `lent` must ask for the same arrays in the same order as its owner did, who asked before. Files in
    /dev/shm lost: they outlive a process that is killed, and containers often allow 64 MB of them.

    Raises OSError when there is no such memory on this system, or it belongs to somebody else.
    """

    def __init__(self, lent: Lent | None = None) -> None:
        self._owner = lent is None
        if lent is None:
            if not hasattr(os, "memfd_create"):
                raise OSError("this system has no memory that processes can lend each other by a path")
            self._file = os.memfd_create("raylda", os.MFD_CLOEXEC)
        else:
            self._file = os.open(lent.path, os.O_RDWR | os.O_CLOEXEC)
        # Arrays that are still used keep their memory.
        weakref.finalize(self, os.close, self._file)
        if lent is None:
            self._token = secrets.token_bytes(TOKEN_BYTES)
            os.write(self._file, self._token)
        else:
            # A process id means another process in another container.
            if os.pread(self._file, TOKEN_BYTES, 0) != lent.token:
                raise OSError(f"{lent.path} is not the memory that was lent")
            self._token = lent.token
        self._end = mmap.ALLOCATIONGRANULARITY

    @property
    def lent(self) -> Lent:
        """What to tell a neighbour."""
        return Lent(f"/proc/{os.getpid()}/fd/{self._file}", self._token)

    def zeros(self, length: int, dtype: DTypeLike) -> NDArray[Any]:
        """The next array (length,): zeroed where it is owned, as it is where it is borrowed."""
        dtype = np.dtype(dtype)
        size, begin = length * dtype.itemsize, self._end
        if size == 0:
            return np.zeros(0, dtype=dtype)
        unit = mmap.ALLOCATIONGRANULARITY
        self._end += -(-size // unit) * unit
        if self._owner:
            os.ftruncate(self._file, self._end)
        elif os.fstat(self._file).st_size < self._end:
            raise OSError("the memory that was lent is smaller than what is looked for in it")
        return np.frombuffer(mmap.mmap(self._file, size, offset=begin), dtype=dtype, count=length)

    def release(self) -> None:
        """Nothing: they stay."""

    def write(self, place: int, data: bytes) -> None:
        """Put bytes at a place beyond all arrays; memory is taken as needed. Raises OSError when there is none."""
        rest = memoryview(data)
        while rest:
            done = os.pwrite(self._file, rest, place)
            place, rest = place + done, rest[done:]

    def read(self, place: int, length: int) -> bytes:
        """The bytes that somebody has put there. Raises OSError when there are fewer."""
        found = bytearray()
        while len(found) < length:
            piece = os.pread(self._file, length - len(found), place + len(found))
            if not piece:
                raise OSError(f"{len(found)} bytes are where {length} were to be")
            found += piece
        return bytes(found)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    while not condition():
        time.sleep(POLL_SECONDS)


class Team:
    """The workers that share a replica, as one of them sees it: number `rank` of `size`.

    They go through the same rounds: `begin`, any number of `share`, `end`. In a round who comes first begins, and
    who comes late finds less to do or nothing. Static parts, and everybody waiting for the last one, lost: a worker
    whose CPU had been busy elsewhere held up the others four times a sweep (34 of 330 ms, arXiv, K = 1000).

    numbers: (`Team.length(size)`,) int64, shared by them and zero at first; none for one alone.
    """

    def __init__(self, rank: int = 0, size: int = 1, numbers: NDArray[np.int64] | None = None) -> None:
        self.rank, self.size = rank, size
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

        Where one has died the others wait here until they are ended, as everybody is after a loss. Meeting at an
        aggregator lost: two calls a phase took 15 ms of 300.
        """
        set_flag(self._rounds, self.rank, self._round)
        self._wait(lambda: lowest_flag(self._rounds) >= self._round)
        self._round += 1

    def end(self) -> None:
        """Say that this one has what the round made."""
        set_flag(self._rounds, self.rank, self._round)

    def share(self, n: int, work: Callable[[int], object], threads: Threads | None = None) -> None:
        """Have work(0) .. work(n - 1) done by somebody, each once, in any order; returns when all are done.

        threads: who works here at the same time; everybody must ask for the same n.
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
            wait_until(until)


class Queues:
    """By worker of a team: blocks of its documents, to be sampled by whoever comes first.

    All go through the same steps, and all say how many blocks each one has in a step. A worker's blocks are open to
    others from when it comes to a step until all of them are done, for which it waits; nobody waits for anything
    else here. Each one its own documents lost: see `Team`.

    numbers: (`Queues.length(size)`,) int64, shared by them and zero at first.
    """

    def __init__(self, rank: int, size: int, numbers: NDArray[np.int64]) -> None:
        self.rank, self.size = rank, size
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
        wait_until(lambda: lowest_flag(self._done[self.rank]) >= through[self.rank])
        return helped
