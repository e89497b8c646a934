"""How people are told of a study: a line on each trial that has reached a rung or its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.experiments.study.space import in_words
from lda.progress import clock

if TYPE_CHECKING:
    from lda.experiments.study.records import TrialRecord
    from lda.progress import Progress


class LineListener:
    """A `Listener` that tells of a study by lines."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def note(self, text: str) -> None:
        """A line on what is going on."""
        self._progress.note(text)

    def warn(self, text: str) -> None:
        """A line that the user should see."""
        self._progress.warn(text)

    def trial(self, trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> None:
        """A trial has reached a rung or its end."""
        if trial.state != "failed":  # of which there was a warning
            self._progress.note(trial_line(trial, n_ended, n_trials, seconds_left))


def trial_line(trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> str:
    """Which trial, how it scores, and how far the study is; arguments are those of `Listener.trial`."""
    which = ", ".join(part for part in (in_words(trial.parameters), f"seed {trial.seed}") if part)
    score = "" if trial.heldout is None else f"held-out {trial.heldout:.4f} "
    reached = f"{score}after {trial.sweeps} sweeps, {clock(trial.seconds)}"
    study = f"{n_ended} of {n_trials} trials ended{time_left(n_ended, n_trials, seconds_left)}"
    return f"trial {trial.number} ({which}): {reached}; {study}"


def time_left(n_ended: int, n_trials: int, seconds: float | None) -> str:
    """How long the rest takes, after a comma; nothing where nothing is left, or while it is not known how long."""
    return f", {clock(seconds)} left" if seconds and n_ended < n_trials else ""
