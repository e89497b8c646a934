"""Lists of inputs in a file."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.inputs.fetching import path_here
from lda.corpus.inputs.input_file import shown_place
from lda.corpus.storage.places import is_uri
from lda.corpus.storage.remote_file import RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_NAME: Final = 255
"""Bytes that a name in a path may have on the file systems of today."""


def read_file_list(place: str | Path | IO[bytes]) -> list[str]:
    """The inputs that a file names, one a line, or with a NUL byte behind each as `find -print0` writes them.

    Blank lines name nothing. Paths count from the current folder, as those of a command line do.

    Args:
        place: path or URI of the file, or a stream such as standard input.

    Raises:
        DataError: it cannot be read, or names nothing.
    """
    if isinstance(place, str) or not hasattr(place, "read"):
        shown, data = shown_place(str(place)), _read(str(place))
    else:
        shown, data = "the list on stdin", place.read()
    data = data.removeprefix(b"\xef\xbb\xbf")
    lines = data.split(b"\0") if b"\0" in data else data.replace(b"\r\n", b"\n").split(b"\n")
    names = [os.fsdecode(line) for line in lines if line.strip()]
    if not names:
        raise DataError(f"{shown} names no inputs; write one a line")
    for number, name in enumerate(names, 1):
        if not is_uri(name) and max(map(len, map(os.fsencode, name.split("/")))) > LONGEST_NAME:
            raise DataError(
                f"{shown} is to name an input a line, and its name number {number:,} is longer than names of files "
                f"are, {name[:60]!r} ...; if it is an input itself, give it as one"
            )
    return ["./-" if name == "-" else name for name in names]


def _read(place: str) -> bytes:
    path = path_here(place)
    if path is None:
        source = RemoteFile(place)
        try:
            return b"".join(source.pieces())
        finally:
            source.close()
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(
            f"the list {shown_place(place)} cannot be read: {error.strerror or error}; check the name"
        ) from None
