"""From what the user names to the files that are read."""

from __future__ import annotations

import codecs
import io
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final, cast

from lda.corpus.errors import DataError
from lda.corpus.inputs.fetching import base_name, path_here
from lda.corpus.inputs.globs import is_glob, local_matches, remote_matches
from lda.corpus.inputs.input_file import InputFile, shown_place
from lda.corpus.inputs.parts import PART_BYTES
from lda.corpus.inputs.row_groups import row_groups_of
from lda.corpus.ordered_map import ordered_map
from lda.corpus.readers.files import DAMAGE, byte_order_mark, is_packed, path_text, unpacked
from lda.corpus.readers.parquet import ParquetReader
from lda.corpus.readers.registry import (
    HEAD_BYTES,
    by_mark,
    by_name,
    detect,
    head_of,
    known_readers,
    read_beginning,
    reader_named,
    refuse_archive,
)
from lda.corpus.readers.text_folder import FolderReader, document_names, visible_files
from lda.corpus.storage.remote_file import (
    RemoteEntry,
    RemoteFile,
    bucket_of,
    check_bucket,
    entry_of,
    kind_of,
    listed,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.readers.base import CountReader, TextReader

    AnyReader = TextReader | CountReader

REQUESTS: Final = 32
"""To a store at a time: each takes long, but many take hardly longer than one."""

SHOWN: Final = 5
"""So many names a message lists at most."""

_STATELESS: Final = frozenset({"utf-8", "ascii"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """What may be an input file. reader: None where content must tell it; likely: what it is if content does not."""

    place: str
    size: int
    version: str
    reader: AnyReader | None = None
    likely: AnyReader | None = None
    members: tuple[tuple[str, int], ...] = ()
    is_folder: bool = False

    @property
    def name(self) -> str:
        return base_name(self.place)

    @property
    def shown(self) -> str:
        return shown_place(self.place)


def find_inputs(
    inputs: Sequence[str | Path],
    *,
    format: str = "auto",  # noqa: A002 - the public name
    readers: Sequence[AnyReader] = (),
    encoding: str = "utf-8",
) -> list[InputFile]:
    """The files of the inputs with their readers, in the order of their documents.

    A folder stands for its files, where these are tables, else it is one folder of texts. Of remote files the beginning
    is fetched: to tell what they are, and that they can be read.

    Args:
        inputs: files, folders, globs and URIs.
        format: one of `FORMATS`, or of `readers`; "auto" goes by name, then content.
        readers: of further formats, asked before those that are known.
        encoding: of text files; it decides whether lines can be read from the middle of a file on.

    Raises:
        DataError: an input is missing, cannot be read, or its format cannot be told.
        NetworkError: a store cannot be reached for long.
        ValueError: there is no such format.
    """
    known = known_readers(readers, format)
    if not inputs:
        raise DataError("the corpus needs at least one input, got none; name a file or folder")
    places = [str(place) for place in inputs]
    # Many URIs are looked at together, and in the order in which they were named.
    found = [
        candidate
        for candidates in ordered_map(
            lambda place: _candidates(place, format, known), places, _at_once(places)
        )
        for candidate in candidates
    ]
    found = _without_companions(found, known)
    seen = list(
        ordered_map(lambda one: _looked_at(one, known, encoding), found, _at_once([f.place for f in found]))
    )
    files = [one for one in seen if isinstance(one, InputFile)]
    if len(files) < len(seen):
        raise _unreadable([one for one in seen if not isinstance(one, InputFile)], len(seen))
    return _prefixed(files)


def _at_once(places: Sequence[str]) -> int:
    return min(REQUESTS, sum(path_here(place) is None for place in places)) or 1


def _without_companions(found: list[_Candidate], known: Sequence[AnyReader]) -> list[_Candidate]:
    """Without files that belong to others, such as the vocabulary of counts, where both are given."""
    beside = set[str]()
    for one in found:
        reader = by_name(one.name, known)
        path = path_here(one.place)
        if reader is not None and path is not None and (companion := reader.companion(path)) is not None:
            beside.add(os.path.realpath(companion))
    return [one for one in found if not beside or os.path.realpath(one.place) not in beside]


def _candidates(place: str, format: str, known: Sequence[AnyReader]) -> list[_Candidate]:  # noqa: A002
    path = path_here(place)
    if path is not None:
        return _local(path, format, known)
    return _remote(place, format, known)


def _local(path: Path, format: str, known: Sequence[AnyReader]) -> list[_Candidate]:  # noqa: A002
    try:
        there = path.exists()
    except OSError as error:  # a name that is too long for one, as a line of a file that is no list of names
        raise DataError(
            f"there can be no file {str(path)[:80]}... ({error.strerror or error}); check the name"
        ) from None
    if not there:
        if not is_glob(str(path)):
            raise DataError(f"there is no file or folder {path}; check the name")
        matches = local_matches(str(path))
        if not matches:
            raise DataError(f"no file matches {path}; check the pattern")
        return [one for match in matches for one in _local_match(match, format, known)]
    return _local_match(path, format, known)


def _local_match(path: Path, format: str, known: Sequence[AnyReader]) -> list[_Candidate]:  # noqa: A002
    given = None if format == "auto" else reader_named(format, known)
    if not path.is_dir():
        if path.is_symlink() and not path.exists():
            raise DataError(f"{path} is a link to what is not there; remove it, or put the file itself there")
        status = path.stat()
        return [
            _Candidate(place=str(path), size=status.st_size, version=str(status.st_mtime_ns), reader=given)
        ]
    whole = next((reader for reader in known if path.name.lower().endswith(reader.folders)), None)
    if whole is not None and given in {None, whole}:
        inside = [file.stat() for file in path.rglob("*") if file.is_file()]
        newest = max((status.st_mtime_ns for status in inside), default=0)
        size = sum(status.st_size for status in inside)
        return [_Candidate(place=str(path), size=size, version=str(newest), reader=whole, is_folder=True)]
    entries = []
    for file in visible_files(path):
        status = file.stat()
        name = file.relative_to(path).as_posix()
        entries.append(RemoteEntry(name, str(file), status.st_size, str(status.st_mtime_ns)))
    return _folder(str(path), entries, given, known)


def _remote(uri: str, format: str, known: Sequence[AnyReader]) -> list[_Candidate]:  # noqa: A002
    given = None if format == "auto" else reader_named(format, known)
    if is_glob(uri):
        entries = remote_matches(uri)
        if not entries:
            check_bucket(uri)
            raise DataError(f"no file matches {shown_place(uri)}; check the pattern")
        return [_of_entry(entry, given) for entry in entries]
    kind = kind_of(uri)
    if kind == "file":
        entry = entry_of(uri)
        assert entry is not None
        return [_of_entry(entry, given)]
    entries = [
        entry
        for entry in listed(uri, recursive=True)
        if not any(part.startswith(".") for part in entry.name.split("/"))
    ]
    if not entries:
        raise _nothing_at(uri, kind)
    return _folder(uri, entries, given, known)


def _nothing_at(uri: str, kind: str) -> DataError:
    """What to say of a URI without an object at it or below."""
    check_bucket(uri)
    bucket = bucket_of(uri)
    if bucket is not None and shown_place(bucket) == shown_place(uri).rstrip("/"):
        return DataError(f"the bucket {shown_place(bucket)} is empty; check the name")
    if kind == "nothing":
        return DataError(f"there is no file or folder {shown_place(uri)}; check the name")
    return DataError(f"the folder {shown_place(uri)} holds no files; check the name")


def _of_entry(entry: RemoteEntry, reader: AnyReader | None, likely: AnyReader | None = None) -> _Candidate:
    return _Candidate(place=entry.uri, size=entry.size, version=entry.version, reader=reader, likely=likely)


def _folder(
    place: str, entries: Sequence[RemoteEntry], given: AnyReader | None, known: Sequence[AnyReader]
) -> list[_Candidate]:
    """What a folder with these files is: itself, as a folder of texts, or its files, if these are all tables."""
    texts = reader_named(FolderReader.name, known)
    if not entries:
        raise DataError(f"the folder {shown_place(place)} holds no files; check the name")
    if given is not None and given is not texts:
        return [_of_entry(entry, given) for entry in entries]
    if given is None:
        tables = _tables(entries, known)
        if tables:
            return [_of_entry(entry, None, likely) for entry, likely in tables]
    chosen = set(document_names([entry.name for entry in entries]))
    members = [entry for entry in entries if entry.name in chosen]
    return [
        _Candidate(
            place=place,
            size=sum(entry.size for entry in members),
            version=max((entry.version for entry in members), key=lambda v: (len(v), v)),
            reader=texts,
            members=tuple((entry.name, entry.size) for entry in members),
            is_folder=True,
        )
    ]


def _tables(
    entries: Sequence[RemoteEntry], known: Sequence[AnyReader]
) -> list[tuple[RemoteEntry, AnyReader]]:
    """The files of a data set in parts with the formats that their names tell; none if the folder is none.

    What Spark and others leave beside the parts (`_SUCCESS`, `_metadata`) is no part.
    """
    kinds = [(entry, by_name(PurePosixPath(entry.name).name, known)) for entry in entries]
    tables = [(entry, kind) for entry, kind in kinds if kind is not None and kind.in_parts]
    others = [
        entry
        for entry, kind in kinds
        if kind is None or not kind.in_parts
        if not PurePosixPath(entry.name).name.startswith("_")
    ]
    return [] if others else tables


def _looked_at(one: _Candidate, known: Sequence[AnyReader], encoding: str) -> InputFile | DataError:
    """The input file, or why a remote one cannot be read."""
    if one.is_folder:
        assert one.reader is not None
        return InputFile(
            place=one.place,
            reader=one.reader,
            size=one.size,
            version=one.version,
            members=one.members,
            is_folder=True,
        )
    path = path_here(one.place)
    if path is not None:
        one = replace(one, place=str(path))
        if one.reader is None:
            refuse_archive(one.name, one.shown)
            return _told(one, _raw(path), read_beginning(path), known, encoding)
        return _told(one, _raw(path), b"", known, encoding)
    if one.reader is None:
        refuse_archive(one.name, one.shown)
    try:
        source = RemoteFile(one.place)
    except DataError as error:
        return error
    try:
        raw, beginning = _remote_beginning(source, one)
        one = replace(one, size=source.size, version=source.version or one.version)
    except DataError as error:
        return error
    finally:
        source.close()
    return _told(one, raw, beginning, known, encoding)


def _told(
    one: _Candidate, raw: bytes, beginning: bytes, known: Sequence[AnyReader], encoding: str
) -> InputFile:
    head = head_of(beginning)
    reader = one.reader
    if reader is None and one.likely is not None:
        reader = by_mark(one.name, one.shown, head, known) or one.likely
    if reader is None:
        reader = detect(one.name, one.shown, head, known)
    packed = is_packed(raw)
    told = (byte_order_mark(raw)[1] or "") if not packed else ""
    made = InputFile(
        place=one.place,
        reader=reader,
        size=one.size,
        version=one.version,
        packed=packed,
        told_encoding=told,
        cuttable=reader.by_lines and not packed and is_stateless(told or encoding),
    )
    if isinstance(reader, ParquetReader) and one.size > PART_BYTES:
        made = replace(made, row_groups=row_groups_of(made))
    return made


def _raw(path: Path) -> bytes:
    """The first bytes as they are stored; none of a file that cannot be opened, of which its reader will tell."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(8)
    return b""


class _Pieces(io.RawIOBase):
    """The beginning of a remote file, fetched as far as it is read."""

    def __init__(self, source: RemoteFile, raw: bytes) -> None:
        self._held, self._next = raw, source.pieces(len(raw))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = cast("memoryview", buffer)
        if not self._held:
            self._held = next(self._next, b"")
        count = min(len(view), len(self._held))
        view[:count] = self._held[:count]
        self._held = self._held[count:]
        return count


def _remote_beginning(source: RemoteFile, one: _Candidate) -> tuple[bytes, bytes]:
    """The first bytes as they are stored, and the first unpacked ones."""
    raw = next(source.pieces(0, 2**16, 2**16), b"")
    if not is_packed(raw):
        return raw, raw[:HEAD_BYTES]
    try:
        with unpacked(cast("IO[bytes]", io.BufferedReader(_Pieces(source, raw))), raw) as file:
            return raw, file.read(HEAD_BYTES)
    except DAMAGE as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{one.shown} is damaged or cut off at its beginning ({error}); fetch it again"
        ) from None


def is_stateless(encoding: str) -> bool:
    """Whether text in an encoding can be read from behind any byte of a line feed on."""
    name = codecs.lookup(encoding).name
    if name in _STATELESS:
        return True
    with suppress(UnicodeError):  # one character a byte, with the line feed in its place
        low = bytes(range(128)).decode(name)
        return len(low) == 128 and low[10] == "\n" and len(bytes([0xE9] * 3).decode(name)) == 3
    return False


def _unreadable(errors: list[DataError], total: int) -> DataError:
    """One message for all files that cannot be read, which names the first of them."""
    if len(errors) == 1:
        return errors[0]
    shown = "; ".join(str(error).split("; ")[0] for error in errors[:SHOWN])
    more = f"; and {len(errors) - SHOWN} more" if len(errors) > SHOWN else ""
    return DataError(
        f"{len(errors)} of {total} files cannot be read: {shown}{more}; check the rights of the keys, or leave them out"
    )


def _prefixed(files: list[InputFile]) -> list[InputFile]:
    """With several files, ids that are mere numbers get the name of their file in front.

    Where files in several folders have the same name, as `2026-01/part-0.csv` and `2026-02/part-0.csv`, so many of
    their folders stand before it as tell them apart.
    """
    if len(files) == 1:
        return files
    parts = [_names(file.place) for file in files]
    depths = dict.fromkeys(parts, 1)  # a file that is named twice is told from others, not from itself
    while True:
        prefixes = Counter(names[-depth:] for names, depth in depths.items())
        deeper = [
            names for names, depth in depths.items() if prefixes[names[-depth:]] > 1 and depth < len(names)
        ]
        if not deeper:
            break
        depths |= {names: depths[names] + 1 for names in deeper}
    prefixed = ["/".join(names[-depths[names] :]) for names in parts]
    return [
        replace(file, prefix=f"{path_text(prefix)}{'/' if file.is_folder else ':'}")
        for file, prefix in zip(files, prefixed, strict=True)
    ]


def _names(place: str) -> tuple[str, ...]:
    """The folders of a file and its name."""
    path = path_here(place)
    if path is None:
        return tuple(name for name in place.partition("://")[2].partition("?")[0].split("/")[1:] if name)
    return tuple(name for name in path.parts if name != path.anchor) or ("",)
