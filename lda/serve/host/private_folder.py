"""A folder for prepared models, that nobody else can read, and that does not outlive the process that made it."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import presentable
from lda.corpus.storage.leftovers import forget, remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIX: Final = "raylda-serve-"


@contextmanager
def private_folder(warn: Callable[[str], object]) -> Iterator[Path]:
    """A folder of mode 700, where temporary files are (TMPDIR), for the block; then it goes, with all it holds.

    warn: gets a line where that is not the folder that TMPDIR names, which Python passes over in silence when nothing
    can be written there.

    A process that is killed leaves it: the next one that comes here removes it. Whether a folder's process lives is
    told by a lock on it, which goes with the process: numbers of processes come again, and differ between containers.
    """
    parent, wished = tempfile.gettempdir(), os.environ.get("TMPDIR")
    if wished and os.path.abspath(wished) != parent:
        warn(
            f"nothing can be written to {presentable(wished)}, which TMPDIR names; models are prepared in {parent}"
        )
    remove_stale()
    folder, lock = _new()
    remember(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        forget(folder)


def remove_stale() -> None:
    """Remove folders whose processes are dead, as far as they are this user's."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(lock).st_uid == os.geteuid():
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)


def _new() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another process may have come between the two, have taken it for one that nobody has, and removed it.
        with suppress(FileNotFoundError):
            if os.path.samestat(folder.stat(), os.fstat(lock)):
                return folder, lock
        os.close(lock)
