"""Objects of a store as they are read by users of the file systems: what there is, and the bytes of one of them.

`Storage` of `places` is for what we write ourselves, below one root; these are files of others, at any URI.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote, unquote

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable, without_keys
from lda.corpus.storage.places import CHUNK, file_system, is_uri, split_query
from lda.corpus.storage.retries import NetworkError, momentary, retried

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

_STORES: Final = frozenset({"s3", "gs", "gcs", "abfs", "abfss"})

SHORT_READS: Final = 8
"""How often in a row a store may hand out less than was asked for, before that is taken for a failure."""


class RemoteEntry(NamedTuple):
    """An object, or what stands for a folder. name: its path below what was listed. version: when it was written."""

    name: str
    uri: str
    size: int
    version: str


def below(uri: str, name: str) -> str:
    """The URI of what lies below another one."""
    base, query = split_query(uri)
    return f"{base.rstrip('/')}/{quote(name, safe='/')}{query}"


def bucket_of(uri: str) -> str | None:
    """The URI of the bucket in which a place lies; None of a file system without buckets."""
    base, query = split_query(uri)
    scheme, _, rest = base.partition("://")
    if scheme.lower() not in {"s3", "gs", "gcs"}:
        return None
    return f"{scheme}://{rest.partition('/')[0]}{query}"


def check_bucket(place: str | os.PathLike[str]) -> None:
    """To be asked where nothing is found at a place, which may be for want of its bucket.

    Raises:
        DataError: the place is a URI, and there is no such bucket, or it may not be looked at.
    """
    bucket = bucket_of(str(place)) if is_uri(place) else None
    if bucket is not None and kind_of(bucket) == "nothing":
        raise DataError(
            f"there is no bucket {without_keys(split_query(bucket)[0])}; check the name and the region"
        )


def kind_of(uri: str) -> str:
    """What is at a URI: "file", "folder" or "nothing".

    Raises:
        DataError: the store refuses. NetworkError: it cannot be reached.
    """
    from pyarrow import fs

    system, path = _reached(uri)
    try:
        (info,) = retried(system.get_file_info, [path])
    except OSError as error:
        raise _refused(uri, error, "looked at") from None
    kinds = {fs.FileType.File: "file", fs.FileType.Directory: "folder", fs.FileType.NotFound: "nothing"}
    return kinds.get(info.type, "nothing")


def entry_of(uri: str) -> RemoteEntry | None:
    """The object at a URI; None when there is none. Raises as `kind_of`."""
    system, path = _reached(uri)
    try:
        (info,) = retried(system.get_file_info, [path])
    except OSError as error:
        raise _refused(uri, error, "looked at") from None
    return RemoteEntry(info.base_name, uri, int(info.size), _written(info)) if info.is_file else None


def listed(uri: str, *, recursive: bool) -> list[RemoteEntry]:
    """The objects below a URI, in the order of their names; none where there is no such folder.

    Raises:
        DataError: the store refuses to list them. NetworkError: it cannot be reached.
    """
    from pyarrow import fs

    system, path = _reached(uri)
    path = path.rstrip("/")
    wanted = fs.FileSelector(path or "/", recursive=recursive, allow_not_found=True)
    try:
        infos = retried(system.get_file_info, wanted)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise _refused(uri, error, "listed") from None
    start = len(path) + 1
    names = sorted((info.path[start:], info) for info in infos if info.is_file)
    return [RemoteEntry(name, below(uri, name), int(info.size), _written(info)) for name, info in names]


class RemoteFile:
    """An object, read piece by piece from any byte on; a connection that is cut is taken up where it was.

    Attributes:
        size: in bytes.
        version: the entity tag where the store has one, else when it was written.
    """

    def __init__(self, uri: str) -> None:
        """Open it.

        Raises:
            DataError: it is not there, or the store refuses. NetworkError: it cannot be reached.
        """
        self._uri = uri
        self._system, self._path = _reached(uri)
        self._file: Any = None
        try:
            retried(self._open)
        except OSError as error:
            raise _refused(uri, error, "read") from None

    def _open(self) -> None:
        file = self._system.open_input_file(self._path)
        told = file.metadata() or {}
        tag = told.get(b"ETag", b"").decode("ascii", "replace").strip('"')
        if self._file is None:
            self.size, self.version = int(file.size()), tag
        elif (self.size, self.version) != (int(file.size()), tag):
            file.close()
            raise DataError(f"{_shown(self._uri)} changed while it was read; begin again")
        self._file, self._broken = file, False

    def pieces(self, start: int = 0, stop: int | None = None, size: int = CHUNK) -> Iterator[bytes]:
        """The bytes from `start` to before `stop`, at most `size` at a time.

        Raises:
            DataError: the store refuses, or the object changed meanwhile. NetworkError: it cannot be reached for long.
        """
        position, end, short = start, self.size if stop is None else min(stop, self.size), 0
        while position < end:
            try:
                piece = retried(self._read, position, min(size, end - position))
            except OSError as error:
                raise _refused(self._uri, error, "read") from None
            short = 0 if piece else short + 1
            if short > SHORT_READS:
                raise NetworkError(
                    f"{_shown(self._uri)} ends after {position} of {self.size} bytes, each time it is asked for"
                )
            position += len(piece)
            if piece:
                yield piece

    def _read(self, position: int, size: int) -> bytes:
        try:
            if self._broken:
                self._open()
            return bytes(self._file.read_at(size, position))
        except OSError as error:
            self._broken = momentary(error)
            raise

    def close(self) -> None:
        """Give back the connection."""
        self._file.close()


def _reached(uri: str) -> tuple[Any, str]:
    """The file system of a URI and the path in it. Raises DataError where there is none, NetworkError as `retried`."""
    import pyarrow as pa

    scheme, _, rest = uri.partition("://")
    try:
        if scheme.lower() not in _STORES:
            system, path = retried(file_system, uri)
            return system, path
        # One for all files of a bucket: to make one waits for the requests of all others, however many threads ask.
        place, query = split_query(rest)
        authority, _, name = place.partition("/")
        system, bucket = _shared(f"{scheme}://{authority}{query}")
        return system, f"{bucket}/{unquote(name)}" if name else bucket
    except NetworkError:
        raise
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            f"{_shown(uri)} cannot be reached ({_reason(error)}); check the URI, or name a path"
        ) from None


@lru_cache(maxsize=16)
def _shared(root: str) -> tuple[Any, str]:
    return retried(file_system, root)


def _written(info: Any) -> str:  # noqa: ANN401 - FileInfo of pyarrow
    return str(info.mtime_ns or "")


def _refused(uri: str, error: OSError, what: str) -> Exception:
    """What to raise where a store has failed: for good, or in spite of several attempts."""
    if isinstance(error, NetworkError):
        return NetworkError(f"{_shown(uri)} cannot be {what}: {error}")
    if isinstance(error, FileNotFoundError):
        return DataError(f"there is no file {_shown(uri)}; check the name")
    reason = _reason(error)
    if "NO_SUCH_BUCKET" in reason:
        return DataError(f"{_shown(uri)}: there is no such bucket; check the name and the region")
    remedy = "check the name, and the rights of the keys"
    return DataError(f"{_shown(uri)} cannot be {what} ({reason}); {remedy}")


def _reason(error: BaseException) -> str:
    return presentable(" ".join(str(error).split()))[:300]


def _shown(uri: str) -> str:
    return presentable(split_query(uri)[0])
