"""Which reader reads what: by name, then by content."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, Final, NamedTuple

from lda.corpus.errors import DataError
from lda.corpus.readers.delimited import CsvReader, TsvReader
from lda.corpus.readers.files import byte_order_mark, line_feeds, plain_name, read_blocks
from lda.corpus.readers.jsonl import JsonLinesReader
from lda.corpus.readers.ldac import LdacReader, SvmlightReader
from lda.corpus.readers.lines import LineReader
from lda.corpus.readers.matrix_market import MatrixMarketReader
from lda.corpus.readers.npz import NpzReader
from lda.corpus.readers.parquet import ParquetReader
from lda.corpus.readers.text_folder import FolderReader, visible_files
from lda.corpus.readers.uci import UciReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.corpus.readers.base import CountReader, TextReader

READERS: Final[tuple[TextReader | CountReader, ...]] = (
    FolderReader(),
    LineReader(),
    JsonLinesReader(),
    CsvReader(),
    TsvReader(),
    ParquetReader(),
    UciReader(),
    MatrixMarketReader(),
    LdacReader(),
    SvmlightReader(),
    NpzReader(),
)
"""Every format, a row each; where two might take a file, the first does. What tells a format stands in its reader."""

FORMATS: Final = ("auto", *(reader.name for reader in READERS))
"""What `format` may be."""

_ARCHIVES: Final = (".tar", ".tgz", ".txz", ".zip", ".7z", ".rar")

_FOREIGN: Final[tuple[tuple[re.Pattern[bytes], str, str], ...]] = (
    (
        re.compile(rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|xl/|docProps/)", re.DOTALL),
        "an Excel workbook or another Office document",
        "save it as CSV or text",
    ),
    (re.compile(rb"PK\x03\x04"), "a zip archive", "unpack it and give the folder"),
    (re.compile(rb"\xd0\xcf\x11\xe0"), "an old Excel or Word document", "save it as CSV or text"),
    (re.compile(rb"%PDF-"), "a PDF document", "turn it into text (pdftotext)"),
    (re.compile(rb"ARROW1\0\0"), "an Arrow file", "write it as Parquet"),
)
"""What is often given and cannot be read: how it begins, what it is, the remedy."""


class Source(NamedTuple):
    """One file or folder and its reader."""

    path: Path
    reader: TextReader | CountReader


def find_sources(
    inputs: Sequence[Path],
    format: str,  # noqa: A002 - the public name
    readers: Sequence[TextReader | CountReader] = (),
) -> list[Source]:
    """Choose a reader for every input; a folder of tables stands for its files.

    readers: further ones, asked before those of `READERS`.

    Raises:
        DataError: an input is missing or its format cannot be told.
        ValueError: there is no such format.
    """
    known = (*readers, *READERS)
    names = dict.fromkeys(["auto", *(reader.name for reader in known)])
    if format not in names:
        raise ValueError(f"format must be one of {', '.join(names)}; got {format!r}")
    if not inputs:
        raise DataError("the corpus needs at least one input, got none; name a file or folder")
    by_name = [(path, _by_name(path, known)) for path in inputs]
    beside = {found.companion(path) for path, found in by_name if found is not None}
    return [source for path in inputs if path not in beside for source in _sources(path, format, known)]


def _named(name: str, known: Sequence[TextReader | CountReader]) -> TextReader | CountReader:
    return next(reader for reader in known if reader.name == name)


def _sources(path: Path, format: str, known: Sequence[TextReader | CountReader]) -> list[Source]:  # noqa: A002
    if not path.exists():
        raise DataError(f"there is no file or folder {path}; check the name")
    if not path.is_dir():
        return [Source(path, detect(path, known) if format == "auto" else _named(format, known))]
    texts = _named(FolderReader.name, known)
    if format == texts.name:
        return [Source(path, texts)]
    files = visible_files(path)
    if not files:
        raise DataError(f"the folder {path} holds no files; check the name")
    if format != "auto":
        return [Source(file, _named(format, known)) for file in files]
    # A folder full of tables (a data set in parts) is read as tables; else it is a folder of texts.
    kinds = {_by_name(file, known) for file in files}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind is None or not kind.in_parts:
        return [Source(path, texts)]
    return [Source(file, _by_mark(file, read_head(file), known) or kind) for file in files]


def detect(path: Path, known: Sequence[TextReader | CountReader] = READERS) -> TextReader | CountReader:
    """The reader of a file, by its name and how it begins.

    Raises:
        DataError: it cannot be told, or the file is an archive.
    """
    name = plain_name(path)
    if name.endswith(_ARCHIVES):
        raise DataError(f"{path} is an archive; unpack it and give the folder")
    found, head = _by_name(path, known), read_head(path)
    told = _by_mark(path, head, known)
    if told is not None:
        return told
    if found is not None and found.name_is_enough:  # of text, the name tells more than the first lines could
        return found
    told = next((reader for reader in known if reader.begins_like(head)), found)
    if told is None:
        names = ", ".join(reader.name for reader in known)
        raise DataError(
            f"the format of {path} cannot be told by name or content; give it with --format: {names}"
        )
    return told


def read_head(path: Path) -> bytes:
    """The first 4096 bytes as they are in UTF-8 without a byte order mark and with line feeds only."""
    with closing(read_blocks(path, 4096)) as blocks:
        head = next(blocks, b"")
    mark, encoding = byte_order_mark(head)
    text = head[len(mark) :]
    return line_feeds(text if encoding in {None, "utf-8"} else text.decode(str(encoding), "ignore").encode())


def _by_mark(
    path: Path, head: bytes, known: Sequence[TextReader | CountReader]
) -> TextReader | CountReader | None:
    """The format whose mark stands at the beginning. Raises DataError for one that cannot be read."""
    for reader in known:
        if reader.mark is not None and reader.mark.match(head):
            return reader
    found = _by_name(path, known)
    if found is not None and found.is_archive:  # a damaged one; its reader knows more to say
        return None
    for pattern, what, remedy in _FOREIGN:
        if pattern.match(head):
            raise DataError(f"{path} is {what}, which cannot be read; {remedy}")
    return None


def _by_name(path: Path, known: Sequence[TextReader | CountReader]) -> TextReader | CountReader | None:
    name = plain_name(path)
    begun = (reader for reader in known if name.startswith(reader.prefixes))
    return next(begun, next((reader for reader in known if name.endswith(reader.suffixes)), None))
