"""How `lda tune` tells of its trials: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lda.experiments.study.running.trial_line import LineListener, time_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lda.experiments.study.records import TrialRecord
    from lda.monitoring.followers import Followers
    from lda.progress import Progress


class BarListener(LineListener):
    """Tells of a study by lines, and by a bar below them."""

    def __init__(self, progress: Progress, update: Callable[[int, int, str], None]) -> None:
        super().__init__(progress)
        self._update = update

    def trial(self, trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> None:
        """A trial has reached a rung or its end."""
        self._update(n_ended, n_trials, time_left(n_ended, n_trials, seconds_left))
        super().trial(trial, n_ended, n_trials, seconds_left)


class FollowedListener:
    """Tells another listener, and those who follow the command."""

    def __init__(self, listener: LineListener, followers: Followers) -> None:
        self._listener, self._followers = listener, followers

    def note(self, text: str) -> None:
        """A line on what is going on."""
        self._listener.note(text)

    def warn(self, text: str) -> None:
        """A line that the user should see; the console tells followers of it."""
        self._listener.warn(text)

    def trial(self, trial: TrialRecord, n_ended: int, n_trials: int, seconds_left: float | None) -> None:
        """A trial has reached a rung or its end."""
        self._followers.on_parts("fitting trials", n_ended, n_trials, seconds_left=seconds_left)
        self._listener.trial(trial, n_ended, n_trials, seconds_left)


@contextmanager
def listening(progress: Progress, followers: Followers) -> Iterator[FollowedListener]:
    """The listener of a command; on a terminal with a bar below its lines."""
    with _lines(progress) as listener:
        yield FollowedListener(listener, followers)


@contextmanager
def _lines(progress: Progress) -> Iterator[LineListener]:
    if progress.mode != "bar":
        yield LineListener(progress)
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns: tuple[Any, ...] = (
        SpinnerColumn(),
        TextColumn("trial {task.completed:.0f}/{task.total:.0f}"),
        BarColumn(bar_width=12),
        TextColumn("{task.description}"),
    )
    # Lines that others write to standard error meanwhile go above the bar: Rich takes that over while it is shown.
    with RichProgress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("reading", total=None)
        yield BarListener(
            progress,
            lambda done, total, left: bar.update(
                task, completed=done, total=total, description=left.removeprefix(", ")
            ),
        )
