"""The driver of a fit on a cluster: it says what to do next, and sees to it when somebody is lost.

Nothing large passes through here but what the caller asks to have: workers read documents themselves, and deltas
go from workers to aggregators and back. After a loss all actors are replaced and go on from the last checkpoint,
or from the beginning: with staleness 0 that leads to the same bits as if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import ray
import scipy.sparse as sp
from numpy.typing import NDArray
from ray.exceptions import RayActorError
from ray.util.placement_group import remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from lda.cluster.counts.partition import shard_shares, word_ranges
from lda.cluster.distributed.actor_report import Ready, check, could_not_begin, whereabouts
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.cluster.distributed.connection import environment
from lda.cluster.distributed.failures import ANSWER_SECONDS, LOST, file_results, is_lost
from lda.cluster.distributed.held_counts import HeldCounts
from lda.cluster.distributed.placement import reserve
from lda.cluster.distributed.waiting import Waiting
from lda.cluster.distributed.worker import WorkerActor
from lda.cluster.loop.prior_learning import learned
from lda.cluster.loop.validation import kept_documents
from lda.cluster.resources.shared_memory import Lent
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.start_schedule import stages
from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.priors import Priors
from lda.samplers.registry import sampler
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head
    from lda.corpus.corpus import Corpus


class Driver(HeldCounts):
    """The actors of one attempt, and what they are asked to do.

    recovering: after a loss, make do with fewer workers than asked for if there is no room for all. interrupted, tell,
    head: as of `Waiting`.
    Raises ClusterError when the cluster is too small, or an actor cannot work.
    """

    def __init__(
        self,
        corpus: Corpus,
        settings: FitSettings,
        cluster: Cluster,
        *,
        recovering: bool = False,
        interrupted: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda text: None,
        head: Head | None = None,
    ) -> None:
        self.settings, self.cluster, self.head, self.tell = settings, cluster, head, tell
        self.group: Any = None
        self.direct, self._lives = False, list[Any]()
        self.workers: list[Any] = []
        self.aggregators: list[Any] = []
        self.said: dict[str, Ready] = {}
        self.waiting = Waiting(
            self._named,
            self.said,
            timeout=cluster.worker_timeout,
            interrupted=interrupted,
            tell=tell,
            head=head,
        )
        try:
            gpus = 0.0 if settings.device == "cpu" else cluster.gpus_per_worker or 1.0
            self.group, room = reserve(cluster, corpus.n_shards, recovering=recovering, gpus=gpus)
            self.n_workers, self.threads = room.workers, room.threads
            self.gpus = [gpus if i < room.on_gpus else 0.0 for i in range(room.workers)]
            if not sampler(settings.sampler).parallel and self.n_workers > 1:
                raise ValueError(
                    f"the sampler {settings.sampler} runs on one worker; take adlda, or workers=1"
                )
            self._begin(corpus)
        except BaseException:
            self.close()
            raise

    def _begin(self, corpus: Corpus) -> None:
        """Start the actors and make them known to each other."""
        settings, cluster = self.settings, self.cluster
        self.n_terms = corpus.n_terms
        kept = kept_documents(corpus.n_documents, settings.validation_fraction, settings.seed)
        self.stages = stages(settings, int(kept.sum()), sampler(settings.sampler))
        self.ranges = word_ranges(
            corpus.term_frequencies, settings.n_topics, cluster.aggregators or self.n_workers
        )
        shared = ray.put(corpus)
        shares = shard_shares(corpus.shard_tokens, self.n_workers)
        self.aggregators += [self._aggregator(shared, span) for span in self.ranges]
        self.workers += [self._worker(i, shared, parts) for i, parts in enumerate(shares)]
        self._introduce()
        self.lengths = add_histograms(
            self.waiting.results([w.connect.remote(self.aggregators) for w in self.workers])
        )
        self._share_replicas()
        self.trained_tokens = int((self.lengths.key * self.lengths.times).sum())
        self.steps = self.counted = 0

    def _share_replicas(self) -> None:
        """Have the workers of a node that keep in step hold one replica of the counts among them.

        Where that is all of them, nobody elsewhere needs to be told what changes.
        """
        if self.cluster.staleness != 0 or self.settings.model_memory is not None:
            return
        nodes: dict[str, list[Any]] = {}
        for i, worker in enumerate(self.workers):
            nodes.setdefault(self.said[f"worker {i}"].node, []).append(worker)
        direct = len(nodes) == 1 and self.settings.memory is None
        for team in nodes.values():
            lent = self._share_replica(team) if direct or len(team) > 1 else None
            if direct and lent:
                self.direct = self._exchange_directly(lent)

    def _share_replica(self, team: list[Any]) -> Lent | None:
        """Have these workers hold one replica of the counts among them, and help each other; None where they cannot."""
        lent: Lent | None = self.waiting.result(team[0].lend.remote(len(team)))
        borrowers = team[1:] if lent else []
        asked = [w.borrow.remote(lent, rank, len(team)) for rank, w in enumerate(borrowers, start=1)]
        if not lent or not all(self.waiting.results(asked)):
            self.waiting.results([w.keep_own.remote() for w in team])
            return None
        # A device's documents lie there: neighbours cannot help with them.
        if len(team) > 1 and self.settings.memory is None and self.settings.device == "cpu":
            documents = self.waiting.results([w.lend_documents.remote() for w in team])
            self.waiting.results([w.help.remote(documents) for w in team])
        return lent

    def _exchange_directly(self, replica: Lent) -> bool:
        """Have the workers, all on one node, tell each other what changes, and the aggregators read their replica."""
        first, *others = self.workers
        # As many steps are kept as a worker may still have to read.
        shape = (
            self.n_workers,
            len(self.ranges),
            1 + sampler(self.settings.sampler).unseen_phases(self.phases),
        )
        lent = self.waiting.result(first.open_letters.remote(shape))
        if not lent or not all(self.waiting.results([w.open_letters.remote(shape, lent) for w in others])):
            return False
        if not all(self.waiting.results([a.read_counts.remote(replica) for a in self.aggregators])):
            self.waiting.results([a.count_here.remote() for a in self.aggregators])
            return False
        self.waiting.results([w.write_letters.remote() for w in self.workers])
        # Nobody would notice otherwise.
        self._lives = [a.stay.remote() for a in self.aggregators]
        return True

    def check_aggregators(self) -> None:
        """Raise what Ray raises when one of them is lost that no worker speaks to."""
        if self.direct:
            ended, _ = ray.wait(self._lives, num_returns=len(self._lives), timeout=0)
            ray.get(ended)

    def _aggregator(self, corpus: Any, span: tuple[int, int]) -> Any:  # noqa: ANN401 - Ray handles are untyped
        actor = ray.remote(AggregatorActor).options(
            num_cpus=0, scheduling_strategy="SPREAD", runtime_env=environment()
        )
        return actor.remote(corpus, self.settings, span, self.n_workers, self.cluster.staleness)

    def _worker(self, number: int, corpus: Any, parts: list[int]) -> Any:  # noqa: ANN401
        place = PlacementGroupSchedulingStrategy(self.group, placement_group_bundle_index=number)
        remote = ray.remote(concurrency_groups={"control": 1, "pulse": 1})  # type: ignore[call-overload]  # missing in its stubs
        actor = remote(WorkerActor).options(
            num_cpus=self.threads,
            num_gpus=self.gpus[number],
            scheduling_strategy=place,
            runtime_env=environment(),
        )
        return actor.remote(
            number, corpus, self.settings, parts, self.threads, self.ranges, self.cluster.staleness
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
        except RayActorError as error:
            if (reason := could_not_begin(error)) is None:
                raise
            raise reason from None

    def _tell_of_devices(self) -> None:
        """Tell of workers that have no GPU though one was asked for. Raises ClusterError when none has any."""
        workers = {name: said for name, said in self.said.items() if name.startswith("worker ")}
        without = {name: said for name, said in workers.items() if said.no_device is not None}
        if without and len(without) == len(workers):
            name, said = next(iter(without.items()))
            raise ClusterError(f"no worker has a GPU ({name} on {said.host}: {said.no_device})")
        for name, said in without.items():
            self.tell(f"{name} on {said.host} samples on its processor, to the same topics: {said.no_device}")

    def _hear(self, names: list[str], asked: list[Any]) -> None:
        said = zip(names, self.waiting.results(asked), strict=True)
        self.said.update(said)
        check(self.said.items())

    def losses(self) -> str:
        """Which actors are gone, and where they were, in words."""
        named = self._named()
        asked = {name: actor.ready.remote() for name, actor in named.items() if name in self.said}
        ray.wait(list(asked.values()), num_returns=len(asked), timeout=ANSWER_SECONDS)
        silent = self.waiting.lost()
        gone = [name for name, reference in asked.items() if name in silent or is_lost(reference)]
        lost = [
            f"{name} ({whereabouts(self.said[name])}{', which did not answer' if name in silent else ''})"
            for name in gone
        ]
        return ", ".join(lost) or "touch with an actor"

    def close(self) -> None:
        """End all actors, and give their CPUs back; Ray does it itself when it is left without its head."""
        if self.head is not None and not self.head.answers():
            return
        for actor in [*self.workers, *self.aggregators]:
            with suppress(*LOST):
                ray.kill(actor)
        if self.group is not None:
            remove_placement_group(self.group)
            self.group = None

    @property
    def phases(self) -> int:
        """Steps of a pass."""
        return self.settings.phases or 1

    def first_topics(self, tick: int, level: int, priors: Priors) -> list[Any]:
        """Have all workers give the documents of `level` their first topics; returns references to reports."""
        self.steps += self.phases
        return [w.first_topics.remote(tick, level, priors) for w in self.workers]

    def resample(self, tick: int, priors: Any, level: int | None = None) -> list[Any]:  # noqa: ANN401
        """Have all workers make a pass; returns references to their reports."""
        self.steps += self.phases
        last = self.stages.levels - 1 if level is None else level
        return [w.resample.remote(tick, last, priors) for w in self.workers]

    def set_priors(self, priors: Priors) -> None:
        """Have the workers use these priors from their next pass on, whichever that is."""
        self.waiting.results([w.set_priors.remote(priors) for w in self.workers])

    def stop(self) -> None:
        """Have the workers skip the passes they have been asked for and not begun, and wait for nobody."""
        self.waiting.results([w.stop.remote() for w in self.workers])
        self.waiting.results([a.let_go.remote() for a in self.aggregators])

    def damage(self, place: str, folder: str, files: Mapping[str, str]) -> str | None:
        """What is wrong with one of the files of a checkpoint, sha256 by name, or None; each is read by one worker."""
        names, n = list(files), self.n_workers
        shares = [{name: files[name] for name in names[i::n]} for i in range(n)]
        asked = [w.damage.remote(place, folder, share) for w, share in zip(self.workers, shares, strict=True)]
        return next((problem for problem in self._read(asked, place, folder) if problem), None)

    def restore(self, place: str, folder: str, names: list[str]) -> None:
        """Have all workers take their topics from a checkpoint, and aggregators the sums among its files `names`."""
        asked = [w.restore.remote(place, folder) for w in self.workers]
        asked += [a.restore_sum.remote(place, folder, names) for a in self.aggregators]
        self._read(asked, place, folder)
        self.waiting.results([w.tell_all.remote() for w in self.workers])
        self.steps = self.phases

    def _read(self, asked: list[Any], place: str, folder: str) -> list[Any]:
        """What those who read a checkpoint answer. Raises ClusterError when one of them cannot."""
        try:
            return file_results(self.waiting, asked)
        except OSError as error:
            raise ClusterError(
                f"a worker cannot read the checkpoint {folder} in {place} ({error}); "
                "checkpoints must lie where all nodes reach them"
            ) from error

    def log_likelihood(self, priors: Priors, *, now: bool) -> float:
        """Joint log-likelihood, nats a token, after all steps so far; now: of whatever there is."""
        histograms = self._histograms(now)
        cells, totals = self._cells(now)
        total = joint_log_likelihood(priors, histograms, self.lengths, cells, totals, self.n_terms)
        return total / max(self.trained_tokens, 1)

    def _histograms(self, now: bool) -> Histogram:
        asked = [(w.topic_histogram_now if now else w.topic_histogram).remote() for w in self.workers]
        return add_histograms(self.waiting.results(asked))

    def _cells(self, now: bool) -> tuple[Histogram, NDArray[np.int64]]:
        step = self.come_to(now)
        parts = self.waiting.results([a.cells.remote(step) for a in self.aggregators])
        totals = np.sum([p[1] for p in parts], axis=0)
        self._check(int(totals.sum()))
        return add_histograms([p[0] for p in parts]), totals

    def heldout_score(self, priors: Priors, *, now: bool) -> float | None:
        """Score of the validation documents by one of the workers; None where there are none."""
        self.come_to(now)
        worker = self.workers[0]
        score: float | None = self.waiting.result(
            (worker.heldout_score_now if now else worker.heldout_score).remote(priors)
        )
        return score

    def learned(self, priors: Priors, *, now: bool) -> Priors:
        """Priors learned from the state after all steps so far, where they are to be learned; now: as above."""
        topics, cells = partial(self._histograms, now), partial(self._cells, now)
        return learned(self.settings, priors, self.lengths, self.n_terms, topics, cells)

    def checkpoint(self, place: str, folder: str) -> dict[str, str]:
        """Have all workers store their topics and all aggregators their sums; returns the checksums of the files.

        Raises OSError when one of them cannot.
        """
        files: dict[str, str] = {}
        asked = [w.checkpoint.remote(place, folder) for w in self.workers]
        asked += [a.store_sum.remote(place, folder) for a in self.aggregators]
        for part in file_results(self.waiting, asked):
            files.update(part)
        return files

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K) of all documents trained on."""
        parts = self.waiting.results([w.document_topics.remote() for w in self.workers])
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return sp.csr_matrix(total)
