"""The driver of a fit on a cluster: it says what to do next. `failures` handles the death of an actor.

Nothing large passes through here but what the caller asks to have: workers read documents themselves, and deltas
go from workers to aggregators and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.actor_group import ActorGroup
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.held_counts import HeldCounts
from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.distributed.shared_replica import share_replicas
from lda.cluster.documents.token_order import TokenOrder
from lda.cluster.loop.prior_learning import learned
from lda.cluster.loop.validation import training_mask
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.sweeping.start_schedule import start_schedule
from lda.samplers.counts.histograms import Histogram, add_histograms
from lda.samplers.priors import Priors
from lda.samplers.registry import sampler
from lda.samplers.scoring.joint_likelihood import joint_log_likelihood

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


class Driver:
    """Calls the actors of one attempt: passes, priors, scores, checkpoints.

    recovering, interrupted, tell, prior: see `ActorGroup`. Raises what `ActorGroup` raises.
    """

    def __init__(
        self,
        system: ActorSystem,
        corpus: Corpus,
        settings: FitSettings,
        cluster: Cluster,
        runtime: Runtime = ORDINARY,
        *,
        recovering: bool = False,
        interrupted: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda text: None,
        prior: WordPrior | None = None,
    ) -> None:
        self.settings, self._before = settings, None if prior is None else prior.before
        kept = training_mask(corpus.n_documents, settings.validation_fraction, settings.seed)
        self.schedule = start_schedule(settings, int(kept.sum()), sampler(settings.sampler))
        self.group = ActorGroup(
            system,
            corpus,
            settings,
            cluster,
            runtime,
            recovering=recovering,
            interrupted=interrupted,
            tell=tell,
            prior=prior,
        )
        self.waiting = self.group.waiting
        try:
            asked = [w.connect.remote(self.group.aggregators) for w in self.group.workers]
            self.lengths = add_histograms(self.waiting.results(asked))
            self.trained_tokens = int((self.lengths.key * self.lengths.times).sum())
            self.counts = HeldCounts(
                self.group, corpus.n_terms, settings.n_topics, self.trained_tokens, prior
            )
            if (
                cluster.staleness == 0
                and settings.model_memory is None
                and share_replicas(self.group, settings)
            ):
                self.counts.read_replica()
        except BaseException:
            self.group.close()
            raise

    @property
    def phases(self) -> int:
        """Steps of a pass."""
        return self.settings.phases or 1

    def first_topics(self, pass_number: int, stage: int, priors: Priors) -> list[Any]:
        """Have all workers give the documents of `stage` their first topics; returns references to reports."""
        self.counts.steps += self.phases
        return [w.first_topics.remote(pass_number, stage, priors) for w in self.group.workers]

    def resample(self, pass_number: int, priors: Any, stage: int | None = None) -> list[Any]:  # noqa: ANN401
        """Have all workers make a pass; returns references to their reports."""
        self.counts.steps += self.phases
        last = self.schedule.n_stages - 1 if stage is None else stage
        return [w.resample.remote(pass_number, last, priors) for w in self.group.workers]

    def set_priors(self, priors: Priors) -> None:
        """Have the workers use these priors from their next pass on, whichever that is."""
        self.waiting.results([w.set_priors.remote(priors) for w in self.group.workers])

    def stop(self) -> None:
        """Have the workers skip the passes they have been asked for and not begun, and wait for nobody."""
        self.waiting.results([w.stop.remote() for w in self.group.workers])
        self.waiting.results([a.release_pulls.remote() for a in self.group.aggregators])

    def damage(self, place: str, folder: str, files: Mapping[str, str]) -> str | None:
        """What is wrong with one of the files of a checkpoint, sha256 by name, or None; each is read by one worker."""
        names, n = list(files), self.group.n_workers
        shares = [{name: files[name] for name in names[i::n]} for i in range(n)]
        asked = [
            w.damage.remote(place, folder, share) for w, share in zip(self.group.workers, shares, strict=True)
        ]
        return next((problem for problem in self._read(asked, place, folder) if problem), None)

    def restore(self, place: str, folder: str, names: list[str]) -> None:
        """Have all workers take their topics from a checkpoint, and aggregators the sums among its files `names`."""
        asked = [w.restore.remote(place, folder) for w in self.group.workers]
        asked += [a.restore_sum.remote(place, folder, names) for a in self.group.aggregators]
        self._read(asked, place, folder)
        self._tell_all()

    def take_topics(self, order: TokenOrder, topics: NDArray[Any]) -> None:
        """Have all workers take their part of the topics of all tokens, (N,) in the corpus' order."""
        # One worker after the other: what travels is never more than one part.
        for worker, parts in zip(self.group.workers, self.group.parts, strict=True):
            self.waiting.result(worker.take_topics.remote(list(order.split(topics, parts))))
        self._tell_all()

    def _tell_all(self) -> None:
        self.waiting.results([w.tell_all.remote() for w in self.group.workers])
        self.counts.steps = self.phases

    def begin_from(self, counts: sp.csr_matrix) -> None:
        """Have all workers draw the first topics under a language model of these counts (V, K)."""
        shared = [self.group.system.put(counts)]
        self.waiting.results([w.begin_from.remote(shared) for w in self.group.workers])

    def _read(self, asked: list[Any], place: str, folder: str) -> list[Any]:
        """Answers of the actors that read a checkpoint. Raises ClusterError when one of them cannot read it."""
        try:
            return self.waiting.results_when_all_ended(asked)
        except OSError as error:
            raise ClusterError(
                f"a worker cannot read the checkpoint {folder} in {place} ({error}); "
                "checkpoints must lie where all nodes reach them"
            ) from error

    def log_likelihood(self, priors: Priors, *, now: bool) -> float:
        """Joint log-likelihood, nats a token, after all steps so far; now: of whatever there is."""
        histograms = self._histograms(now)
        cells, totals = self.counts.cells(now=now)
        total = joint_log_likelihood(
            priors,
            histograms,
            self.lengths,
            cells,
            totals,
            self.counts.n_terms,
            self._before,
            self.counts.frozen_tokens(now=now),
        )
        return total / max(self.trained_tokens, 1)

    def _histograms(self, now: bool) -> Histogram:
        asked = [(w.topic_histogram_now if now else w.topic_histogram).remote() for w in self.group.workers]
        return add_histograms(self.waiting.results(asked))

    def heldout_score(self, priors: Priors, *, now: bool) -> float | None:
        """Score of the validation documents by one of the workers; None where there are none."""
        self.counts.come_to(now)
        worker = self.group.workers[0]
        score: float | None = self.waiting.result(
            (worker.heldout_score_now if now else worker.heldout_score).remote(priors)
        )
        return score

    def learned(self, priors: Priors, *, now: bool, widest: float, beta_alone: bool) -> Priors:
        """Priors learned from the state after all steps so far; now: as above, the others: as `learned` has them."""
        topics, cells = partial(self._histograms, now), partial(self.counts.cells, now=now)
        lengths, n_terms = self.lengths, self.counts.n_terms
        return learned(
            self.settings,
            priors,
            lengths,
            n_terms,
            topics,
            cells,
            widest=widest,
            beta_alone=beta_alone,
            before=self._before,
        )

    def accumulate(self, priors: Priors, *, now: bool) -> None:
        """Have the workers count softly, after all steps so far, and the aggregators add that to their sums.

        now: of the counts as they are, which must include what all workers have changed.
        """
        self.counts.come_to(now)
        self.waiting.results([w.count_softly.remote(priors) for w in self.group.workers])
        self.counts.accumulate(priors, now=now)

    def checkpoint(self, place: str, folder: str) -> dict[str, str]:
        """Have all workers store their topics and all aggregators their sums; returns the checksums of the files.

        Raises OSError when one of them cannot.
        """
        files: dict[str, str] = {}
        asked = [w.checkpoint.remote(place, folder) for w in self.group.workers]
        asked += [a.store_sum.remote(place, folder) for a in self.group.aggregators]
        for part in self.waiting.results_when_all_ended(asked):
            files.update(part)
        return files

    def token_topics(self, order: TokenOrder) -> NDArray[np.int32]:
        """Topics (N,) of all tokens, in the corpus' order; 0 in documents that are not trained on."""

        def parts() -> Iterator[tuple[int, NDArray[Any]]]:
            for worker in self.group.workers:
                yield from self.waiting.result(worker.token_topics.remote())

        return order.joined(parts())

    def document_topics(self) -> sp.csr_matrix:
        """n_dk (D, K) of all documents trained on."""
        parts = self.waiting.results([w.document_topics.remote() for w in self.group.workers])
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return sp.csr_matrix(total)
