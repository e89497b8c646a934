"""`SharedMailbox`: direct exchange of deltas between all workers of a cluster that runs on one node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from lda.cluster.resources.shared_memory import Lent, SharedArrays
from lda.cluster.resources.work_sharing import nothing, wait_until
from lda.samplers.numerics.atomic_flags import SPACING, lowest_flag, set_flag

ROOM: Final = 1 << 40
"""Bytes set aside for one worker's messages of one step: of a file, which takes memory only where it is written."""


class SharedMailbox:
    """The messages of `n_workers` workers: each leaves `n_parts` a step, one on each aggregator's words.

    A step's messages are there until `kept` steps later; a worker may leave those only when all have read the
    former. lent: `lent` of the mailbox that another worker has begun; None to begin one. check: as in `wait_until`.
    Raises OSError when there is no shared memory, or no room in it.

    Rejected, where all workers are on one node: versions published by the aggregators, because every phase waited for
    two calls, and aggregators netted and packed anew what was known here already; aggregators that are sent, or read
    here, what they add to counts of their own, because all is then done once more, on the cores that sample.
    """

    def __init__(
        self,
        n_workers: int,
        n_parts: int,
        kept: int,
        lent: Lent | None = None,
        check: Callable[[], None] = nothing,
    ) -> None:
        self._n_workers, self._kept, self._check = n_workers, kept, check
        self._shared = SharedArrays(lent)
        # By worker: number of steps whose messages it has left.
        self._left = self._shared.zeros(n_workers * SPACING, np.int64)
        lengths = self._shared.zeros(n_workers * kept * n_parts, np.int64)
        self._lengths = lengths.reshape(n_workers, kept, n_parts)

    @property
    def lent(self) -> Lent:
        """What the other workers need to open this mailbox."""
        return self._shared.lent

    def leave(self, worker: int, step: int, messages: list[bytes]) -> None:
        """Leave a worker's messages of a step; steps come one after the other, from 0."""
        slot = step % self._kept
        self._lengths[worker, slot] = [len(message) for message in messages]
        self._shared.write(self._place(worker, slot), b"".join(messages))
        set_flag(self._left, worker, step + 1)

    def wait(self, step: int) -> None:
        """Wait until all workers have left their messages of the steps before `step`.

        Where one has died the others wait here until they are ended, as all actors are after a loss.
        """
        wait_until(lambda: lowest_flag(self._left) >= step, self._check)

    def read(self, step: int, part: int) -> list[bytes]:
        """All workers' messages of a step on one range of words, by worker number."""
        slot, found = step % self._kept, []
        for worker in range(self._n_workers):
            lengths = self._lengths[worker, slot]
            begin = self._place(worker, slot) + int(lengths[:part].sum())
            found.append(self._shared.read(begin, int(lengths[part])))
        return found

    def _place(self, worker: int, slot: int) -> int:
        return (1 + worker * self._kept + slot) * ROOM
