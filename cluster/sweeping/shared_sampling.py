"""The documents of all workers of a team, sampled together."""

from __future__ import annotations

from lda.cluster.documents.assigned_shard import Shard
from lda.cluster.documents.assignments import Assigned, LentDocuments, borrow
from lda.cluster.resources.shared_memory import SharedArrays
from lda.cluster.resources.threads import BLOCKS_PER_THREAD, Threads
from lda.cluster.resources.work_sharing import Queues
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.registry import Sampler


class Together:
    """One worker's documents, in shared memory, and those of the other workers of its team that it can reach.

    Which worker samples a document changes no bit: random numbers are keyed by document, and all have one language
    model. The worker that holds the document counts what has changed.
    Raises OSError where memory cannot be lent.
    """

    def __init__(self, shard: Shard, queues: Queues, threads: Threads) -> None:
        self._arrays = SharedArrays()
        shard.move(self._arrays)
        self._shard, self._queues, self._threads = shard, queues, threads
        # The same for all of them: the workers of a fit have as many threads each.
        self._n_blocks = queues.size * threads.n * BLOCKS_PER_THREAD
        self._documents: list[Assigned | None] = []

    @property
    def lent(self) -> LentDocuments:
        """What the other workers of the team need to reach these documents."""
        return LentDocuments(self._arrays.lent, self._shard.n_tokens, self._shard.doc_edges)

    def meet(self, team: list[LentDocuments | None]) -> None:
        """Open the team's documents, by rank; those that cannot be reached are left to their own worker."""
        self._documents = [
            self._shard.assigned if rank == self._queues.rank else self._reached(lent)
            for rank, lent in enumerate(team)
        ]

    def _reached(self, lent: LentDocuments | None) -> Assigned | None:
        try:
            return lent and borrow(lent, self._shard.plan.n_topics)
        except OSError:
            return None

    def sample(
        self, phase: int, pass_number: int, sampler: Sampler, model: LanguageModel, *, stage: int, fresh: bool
    ) -> None:
        """Resample as `Shard.sample` does, but the documents of the whole team, together with it."""
        self._shard.remember(phase)
        spans = [
            held.blocks(phase, stage, self._n_blocks, fresh=fresh) if held else [] for held in self._documents
        ]
        seed = self._shard.plan.seed

        def block(rank: int, number: int) -> None:
            held = self._documents[rank]
            if held:
                held.sample(spans[rank][number], pass_number, seed, sampler, model, fresh=fresh)

        self._queues.work([len(s) for s in spans], block, self._threads)
