"""A fit from beginning to end."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lda.cluster.checkpoints.identity import identity
from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.checkpoints.store import CheckpointStore
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.engine import ClusterEngine
from lda.cluster.distributed.failures import go_on_after_losses
from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.loop.local_engine import Engine
from lda.cluster.loop.start_report import StartReport
from lda.cluster.loop.training_loop import AnyEngine, Clock, Run
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import CountsTo, FitResult, StartRecord, SweepRecord
from lda.cluster.sweeping import compile_ahead
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from lda.corpus.corpus import Corpus


def fit(
    corpus: Corpus,
    settings: FitSettings,
    *,
    on_sweep: Callable[[SweepRecord], bool | None] | None = None,
    on_start: Callable[[StartRecord], object] | None = None,
    interrupted: Callable[[], bool] | None = None,
    document_topics: bool = True,
    checkpointing: Checkpointing | None = None,
    cluster: Cluster | None = None,
    counts_to: CountsTo | None = None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> FitResult:
    """Fit a model to a corpus, in this process or on a cluster.

    on_sweep is called after each sweep; returning True ends the fit. on_start is called after each pass of
    the start; what it returns is ignored, and where a lost actor makes the fit begin anew, the start is told
    anew. interrupted is polled after each phase; when it is true the fit ends there with the state so far.
    document_topics: keep n_dk in the result. checkpointing: store the state every so many sweeps; with its
    `resume`, go on from the last one, to the same bits as a fit that was never cut off. cluster: where to
    run; None is this process. counts_to: write the counts there, on a cluster by the aggregators; without it
    they are fetched into this process, as are the documents' topics. warn: receives a line on checkpoints
    that are damaged or could not be written, on workers that were lost, and on counts that had to be fetched
    all the same. runtime: of a cluster; None for Ray's.

    Raises ValueError when the settings do not fit the corpus, CheckpointError when no checkpoint can be written
    there, three in a row could not, or one is of another fit or in use by another run, ClusterError when there is no
    cluster, or it is too small or failing, OSError when the counts cannot be written.
    """
    if corpus.n_tokens == 0:
        raise ValueError("the corpus has no tokens, so there is nothing to fit")

    def warned(text: str) -> None:
        warn(presentable(text))  # it may quote files and hosts of strangers

    task = _Task(
        settings=settings.resolved(),
        on_sweep=on_sweep or (lambda record: None),
        on_start=on_start or (lambda record: None),
        interrupted=interrupted or (lambda: False),
        document_topics=document_topics,
        counts_to=counts_to,
        warn=warned,
    )
    with ExitStack() as stack:
        store = None
        if checkpointing is not None:
            store = CheckpointStore(checkpointing, identity(task.settings, corpus.content_hash), warned)
            if checkpointing.every:
                stack.enter_context(store.claimed())
        if cluster is None:
            compile_ahead.begin_fit(task.settings)
            found = store.latest() if store is not None and store.settings.resume else None
            engine = Engine(corpus, task.settings, task.interrupted)
            return _attempt(task, engine, store, found)
        runtime = runtime or ORDINARY
        system = stack.enter_context(runtime.connect(cluster))
        if not corpus.on_disk:
            # Workers read documents themselves, so there must be something to read.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="raylda-"))
            system.check_seen(folder)
            corpus.save(f"{folder}/corpus")
            corpus = type(corpus).open(f"{folder}/corpus")
        return _on_cluster(task, corpus, system, cluster, runtime, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    settings: FitSettings
    on_sweep: Callable[[SweepRecord], bool | None]
    on_start: Callable[[StartRecord], object]
    interrupted: Callable[[], bool]
    document_topics: bool
    counts_to: CountsTo | None
    warn: Callable[[str], None]


def _attempt(
    task: _Task, engine: AnyEngine, store: CheckpointStore | None, found: Checkpoint | None
) -> FitResult:
    """Run a fit on an engine that has not begun, from a checkpoint or from the beginning."""
    try:
        clock = Clock()
        run = Run(engine, clock, task.on_sweep, store)
        if found is None:

            def tell(record: StartRecord) -> None:
                with clock.paused():
                    task.on_start(record)

            engine.start(StartReport(engine.n_tokens, clock.seconds, tell))
        else:
            if not run.samples.keeps(found.state.sampled):
                found = found.without_sums()
            engine.restore(found)
            run.restore(found.state)
        run.sweeps()
    finally:
        engine.close()
    return run.result(task.document_topics, task.counts_to, task.warn)


def _on_cluster(
    task: _Task,
    corpus: Corpus,
    system: ActorSystem,
    cluster: Cluster,
    runtime: Runtime,
    store: CheckpointStore | None,
) -> FitResult:
    """Run a fit on a cluster; after a loss, again from the last checkpoint, with what is left of the cluster."""

    def begin(after_loss: bool) -> ClusterEngine:
        return ClusterEngine(
            system,
            corpus,
            task.settings,
            cluster,
            task.interrupted,
            runtime,
            recovering=after_loss,
            tell=task.warn,
        )

    def find(engine: ClusterEngine, after_loss: bool) -> Checkpoint | None:
        # Without `resume` checkpoints of an earlier run are ignored; after a loss this run's own are used.
        if store is None or not (store.settings.resume or (after_loss and store.has_written)):
            return None
        return store.latest(engine.check)

    def run(engine: ClusterEngine, found: Checkpoint | None) -> FitResult:
        return _attempt(task, engine, store, found)

    return go_on_after_losses(system, cluster.max_failures, task.warn, begin=begin, find=find, run=run)
