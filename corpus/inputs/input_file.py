"""A file that is read, and a part of one that is read as one task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lda.corpus.presentable import presentable
from lda.corpus.storage.places import is_uri, split_query

if TYPE_CHECKING:
    from lda.corpus.readers.base import CountReader, TextReader


def shown_place(place: str) -> str:
    """A path or a URI as messages show it: without keys, and without the query, which is that of all others."""
    return presentable(split_query(place)[0] if is_uri(place) else place)


class RowGroup(NamedTuple):
    """A row group of a Parquet file: how many rows it has, its first byte, and the byte after its last one."""

    rows: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """One file of an input, or a folder of texts, which a reader takes as one.

    Attributes:
        place: its path or URI. A URI may hold keys: show `shown`.
        reader: what turns it into documents.
        prefix: what stands before ids that are only numbers; "" where it is the only one.
        size: bytes as they are stored; of a folder of texts, of all its files.
        version: the entity tag of an object where its store has one, else when it was written: another one, and
            the file is another.
        packed: whether it is compressed.
        cuttable: whether its lines may be read from the middle on.
        told_encoding: the encoding that a byte order mark at its beginning tells, else "".
        row_groups: those of a Parquet file that is large enough to be cut, else empty.
        members: the files of a folder of texts, with their sizes, in order; else empty.
        is_folder: whether it is a folder, of texts or of another kind that a reader takes as one.
    """

    place: str
    reader: TextReader | CountReader
    prefix: str = ""
    size: int = 0
    version: str = ""
    packed: bool = False
    cuttable: bool = False
    told_encoding: str = ""
    row_groups: tuple[RowGroup, ...] = ()
    members: tuple[tuple[str, int], ...] = ()
    is_folder: bool = False

    @property
    def shown(self) -> str:
        """The place for messages and records, without keys and without the query of a URI."""
        return shown_place(self.place)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPart:
    """A stretch of an input file, or several whole small files, that are read as one task.

    Attributes:
        number: of the part among all of them, from 0.
        files: one file; or several whole ones, in their order.
        start: the first byte of the stretch. A line belongs to the part in which its first byte lies.
        stop: the byte after the last one of the stretch; None: the end of the file.
        row_groups: numbers of the first row group of a Parquet file, and after the last; None: all.
        members: numbers of the first file of a folder of texts, and after the last; None: all.
        records_before: documents or lines of the file that stand before the part; None where only a reading of the
            parts before it can tell.
    """

    number: int
    files: tuple[InputFile, ...]
    start: int = 0
    stop: int | None = None
    row_groups: tuple[int, int] | None = None
    members: tuple[int, int] | None = None
    records_before: int | None = 0

    @property
    def file(self) -> InputFile:
        """The only file of a part that is not all of it; else the first."""
        return self.files[0]

    @property
    def begins_file(self) -> bool:
        """Whether nothing of its file stands before it."""
        return self.start == 0 and not (self.row_groups or (0,))[0] and not (self.members or (0,))[0]

    @property
    def shown(self) -> str:
        """The part for messages."""
        names = self.file.shown + (f" and {len(self.files) - 1} more" if len(self.files) > 1 else "")
        if self.row_groups is not None:
            return f"{names}, row groups {self.row_groups[0]} to {self.row_groups[1] - 1}"
        return names if self.begins_file and self.stop is None else f"{names}, from byte {self.start} on"
