"""Putting a finished file or folder in its place in one step: every writer of ours goes through here.

It is written under a hidden name in the same folder, hence on the same file system, where renaming is one step. If
the process is killed, `.NAME.0123abcd.partial` is left and NAME is untouched; on an exception no partial file is left.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from lda.corpus.storage.leftovers import UNDIVIDED, forget, remember

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The disk has no room for more, or not for this user, or a file may not be as large."""


@contextmanager
def replaced_file(target: Path, check: Callable[[], object] = lambda: None) -> Iterator[Path]:
    """Yield the path of a file to write; it becomes `target` when the block ends without an exception.

    The folder of the target must be there by the time the file is opened. check: asked just before the target is
    replaced, for another process may have been faster; what it raises keeps the target as it is.
    """
    # Two processes may write the same target: a worker wrongly presumed dead, say, or one orphaned by a killed driver.
    temporary = _beside(target, "partial")
    remember(temporary)
    try:
        yield temporary
        flush(temporary)
        check()
        temporary.replace(target)
    except OSError as error:
        if error.errno in FULL and error.filename is None:  # of a write, which names no file
            error.filename = str(target)
        raise
    finally:
        temporary.unlink(missing_ok=True)
        forget(temporary)


@contextmanager
def replaced_folder(
    target: Path, check: Callable[[], object], *, temporary: Path | None = None
) -> Iterator[Path]:
    """Yield an empty folder to fill; it becomes `target` when the block ends without an exception.

    A folder that is replaced stays intact until the new one is complete, and is put back if the last
    rename fails. (A swap in one system call exists on Linux only; two renames work everywhere.)

    check: refuses a target that may not be replaced; asked before the folder is made, and just before it is renamed.
    temporary: the folder to fill, on the same file system; what stands there goes. None for a new one.
    """
    check()
    target.parent.mkdir(parents=True, exist_ok=True)
    if temporary is None:
        temporary = _beside(target, "partial")
    elif temporary.exists():
        shutil.rmtree(temporary)
    remember(temporary)
    try:
        temporary.mkdir()
        yield temporary
        check()
        _swap(temporary, target)
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            error.filename = str(target)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        forget(temporary)


def _swap(temporary: Path, target: Path) -> None:
    if not os.path.lexists(target):
        temporary.rename(target)
    else:
        old = _beside(target, "old")
        with UNDIVIDED:
            target.rename(old)
            try:
                temporary.rename(target)
            except BaseException:
                old.rename(target)
                raise
        if old.is_symlink():  # what it led to stays
            old.unlink()
        shutil.rmtree(old, ignore_errors=True)
    flush(target.parent)


def _beside(target: Path, ending: str) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.{ending}")


def flush(path: Path) -> None:
    """Force a file, or a folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
