"""Reading a status file: what it says, in a line for people, and whether the run still gives signs of life."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.strict_json import parse_object
from lda.monitoring.named_file import NamedFile
from lda.monitoring.run_status import FORMAT, VERSION
from lda.progress import clock, plural

if TYPE_CHECKING:
    import os

MOST_BYTES: Final = 2**20
"""Of a status; a hundred evaluations have ten thousand."""

MISSED: Final = 6.0
"""Writes that a run may miss, one after the other, before it is taken for lost."""

_KINDS: Final[dict[str, type | tuple[type, ...]]] = {
    "version": int, "command": str, "run": str, "output": str, "state": str, "stage": str, "sweep": int,
    "sweeps": int, "parts": int, "n_parts": int, "documents": int, "workers": int, "workers_lost": int,
    "evaluations": list, "warnings": int, "updated": str, "every_seconds": (int, float),
    "tokens_per_second": (int, float, type(None)), "eta_seconds": (int, float, type(None)),
    "error": (str, type(None)), "exit_code": (int, type(None)), "last_warning": (str, type(None)),
}  # fmt: skip
"""Fields that are looked at, and what they must be: a stranger may have written the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStatus:
    """A status as it was found.

    document: all fields. age: seconds since it was written, by the clock of whoever reads, 0 at least.
    """

    document: dict[str, Any]
    age: float

    @property
    def lost(self) -> bool:
        """Whether the run should have written again long ago, and has not said that it ended."""
        return bool(
            self.document["state"] == "running" and self.age > MISSED * self.document["every_seconds"]
        )

    def line(self) -> str:
        """What the run does, or how it ended, on one line."""
        told = self.document
        parts = [f"{told['command']}: {told['state']}"]
        if told["state"] == "running":
            parts.append(told["stage"])
        if told["sweeps"]:
            parts.append(f"sweep {told['sweep']:,}/{told['sweeps']:,}")
        if told["n_parts"]:
            parts.append(f"part {told['parts']:,}/{told['n_parts']:,}")
        if told["documents"]:
            parts.append(plural(told["documents"], "document"))
        if told["state"] == "running":
            parts += self._pace()
        if told["workers_lost"]:
            parts.append(f"{plural(told['workers_lost'], 'worker')} lost")
        if told["exit_code"]:
            parts.append(f"exit code {told['exit_code']}")
        if told["error"]:
            parts.append(told["error"])
        if self.lost:
            parts.append(f"no sign of life for {clock(self.age)}: lost, or cut off from this file")
        return presentable(", ".join(parts))

    def _pace(self) -> list[str]:
        told, parts = self.document, list[str]()
        if told["tokens_per_second"]:
            parts.append(f"{told['tokens_per_second'] / 1e6:.2f} M tokens/s")
        if told["workers"]:
            parts.append(plural(told["workers"], "worker"))
        if told["eta_seconds"]:
            parts.append(f"{clock(told['eta_seconds'])} left")
        return parts


def read_status(place: str | os.PathLike[str], now: float) -> SeenStatus:
    """The status at a path or URI.

    now: seconds since 1970.

    Raises:
        DataError: there is none, it is something else, damaged, or of a newer version.
        OSError: it cannot be read.
    """
    file = NamedFile.of(place)
    storage = file.storage()
    size = storage.size(file.name)
    if size is None:
        raise DataError(f"there is no {file.shown()}; name the file that --status was given")
    if size > MOST_BYTES:
        raise DataError(f"{file.shown()} has {size} bytes, more than any status; name that of --status")
    content = storage.read(file.name)
    try:
        document = parse_object(content)
    except ValueError as error:
        raise DataError(f"{file.shown()} is not the status of a run: {error}") from None
    if document.get("format") != FORMAT:
        raise DataError(f"{file.shown()} is not the status of a run; name the file that --status was given")
    for name, kind in _KINDS.items():
        value = document.get(name)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DataError(f"{file.shown()} is damaged: {name} is {value!r:.40}; wait for the next one")
    if document["version"] > VERSION:
        raise DataError(
            f"{file.shown()} is of version {document['version']}, this raylda knows {VERSION}; use a newer one"
        )
    try:
        updated = datetime.fromisoformat(document["updated"]).timestamp()
    except (ValueError, OverflowError, OSError):
        raise DataError(f"{file.shown()} is damaged: updated is {document['updated']!r:.40}") from None
    return SeenStatus(document=document, age=max(0.0, now - updated))
