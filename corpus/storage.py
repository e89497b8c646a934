"""Files at a place that may be a folder or an object store, each written whole or not at all.

Corpora, models and checkpoints all go through here where a place is named by a URI. Object stores cannot rename,
so what consists of several files is made valid there by the file that is written last.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from lda.corpus.errors import DataError
from lda.corpus.inside import check_name, open_inside, path_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK: Final = 2**20
"""Bytes read at a time where a file is only looked through."""

_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


class Storage(Protocol):
    """Named blobs under one root. A name may hold slashes; a blob appears only once it is complete.

    No name leads out of the root, nor does a link in a folder, and only plain files are read: DataError else.
    """

    root: str

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Store a blob. Raises OSError when there is no room or no right to write."""

    def read(self, name: str) -> bytes:
        """The blob. Raises FileNotFoundError when there is none."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """The blob piece by piece, so that it is never held whole. Raises FileNotFoundError when there is none."""

    def size(self, name: str) -> int | None:
        """Bytes of the blob; None when there is none."""

    def files(self, folder: str = "") -> dict[str, int]:
        """Names and bytes of the blobs that lie directly in a folder, or in the root."""

    def folders(self) -> list[str]:
        """Names of the first level, sorted."""

    def delete(self, name: str) -> None:
        """Remove one blob; no error when it is not there."""

    def remove(self, folder: str) -> None:
        """Remove a folder of the first level with all it holds; no error when it is not there."""

    def remove_empty(self) -> None:
        """Remove the root if nothing is left in it."""


def is_uri(place: str | os.PathLike[str]) -> bool:
    """Whether a place is named by a URI such as s3://bucket/folder, not by a path."""
    return isinstance(place, str) and _SCHEME.match(place) is not None


def without_keys(place: str) -> str:
    """A URI without the keys that may stand in it, as s3://KEY:SECRET@bucket: for what is kept or shown."""
    return re.sub(r"(?<=://)[^/?@]*@", "", place, count=1) if is_uri(place) else place


def beside(place: str, suffix: str) -> str:
    """The place whose name is that of `place` with a suffix; the query of a URI stays behind the name."""
    if not is_uri(place):
        return place.rstrip("/") + suffix
    name, mark, query = place.partition("?")
    return f"{name.rstrip('/')}{suffix}{mark}{query}"


def storage(place: str | os.PathLike[str]) -> Storage:
    """The storage at a path, or at a URI that pyarrow's file systems know: s3://, gs://, abfs://, hdfs://, file://.

    Raises:
        DataError: there is no such file system, or the store refuses to be reached.
    """
    text = os.fspath(place)
    return RemoteStorage(text) if is_uri(text) else LocalStorage(Path(text))


class LocalStorage:
    """A folder; blobs are written under another name, flushed to the disk and renamed."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._root = root

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See `Storage`."""
        target = self._root / check_name(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Another process may be writing the same: one that is taken for lost, or was left by a killed driver.
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.partial")
        try:
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(target)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise

    def read(self, name: str) -> bytes:
        """See `Storage`."""
        with open_inside(self._root, name) as file:
            return file.read()

    def chunks(self, name: str) -> Iterator[bytes]:
        """See `Storage`."""
        with open_inside(self._root, name) as file:
            while chunk := file.read(CHUNK):
                yield chunk

    def size(self, name: str) -> int | None:
        """See `Storage`."""
        try:
            return path_inside(self._root, name).stat().st_size
        except (FileNotFoundError, NotADirectoryError):
            return None

    def files(self, folder: str = "") -> dict[str, int]:
        """See `Storage`."""
        here = self._root / check_name(folder) if folder else self._root
        if not here.is_dir():
            return {}
        return {entry.name: entry.stat().st_size for entry in here.iterdir() if entry.is_file()}

    def folders(self) -> list[str]:
        """See `Storage`."""
        if not self._root.is_dir():
            return []
        return sorted(entry.name for entry in self._root.iterdir() if entry.is_dir())

    def delete(self, name: str) -> None:
        """See `Storage`."""
        (self._root / check_name(name)).unlink(missing_ok=True)

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        shutil.rmtree(self._root / check_name(folder), ignore_errors=True)

    def remove_empty(self) -> None:
        """See `Storage`."""
        with suppress(OSError):  # not empty, or not there
            self._root.rmdir()


class RemoteStorage:
    """An object store that pyarrow reaches; there a write that ends is complete, and one that fails is nothing."""

    def __init__(self, uri: str) -> None:
        import pyarrow as pa
        from pyarrow import fs

        self.root = uri.rstrip("/")
        try:
            self._fs, path = fs.FileSystem.from_uri(self.root)
        except (pa.ArrowException, OSError) as error:
            reason = " ".join(str(error).split())
            raise DataError(f"{uri} cannot be reached ({reason}); check the URI, or name a path") from None
        self._path = path.rstrip("/")
        if not self._path:
            raise DataError(f"{uri} names no place; give the bucket and a name in it")

    def _at(self, name: str) -> str:
        return f"{self._path}/{check_name(name)}" if name else self._path

    def _readable(self, name: str) -> str:
        """Where a blob is read; file:// is a folder, in which there may be other things than files."""
        if self._fs.type_name == "local":
            return str(path_inside(Path(self._path), name))
        return self._at(name)

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See `Storage`."""
        path = self._at(name)
        self._fs.create_dir(path.rsplit("/", 1)[0], recursive=True)
        with self._fs.open_output_stream(path) as file:
            file.write(data)

    def read(self, name: str) -> bytes:
        """See `Storage`."""
        with self._fs.open_input_stream(self._readable(name)) as file:
            return bytes(file.read())

    def chunks(self, name: str) -> Iterator[bytes]:
        """See `Storage`."""
        with self._fs.open_input_stream(self._readable(name)) as file:
            while chunk := file.read(CHUNK):
                yield bytes(chunk)

    def size(self, name: str) -> int | None:
        """See `Storage`."""
        (info,) = self._fs.get_file_info([self._at(name)])
        return int(info.size) if info.is_file else None

    def files(self, folder: str = "") -> dict[str, int]:
        """See `Storage`."""
        return {info.base_name: int(info.size) for info in self._list(folder) if info.is_file}

    def folders(self) -> list[str]:
        """See `Storage`."""
        from pyarrow import fs

        return sorted(info.base_name for info in self._list("") if info.type == fs.FileType.Directory)

    def _list(self, folder: str) -> list[Any]:
        from pyarrow import fs

        return list(self._fs.get_file_info(fs.FileSelector(self._at(folder), allow_not_found=True)))

    def delete(self, name: str) -> None:
        """See `Storage`."""
        with suppress(FileNotFoundError):
            self._fs.delete_file(self._at(name))

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        if folder in self.folders():
            self._fs.delete_dir(self._at(folder))

    def remove_empty(self) -> None:
        """See `Storage`. An object store has no empty folders, at most a marker that harms nobody."""
