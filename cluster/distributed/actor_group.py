"""The actors of one attempt at a fit: started together, known by name, ended together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lda.cluster.counts.partition import shard_shares, word_ranges
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.actor_report import Ready, check, could_not_begin
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.failures import Losses, losses
from lda.cluster.distributed.placement import Room, reserve
from lda.cluster.distributed.runtime import Runtime
from lda.cluster.distributed.waiting import Waiting
from lda.cluster.exchange.actor_calls import ActorLostError
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.registry import sampler

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


class ActorGroup:
    """Workers and aggregators, once all have introduced themselves.

    workers, aggregators: handles, these in the order of their words. parts: the logical shards of each worker. ranges:
    of words, by aggregator. said: what each has said of itself, by what users call it. waiting: for their answers.
    recovering: after a loss, make do with fewer workers than asked for if there is no room for all. interrupted, tell:
    as of `Waiting`. prior: tokens that topics have from the beginning.

    Raises ClusterError when the cluster is too small, or an actor cannot work.
    """

    def __init__(
        self,
        system: ActorSystem,
        corpus: Corpus,
        settings: FitSettings,
        cluster: Cluster,
        runtime: Runtime,
        *,
        recovering: bool,
        interrupted: Callable[[], bool],
        tell: Callable[[str], None],
        prior: WordPrior | None = None,
    ) -> None:
        self.system, self._tell, self._runtime = system, tell, runtime
        self._settings, self._staleness = settings, cluster.staleness
        self.workers: list[Any] = []
        self.aggregators: list[Any] = []
        self.said: dict[str, Ready] = {}
        self.waiting = Waiting(
            system,
            self._named,
            self.said,
            timeout=cluster.worker_timeout,
            interrupted=interrupted,
            tell=tell,
            tell_after=runtime.tell_after,
        )
        gpus = 0.0 if settings.device == "cpu" else cluster.gpus_per_worker or 1.0
        room = reserve(
            system, cluster, corpus.n_shards, recovering=recovering, gpus=gpus, patience=runtime.patience
        )
        self._room: Room | None = room
        try:
            self.n_workers = room.slots.workers
            if not sampler(settings.sampler).parallel and self.n_workers > 1:
                raise ValueError(
                    f"the sampler {settings.sampler} runs on one worker; take adlda, or workers=1"
                )
            self.ranges = word_ranges(
                corpus.term_frequencies, settings.n_topics, cluster.aggregators or self.n_workers
            )
            shared = system.put(corpus)
            self._prior = None if prior is None else system.put(prior)
            shares = self.parts = shard_shares(corpus.shard_tokens, self.n_workers)
            self.aggregators += [self._aggregator(i, shared, span) for i, span in enumerate(self.ranges)]
            self.workers += [self._worker(i, shared, parts, room) for i, parts in enumerate(shares)]
            self._introduce()
        except BaseException:
            self.close()
            raise
        runtime.on_started(self.said)

    def _aggregator(self, number: int, corpus: Any, span: tuple[int, int]) -> Any:  # noqa: ANN401 - handles are opaque
        arguments = corpus, self._settings, span, self.n_workers, self._staleness, self._prior
        return self.system.start(self._runtime.aggregator, *arguments, name=f"aggregator {number}")

    def _worker(self, number: int, corpus: Any, parts: list[int], room: Room) -> Any:  # noqa: ANN401
        threads = room.slots.threads
        arguments = number, corpus, self._settings, parts, threads, self.ranges, self._staleness
        return self.system.start(
            self._runtime.worker,
            *arguments,
            self._runtime.on_phase,
            self._prior,
            name=f"worker {number}",
            seat=room.seat(number),
        )

    def _named(self) -> dict[str, Any]:
        """The actors by what users call them."""
        named = {f"worker {i}": actor for i, actor in enumerate(self.workers)}
        return named | {f"aggregator {i}": actor for i, actor in enumerate(self.aggregators)}

    def _introduce(self) -> None:
        """Wait for all actors. Raises ClusterError for one that could not begin or may not take part."""
        named = self._named()
        try:
            self._hear(list(named), [a.ready.remote() for a in named.values()])
            self._hear(
                [f"worker {i}" for i in range(self.n_workers)], [w.begin.remote() for w in self.workers]
            )
            self._tell_of_devices()
        except ActorLostError as error:
            if (reason := could_not_begin(error)) is None:
                raise
            raise reason from None

    def _hear(self, names: list[str], asked: list[Any]) -> None:
        said = zip(names, self.waiting.results(asked), strict=True)
        self.said.update(said)
        check(self.said.items())

    def said_by_workers(self) -> dict[str, Ready]:
        """What the workers say of themselves, aggregators left out."""
        return {name: said for name, said in self.said.items() if name.startswith("worker ")}

    def _tell_of_devices(self) -> None:
        """Tell of workers that have no GPU though one was asked for. Raises ClusterError when none has any."""
        workers = self.said_by_workers()
        without = {name: said for name, said in workers.items() if said.no_device is not None}
        if without and len(without) == len(workers):
            name, said = next(iter(without.items()))
            raise ClusterError(f"no worker has a GPU ({name} on {said.host}: {said.no_device})")
        for name, said in without.items():
            self._tell(
                f"{name} on {said.host} samples on its processor, to the same topics: {said.no_device}"
            )

    def losses(self) -> Losses:
        """Which actors are gone, and where they were."""
        return losses(self.system, self._named(), self.said, self.waiting.lost())

    def close(self) -> None:
        """End all actors, and give their CPUs back; Ray does it itself when it is left without its head."""
        head = self.system.head
        if head is not None and not head.answers():
            return
        for actor in [*self.workers, *self.aggregators]:
            self.system.kill(actor)
        if self._room is not None:
            self.system.give_back(self._room.reservation)
            self._room = None
