"""The documents of all workers of a team, sampled together."""

from __future__ import annotations

from lda.cluster.assigned import Assigned, LentDocuments, borrow
from lda.cluster.neighbours import Queues, SharedArrays
from lda.cluster.shard import Shard
from lda.cluster.threads import BLOCKS_PER_THREAD, Threads
from lda.samplers.language import LanguageModel
from lda.samplers.registry import Sampler


class Together:
    """One worker's documents, where neighbours can resample them, and those of the neighbours that it can reach.

    Who samples a document changes no bit: random numbers are keyed by document, and all have one language model.
    What has changed is counted by who holds the document.
    Raises OSError where memory cannot be lent.
    """

    def __init__(self, shard: Shard, queues: Queues, threads: Threads) -> None:
        self._arrays = SharedArrays()
        shard.move(self._arrays)
        self._shard, self._queues, self._threads = shard, queues, threads
        self._n_blocks = queues.size * threads.n * BLOCKS_PER_THREAD
        self._documents: list[tuple[Assigned, int] | None] = []
        self.helped = 0  # blocks of others sampled here

    @property
    def lent(self) -> LentDocuments:
        """What to tell the neighbours."""
        return LentDocuments(self._arrays.lent, self._shard.n_tokens, self._shard.doc_edges, self._n_blocks)

    def meet(self, team: list[LentDocuments | None]) -> None:
        """Learn where the team's documents are, by rank. Whom this one cannot reach it does not help."""
        own = self._shard.assigned, self._n_blocks
        self._documents = [
            own if rank == self._queues.rank else self._reached(lent) for rank, lent in enumerate(team)
        ]

    def _reached(self, lent: LentDocuments | None) -> tuple[Assigned, int] | None:
        try:
            return lent and (borrow(lent, self._shard.plan.n_topics), lent.n_blocks)
        except OSError:
            return None

    def sample(
        self, phase: int, sweep: int, sampler: Sampler, model: LanguageModel, *, level: int, fresh: bool
    ) -> None:
        """As `Shard.sample`, which all of the team come to."""
        self._shard.remember(phase)
        spans = [
            held[0].blocks(phase, level, held[1], fresh=fresh) if held else [] for held in self._documents
        ]
        seed = self._shard.plan.seed

        def block(rank: int, number: int) -> None:
            held = self._documents[rank]
            if held:
                held[0].sample(spans[rank][number], sweep, seed, sampler, model, fresh=fresh)

        self.helped += self._queues.work([len(s) for s in spans], block, self._threads)
