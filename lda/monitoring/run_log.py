"""`RunLog`: what happened to a run, and when, a line of JSON for each event."""

from __future__ import annotations

import json
import platform
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from lda.cluster.spec.events import LossLine
from lda.monitoring.background_writer import BackgroundWriter
from lda.monitoring.follower import Follower
from lda.monitoring.named_file import NamedFile
from lda.monitoring.pens import LocalPen, Pen, RemotePen
from lda.monitoring.run_status import utc
from lda.monitoring.trouble import Trouble

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from lda.cluster import SweepRecord

FORMAT: Final = "raylda-log"
VERSION: Final = 1
WHAT: Final = "the log of runs"
MOST_BYTES: Final = 2**22
"""Of a log; the older half of one that is larger is dropped, which a line tells."""

MOST_WAITING: Final = 1000
"""Lines that wait for a disk, or a store, that takes none; older ones are dropped."""

SECONDS_BETWEEN_RETRIES: Final = 60.0
"""Requests that are made again are told of so often at most, with their number."""

SECONDS_BETWEEN_CHECKPOINTS: Final = 60.0
"""Checkpoints are told of so often at most: a quick fit makes several a second, which would hide a loss."""


class RunLog(Follower):
    """Keeps a log of what happened to a run: what was lost, when, and what was done about it.

    As a callback of a fit, `LDA(callbacks=[RunLog("model.log.jsonl")])`, or around whatever runs, as `StatusFile`. Each
    line is an object with `time` (UTC), `run` (a word that all lines of one run share), `event` and facts of the event;
    they are described in docs/how-to/monitor.md. Lines are only appended: a run that is resumed goes on in the same
    file, under another `run`. A log of more than 4 MB loses its older half. What keeps it from being written costs one
    warning, never the run.

    Args:
        place: path or URI. At a URI, where nothing can be appended, the file is replaced by a longer one.
        early: write from the beginning of the run; else from the first sweep, part or loss, so that a run that fails
            before leaves no file, and a file that is something else costs a warning.
        most_bytes: of the file.
        warn: told what keeps the log from being written, once; None warns as Python does.
        clocks: `now` and `monotonic`, as of `Follower`.

    Raises:
        DataError: the file is something else, or names no file.
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        *,
        early: bool = True,
        most_bytes: int = MOST_BYTES,
        warn: Callable[[str], None] | None = None,
        **clocks: Callable[[], float],
    ) -> None:
        super().__init__(**clocks)
        self._file, self._early, self._most_bytes = NamedFile.of(place), early, most_bytes
        if early:
            self._file.check(FORMAT, WHAT)
        self._warn = warn
        self._clear()
        self._listing, self._writing = threading.Lock(), threading.Lock()

    def __repr__(self) -> str:
        return f"RunLog({self._file.shown()!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_writer": None, "_pen": None, "_listing": None, "_writing": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._clear()
        self._listing, self._writing = threading.Lock(), threading.Lock()

    def __call__(self, record: SweepRecord) -> None:
        """A sweep is over."""
        self._open()
        super().__call__(record)
        self._trouble.tell()

    def on_warning(self, text: str) -> None:
        """Something was warned of, a loss of workers among it."""
        if isinstance(text, LossLine):
            self._open()
        super().on_warning(text)

    def on_parts(
        self, stage: str, parts: int, n_parts: int, *, workers: int = 0, seconds_left: float | None = None
    ) -> None:
        """See `Follower`."""
        super().on_parts(stage, parts, n_parts, workers=workers, seconds_left=seconds_left)
        self._open()

    def _clear(self) -> None:
        self._pen: Pen | None = None
        self._writer: BackgroundWriter | None = None
        self._waiting: list[bytes] = []
        self._trouble = Trouble(f"the log of this run cannot be written to {self._file.shown()}", self._warn)
        self._retries, self._told_retries_at = 0, float("-inf")
        self._told_checkpoint_at = float("-inf")

    def _started(self) -> None:
        self._clear()
        if self._early:
            self._open()

    def _open(self) -> None:
        """From here on lines are written, those that waited too."""
        if self._pen is not None:
            return
        if self._file.remote:
            self._pen = RemotePen(self._file, self._most_bytes, self._shortened, format=FORMAT, what=WHAT)
            self._writer = BackgroundWriter(self._add, None, self._trouble)
        else:
            self._pen = LocalPen(self._file, self._most_bytes, self._shortened, format=FORMAT, what=WHAT)
        self._write()

    def _changed(self) -> None:
        self._trouble.tell()

    def _told(self, event: str, **facts: object) -> None:
        if event == "start":
            facts = {**facts, **_versions()}
        elif event == "checkpoint":
            now = self._monotonic()
            if now - self._told_checkpoint_at < SECONDS_BETWEEN_CHECKPOINTS:
                return
            self._told_checkpoint_at = now
        self._put(event, facts)
        self._write()

    def _retried(self, reason: str) -> None:
        self._retries += 1
        now = self._monotonic()
        if now - self._told_retries_at >= SECONDS_BETWEEN_RETRIES:
            self._told_retries_at = now
            times, self._retries = self._retries, 0
            self._told("network", times=times, reason=reason, then="asked again")

    def _ended(self, patience: float) -> None:
        if self._pen is None and not self._file.remote and self._file.path.exists():
            self._open()  # there is a log of an earlier run, which is to know of this one
        if self._writer is not None:
            self._writer.close(patience)
        self._trouble.tell()
        if self._pen is not None:
            self._pen.close()

    def _put(self, event: str, facts: dict[str, object]) -> None:
        line = self._line(event, facts)
        with self._listing:
            self._waiting.append(line)
            del self._waiting[:-MOST_WAITING]

    def _line(self, event: str, facts: dict[str, object]) -> bytes:
        # The format stands where a log may begin, so that a file is known as one.
        head = {"format": FORMAT, "version": VERSION} if event in ("start", "shortened") else {}
        known = {"time": utc(self._now()), "run": self.status.run, "event": event}
        told = {name: value for name, value in facts.items() if value is not None}
        return json.dumps({**head, **known, **told}, ensure_ascii=False).encode() + b"\n"

    def _shortened(self, lines: int) -> bytes:
        return self._line("shortened", {"lines": lines})

    def _write(self) -> None:
        if self._writer is not None:
            self._writer.soon()
        elif self._pen is not None:
            try:
                self._add()
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must not end of it
                self._trouble.keep(error)

    def _add(self) -> None:
        assert self._pen is not None
        with self._writing:
            with self._listing:
                lines, self._waiting = self._waiting, []
            try:
                if lines:
                    self._pen.add(b"".join(lines))
            except BaseException:
                with self._listing:
                    self._waiting = (lines + self._waiting)[-MOST_WAITING:]
                raise


def _versions() -> dict[str, object]:
    try:
        ours = version("raylda")
    except PackageNotFoundError:  # a bare checkout
        ours = "?"
    return {"raylda": ours, "python": platform.python_version()}
