"""Whether the model at a place is another one than before: what is there, as the file system numbers and dates it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from pathlib import Path

Identity = tuple[tuple[str, int, int, int], ...]
"""Of a folder: (name, inode, bytes, time of change) of each of its files."""


def identity(place: str | Path) -> Identity | None:
    """What tells one state of a model's folder from another; None where there is no model, or nobody can look.

    All files count: one that is being copied has its `model.json` long before the rest. A URI has none: asking a store
    every second costs, and POST /v2/repository/models/NAME/load says when to look.
    """
    if is_uri(place):
        return None
    found = []
    try:
        with os.scandir(place) as entries:
            for entry in entries:
                if not entry.name.startswith("."):
                    facts = entry.stat()
                    found.append((entry.name, facts.st_ino, facts.st_size, facts.st_mtime_ns))
    except OSError:  # it is just being replaced, or it is gone
        return None
    return tuple(sorted(found)) if any(name == "model.json" for name, *_ in found) else None


class Watch:
    """Looks at one place again and again.

    A state counts once two looks have found it: a folder that is being copied is let alone until it is whole, as far
    as one can tell. served: what was there when it was last loaded, or refused.
    """

    def __init__(self, place: str | Path) -> None:
        self.place = place
        self.served: Identity | None = None
        self._last: Identity | None = None

    def look(self) -> bool:
        """Whether something new is there to be loaded."""
        now = identity(self.place)
        settled, self._last = now == self._last, now
        return now is not None and settled and now != self.served
