"""`Replica`: a worker's copy of the counts, brought up to date; its own, or shared by the workers of a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.cluster.documents.assignments import LentDocuments
from lda.cluster.exchange.actor_calls import Calls
from lda.cluster.exchange.delta_codec import decode
from lda.cluster.exchange.shared_mailbox import SharedMailbox
from lda.cluster.resources.shared_memory import Lent, SharedArrays
from lda.cluster.resources.work_sharing import Queues, Team
from lda.cluster.sweeping.range_walk import add_in_blocks
from lda.cluster.sweeping.shared_sampling import Together
from lda.cluster.sweeping.sweeper import Sweeper


class Replica:
    """Adds what all workers change to the counts of a sweeper. number: of the worker, whose calls are `calls`.

    Changes come from the aggregators, or directly from the other workers if all are on one node.
    """

    def __init__(
        self, number: int, sweeper: Sweeper, n_topics: int, aggregators: list[Any], calls: Calls
    ) -> None:
        self.number, self.sweeper, self.n_topics, self._calls = number, sweeper, n_topics, calls
        self.aggregators, self.versions = aggregators, [0] * len(aggregators)
        self.mailbox: SharedMailbox | None = None
        self._read = 0  # steps of the mailbox that have been read
        self._alone()

    def _alone(self) -> None:
        self._arrays: SharedArrays | None = None
        self._totals: NDArray[np.int64] | None = None
        self._queues: Queues | None = None
        self._together: Together | None = None
        self.team = Team()

    def lend(self, size: int) -> Lent | None:
        """Begin a replica for `size` workers of this node; None where that cannot be done."""
        try:
            arrays = SharedArrays()
            self._hold(arrays, 0, size)
        except OSError:
            return None
        return arrays.lent

    def borrow(self, lent: Lent, rank: int, size: int) -> bool:
        """Use the replica that another worker of this node has begun; False where it cannot be reached."""
        try:
            self._hold(SharedArrays(lent), rank, size)
        except OSError:
            return False
        return True

    def keep_own(self) -> None:
        """Go back to a replica that this worker shares with none."""
        self._alone()
        self.sweeper.hold()

    def _hold(self, arrays: SharedArrays, rank: int, size: int) -> None:
        """Counts and model in `arrays`; row r of totals is n_k of what the worker of rank r has added."""
        # First: aggregators look for no more than these.
        self.sweeper.hold_counts(arrays, begun=rank > 0)
        totals = arrays.zeros(size * self.n_topics, np.int64).reshape(size, self.n_topics)
        if self.sweeper.prior is not None and rank == 0:
            totals[0] += self.sweeper.prior.totals  # they count as added by whoever has begun
        team = Team(rank, size, arrays.zeros(Team.length(size), np.int64), self._calls.check)
        queues = arrays.zeros(Queues.length(size), np.int64)
        self._queues = Queues(rank, size, queues, self._calls.check)
        self.sweeper.hold_model(arrays, team)
        self._arrays, self._totals, self.team = arrays, totals, team

    def lend_documents(self) -> LentDocuments | None:
        """Put this worker's documents in shared memory, so that other workers on the node can sample them.

        None where that cannot be done.
        """
        if self._queues is None:
            return None
        try:
            self._together = self.sweeper.lend_documents(self._queues)
        except OSError:
            return None
        return self._together.lent

    def help(self, team: list[LentDocuments | None]) -> None:
        """Sample the team's documents together with it, those that can be reached. team: what each lends, by rank."""
        if self._together is not None:
            self._together.meet(team)

    def read_mailbox(self, mailbox: SharedMailbox) -> None:
        """Take changes from `mailbox` instead of the aggregators; all workers share this replica."""
        self.mailbox = mailbox

    def catch_up(self, step: int) -> int:
        """Bring the counts to what `step` may begin from; returns the bytes taken in by this worker."""
        news = self._from_aggregators(step) if self.mailbox is None else self._from(self.mailbox, step)
        counts, received = self.sweeper.counts, list[int]()

        def take_in(i: int) -> None:
            for message in news(i):
                received.append(len(message))
                delta = decode(message, self.n_topics)
                add_in_blocks(counts, delta, self.sweeper.threads)
                if self._totals is not None:
                    self._totals[self.team.rank] += delta.totals

        self.team.begin()
        self.team.share(len(self.aggregators), take_in)
        if self._totals is not None:
            counts.topic_totals[:] = self._totals.sum(axis=0)
        return sum(received)

    def _from_aggregators(self, step: int) -> Callable[[int], list[bytes]]:
        """What each aggregator has published and this worker has not seen, once `step` may begin."""
        asked = [a.pull.remote(self.number, self.versions[i], step) for i, a in enumerate(self.aggregators)]
        replies: list[tuple[int, list[Any]]] = self._calls.get(asked)
        self.versions = [version for version, _ in replies]

        def news(i: int) -> list[bytes]:
            return self._calls.get(replies[i][1])

        return news

    def _from(self, mailbox: SharedMailbox, step: int) -> Callable[[int], list[bytes]]:
        """What all workers changed of each aggregator's words in the steps before `step`, once all have left it."""
        mailbox.wait(step)
        steps, self._read = range(self._read, step), step
        return lambda i: [message for s in steps for message in mailbox.read(s, i)]
