"""What `lda corpus build` says while it runs: how many parts are done, how fast, and how long the rest will take."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lda.progress import SECONDS_BETWEEN_LINES, clock, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lda.corpus.ingest.build import BuildProgress
    from lda.progress import Progress


class BuildPace:
    """How far a stage is, in words. The pace is that of this run: parts of an earlier one took no time."""

    def __init__(self) -> None:
        self._first: BuildProgress | None = None
        self._since = time.monotonic()

    def line(self, now: BuildProgress) -> str:
        """One line on a state."""
        if self._first is None or self._first.stage != now.stage:
            self._first, self._since = now, time.monotonic()
        took = time.monotonic() - self._since
        said = f"{now.stage}: {now.parts:,}/{now.n_parts:,} parts"
        if now.n_bytes:
            said += f", {now.bytes / 1e6:,.0f} of {now.n_bytes / 1e6:,.0f} MB"
        if now.documents:
            said += f", {plural(now.documents, 'document')}"
        new, left = now.bytes - self._first.bytes, now.n_bytes - now.bytes
        if new and took > 0:
            said += f", {new / took / 1e6:.1f} MB/s"
        if now.workers > 1:
            said += f", {plural(now.workers, 'worker')}"
        if new and left and took > 0:
            said += f", {clock(left * took / new)} left"
        return said


@contextmanager
def shown(progress: Progress) -> Iterator[Callable[[BuildProgress], None]]:
    """Show a build within the block: a bar on a terminal, lines elsewhere, nothing where that is wanted."""
    if progress.mode == "bar":
        with _bar() as tell:
            yield tell
        return
    pace, said = BuildPace(), time.monotonic()

    def tell_line(now: BuildProgress) -> None:
        nonlocal said
        line = pace.line(now)
        if time.monotonic() - said >= SECONDS_BETWEEN_LINES or progress.verbosity > 0:
            said = time.monotonic()
            progress.note(line)

    yield tell_line


@contextmanager
def _bar() -> Iterator[Callable[[BuildProgress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns: list[Any] = [SpinnerColumn(), BarColumn(bar_width=12), TextColumn("{task.description}")]
    pace = BuildPace()
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def tell(now: BuildProgress) -> None:
            done, total = (now.bytes, now.n_bytes) if now.n_bytes else (now.parts, now.n_parts)
            bar.update(task, completed=done, total=total or None, description=pace.line(now))

        yield tell
