"""A fit from beginning to end."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.checkpoints.identity import identity
from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.checkpoints.store import CheckpointStore
from lda.cluster.counts.word_prior import WordPrior
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.engine import ClusterEngine
from lda.cluster.distributed.failures import go_on_after_losses
from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.loop.local_engine import Engine
from lda.cluster.loop.start_report import StartReport
from lda.cluster.loop.training_loop import AnyEngine, Clock, Run
from lda.cluster.spec.beginning import Beginning
from lda.cluster.spec.checkpointing import Checkpointing
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.events import FitEvent, LossLine, Resumed
from lda.cluster.spec.fit_settings import FitSettings
from lda.cluster.spec.results import CountsTo, FitResult, StartRecord, SweepRecord
from lda.cluster.sweeping import compile_ahead
from lda.corpus.presentable import presentable
from lda.corpus.storage.leftovers import temporary_folder
from lda.samplers.limits import MAX_COUNT
from lda.samplers.registry import SAMPLERS, choice_of, sampler

if TYPE_CHECKING:
    import scipy.sparse as sp

    from lda.corpus.corpus import Corpus


def fit(
    corpus: Corpus,
    settings: FitSettings,
    *,
    on_sweep: Callable[[SweepRecord], bool | None] | None = None,
    on_start: Callable[[StartRecord], object] | None = None,
    interrupted: Callable[[], bool] | None = None,
    document_topics: bool = True,
    token_topics: bool = False,
    begin: Beginning | None = None,
    checkpointing: Checkpointing | None = None,
    pause_after: int | None = None,
    cluster: Cluster | None = None,
    counts_to: CountsTo | None = None,
    warn: Callable[[str], None] = warnings.warn,
    on_event: Callable[[FitEvent], object] | None = None,
    runtime: Runtime | None = None,
    word_prior: sp.csr_matrix | None = None,
    frozen_topics: Sequence[int] = (),
) -> FitResult:
    """Fit a model to a corpus, in this process or on a cluster.

    on_sweep is called after each sweep; returning True ends the fit. on_start is called after each pass of
    the start; what it returns is ignored, and where a lost actor makes the fit begin anew, the start is told
    anew. interrupted is polled after each phase; when it is true the fit ends there with the state so far.
    document_topics: keep n_dk in the result. token_topics: keep z, too, in the corpus' order. begin: where the chain
    begins: at another model's counts, or at given topics; a checkpoint of a fit that began elsewhere is refused.
    checkpointing: store the state every so many sweeps; with its `resume`, go on from the last one, to the same bits as
    a fit that was never cut off. pause_after: end after this sweep with a checkpoint of it and the state so far,
    `paused` if there are sweeps left; the same call with `resume` and a later pause, or none, goes on to the bits of a
    fit that never paused. A pause that is a multiple of `evaluate_every` comes with a score. cluster: where to run;
    None is this process. counts_to: write the counts there, on a cluster by the aggregators; without it they are
    fetched into this process, as are the documents' topics. warn: receives a line on checkpoints that are damaged or
    could not be written, on workers that were lost (a `LossLine`), and on counts that had to be fetched all the same.
    on_event: called when the fit goes on from a checkpoint, has stored one, or ends early. runtime: of a cluster; None
    for Ray's.
    word_prior: (V, K) whole numbers, tokens s_kw that topics have from the beginning, so that phi_k ~ Dirichlet(beta +
    s_k.); they never move, and are in none of the counts of the result. frozen_topics: those whose phi these alone
    make, (s_kw + beta) / (s_k + V beta), whatever tokens of the documents they get.

    Raises ValueError when the settings do not fit the corpus or a pause has nowhere to keep its state,
    CheckpointError when no checkpoint can be written there, three in a row or that of the pause could not, or one is
    of another fit or in use by another run, ClusterError when there is no cluster, or it is too small or failing,
    OSError when the counts cannot be written.
    """
    if corpus.n_tokens == 0:
        raise ValueError("the corpus has no tokens, so there is nothing to fit")
    settings.check_tokens(corpus.n_tokens)
    if begin is not None:
        begin.check(corpus.n_terms, corpus.n_tokens, settings.n_topics)
        if settings.start not in ("auto", "given"):
            raise ValueError(
                f"the start of a fit that is told where to begin cannot be chosen, got {settings.start}; leave it out"
            )
        settings = replace(settings, start="given")
    elif settings.start == "given":
        raise ValueError("the start can be given only by what a fit is to begin from; leave it out")

    if pause_after is not None:
        _check_pause(pause_after, checkpointing)
    prior = _prior(corpus, settings, word_prior, frozen_topics)
    if begin is not None and begin.counts is not None and prior is not None:
        _check_sum(begin.counts, prior)

    def warned(text: str) -> None:
        said = presentable(text)  # it may quote files and hosts of strangers
        warn(text.changed(said) if isinstance(text, LossLine) else said)

    task = _Task(
        settings=settings.resolved(),
        on_sweep=on_sweep or (lambda record: None),
        on_start=on_start or (lambda record: None),
        on_event=on_event or (lambda event: None),
        interrupted=interrupted or (lambda: False),
        document_topics=document_topics,
        token_topics=token_topics,
        begin=begin,
        counts_to=counts_to,
        warn=warned,
        prior=prior,
        pause_after=pause_after,
    )
    with ExitStack() as stack:
        store = None
        if checkpointing is not None:
            store = CheckpointStore(
                checkpointing, identity(task.settings, corpus.content_hash, task.prior, begin), warned
            )
            if checkpointing.every or checkpointing.at_end or pause_after is not None:
                stack.enter_context(store.claimed())
        if cluster is None:
            compile_ahead.begin_fit(task.settings)
            found = store.latest() if store is not None and store.settings.resume else None
            engine = Engine(corpus, task.settings, task.interrupted, task.prior, begin)
            return _attempt(task, engine, store, found)
        runtime = runtime or ORDINARY
        system = stack.enter_context(runtime.connect(cluster))
        if not corpus.on_disk:
            # Workers read documents themselves, so there must be something to read.
            folder = stack.enter_context(temporary_folder())
            system.check_seen(folder)
            corpus.save(f"{folder}/corpus")
            corpus = type(corpus).open(f"{folder}/corpus")
        return _on_cluster(task, corpus, system, cluster, runtime, store)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    settings: FitSettings
    on_sweep: Callable[[SweepRecord], bool | None]
    on_start: Callable[[StartRecord], object]
    on_event: Callable[[FitEvent], object]
    interrupted: Callable[[], bool]
    document_topics: bool
    token_topics: bool
    begin: Beginning | None
    counts_to: CountsTo | None
    warn: Callable[[str], None]
    prior: WordPrior | None
    pause_after: int | None


def _check_pause(pause_after: int, checkpointing: Checkpointing | None) -> None:
    if pause_after < 1:
        raise ValueError(f"a fit can pause after one sweep or more, got pause_after {pause_after}")
    if checkpointing is None:
        raise ValueError(
            "pause_after needs checkpointing, which says where the state is kept that the fit goes on from"
        )


def _prior(
    corpus: Corpus, settings: FitSettings, counts: sp.csr_matrix | None, frozen: Sequence[int]
) -> WordPrior | None:
    """What topics have from the beginning; None where that is nothing. Raises ValueError as `WordPrior.of`."""
    if counts is None:
        if len(frozen):
            raise ValueError("frozen topics need word_prior, which their words are made of")
        return None
    if len(frozen):
        _check_frozen(settings)
    made = WordPrior.of(counts, (corpus.n_terms, settings.n_topics), frozen)
    return made if made.n_tokens or made.frozen else None


def _check_sum(counts: sp.csr_matrix, prior: WordPrior) -> None:
    """Refuse counts to begin from that are too large with the word prior, which joins them. Raises ValueError."""
    largest = int(counts.data.max(initial=0)) + int(prior.counts.data.max(initial=0))
    if largest > MAX_COUNT:
        largest = int((counts.astype(np.int64) + prior.counts).max())
    if largest > MAX_COUNT:
        raise ValueError(
            f"the counts to begin from and word_prior must be at most {MAX_COUNT} together, got {largest}; "
            "divide one of them"
        )


def _check_frozen(settings: FitSettings) -> None:
    """Refuse frozen topics where phi cannot be held. Raises ValueError."""
    chosen = sampler(settings.sampler)
    if chosen.language == "current":
        others = choice_of(row for row in SAMPLERS.values() if row.language != "current")
        raise ValueError(
            f"the sampler {chosen.name} counts each token as it goes, so that no topic can be frozen; take {others}"
        )
    if settings.device != "cpu":
        raise ValueError("frozen topics go without the device cuda; take the device cpu")


def _attempt(
    task: _Task, engine: AnyEngine, store: CheckpointStore | None, found: Checkpoint | None
) -> FitResult:
    """Run a fit on an engine that has not begun, from a checkpoint or from the beginning."""
    try:
        clock = Clock()
        run = Run(engine, clock, task.on_sweep, store, task.pause_after, task.on_event)
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
            task.on_event(Resumed(sweep=found.state.n_sweeps))
        run.sweeps()
    finally:
        engine.close()
    return run.result(
        task.counts_to,
        task.warn,
        task.prior,
        document_topics=task.document_topics,
        token_topics=task.token_topics,
    )


def _on_cluster(
    task: _Task,
    corpus: Corpus,
    system: ActorSystem,
    cluster: Cluster,
    runtime: Runtime,
    store: CheckpointStore | None,
) -> FitResult:
    """Run a fit on a cluster; after a loss, again from the last checkpoint, with what is left of the cluster."""

    def made(after_loss: bool) -> ClusterEngine:
        return ClusterEngine(
            system,
            corpus,
            task.settings,
            cluster,
            task.interrupted,
            runtime,
            begin=task.begin,
            recovering=after_loss,
            tell=task.warn,
            prior=task.prior,
        )

    def find(engine: ClusterEngine, after_loss: bool) -> Checkpoint | None:
        # Without `resume` checkpoints of an earlier run are ignored; after a loss this run's own are used.
        if store is None or not (store.settings.resume or (after_loss and store.has_written)):
            return None
        return store.latest(engine.check)

    def run(engine: ClusterEngine, found: Checkpoint | None) -> FitResult:
        result = _attempt(task, engine, store, found)
        workers = engine.driver.group.said_by_workers().values()
        assert result.circumstances is not None
        where = replace(
            result.circumstances,
            workers=len(workers),
            nodes=len({said.node for said in workers}),
            staleness=cluster.staleness,
        )
        return replace(result, circumstances=where)

    return go_on_after_losses(system, cluster.max_failures, task.warn, begin=made, find=find, run=run)
