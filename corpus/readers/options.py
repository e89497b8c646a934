"""How files are read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from lda.corpus.readers.seen_fields import SeenFields

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lda.corpus.readers.bad_records import BadRecords


EXACT: Final = "\0exact"
"""A column of metadata with the fields that are asked for, a JSON object each: columns of a batch have one type,
and how an odd value is shown would depend on the batch."""


class Fields(NamedTuple):
    """Names of the text fields, in the order asked for, and of the id field or None."""

    text: tuple[str, ...]
    id: str | None

    def metadata(self, row: Mapping[str, object]) -> dict[str, object]:
        """The remaining fields of a row."""
        return {name: value for name, value in row.items() if name not in self.text and name != self.id}


@dataclass(slots=True, kw_only=True)
class FirstLines:
    """What the first lines of a file tell of all of it.

    fields: which of them are read; None as long as no line has told. kind: `str` for texts, `list` for tokens; None as
    long as all were empty. complete: whether more lines would tell nothing more. cut: whether more lines follow in the
    file than are given, so that a field which none of these has may be one of the file.
    """

    fields: Fields | None = None
    kind: type | None = None
    complete: bool = False
    cut: bool = False


@dataclass(slots=True)
class LineTally:
    """How many lines have been read."""

    lines: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """The stretch of a file that is read; all of it by default.

    Attributes:
        start: the first byte; a line belongs to the stretch in which its first byte lies.
        stop: the byte after the last one; None: the end of the file.
        row_groups: numbers of the first row group of a Parquet file, and after the last; None: all.
        members: the files of a folder of texts, by their paths in it; None: all.
        records_before: lines or rows of the file before the stretch; None where they are not known, and no document
            can be named by its number.
        first_lines: what the first lines of the file have told, where the stretch begins after it.
        content: the bytes of the stretch where they are at hand, as of a pipe; None: they are read from the file.
        tally: told how many lines have been read.
    """

    start: int = 0
    stop: int | None = None
    row_groups: tuple[int, int] | None = None
    members: tuple[str, ...] | None = None
    records_before: int | None = 0
    first_lines: FirstLines | None = None
    content: bytes | None = field(default=None, repr=False)
    tally: LineTally = field(default_factory=LineTally, compare=False)

    @property
    def in_bytes(self) -> bool:
        """Whether it is cut out of the file by bytes."""
        return self.start > 0 or self.stop is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """What a reader may need to know beside the path.

    Attributes:
        text: name of the text field, or several separated by commas; None chooses the usual names.
        id: name of the id field; None takes `id` where there is one, else lines or rows are numbered from 1.
        id_required: whether the field `id` must be there; else it is as if none had been named where it is not.
        encoding: of text files.
        errors: "strict", or "replace" or "ignore" for bytes that cannot be decoded.
        prefix: put before ids that are only numbers, when there are several inputs.
        vocabulary: file with one term a line, for formats that need one.
        layer: where the counts of an AnnData are, as `lda.corpus.readers.annotated` says; None is its X.
        bad_records: collects lines and rows that cannot become documents, which are left out; None stops at the first.
        stretch: which part of the file is read.
        seen: told which fields each file has.
        exact: fields whose values JSON lines hand on as they are, in the column `EXACT`.
        shown: how the file is called where its path is that of a copy; "" for the path itself.
    """

    text: str | None = None
    id: str | None = None
    id_required: bool = True
    encoding: str = "utf-8"
    errors: str = "strict"
    prefix: str = ""
    vocabulary: Path | None = None
    layer: str | None = None
    bad_records: BadRecords | None = None
    stretch: Stretch = field(default_factory=Stretch)
    shown: str = ""
    exact: tuple[str, ...] = ()
    seen: SeenFields = field(default_factory=SeenFields, compare=False)

    def fresh(self) -> ReadOptions:
        """The same with nothing seen yet and an empty collector of bad records, for one part."""
        bad = None if self.bad_records is None else self.bad_records.fresh()
        return replace(self, bad_records=bad, seen=SeenFields())

    def without_notes(self) -> ReadOptions:
        """The same for a reading beside the main one: bad records are left out, and nobody is told."""
        bad = None if self.bad_records is None else self.bad_records.unheard()
        return replace(self, bad_records=bad, seen=SeenFields())

    def numbered(self, number: int) -> str | None:
        """The id of a document that has none of its own: its line or row. None as long as that is not known."""
        return None if self.stretch.records_before is None else f"{self.prefix}{number}"
