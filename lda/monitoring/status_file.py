"""`StatusFile`: a JSON document that says how a run stands, rewritten every few seconds."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from lda.monitoring.background_writer import BackgroundWriter
from lda.monitoring.follower import PATIENCE, Follower
from lda.monitoring.named_file import NamedFile
from lda.monitoring.run_status import FORMAT
from lda.monitoring.trouble import Trouble

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from lda.cluster import SweepRecord

EVERY: Final = 5.0
"""Seconds between two writes, where nothing happens meanwhile."""

WHAT: Final = "the status of a run"


class StatusFile(Follower):
    """Keeps a JSON document that says how a run stands: for schedulers, and for whoever looks after it.

    As a callback of a fit, `LDA(callbacks=[StatusFile("status.json")])`, or around whatever runs:
    `with StatusFile("status.json") as status: lda.build_corpus(...)`.

    The document is replaced as a whole, so that who reads it never finds half of one; every few seconds, soon after
    something has happened, and a last time at the end. It is written by a thread of its own: a disk that is full or a
    bucket that does not answer costs one warning, and neither ends nor slows the run. Its fields are described in
    docs/how-to/monitor.md. A reader takes the run for lost when `updated` is older than several times `every_seconds`
    and there is no process `pid` on its machine.

    Args:
        place: path or URI of the file; another run's status there is replaced, and nothing else.
        every: seconds between two writes.
        patience: seconds that the end of the run waits for the last write, at most.
        warn: told what keeps the status from being written, once; None warns as Python does.
        clocks: `now` and `monotonic`, as of `Follower`.

    Raises:
        DataError: the file may not be replaced, or names no file.
        ValueError: `every` is not above 0.
    """

    def __init__(
        self,
        place: str | os.PathLike[str],
        *,
        every: float = EVERY,
        patience: float = PATIENCE,
        warn: Callable[[str], None] | None = None,
        **clocks: Callable[[], float],
    ) -> None:
        super().__init__(**clocks)
        if not every > 0:
            raise ValueError(f"every must be above 0 seconds, got {every}")
        self._file, self.every, self.patience = NamedFile.of(place), every, patience
        self._file.check(FORMAT, WHAT)
        self._warn = warn
        self._clear()

    def __repr__(self) -> str:
        return f"StatusFile({self._file.shown()!r})"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_writer": None}

    def _clear(self) -> None:
        self._trouble = Trouble(
            f"the status of this run cannot be written to {self._file.shown()}", self._warn
        )
        self._writer: BackgroundWriter | None = None
        self._writes, self._looked = 0, False

    def _started(self) -> None:
        self._clear()
        self._writer = BackgroundWriter(self._write, self.every, self._trouble)

    def __call__(self, record: SweepRecord) -> None:
        """A sweep is over."""
        super().__call__(record)
        self._trouble.tell()

    def _changed(self) -> None:
        if self._writer is not None:
            self._writer.soon()
        self._trouble.tell()

    def _told(self, event: str, **facts: object) -> None:
        if event in ("checkpoint", "going on"):
            self._changed()

    def _ended(self, patience: float) -> None:
        if self._writer is not None:
            self._writer.close(min(patience, self.patience))
            self._trouble.tell()
            self._writer = None

    def _write(self) -> None:
        """Write the document; in the thread of the writer."""
        place = self._file.storage()
        if self._file.remote and not self._looked:
            with suppress(FileNotFoundError):
                self._file.check_content(next(place.chunks(self._file.name), b""), FORMAT, WHAT)
        self._looked = True
        self._writes += 1
        document = self.status.to_dict(
            now=self._now(), monotonic=self._monotonic(), writes=self._writes, every=self.every
        )
        place.write(self._file.name, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
