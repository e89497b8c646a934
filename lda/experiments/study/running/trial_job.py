"""One trial, or the part of it up to a rung: what a worker does, wherever it runs."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.experiments.study.measures import UnscoredError, check_scorable
from lda.experiments.study.records import (
    CHECKPOINT,
    CORPORA,
    HELDOUT,
    MODEL,
    SCORES_FILE,
    TRAIN,
    read_settings,
    trial_folder,
    write_scores,
)
from lda.experiments.study.running.cost import Rate
from lda.model.machine import forget_peak, peak_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.cluster import FitResult, FitSettings
    from lda.corpus import Corpus
    from lda.experiments.study.measures import TrialMeasures

CHECKPOINTS: Final = 10
"""Checkpoints of a trial: a tenth of its sweeps is lost at worst."""

LEAST_APART: Final = 10
"""Sweeps between two of them, as `lda fit` has it: of a small corpus they take longer than the sweeps themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTask:
    """What is to be done of one trial.

    Attributes:
        number: of the trial.
        corpus: name of the study's corpus.
        settings: of the fit, but for threads.
        pause_after: the rung; None for the end.
        command: that repeats the fit, for the record of the model.
        cost: seconds of one thread, as `lda.experiments.study.running.cost` estimates them.
        end_by: it begins only if it is expected to end before this hour (`time.time`); None whenever.
        rate: how many times as long as estimated it takes, as the study has learned.
    """

    number: int
    corpus: str
    settings: FitSettings
    pause_after: int | None
    command: str
    cost: float
    end_by: float | None
    rate: float

    def __str__(self) -> str:
        return f"trial {self.number} (topics {self.settings.n_topics}, seed {self.settings.seed})"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """What came of a task.

    Attributes:
        number: of the trial.
        begun: whether there was time for it.
        sweeps: done in all.
        heldout: log-likelihood, nats per scored token, of the state or of the finished model.
        seconds: of training in all, since its first sweep.
        thread_seconds: seconds that this task took, scoring included, times the threads that it had.
        peak_bytes: most memory that the process held meanwhile.
        fingerprint, measures: of the finished model.
        error: why it failed.
        warnings: lines for the user.
    """

    number: int
    begun: bool = True
    sweeps: int = 0
    heldout: float | None = None
    seconds: float = 0.0
    thread_seconds: float = 0.0
    peak_bytes: int | None = None
    fingerprint: str | None = None
    measures: TrialMeasures | None = None
    error: str | None = None
    warnings: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialJob:
    """Everything a worker must know.

    Attributes:
        study: absolute path of the study's folder, the same on all nodes.
        created, name: of the study, by which a worker sees that it has found the same folder.
        score_seed: of completion, the same for all trials.
        reference: path of the corpus for coherence; None for the documents of the training.
        reference_name: what to call it.
        criteria: whether criteria are computed, too.
    """

    study: str
    created: str
    name: str
    score_seed: int
    reference: str | None
    reference_name: str
    criteria: bool

    def open(self, threads: int) -> Callable[[TrialTask], TrialOutcome]:
        """Look for the study; returns the function that does a task. Raises DataError, OSError."""
        found = read_settings(Path(self.study))
        if (found.created, found.name) != (self.created, self.name):
            raise DataError(
                f"{self.study} is not the folder that the study began in; name one that all nodes share"
            )
        return TrialWorker(self, threads).work


class TrialWorker:
    """The corpora that this process has mapped, and what it has learned of its own speed."""

    def __init__(self, job: TrialJob, threads: int) -> None:
        self.job, self.threads = job, threads
        self._corpora: dict[tuple[str, str], Corpus] = {}
        self._scorable: set[str] = set()
        self._rate: Rate | None = None

    def work(self, task: TrialTask) -> TrialOutcome:
        """Do a task. What makes one trial fail is told; what would make all of them fail is raised."""
        from lda.cluster.spec.job import threads_now

        self.threads = threads_now()  # more than at first where cores would stand idle at the end
        rate = (self._rate or Rate(first=task.rate)).value
        if task.end_by is not None and time.time() + task.cost * rate / self.threads > task.end_by:
            return TrialOutcome(number=task.number, begun=False)
        warned: list[str] = []
        began = time.perf_counter()
        try:
            forget_peak()
            self._check(task)
            found = self.pause(task, warned) if task.pause_after is not None else self.finish(task, warned)
        except MemoryError:
            return self._failed(
                task, "out of memory; take fewer topics, or fewer trials side by side", warned
            )
        except UnscoredError as error:  # of this recipe
            return self._failed(task, str(error), warned)
        except DataError:
            raise
        except ValueError as error:  # the settings do not fit this corpus
            return self._failed(task, str(error), warned)
        seconds = (time.perf_counter() - began) * self.threads
        self._rate = (self._rate or Rate(first=task.rate)).learned(task.cost, seconds)
        return TrialOutcome(
            number=task.number,
            thread_seconds=seconds,
            peak_bytes=peak_bytes(),
            warnings=tuple(warned),
            **found,
        )

    def _check(self, task: TrialTask) -> None:
        """See that the model can be scored. Raises UnscoredError."""
        if task.corpus not in self._scorable:
            check_scorable(self._corpus(task, HELDOUT), self._corpus(task, TRAIN).vocabulary)
            self._scorable.add(task.corpus)

    def _failed(self, task: TrialTask, error: str, warned: list[str]) -> TrialOutcome:
        return TrialOutcome(number=task.number, error=error, warnings=tuple(warned))

    def pause(self, task: TrialTask, warned: list[str]) -> dict[str, Any]:
        """Sweep up to the rung and score the state there, which the checkpoint keeps."""
        from lda.cluster import fit

        result = fit(self._corpus(task, TRAIN), pause_after=task.pause_after, **self._how(task, warned))
        return {
            "sweeps": result.n_sweeps,
            "heldout": self._score(task, result),
            "seconds": float(result.seconds),
        }

    def finish(self, task: TrialTask, warned: list[str]) -> dict[str, Any]:
        """Sweep to the end, write the model, and measure it."""
        from lda.experiments.fitted import fit_into
        from lda.experiments.study.measures import measure_trial
        from lda.model.model import Model

        folder = self._folder(task)
        train = self._corpus(task, TRAIN)
        result, fingerprint = fit_into(
            folder / MODEL,
            train,
            command=task.command,
            part_of={"kind": "study", "study": self.job.name, "trial": str(task.number)},
            overwrite=True,
            **self._how(task, warned),
        )
        model = Model.load(folder / MODEL, verify=False)
        measures, scores = measure_trial(
            model,
            self._corpus(task, HELDOUT),
            self._reference(train),
            self.job.reference_name,
            seed=self.job.score_seed,
            threads=self.threads,
            criteria_on=train if self.job.criteria else None,
        )
        write_scores(folder / SCORES_FILE, scores)
        return {
            "sweeps": result.n_sweeps,
            "heldout": measures.heldout,
            "seconds": float(result.seconds),
            "fingerprint": fingerprint,
            "measures": measures,
        }

    def _how(self, task: TrialTask, warned: list[str]) -> dict[str, Any]:
        from dataclasses import replace

        from lda.cluster import Checkpointing

        folder = self._folder(task)
        folder.mkdir(parents=True, exist_ok=True)
        return {
            "settings": replace(task.settings, threads=self.threads),
            "document_topics": False,
            "checkpointing": Checkpointing(
                path=str(folder / CHECKPOINT),
                every=max(task.settings.sweeps // CHECKPOINTS, LEAST_APART),
                keep=1,
                resume=True,
            ),
            "warn": warned.append,
        }

    def _score(self, task: TrialTask, result: FitResult) -> float:
        """Held-out log-likelihood of the state at a rung, nats per scored token."""
        from lda.cluster import FrozenModel
        from lda.corpus import iter_corpus
        from lda.evaluation.heldout import Estimation
        from lda.evaluation.paired import document_scores

        counts = result.topic_word_counts
        assert counts is not None
        frozen = FrozenModel(counts, result.alpha, result.beta, threads=self.threads)
        batches = iter_corpus(self._corpus(task, HELDOUT), self._corpus(task, TRAIN).vocabulary)
        return document_scores(frozen, batches, Estimation(seed=self.job.score_seed)).log_likelihood

    def _corpus(self, task: TrialTask, part: str) -> Corpus:
        from lda.corpus import Corpus

        key = task.corpus, part
        if key not in self._corpora:
            self._corpora[key] = Corpus.open(Path(self.job.study) / CORPORA / task.corpus / part)
        return self._corpora[key]

    def _reference(self, train: Corpus) -> Corpus:
        from lda.corpus import Corpus

        return train if self.job.reference is None else Corpus.open(self.job.reference)

    def _folder(self, task: TrialTask) -> Path:
        return trial_folder(Path(self.job.study), task.number)


def forget_checkpoint(study: Path, number: int) -> None:
    """Remove what a trial goes on from, once nothing does any more."""
    shutil.rmtree(trial_folder(study, number) / CHECKPOINT, ignore_errors=True)
