"""What is undone when the process has to end at once, without coming back from where it is.

A signal may come while a compiler or a library runs that does not return for minutes. Then the process is ended from
another thread, and no `finally` of the interrupted one is reached: temporary files say here how to remove them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UNDIVIDED: Final = threading.RLock()
"""Held while something that stood there is replaced in two steps: the thread that ends the process waits for it."""

_undo: Final[dict[str, Callable[[], object]]] = {}


def remember(path: Path | str, undo: Callable[[], object] | None = None) -> None:
    """Make `undo_all` remove a temporary file or folder, or call `undo`; until `forget`."""

    def remove() -> None:
        shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):  # of a folder, or gone already
            os.unlink(path)

    _undo[str(path)] = undo or remove


def forget(path: Path | str) -> None:
    """Drop a path from the list: it is gone, or in its place."""
    _undo.pop(str(path), None)


@contextmanager
def temporary_folder() -> Iterator[str]:
    """A folder for the block, gone afterwards, also where the process has to end at once."""
    folder = ""
    try:
        with tempfile.TemporaryDirectory(prefix="raylda-") as folder:
            remember(folder)
            yield folder
    finally:
        forget(folder)


def undo_all() -> None:
    """Undo what has been remembered, the latest first, as far as that is possible."""
    while _undo:
        _, undo = _undo.popitem()
        with suppress(Exception):  # the process ends in any case
            undo()
