"""Outputs that appear whole or not at all: written beside the target, flushed, then renamed."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.storage.leftovers import UNDIVIDED, forget, remember
from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def check_folder_target(target: Path, *, overwrite: bool, is_ours: Callable[[Path], bool]) -> None:
    """Refuse a target folder that may not be written, before any work is done.

    Raises:
        DataError: it exists and `overwrite` is off, or it exists and `is_ours(target)` is false: a folder
            of something else is never replaced.
    """
    check_parent(target)
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise DataError(f"{target} exists already; choose another name, or allow overwriting (--overwrite)")
    empty = target.is_dir() and not any(target.iterdir())
    if not empty and not is_ours(target):
        raise DataError(f"{target} exists and is not a model, so it is not overwritten; choose another name")


def local_path(name: str) -> Path:
    """The path of a file to write. A URI would be taken for a path, keys and all.

    Raises:
        DataError: it is a URI.
    """
    if is_uri(name):
        raise DataError(
            f"{name} is a URI, where no single file can be written; name a path, and copy the file"
        )
    return Path(name)


def check_file_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a target file that may not be written, before any work is done.

    Raises:
        DataError: it is a folder, a pipe or a device, or it exists and `overwrite` is off.
    """
    check_parent(target)
    if target.is_dir():
        raise DataError(f"{target} is a folder; name a file to write")
    if target.exists() and not target.is_file():
        # The file would take its place, even that of /dev/stdout; and Parquet and .npy cannot go through a pipe.
        raise DataError(
            f"{target} is a pipe or a device, and outputs appear whole or not at all; name a file"
        )
    if os.path.lexists(target) and not overwrite:
        raise DataError(f"{target} exists already; choose another name, or allow overwriting (--overwrite)")


def check_parent(target: Path) -> None:
    """Refuse a target that nobody could write: folders above it are made later, the lowest there must allow it.

    Raises:
        DataError: it is a file, or read-only.
    """
    above = next(parent for parent in target.absolute().parents if parent.exists())
    if not above.is_dir():
        raise DataError(f"{target} cannot be written because {above} is not a folder; choose another place")
    if not os.access(above, os.W_OK | os.X_OK):
        raise DataError(
            f"{target} cannot be written because the folder {above} is read-only; choose another place"
        )


@contextmanager
def new_folder(target: Path, *, overwrite: bool, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield an empty folder beside `target` to fill; on success it becomes `target`, else it vanishes.

    A folder that is replaced stays intact until the new one is complete, and is put back if the last
    rename fails. (A swap in one system call exists on Linux only; two renames work everywhere.)

    Raises:
        DataError: as `check_folder_target`, asked again at the end.
    """
    check_folder_target(target, overwrite=overwrite, is_ours=is_ours)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _sibling(target, "new")
    remember(temporary)
    temporary.mkdir()
    try:
        yield temporary
        _flush_folder(temporary)
        check_folder_target(target, overwrite=overwrite, is_ours=is_ours)
        _replace_folder(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        forget(temporary)


@contextmanager
def new_file(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield the path of a file beside `target` to write; on success it becomes `target`, else it vanishes.

    Raises:
        DataError: as `check_file_target`, asked again at the end.
    """
    check_file_target(target, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = _sibling(target, "new")
    remember(temporary)
    try:
        yield temporary
        _flush(temporary)
        check_file_target(target, overwrite=overwrite)
        temporary.replace(target)
        _flush(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
        forget(temporary)


def _sibling(target: Path, purpose: str) -> Path:
    """A hidden name in the same folder, hence on the same file system; renaming is then one step."""
    return target.parent / f".{target.name}.{purpose}-{secrets.token_hex(4)}"


def _replace_folder(temporary: Path, target: Path) -> None:
    if not os.path.lexists(target):
        temporary.rename(target)
    else:
        old = _sibling(target, "old")
        with UNDIVIDED:
            target.rename(old)
            try:
                temporary.rename(target)
            except BaseException:
                old.rename(target)
                raise
        shutil.rmtree(old, ignore_errors=True)
    _flush(target.parent)


def _flush_folder(folder: Path) -> None:
    for path in folder.iterdir():
        _flush(path)
    _flush(folder)


def _flush(path: Path) -> None:
    """Force a file or a folder's list of names to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
