"""Small files at a place that may be a folder or an object store, each written whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Named blobs under one root. A name may hold slashes; a blob appears only once it is complete."""

    root: str

    def write(self, name: str, data: bytes | memoryview) -> None:
        """Store a blob. Raises OSError when there is no room or no right to write."""

    def read(self, name: str) -> bytes:
        """The blob. Raises FileNotFoundError when there is none."""

    def folders(self) -> list[str]:
        """Names of the first level, sorted."""

    def remove(self, folder: str) -> None:
        """Remove a folder of the first level with all it holds; no error when it is not there."""

    def remove_empty(self) -> None:
        """Remove the root if nothing is left in it."""


def storage(place: str | os.PathLike[str]) -> Storage:
    """The storage at a path, or at a URI such as s3://bucket/folder or gs://bucket/folder."""
    text = os.fspath(place)
    return RemoteStorage(text) if "://" in text else LocalStorage(Path(text))


class LocalStorage:
    """A folder; blobs are written under another name, flushed to the disk and renamed."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self._root = root

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See `Storage`."""
        target = self._root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
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
        return (self._root / name).read_bytes()

    def folders(self) -> list[str]:
        """See `Storage`."""
        if not self._root.is_dir():
            return []
        return sorted(entry.name for entry in self._root.iterdir() if entry.is_dir())

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        shutil.rmtree(self._root / folder, ignore_errors=True)

    def remove_empty(self) -> None:
        """See `Storage`."""
        with suppress(OSError):  # not empty, or not there
            self._root.rmdir()


class RemoteStorage:
    """An object store that pyarrow reaches; there a write that ends is complete, and one that fails is nothing."""

    def __init__(self, uri: str) -> None:
        from pyarrow import fs

        self.root = uri.rstrip("/")
        self._fs, self._path = fs.FileSystem.from_uri(self.root)

    def write(self, name: str, data: bytes | memoryview) -> None:
        """See `Storage`."""
        path = f"{self._path}/{name}"
        self._fs.create_dir(path.rsplit("/", 1)[0], recursive=True)
        with self._fs.open_output_stream(path) as file:
            file.write(data)

    def read(self, name: str) -> bytes:
        """See `Storage`."""
        with self._fs.open_input_stream(f"{self._path}/{name}") as file:
            return bytes(file.read())

    def folders(self) -> list[str]:
        """See `Storage`."""
        from pyarrow import fs

        found = self._fs.get_file_info(fs.FileSelector(self._path, allow_not_found=True))
        return sorted(info.base_name for info in found if info.type == fs.FileType.Directory)

    def remove(self, folder: str) -> None:
        """See `Storage`."""
        if folder in self.folders():
            self._fs.delete_dir(f"{self._path}/{folder}")

    def remove_empty(self) -> None:
        """See `Storage`. An object store has no empty folders, at most a marker that harms nobody."""
