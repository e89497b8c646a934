"""Files at a place that may be a folder or an object store, each written whole or not at all.

Corpora, models and checkpoints all go through here where a place is named by a URI. Object stores cannot rename,
so what consists of several files is made valid there by the file that is written last.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.atomic_write import replaced_file
from lda.corpus.storage.contained_path import check_name, open_inside, path_inside
from lda.corpus.storage.retries import NetworkError, momentary, retried

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedWriter

    from pyarrow.fs import FileSystem

CHUNK: Final = 2**20
"""Bytes read at a time where a file is only looked through."""

FOLDERS_MADE: Final = 100
"""How often a folder is made for a file at most."""

CLIENT_ATTEMPTS: Final = 4
"""How often the client of S3 itself asks, within one of our attempts: a part of a large file is asked for alone."""

OBJECT_STORES: Final = frozenset({"s3", "gcs"})
"""Where a name needs no folder. Making one all the same is a request for the bucket and one for a marker at each level,
which a key that may write below one name only is refused."""

_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


class Storage(Protocol):
    """Named blobs under one root. A name may hold slashes; a blob appears only once it is complete.

    No name leads out of the root, nor does a link in a folder, and only plain files are read: DataError else.

    Attributes:
        root: how the place is called, `presentable`: for messages.
        address: by which `storage` finds it again, in another process too. It may hold keys: never show it.
    """

    root: str
    address: str

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

    def remove_root(self) -> None:
        """Remove the root with all it holds: for who knows that nobody else writes there."""


def is_uri(place: str | os.PathLike[str]) -> bool:
    """Whether a place is named by a URI such as s3://bucket/folder, not by a path."""
    return isinstance(place, str) and _SCHEME.match(place) is not None


def split_query(uri: str) -> tuple[str, str]:
    """What stands before the query of a URI, and the query with its question mark."""
    base, mark, query = uri.partition("?")
    return base, mark + query


def beside(place: str, suffix: str) -> str:
    """The place whose name is that of `place` with a suffix; the query of a URI stays behind the name."""
    if not is_uri(place):
        return place.rstrip("/") + suffix
    name, mark, query = place.partition("?")
    return f"{name.rstrip('/')}{suffix}{mark}{query}"


def storage(place: str | os.PathLike[str]) -> Storage:
    """The storage at a path, or at a URI that pyarrow's file systems know: s3://, gs://, abfs://, hdfs://, file://.

    Raises:
        DataError: there is no such file system, or the store refuses to be reached. NetworkError: it cannot be
            reached now.
    """
    text = os.fspath(place)
    return RemoteStorage(text) if is_uri(text) else LocalStorage(Path(text))


class LocalStorage:
    """A folder; blobs are written under another name, flushed to the disk and renamed."""

    def __init__(self, root: Path) -> None:
        self.address = str(root)
        self.root = presentable(self.address)
        self._root = root

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See `Storage`."""
        with replaced_file(self._root / check_name(name)) as partial, self._opened(partial) as file:
            file.write(data)

    def _opened(self, path: Path) -> BufferedWriter:
        """A new file in a folder that is made for it, again where another process removes that as empty meanwhile."""
        for _ in range(FOLDERS_MADE - 1):
            # The folder may also go between being found there and being looked at, which is a FileExistsError.
            with suppress(FileNotFoundError, FileExistsError):
                path.parent.mkdir(parents=True, exist_ok=True)
                return path.open("xb")
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")

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
        found = dict[str, int]()
        with suppress(FileNotFoundError, NotADirectoryError):  # not there, or removed meanwhile
            for entry in here.iterdir():
                with suppress(FileNotFoundError):
                    if entry.is_file():
                        found[entry.name] = entry.stat().st_size
        return found

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

    def remove_root(self) -> None:
        """See `Storage`."""
        shutil.rmtree(self._root, ignore_errors=True)


class RemoteStorage:
    """An object store that pyarrow reaches; what fails for a moment is asked for again (`lda.corpus.storage.retries`).

    A write that ends is complete. One that fails leaves nothing, but for one case: of a file of more than 10 MB,
    sent in parts, the parts so far may stay where the connection is lost for good or the process is killed. They
    are no file and are never read; a rule of the bucket removes them (docs/how-to/object-stores.md).

    Raises, beside what `Storage` says, NetworkError, an OSError, when the store cannot be reached for long.
    """

    def __init__(self, uri: str) -> None:
        import pyarrow as pa

        self.address = uri.rstrip("/")
        self.root = presentable(self.address)
        try:
            self._fs, path = retried(file_system, self.address)
        except NetworkError:
            raise
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
        if self._fs.type_name not in OBJECT_STORES:
            retried(self._fs.create_dir, path.rsplit("/", 1)[0], recursive=True)
        retried(self._write, path, data)

    def _write(self, path: str, data: bytes | memoryview) -> None:
        file = self._fs.open_output_stream(path, compression=None)  # pyarrow would pack what is called .gz
        try:
            file.write(data)
        except BaseException:
            # Closing ends the upload and makes a file of the parts that arrived: pyarrow cannot call it off.
            with suppress(OSError):
                file.close()
            with suppress(OSError):
                self._fs.delete_file(path)
            raise
        file.close()

    def read(self, name: str) -> bytes:
        """See `Storage`."""

        def read() -> bytes:
            with self._fs.open_input_stream(self._readable(name), compression=None) as file:
                return bytes(file.read())

        return retried(read)

    def chunks(self, name: str) -> Iterator[bytes]:
        """See `Storage`."""
        file: Any = None
        position = 0

        def read() -> bytes:
            nonlocal file
            try:
                if file is None:
                    file = self._fs.open_input_file(self._readable(name))
                    file.seek(position)
                return bytes(file.read(CHUNK))
            except OSError as error:
                if momentary(error):  # what has been read is not read again, but from a new connection on
                    file = None
                raise

        try:
            while chunk := retried(read):
                position += len(chunk)
                yield chunk
        finally:
            if file is not None:
                file.close()

    def size(self, name: str) -> int | None:
        """See `Storage`."""
        (info,) = retried(self._fs.get_file_info, [self._at(name)])
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

        wanted = fs.FileSelector(self._at(folder), allow_not_found=True)
        return list(retried(self._fs.get_file_info, wanted))

    def delete(self, name: str) -> None:
        """See `Storage`."""
        with suppress(FileNotFoundError):
            retried(self._fs.delete_file, self._at(name))

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        if folder in self.folders():
            with suppress(FileNotFoundError):  # an attempt that failed may have removed it
                retried(self._fs.delete_dir, self._at(folder))

    def remove_empty(self) -> None:
        """See `Storage`. An object store has no empty folders, at most a marker that harms nobody.

        Not removed: what another process has written there since it was looked at would go with it.
        """

    def remove_root(self) -> None:
        """See `Storage`."""
        with suppress(FileNotFoundError):
            retried(self._fs.delete_dir, self._path)


def file_system(uri: str) -> tuple[FileSystem, str]:
    """The file system of a URI, and the path in it; that of S3 with what a URI cannot say."""
    from pyarrow import fs

    found, path = fs.FileSystem.from_uri(uri)
    if found.type_name != "s3":
        return found, path
    reduced: Any = found.__reduce__()
    made, (options,) = reduced  # the options as pyarrow itself hands them to another process
    # A small file is one request, of which nothing is left when it fails. Parts are sent one after the other:
    # where several are under way, closing a file does not end its upload once one of them has failed.
    wanted = {"allow_delayed_open": True, "background_writes": False}
    options |= {name: value for name, value in wanted.items() if name in options}
    options["retry_strategy"] = fs.AwsStandardS3RetryStrategy(max_attempts=CLIENT_ATTEMPTS)
    return made(options), path
