"""A model for each group of a corpus: chosen, cut, fitted side by side, and recorded."""

from __future__ import annotations

import json
import math
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.places import is_uri, storage
from lda.experiments.cost import estimated_peak_bytes, estimated_seconds
from lda.experiments.groups.chosen import NAMED, chosen_groups, going_on, is_there, warn_of_topics
from lda.experiments.groups.folder import (
    CHECKPOINTS,
    CORPORA,
    WORK,
    GroupsFolder,
    check_target,
    clear,
    inside,
)
from lda.experiments.groups.job import GroupDone, GroupFitter, GroupsJob, GroupTask
from lda.experiments.groups.membership import membership_of
from lda.experiments.groups.names import shown_value
from lda.experiments.groups.packing import packing_of
from lda.experiments.groups.records import GroupRecord, GroupsRecord
from lda.progress import first_of, plural
from lda.samplers.registry import sampler
from lda.transform.transform_corpus import absolute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.cluster import Cluster, FitSettings, Runtime
    from lda.corpus import Corpus
    from lda.corpus.storage.places import Storage
    from lda.experiments.groups.choice import Choice
    from lda.experiments.groups.membership import Membership
    from lda.experiments.groups.packing import GroupPacking
    from lda.seed_words import SeedWords

SECONDS_ALONE: Final = 10.0
"""Of one thread: a group that takes less is done before processes for the others have begun."""

SECONDS_ON_ALL_WORKERS: Final = 120.0
"""The same for all workers of a cluster, which begin in some ten seconds."""

FREE_TO_CHANGE: Final = frozenset({"threads", "memory", "model_memory", "device"})
"""Settings that a run may have otherwise than the one it goes on from: no model depends on them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progressed:
    """Told after each group: its record, how many are over and how many there are, and whether it was there before."""

    group: GroupRecord
    ended: int
    total: int
    kept: bool


def fit_each_group(
    corpus: Corpus,
    choice: Choice,
    output: str,
    settings: FitSettings,
    *,
    parent: str | None = None,
    seeds: SeedWords | None = None,
    cluster: Cluster | None = None,
    checkpoint_every: int = 10,
    checkpoints: str | None = None,
    keep_corpora: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    command: Callable[[str | None], str] | None = None,
    on_group: Callable[[Progressed], object] = lambda progressed: None,
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> tuple[GroupsRecord, bool]:
    """Fit a model to each group, and write them into a folder.

    Each group has the seed of the settings. Its model is, to the bit, that of a fit of its documents alone, whatever
    runs beside it: groups are fitted side by side on the cores of this machine, or by the workers of a cluster, the
    largest first; one that would take longer than all others together has all cores, or workers, for itself.

    Args:
        corpus: the documents, with metadata.
        choice: which groups.
        output: folder or URI; on a cluster, where all nodes see it.
        settings: of each fit; its threads are those of all together.
        parent: folder or URI of a model that each begins from, keeping numbers and names of topics.
        seeds: seed words of each.
        cluster: None is this machine.
        checkpoint_every: sweeps between checkpoints, from which a fit that was cut off goes on; 0: none.
        checkpoints: folder or URI for these; None for one within the output.
        keep_corpora: keep the documents of each group as a corpus, in `corpora/` of the output.
        resume: fit only groups that are missing or failed.
        overwrite: replace what an earlier run left at the output; its models go when the new run begins.
        command: gives the shell command that repeats the fit of one group, or of all (None).
        on_group: told after each group.
        note: receives lines on what is going on.
        warn: receives warnings.
        runtime: of a cluster; None for Ray's.

    Returns:
        What the record says at the end, and whether there was something to do.

    Raises:
        DataError: the field or a group is not there, groups are too small and refused, or the output may not be written
            or is of other documents or settings.
        ValueError: the model to begin from has another number of topics.
        ClusterError: there is no cluster, it is too small, or it failed too often.
        OSError: the disk refused.
    """
    place = storage(absolute(output))
    parent = None if parent is None else absolute(parent)
    before = check_target(place, resume=resume, overwrite=overwrite)
    begun = None if parent is None else _parent(parent, settings)
    if begun is not None:
        settings = replace(settings, start="given")
    everybody = membership_of(corpus, choice.field)
    members = everybody.chosen(choice.only) if choice.only else everybody
    record = GroupsRecord(
        field=choice.field,
        identity=_identity(corpus, choice.field, settings, begun, seeds),
        command=None if command is None else command(None),
        documents=corpus.n_documents,
        missing=everybody.n_missing,
        shared=everybody.n_shared,
        run="",
        groups=chosen_groups(everybody, members, choice),
    )
    if resume and before is None:
        warn(f"there is nothing to resume in {place.root}; starting from the beginning")
    if before is not None and (not resume or _is_other(place, before, record, overwrite=overwrite)):
        before = None
    if before is not None:
        record = going_on(before, record)
    chosen = set(members.values)
    to_do = {
        group.value
        for group in record.groups
        if group.value in chosen and group.state != "skipped" and not is_there(place, group)
    }
    if before is not None and not to_do:
        return record, False
    warn_of_topics(record, to_do, settings.n_topics, warn)
    if before is None:
        clear(place)
    folder = GroupsFolder(
        place,
        replace(
            record, groups=tuple(group.anew() if group.value in to_do else group for group in record.groups)
        ),
    )
    folder.begin()
    run = _Run(
        corpus=corpus,
        members=members.at([i for i, value in enumerate(members.values) if value in to_do]),
        folder=folder,
        job=GroupsJob(
            field=choice.field,
            settings=settings,
            parent=parent,
            seeds=seeds,
            every=checkpoint_every,
            output=place.address,
            run=folder.record.run,
        ),
        checkpoints=inside(place.address, CHECKPOINTS) if checkpoints is None else checkpoints,
        cluster=cluster,
        keep_corpora=keep_corpora,
        command=command,
        on_group=on_group,
        note=note,
        warn=warn,
        runtime=runtime,
    )
    try:
        run.all()
    finally:
        folder.finish()
    # A group that failed may have been near its end.
    if all(group.state in ("done", "skipped") for group in folder.record.groups) and checkpoints is None:
        place.remove(CHECKPOINTS)
    return folder.record, True


def _parent(place: str, settings: FitSettings) -> str:
    """The fingerprint of the model to begin from. Raises ValueError where it has another number of topics."""
    from lda.model.model import Model

    model: Model = Model.load(place)
    if model.n_topics != settings.n_topics:
        raise ValueError(
            f"the model to begin from has {model.n_topics} topics, the groups are to have {settings.n_topics}; "
            "give as many"
        )
    return model.fingerprint()


def _identity(
    corpus: Corpus, field: str, settings: FitSettings, parent: str | None, seeds: SeedWords | None
) -> dict[str, Any]:
    """What two runs on one folder must agree about."""
    chosen = {
        name: value for name, value in settings.resolved().to_dict().items() if name not in FREE_TO_CHANGE
    }
    words = None if seeds is None else seeds.to_dict()
    identity = {
        "field": field, "corpus": corpus.content_hash, **chosen, "init_from": parent, "seed_words": words
    }  # fmt: skip
    # As it is read again, for comparisons: tuples are lists then.
    return dict(json.loads(json.dumps(identity, default=list)))


def _is_other(place: Storage, before: GroupsRecord, now: GroupsRecord, *, overwrite: bool) -> bool:
    """Whether the folder is of other documents or settings, and may be replaced. Raises DataError if it may not."""
    from lda.cluster.checkpoints.identity import differences

    differ = differences(before.identity, now.identity)
    if differ and not overwrite:
        raise DataError(
            f"{place.root} holds groups of another run: {differ}; repeat the command as it was, choose another name, "
            "or begin anew with --overwrite"
        )
    return bool(differ)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """One run over the groups of `members`."""

    corpus: Corpus
    members: Membership
    folder: GroupsFolder
    job: GroupsJob
    checkpoints: str
    cluster: Cluster | None
    keep_corpora: bool
    command: Callable[[str | None], str] | None
    on_group: Callable[[Progressed], object]
    note: Callable[[str], None]
    warn: Callable[[str], None]
    runtime: Runtime | None

    def all(self) -> None:
        """Cut the corpus, and fit each group."""
        with self._work() as work:
            tasks, task_bytes = self._tasks(work)
            costs = [self._seconds(tokens) for tokens in self.members.tokens.tolist()]
            tell = _Teller(self, len(tasks))
            if self.cluster is None:
                self._here(tasks, costs, task_bytes, tell)
            else:
                self._on_cluster(self.cluster, tasks, costs, tell)

    @contextmanager
    def _work(self) -> Iterator[str]:
        """A folder for corpora, gone after the block; on a cluster within the output, where workers must reach it."""
        from lda.corpus.storage.leftovers import temporary_folder

        address = self.folder.place.address
        if self.cluster is not None and not is_uri(address):
            self.folder.place.remove(WORK)  # of a run that was killed
            try:
                yield inside(address, WORK)
            finally:
                self.folder.place.remove(WORK)
            return
        with temporary_folder() as made:
            yield made

    def _tasks(self, work: str) -> tuple[list[GroupTask], list[int]]:
        """What is to be done with each group's documents, written as a corpus; and bytes that its fit holds at most."""
        from lda.corpus.finished.partition import partition_corpus

        names = {group.value: group.folder for group in self.folder.record.groups}
        address = self.folder.place.address
        values, n_documents = self.members.values, self.corpus.n_documents
        root = inside(address, CORPORA) if self.keep_corpora else work
        rounds = self.members.rounds(n_documents)
        told = f" in {plural(len(rounds), 'round')}, for some are in several" if len(rounds) > 1 else ""
        self.note(f"dividing documents among {plural(len(values), 'group')}{told}")
        places = [inside(root, names[value]) for value in values]
        if not is_uri(root):
            Path(root).mkdir(parents=True, exist_ok=True)
        task_bytes = [0] * len(values)
        for groups in rounds:
            parts = partition_corpus(
                self.corpus,
                self.members.parts(groups, n_documents),
                [places[group] for group in groups],
                drop_unused_terms=True,
                overwrite=self.keep_corpora,
            )
            for group, part in zip(groups, parts, strict=True):
                task_bytes[group] = estimated_peak_bytes(part, self.job.settings)
        tasks = [
            GroupTask(
                value=value,
                corpus=place,
                model=inside(address, names[value]),
                checkpoints=inside(self.checkpoints, names[value]),
                command=None if self.command is None else self.command(value),
            )
            for value, place in zip(values, places, strict=True)
        ]
        return tasks, task_bytes

    def _seconds(self, tokens: int) -> float:
        """What a group of that size takes on one thread, about."""
        settings = self.job.settings
        return estimated_seconds(tokens, settings.n_topics, max(settings.sweeps, 1), settings.sampler)

    def _least(self, seconds: float) -> float:
        """Seconds that a group has to take to be fitted alone; a sampler of one thread gains nothing by that."""
        return seconds if sampler(self.job.settings.sampler).parallel else math.inf

    def _here(
        self, tasks: Sequence[GroupTask], costs: Sequence[float], task_bytes: Sequence[int], tell: _Teller
    ) -> None:
        """On the cores of this machine, in processes: the end of one fit is not that of the others."""
        from lda.cluster.tasks import run_tasks
        from lda.corpus.machine import available_cores

        cores = self.job.settings.threads or available_cores()
        if cores == 1 or len(tasks) == 1 or self.job.settings.device != "cpu":  # a GPU is for one at a time
            order = sorted(range(len(tasks)), key=lambda i: -costs[i])
            run_tasks(self.job, [tasks[i] for i in order], tell.done, threads=cores)
            return
        packing = packing_of(costs, cores, least=self._least(SECONDS_ALONE), task_bytes=task_bytes)
        self._tell_of(tasks, packing, cores, plural(cores, "core"))
        for places, processes in ((packing.alone, 1), (packing.packed, packing.lanes)):
            if places:
                run_tasks(
                    self.job,
                    [tasks[i] for i in places],
                    tell.done,
                    threads=cores // processes,
                    processes=processes,
                    on_lost=tell.lost,
                    warn=self.warn,
                )

    def _on_cluster(
        self, cluster: Cluster, tasks: Sequence[GroupTask], costs: Sequence[float], tell: _Teller
    ) -> None:
        """Large groups one after the other by all workers, the others side by side, one a worker."""
        from lda.cluster.capacity import joined
        from lda.cluster.tasks import run_tasks

        with joined(cluster, self.runtime) as cpus:
            workers, threads = cluster.workers or len(cpus), cluster.threads_per_worker
            if cluster.workers is None and threads is None:
                workers = sum(cpus)
            packing = packing_of(costs, workers, least=self._least(SECONDS_ON_ALL_WORKERS))
            if cluster.workers is None and threads is None:
                threads = min(packing.threads, max(cpus))
                workers = sum(each // threads for each in cpus)
            side_by_side = replace(
                cluster, workers=min(workers, max(len(packing.packed), 1)), threads_per_worker=threads
            )
            self._tell_of(tasks, packing, 1, "the workers of the cluster")
            if packing.alone:
                shared = GroupFitter(replace(self.job, cluster=cluster), self.runtime)
                for place in packing.alone:
                    tell.done(shared(tasks[place]), 1)
            if packing.packed:
                run_tasks(
                    self.job,
                    [tasks[i] for i in packing.packed],
                    tell.done,
                    cluster=side_by_side,
                    on_lost=tell.lost,
                    warn=self.warn,
                    runtime=self.runtime,
                )

    def _tell_of(self, tasks: Sequence[GroupTask], packing: GroupPacking, cores: int, what: str) -> None:
        if packing.alone:
            named = first_of([shown_value(tasks[i].value) for i in packing.alone], NAMED)
            self.note(f"first, alone on {what}: {named}")
        if packing.packed:
            beside = f", {packing.lanes:,} at a time" if packing.lanes > 1 else ""
            if packing.lanes < min(len(packing.packed), cores):
                beside += ", for which the memory has room"
            self.note(f"fitting {plural(len(packing.packed), 'group')} on {what}{beside}")


class _Teller:
    """Records what becomes of groups, and tells of it."""

    def __init__(self, run: _Run, total: int) -> None:
        self._run, self._total, self._ended = run, total, 0
        self._groups = {group.value: group for group in run.folder.record.groups}

    def done(self, done: GroupDone, _workers: int) -> None:
        """A group is over. Raises DataError, OSError when that cannot be recorded."""
        group = done.record(self._groups[done.value])
        self._ended += 1
        self._run.folder.set(group)
        for line in done.warnings:
            self._run.warn(f"{shown_value(done.value)}: {line}")
        self._run.on_group(Progressed(group=group, ended=self._ended, total=self._total, kept=done.kept))

    def lost(self, task: GroupTask, reason: str) -> None:
        """A group has cost so many workers that no other tries it."""
        self.done(GroupDone(value=task.value, error=presentable(" ".join(reason.split()))), 1)
