"""Files of a folder that a stranger may have made: none lies outside of it, and each of them is a plain file."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

from lda.corpus.errors import DataError


def check_name(name: object) -> str:
    """A name within a folder, as it was given. It may hold slashes, and stays below the folder.

    Raises:
        DataError: it is no such name.
    """
    if not isinstance(name, str) or not name.isprintable() or "\\" in name:
        raise DataError(f"a file of the folder must be named by plain text, got {name!r:.80}")
    if any(part in {"", ".", ".."} for part in name.split("/")):
        raise DataError(f"a file of the folder must lie in it, got the name {name!r:.80}")
    return name


def path_inside(root: Path, name: str) -> Path:
    """The path of a plain file in a folder, with no link left in it.

    A link within the folder is followed. One out of it would read what whoever made the folder has no right to,
    and a FIFO or a device would keep the reader waiting, or give it bytes without end.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: the system does not let it be seen.
        DataError: it is no plain file, or its name or a link leads out of the folder.
    """
    base = os.path.realpath(root)
    if "/" not in check_name(name):
        plain = Path(
            base, name
        )  # the usual case, in a third of the time: nothing is left that could be a link
        if stat.S_ISREG(plain.lstat().st_mode):
            return plain
    path = os.path.realpath(root / name, strict=True)
    if not Path(path).is_relative_to(base):
        raise DataError(
            f"{root / name} leads out of its folder, to {path}; put the file itself there (`cp -L`)"
        )
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(f"{root / name} is not a plain file; put the file itself there")
    return Path(path)


def open_inside(root: Path, name: str) -> BinaryIO:
    """A plain file in a folder, opened for reading. Raises as `path_inside`."""
    return path_inside(root, name).open("rb")
