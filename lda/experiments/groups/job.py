"""The fit of one group: what a worker does, wherever it runs."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.experiments.groups.names import shown_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.cluster import Beginning, Cluster, FitResult, FitSettings, Runtime
    from lda.cluster.counts.word_prior import WordPrior
    from lda.corpus import Corpus
    from lda.experiments.groups.records import GroupRecord
    from lda.labels.labels import Labels
    from lda.model.model import Model
    from lda.seed_words import SeedWords


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTask:
    """One group. corpus: folder of its documents. model, checkpoints: places to write to. command: repeats its fit."""

    value: str
    corpus: str = dataclasses.field(repr=False)
    model: str = dataclasses.field(repr=False)
    checkpoints: str = dataclasses.field(repr=False)
    command: str | None

    def __str__(self) -> str:
        return f"the group {shown_value(self.value)!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDone:
    """What became of a task.

    error: one line on why there is no model; "" if there is one. warnings: a line each. kept: an earlier run had made
    the model.
    """

    value: str
    error: str = ""
    terms: int | None = None
    sweeps: int | None = None
    heldout: float | None = None
    seconds: float | None = None
    fingerprint: str | None = None
    warnings: tuple[str, ...] = ()
    kept: bool = False

    def record(self, group: GroupRecord) -> GroupRecord:
        """The record of the group after it."""
        return replace(
            group,
            state="failed" if self.error else "done",
            terms=self.terms,
            sweeps=self.sweeps,
            heldout=self.heldout,
            seconds=None if self.seconds is None else round(self.seconds, 3),
            fingerprint=self.fingerprint,
            error=self.error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsJob:
    """Everything that all groups share.

    Attributes:
        field: of the metadata.
        settings: of the fits; "given" as a start where `parent` is named.
        parent: place of the model that each begins from, or None.
        seeds: seed words, or None.
        every: sweeps between checkpoints, 0 for none.
        output: the folder of the groups.
        run: what the record there says of this run; a worker that does not find it sees another place than the driver.
        cluster: whose workers share each fit; None where a worker does it alone.
    """

    field: str
    settings: FitSettings
    parent: str | None = dataclasses.field(repr=False)
    seeds: SeedWords | None
    every: int
    output: str = dataclasses.field(repr=False)
    run: str
    cluster: Cluster | None = None

    def open(self, threads: int) -> Callable[[GroupTask], GroupDone]:
        """Read what the groups share; returns the function that fits one. Raises DataError, OSError.

        threads: of no concern; the last groups may get more of them than the first.
        """
        del threads
        from lda.corpus.storage.places import storage
        from lda.experiments.groups.folder import run_at

        if run_at(storage(self.output)) != self.run:
            raise DataError(
                f"{self.output} is not the place that the driver writes to; name one that all nodes share"
            )
        return GroupFitter(self)


class GroupFitter:
    """Fits any group. What keeps it from being fitted becomes its error, and is raised no further.

    runtime: of the job's cluster; None for Ray's.
    """

    def __init__(self, job: GroupsJob, runtime: Runtime | None = None) -> None:
        from lda.model.model import Model
        from lda.model.run_record import parent_model

        self.job, self.settings, self.runtime = job, job.settings, runtime
        self.parent: Model | None = None if job.parent is None else Model.load(job.parent)
        # Once for all groups: a fingerprint is a pass over all counts.
        self._link = {} if self.parent is None else parent_model(self.parent.fingerprint())

    def __call__(self, task: GroupTask) -> GroupDone:
        """Fit a group and write its model, unless an earlier run has."""
        from lda.model.machine import forget_peak

        started = time.perf_counter()
        warnings = list[str]()
        forget_peak()  # of the group before
        try:
            done = self._fit(task, warnings)
        except Exception as error:  # noqa: BLE001 - the other groups go on
            done = GroupDone(value=task.value, error=in_one_line(error))
        return replace(
            done,
            warnings=tuple(dict.fromkeys(warnings)),
            seconds=time.perf_counter() - started if done.seconds is None else done.seconds,
        )

    def _fit(self, task: GroupTask, warnings: list[str]) -> GroupDone:
        from lda.cluster import Checkpointing
        from lda.cluster.checkpoints.identity import BEGIN
        from lda.cluster.counts.beginning_digest import digest_of
        from lda.cluster.spec.job import threads_now
        from lda.corpus import Corpus
        from lda.experiments.fitted import fit_into
        from lda.model.read import is_model

        corpus = Corpus.open(task.corpus)
        part_of = {"kind": "groups", "field": self.job.field, "group": task.value}
        begin, parent = self._begin(corpus), None
        if begin is not None:
            parent = self._link | {BEGIN: digest_of(begin)}
        prior = self._prior(corpus, warnings)
        there = is_model(task.model)
        if there and (kept := self._kept(task, corpus, part_of, prior, begin)) is not None:
            self._discard(task)
            return kept
        checkpointing = None
        if self.job.every:
            # What lies there is of this group and these settings, by this run before it lost a worker or by the one
            # that it goes on from; the store compares all the same.
            checkpointing = Checkpointing(path=task.checkpoints, every=self.job.every, resume=True)
        result, fingerprint = fit_into(
            task.model,
            corpus,
            replace(self.settings, threads=threads_now()),
            command=task.command,
            parent=parent,
            part_of=part_of,
            seed_words=None if self.job.seeds is None else self.job.seeds.to_dict(),
            labels=self._labels(prior),
            remember=self.job.cluster is None,
            overwrite=there,
            begin=begin,
            checkpointing=checkpointing,
            cluster=self.job.cluster,
            runtime=self.runtime,
            warn=warnings.append,
            word_prior=None if prior is None else prior.counts,
            frozen_topics=() if prior is None else prior.frozen,
        )
        self._discard(task)
        return GroupDone(
            value=task.value,
            terms=corpus.n_terms,
            sweeps=result.n_sweeps,
            heldout=_heldout(result),
            fingerprint=fingerprint,
        )

    def _begin(self, corpus: Corpus) -> Beginning | None:
        from lda.model.going_on import beginning_from

        return None if self.parent is None else beginning_from(self.parent, corpus.vocabulary)[0]

    def _prior(self, corpus: Corpus, warnings: list[str]) -> WordPrior | None:
        if self.job.seeds is None:
            return None
        return self.job.seeds.prior(list(corpus.vocabulary), self.settings.n_topics, warnings.append)

    def _labels(self, prior: WordPrior | None) -> Labels | None:
        """Names of the topics: those of the parent, and over them those of the seed words that the group has."""
        known = (self.parent.labels or None) if self.parent is not None else None
        if self.job.seeds is None or prior is None:
            return known
        return self.job.seeds.labels_over(known, prior.counts)

    def _kept(
        self,
        task: GroupTask,
        corpus: Corpus,
        part_of: dict[str, str],
        prior: WordPrior | None,
        begin: Beginning | None,
    ) -> GroupDone | None:
        """The model that stands there, if it is the one to be made; None for one that is to be replaced.

        Raises:
            DataError: it is none of ours, or a model of something else.
        """
        from lda.experiments.fitted import differences_of
        from lda.model.model import Model

        try:
            model = Model.load(task.model)
        except DataError:
            return None  # damaged: made again
        record = model.record
        if record.part_of != part_of:
            raise DataError(
                f"{task.model} is a model, but none of {task}; move it away, and go on with --resume"
            )
        settings = self.settings.resolved()
        if record.interrupted or differences_of(model, settings, corpus, prior=prior, begin=begin):
            return None
        return GroupDone(
            value=task.value,
            terms=model.n_terms,
            sweeps=record.n_sweeps,
            heldout=record.metrics.get("heldout"),
            seconds=record.seconds["fit"],
            fingerprint=model.fingerprint(),
            kept=True,
        )

    def _discard(self, task: GroupTask) -> None:
        """Remove the checkpoints of a group whose model is written."""
        from contextlib import suppress

        from lda.cluster import Checkpointing
        from lda.cluster.checkpoints.store import CheckpointStore
        from lda.cluster.spec.errors import CheckpointError

        if self.job.every:
            with suppress(CheckpointError, OSError):  # the folder goes at the end, too
                CheckpointStore(Checkpointing(path=task.checkpoints)).discard()


def _heldout(result: FitResult) -> float | None:
    """The last score of the documents that were kept out, nats a token."""
    found = [row.heldout for row in result.history if row.heldout is not None]
    return found[-1] if found else None


def in_one_line(error: BaseException) -> str:
    """Why a group could not be fitted, for a person."""
    text: Any
    if isinstance(error, MemoryError):
        text = "out of memory; take fewer threads (-j), topics or terms, or a larger machine"
    elif isinstance(error, OSError):
        text = f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}"
    elif isinstance(error, ValueError) or isinstance(getattr(type(error), "exit_code", None), int):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}"
    return presentable(" ".join(str(text).split())) or type(error).__name__
