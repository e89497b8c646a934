"""The trials of a study, batch by batch and rung by rung, on whatever there is to work with."""

from __future__ import annotations

import math
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from lda.cluster.tasks import TaskWorkers, task_workers
from lda.corpus.errors import DataError
from lda.experiments.cost import peak_bytes_of, side_by_side
from lda.experiments.study.records import TrialRecord, write_trial
from lda.experiments.study.running.cost import Rate, cost_of
from lda.experiments.study.running.plan import StudyPlan, trial_command
from lda.experiments.study.running.trial_job import TrialJob, TrialOutcome, TrialTask, forget_checkpoint
from lda.experiments.study.search.halving import Standing, n_left, rungs, survivors
from lda.experiments.study.search.search import Result
from lda.experiments.study.space import in_words, recipe_parameters, settings_of
from lda.progress import clock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.cluster import Cluster, FitSettings, Runtime
    from lda.experiments.study.records import CorpusFacts
    from lda.experiments.study.space import Parameters

GRACE: Final = 0.1
"""Part of the time budget by which a trial that has begun may go beyond it: then it is cut off, at its checkpoint."""


class Listener(Protocol):
    """Who is told how a study gets on."""

    def note(self, text: str) -> None:
        """A line on what is going on."""

    def warn(self, text: str) -> None:
        """A line that the user should see."""

    def trial(self, trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> None:
        """A trial has reached a rung or its end.

        n_ended: trials that have ended, of n_trials as far as known. seconds_left: for all others, about.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """What there is to work with.

    Attributes:
        cores: of this machine, in all.
        at_once: trials side by side, each in a process of its own; None for as many as cores, 0 for all of them in
            this process, one after the other.
        cluster: where to work instead.
        runtime: what a cluster is; None for Ray's.
    """

    cores: int
    at_once: int | None = None
    cluster: Cluster | None = None
    runtime: Runtime | None = None

    def processes(self, n_tasks: int) -> int | None:
        """Processes for so many tasks; None for this one."""
        if self.cluster is not None or self.at_once == 0:
            return None
        return max(min(self.at_once or self.cores, n_tasks), 1)


@dataclass(slots=True)
class TimeBudget:
    """The time budget. end: hour (`time.time`) at which it is used up; None without one. seconds: of it."""

    end: float | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, seconds: float | None) -> TimeBudget:
        """A budget that begins now."""
        return cls() if seconds is None else cls(time.time() + seconds, seconds)

    @property
    def left(self) -> float:
        """Seconds; infinity where there is all the time there is."""
        return math.inf if self.end is None else max(self.end - time.time(), 0.0)

    def over(self) -> bool:
        """Whether what runs is to be cut off."""
        return self.end is not None and time.time() > self.end + GRACE * self.seconds


@dataclass(slots=True)
class StudyRun:
    """A study at work.

    Attributes:
        reference: path of the corpus for coherence; None for the documents of the training.
        trials: by number, kept up to date with their files.
        rate: as learned so far.
        complete: whether all was done that was asked for; known at the end.
    """

    plan: StudyPlan
    folder: Path
    created: str
    facts: dict[str, CorpusFacts]
    workers: Workers
    budget: TimeBudget
    listener: Listener
    trials: dict[int, TrialRecord]
    reference: str | None = None
    rate: Rate = field(default_factory=Rate)
    complete: bool = False
    _told_short: bool = False
    _stack: ExitStack = field(default_factory=ExitStack)
    _open: tuple[int | None, TaskWorkers] | None = None

    def run(self) -> None:
        """Do what is left of the study. Raises as `run_tasks`; what is done by then is kept."""
        with self._stack:
            self._all()

    def _all(self) -> None:
        results: list[Result] = []
        first = 1
        while batch := self.plan.search.next_batch(results):
            numbers = self._begun(batch, first)
            first += len(numbers)
            if not self._batch(numbers):
                return
            results += self._results(batch, numbers)
        self.complete = True

    def _begun(self, batch: Sequence[Parameters], first: int) -> list[int]:
        """Numbers of the trials of these candidates, those of one after another; those that are new get records."""
        numbers: list[int] = []
        for parameters in batch:
            for seed in self.plan.seeds:
                number = first + len(numbers)
                numbers.append(number)
                known = self.trials.get(number)
                if known is None:
                    corpus = self.plan.split.name(recipe_parameters(parameters))
                    self._keep(TrialRecord(number=number, parameters=parameters, seed=seed, corpus=corpus))
                elif (known.parameters, known.seed) != (parameters, seed):
                    raise DataError(
                        f"trial {number} of {self.folder} is of {in_words(known.parameters)}, and this search asks for "
                        f"{in_words(parameters)}: another version of a package decides otherwise; make the study anew "
                        "(--overwrite)"
                    )
                elif known.state == "failed" and self._retries:
                    self._keep(replace(known, state="paused" if known.curve else "waiting", error=None))
        return numbers

    @property
    def _retries(self) -> bool:
        """Whether trials that failed in an earlier run are tried again: unless others were chosen for it."""
        return not self.plan.halving and self.plan.search.kind != "bayes"

    def _batch(self, numbers: Sequence[int]) -> bool:
        """Take the trials of a batch to their ends; whether there was time for it.

        Where time is too short for all of a halved study, the first seeds go over all rungs by themselves, and decide
        which candidates are stopped. Rejected: all seeds rung by rung, as with time enough, which may come to no end of
        any trial: a study that has a curve of each, and no model.
        """
        short = self._short_of_time(numbers)
        if short and self.plan.halving and not self._over_rungs(numbers[:: len(self.plan.seeds)]):
            return False
        return self._over_rungs(numbers)

    def _short_of_time(self, numbers: Sequence[int]) -> bool:
        """Whether the time budget is too small for these trials, as far as can be told; it is said once."""
        if self.budget.end is None:
            return False
        steps = rungs(self.plan.base.sweeps, halving=self.plan.halving)
        first = steps[0] if len(steps) > 1 else None
        left = [number for number in numbers if not self.trials[number].ended]
        tasks = {number: self._task(self.trials[number], first) for number in left}
        if not tasks:
            return False
        needed = self._seconds_left(tasks, set(left), first, self._n_workers(len(left)))
        there = self.budget.left
        if needed <= there:
            return False
        if not self._told_short:
            self._told_short = True
            self.listener.note(
                f"all trials would take about {clock(needed)}, and {clock(there)} are left of the time: first seeds "
                "come first, and of these the quickest"
            )
        return True

    def _n_workers(self, n_tasks: int) -> int:
        """How many tasks are done at a time, about."""
        if self.workers.cluster is not None:
            return min(self.workers.cluster.workers or 1, n_tasks)
        return self.workers.processes(n_tasks) or 1

    def _over_rungs(self, numbers: Sequence[int]) -> bool:
        """Take trials to their ends, over all rungs; whether there was time for it."""
        alive = list(numbers)
        steps = rungs(self.plan.base.sweeps, halving=self.plan.halving)
        for step in steps:
            pause_after = None if step == steps[-1] else step
            wanted = [number for number in alive if not self._arrived(number, pause_after)]
            self._do(wanted, pause_after)
            if not all(self._arrived(number, pause_after) for number in wanted):
                return False
            if pause_after is not None:
                alive = self._choose(alive, pause_after)
        return True

    def _arrived(self, number: int, rung: int | None) -> bool:
        """Whether a trial has reached a rung, None for its end; one that has ended before goes no further."""
        trial = self.trials[number]
        return trial.ended or (rung is not None and trial.sweeps >= rung)

    def _choose(self, alive: Sequence[int], step: int) -> list[int]:
        """The trials that go on after a rung; the others are stopped, and with them other seeds of their candidates.

        What was decided stands: an earlier run may have decided by first seeds alone, for want of time.
        """
        by_candidate: dict[str, list[TrialRecord]] = {}
        for number in alive:
            trial = self.trials[number]
            by_candidate.setdefault(trial.candidate, []).append(trial)
        left = survivors(
            Standing(candidate=key, corpus=trials[0].corpus, score=_mean_score(trials, step))
            for key, trials in by_candidate.items()
        )
        for key, trials in by_candidate.items():
            states = {trial.state for trial in trials}
            if "stopped" in states:
                left.discard(key)
            elif "done" in states:
                left.add(key)
        for trial in list(self.trials.values()):
            gone = trial.candidate in by_candidate and trial.candidate not in left
            if gone and not trial.ended:
                self._keep(replace(trial, state="stopped"))
                forget_checkpoint(self.folder, trial.number)
        return [number for number in alive if self.trials[number].candidate in left]

    def _do(self, numbers: Sequence[int], pause_after: int | None) -> None:
        """Have trials done up to a rung, the longest first."""
        if not numbers:
            return
        tasks = {number: self._task(self.trials[number], pause_after) for number in numbers}
        order = sorted(tasks.values(), key=self._turn)
        left = set(numbers)

        def on_done(outcome: TrialOutcome, n_workers: int) -> None:
            left.discard(outcome.number)
            self._told(outcome, tasks, left, pause_after, n_workers)

        def on_lost(task: TrialTask, reason: str) -> None:
            left.discard(task.number)
            self._told(
                TrialOutcome(number=task.number, error=reason),
                tasks,
                left,
                pause_after,
                1,
            )

        self._at_work(numbers).run(order, on_done, self.budget.over, on_lost)

    def _at_work(self, numbers: Sequence[int]) -> TaskWorkers:
        """Workers for these trials: those of the rung before, unless the memory has room for another number of them."""
        workers = self.workers
        processes = workers.processes(workers.cores)
        if processes is not None and workers.at_once is None:
            packing = side_by_side(
                [self._peak_bytes(self.trials[number]) for number in numbers], workers.cores
            )
            if packing.processes < min(processes, len(numbers)):
                processes = packing.processes
                self.listener.note(f"the memory has room for {processes} of these trials side by side")
        if self._open is None or self._open[0] != processes:
            self._stack.close()
            opened = self._stack.enter_context(
                task_workers(
                    self._job(),
                    cluster=workers.cluster,
                    threads=workers.cores if processes is None else None,
                    processes=processes,
                    cores=workers.cores,
                    warn=self.listener.warn,
                    runtime=workers.runtime,
                )
            )
            self._open = processes, opened
        return self._open[1]

    def _peak_bytes(self, trial: TrialRecord) -> int:
        facts = self.facts[trial.corpus]
        return peak_bytes_of(
            self.settings(trial),
            n_documents=facts.n_documents,
            n_tokens=facts.n_tokens,
            n_terms=facts.n_terms,
        )

    def _turn(self, task: TrialTask) -> tuple[float, ...]:
        """The longest first, so that all workers end at about the same time.

        With a time budget the first seeds of all candidates come first, and of them those that are done soonest: what
        is left out then are repetitions, and as few candidates as can be.
        """
        if self.budget.end is None:
            return -task.cost, task.number
        return self.plan.seeds.index(task.settings.seed), task.cost, task.number

    def _task(self, trial: TrialRecord, pause_after: int | None) -> TrialTask:
        settings = self.settings(trial)
        return TrialTask(
            number=trial.number,
            corpus=trial.corpus,
            settings=settings,
            pause_after=pause_after,
            command=trial_command(self.folder, trial.corpus, settings, trial.number),
            cost=cost_of(self.facts[trial.corpus], settings, begin=trial.sweeps, end=pause_after),
            end_by=self.budget.end,
            rate=self.rate.value,
        )

    def settings(self, trial: TrialRecord) -> FitSettings:
        """The settings of a trial's fit."""
        return settings_of(self.plan.base, trial.parameters, trial.seed)

    def _job(self) -> TrialJob:
        from lda.experiments.study.measures import SCORING_SEED

        return TrialJob(
            study=str(self.folder.absolute()),
            created=self.created,
            name=self.folder.name,
            score_seed=SCORING_SEED,
            reference=self.reference,
            reference_name=self.plan.reference_name,
            criteria=self.plan.criteria,
        )

    def _told(
        self,
        outcome: TrialOutcome,
        tasks: dict[int, TrialTask],
        left: set[int],
        pause_after: int | None,
        n_workers: int,
    ) -> None:
        """Keep what came of a task."""
        trial = self.trials[outcome.number]
        for line in dict.fromkeys(outcome.warnings):
            self.listener.warn(f"trial {trial.number}: {line}")
        if not outcome.begun:
            return
        changes: dict[str, Any]
        if outcome.error is not None:
            changes = {"state": "failed", "error": outcome.error}
        else:
            self.rate = self.rate.learned(tasks[trial.number].cost, outcome.thread_seconds)
            peaks = [peak for peak in (trial.peak_bytes, outcome.peak_bytes) if peak is not None]
            point = (outcome.sweeps, float("nan") if outcome.heldout is None else outcome.heldout)
            changes = {
                "state": "done" if pause_after is None else "paused",
                "sweeps": outcome.sweeps,
                "curve": (*(entry for entry in trial.curve if entry[0] < outcome.sweeps), point),
                "seconds": round(outcome.seconds, 3),
                "peak_bytes": max(peaks, default=None),
                "fingerprint": outcome.fingerprint,
                "measures": outcome.measures,
                "error": None,
            }
        trial = replace(trial, **changes)
        self._keep(trial)
        if trial.ended:
            forget_checkpoint(self.folder, trial.number)
        if trial.state == "failed":
            self.listener.warn(f"trial {trial.number} ({in_words(trial.parameters)}) failed: {trial.error}")
        seconds = min(self._seconds_left(tasks, left, pause_after, n_workers), self.budget.left)
        self.listener.trial(trial, self.n_ended, self.n_trials, seconds)

    @property
    def n_ended(self) -> int:
        """Trials that nothing more happens to."""
        return sum(trial.ended for trial in self.trials.values())

    @property
    def n_trials(self) -> int:
        """All trials, also those that a search has not asked for yet."""
        return max(len(self.trials), self.plan.search.n_wanted * len(self.plan.seeds))

    def _seconds_left(
        self, tasks: dict[int, TrialTask], left: set[int], pause_after: int | None, n_workers: int
    ) -> float:
        """About how long the rest takes: of this rung, of those above it, of other seeds, and of batches to come."""
        cost = sum(tasks[number].cost for number in left)
        steps = rungs(self.plan.base.sweeps, halving=self.plan.halving)
        alive: float = len(tasks)
        reached = steps[-1] if pause_after is None else pause_after
        mean = float(np.mean([task.cost for task in tasks.values()]))
        for begin, end in pairwise(steps):
            if begin < reached:
                continue
            seeds = len(self.plan.seeds)
            alive = n_left(max(round(alive / seeds), 1)) * seeds
            per_sweep = mean / max(reached, 1)
            cost += alive * per_sweep * (end - begin)
        cost += (self.n_trials - len(self.trials)) * mean
        if self.workers.cluster is not None:
            threads = n_workers * (self.workers.cluster.threads_per_worker or 1)
        else:
            threads = self.workers.cores
        return cost * self.rate.value / max(threads, 1)

    def _results(self, batch: Sequence[Parameters], numbers: Sequence[int]) -> list[Result]:
        """What the search is told of a batch."""
        found = []
        seeds = len(self.plan.seeds)
        for place, parameters in enumerate(batch):
            trials = [self.trials[number] for number in numbers[place * seeds : (place + 1) * seeds]]
            sweeps = max(trial.sweeps for trial in trials)
            found.append(
                Result(
                    parameters=parameters,
                    score=_mean_score(trials, sweeps),
                    sweeps=sweeps,
                    complete=any(trial.state == "done" for trial in trials),
                )
            )
        return found

    def _keep(self, trial: TrialRecord) -> None:
        self.trials[trial.number] = trial
        write_trial(self.folder, trial)

    def shortest(self) -> float | None:
        """Seconds of the trial that ends first of those that are left; None where all have ended.

        It is expected to get the threads of one of the processes side by side.
        """
        waiting = [trial for trial in self.trials.values() if not trial.ended]
        if not waiting:
            return None
        processes = self.workers.processes(len(waiting))
        threads = max(self.workers.cores // (processes or 1), 1)
        return min(self._task(trial, None).cost for trial in waiting) * self.rate.value / threads


def _mean_score(trials: Sequence[TrialRecord], sweep: int) -> float | None:
    """Mean over those trials that were scored after this sweep; None where none was."""
    scores = [
        score
        for trial in trials
        if trial.state != "failed"
        for at, score in trial.curve
        if at == sweep and np.isfinite(score)
    ]
    return float(np.mean(scores)) if scores else None
