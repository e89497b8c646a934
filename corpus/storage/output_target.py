"""Outputs that a user has named: which files and folders may be written, and that they appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.storage.atomic_write import FULL, flush, replaced_file, replaced_folder
from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.places import is_uri
from lda.corpus.storage.strict_json import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_DESCRIPTIONS: Final = {
    **dict.fromkeys(("model.json", "manifest.json", "_manifest.json"), "the model, the corpus or the topics"),
    "study.json": "the study",
    "trial.json": "the trial of a study",
    "groups.json": "the groups",
    "split.json": "the split",
}
"""Files that say what a folder of ours holds, some of them with the names of the files beside them; of what each is."""

_UNNAMED: Final = ("labels.json", "_labels.json")
"""The names of topics, which these descriptions do not know of."""


def check_folder_target(
    target: Path, *, overwrite: bool, is_ours: Callable[[Path], bool], what: str = "a model"
) -> None:
    """Refuse a target folder that may not be written, before any work is done.

    what: that alone may be overwritten, which `is_ours` tells.

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
        raise DataError(f"{target} exists and is not {what}, so it is not overwritten; choose another name")


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


def check_names_file(name: str) -> None:
    """Refuse what names no file, or standard output where a file is replaced, or has others beside it.

    Raises:
        DataError: it does.
    """
    if name == "-":
        raise DataError("- is standard output, which cannot take this; name a file")
    if not is_uri(name) and not Path(name).name:
        raise DataError(f"{name or 'an empty name'} is a folder; name a file to write")


def check_file_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a target file that may not be written, before any work is done.

    Raises:
        DataError: it is a folder, a pipe or a device, or it exists and `overwrite` is off, or it is a part of a folder
            of ours, such as a model.
    """
    check_parent(target)
    if target.is_dir():
        raise DataError(f"{target} is a folder; name a file to write")
    if target.exists() and not target.is_file():
        # The file would take its place, even that of /dev/stdout; and Parquet and .npy cannot go through a pipe.
        raise DataError(
            f"{target} is a pipe or a device, and outputs appear whole or not at all; name a file"
        )
    if not os.path.lexists(target):
        return
    if not overwrite:
        raise DataError(f"{target} exists already; choose another name, or allow overwriting (--overwrite)")
    if (whole := _part_of(target)) is not None:
        raise DataError(
            f"{target} lies in {target.parent} and is a part of {whole} there, so it is not overwritten; choose "
            "another place"
        )


def _part_of(target: Path) -> str | None:
    """What a file is a part of, as the description of a folder of ours, or as named there; None of any other."""
    quoted = f'"{target.name}"'.encode(errors="replace")
    for name, whole in _DESCRIPTIONS.items():
        description = target.parent / name
        if not description.is_file():
            continue
        with description.open("rb") as file:
            start = file.read(200)
            if b'"raylda-' not in start:
                continue
            if target.name in (name, *_UNNAMED) or quoted in start + file.read(MOST_BYTES):
                return whole
    return None


def check_parent(target: Path) -> None:
    """Refuse a target that cannot be written.

    Missing parents are created later, so the nearest existing one must be a writable folder.

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


def check_apart(target: Path, read: Iterable[object], *, whole: Iterable[object] = ()) -> None:
    """Refuse a target that would take the place of what the same command reads.

    Args:
        target: file or folder to write.
        read: paths that are read; URIs, `-` and None are none. A file that is not there yet may be written into a
            folder of texts, but none of its files replaced.
        whole: folders of ours that are read: nothing may be written into them.

    Raises:
        DataError: the target is one of them, lies in one, or holds one.
    """
    real = Path(os.path.realpath(target))
    for places, closed in ((read, False), (whole, True)):
        for place in places:
            if not isinstance(place, str | Path) or str(place) == "-" or is_uri(place):
                continue
            source = Path(os.path.realpath(place))
            if source == real or real in source.parents:
                raise DataError(
                    f"{target} would take the place of {place}, which is read; choose another name"
                )
            if source in real.parents and (closed or real.exists()):
                raise DataError(f"{target} lies in {place}, which is read; choose another place")


def check_different(targets: Sequence[Path]) -> None:
    """Refuse two outputs at one place, of which the second would take that of the first. Raises `DataError`."""
    seen: dict[str, Path] = {}
    for target in targets:
        if seen.setdefault(os.path.realpath(target), target) is not target:
            raise DataError(f"{target} is named for two outputs; choose another name for one of them")


def same_place(one: Path, other: Path) -> bool:
    """Whether two paths are of one place, through whatever links they lead; it need not be there yet."""
    return os.path.realpath(one) == os.path.realpath(other)


@contextmanager
def new_folder(target: Path, *, overwrite: bool, is_ours: Callable[[Path], bool]) -> Iterator[Path]:
    """Yield an empty folder beside `target` to fill; on success it is flushed and becomes `target`, else it vanishes.

    Raises:
        DataError: as `check_folder_target`, asked again at the end.
    """
    with replaced_folder(
        target, lambda: check_folder_target(target, overwrite=overwrite, is_ours=is_ours)
    ) as temporary:
        yield temporary
        for path in temporary.iterdir():
            flush(path)
        flush(temporary)


@contextmanager
def new_file(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yield the path of a file beside `target` to write; on success it becomes `target`, else it vanishes.

    Raises:
        DataError: as `check_file_target`, asked again at the end.
    """
    check_file_target(target, overwrite=overwrite)
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(target, lambda: check_file_target(target, overwrite=overwrite)) as temporary:
        yield temporary
    flush(target.parent)


@contextmanager
def new_files(parent: Path, names: Sequence[str], *, overwrite: bool) -> Iterator[Path]:
    """Yield an empty folder in which to write some files; on success they go into `parent`, one after the other.

    All of them are written before the first appears. The last one shows that the others are there: if it stands there
    from before, it goes first.

    Args:
        parent: their folder.
        names: of the files, in the order in which they are to appear.
        overwrite: replace those that stand there.

    Raises:
        DataError: as `check_file_target`, asked again at the end.
    """
    parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{names[-1]}.", suffix=".partial", dir=parent))
    remember(temporary)
    try:
        yield temporary
        for name in names:
            check_file_target(parent / name, overwrite=overwrite)
            flush(temporary / name)
        (parent / names[-1]).unlink(missing_ok=True)
        for name in names:
            (temporary / name).replace(parent / name)
        flush(parent)
    except OSError as error:
        if error.errno in FULL and error.filename is None:
            error.filename = str(parent / names[-1])
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        forget(temporary)
