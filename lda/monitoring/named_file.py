"""One file at a path or a URI that a run keeps up to date: where it lies, and whether it may be replaced."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.contained_path import check_name
from lda.corpus.storage.output_target import check_file_target, check_names_file
from lda.corpus.storage.places import is_uri, storage

if TYPE_CHECKING:
    from lda.corpus.storage.places import Storage

LOOKED_AT: Final = 400
"""Bytes of the beginning of a file, in which there is the name of its format if it is one of ours."""


class NamedFile(NamedTuple):
    """A file, by the folder or URI it lies in, which may hold keys, and its name there."""

    folder: str
    name: str
    remote: bool

    @classmethod
    def of(cls, place: str | os.PathLike[str]) -> NamedFile:
        """The file of a path or a URI. Raises DataError for one that names no file."""
        text = os.fspath(place)
        check_names_file(text)
        if not is_uri(text):
            path = Path(text)
            return cls(str(path.absolute().parent), check_name(path.name), remote=False)
        address, mark, query = text.partition("?")
        folder, _, name = address.rpartition("/")
        if not name or folder.endswith("/"):
            raise DataError(f"{text} names no file; give a bucket, and a name in it")
        return cls(f"{folder}{mark}{query}", check_name(name), remote=True)

    @property
    def path(self) -> Path:
        """Of a file that is not remote."""
        return Path(self.folder) / self.name

    def shown(self) -> str:
        """How it is called in messages."""
        if not self.remote:
            return presentable(str(self.path))
        return presentable(f"{self.folder.partition('?')[0]}/{self.name}")

    def storage(self) -> Storage:
        """Where it lies. Raises DataError, and NetworkError where it cannot be reached now."""
        return storage(self.folder)

    def check(self, format: str, what: str) -> None:  # noqa: A002 - the word for it
        """Refuse a local file that may not be replaced, before anything is done.

        A store is not asked: one that does not answer must not keep a run from its work.

        Args:
            format: the name in its beginning, if it is one of ours.
            what: such a file is: "the status of a run".

        Raises:
            DataError: it is a folder, a device, a part of a model, or some other file; or cannot be written.
        """
        if self.remote:
            return
        check_file_target(self.path, overwrite=True)
        if self.path.exists():
            with self.path.open("rb") as file:
                self.check_content(file.read(LOOKED_AT), format, what)

    def check_content(self, start: bytes, format: str, what: str) -> None:  # noqa: A002 - the word for it
        """Refuse, by its beginning, a file that is none of ours. Raises DataError."""
        if start.strip() and f'"{format}"'.encode() not in start[:LOOKED_AT]:
            raise DataError(
                f"{self.shown()} exists and is not {what}, so it is not replaced; choose another name"
            )
