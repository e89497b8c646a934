"""Which reader reads what: by name, then by content."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.delimited import CsvReader, TsvReader
from lda.corpus.readers.files import byte_order_mark, line_feeds, plain_name, read_blocks
from lda.corpus.readers.h5ad import H5adReader
from lda.corpus.readers.jsonl import JsonLinesReader
from lda.corpus.readers.ldac import LdacReader, SvmlightReader
from lda.corpus.readers.lines import LineReader
from lda.corpus.readers.low import LowReader
from lda.corpus.readers.mallet import MalletReader
from lda.corpus.readers.matrix_market import MatrixMarketReader
from lda.corpus.readers.npz import NpzReader
from lda.corpus.readers.parquet import ParquetReader
from lda.corpus.readers.text_folder import FolderReader
from lda.corpus.readers.uci import UciReader

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.corpus.readers.base import CountReader, TextReader

    AnyReader = TextReader | CountReader

READERS: Final[tuple[AnyReader, ...]] = (
    FolderReader(),
    LineReader(),
    MalletReader(),
    LowReader(),
    JsonLinesReader(),
    CsvReader(),
    TsvReader(),
    ParquetReader(),
    UciReader(),
    MatrixMarketReader(),
    LdacReader(),
    SvmlightReader(),
    NpzReader(),
    H5adReader(),
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
    (
        re.compile(rb"\xac\xed\x00\x05"),
        "a binary file of Java, as MALLET's import writes",
        "have MALLET print it, `mallet info --input FILE --print-instances > FILE.txt`, and read that",
    ),
    (
        re.compile(rb"\x80[\x02-\x05]"),
        "a pickle, as gensim's save() and Python's pickle write it",
        "write the corpus with gensim's MmCorpus.serialize, or give it to lda.LDA in Python",
    ),
)
"""What is often given and cannot be read: how it begins, what it is, the remedy."""


def known_readers(readers: Sequence[AnyReader], format: str) -> tuple[AnyReader, ...]:  # noqa: A002
    """All readers, those of further formats first.

    Raises:
        ValueError: there is no such format.
    """
    known = (*readers, *READERS)
    names = dict.fromkeys(["auto", *(reader.name for reader in known)])
    if format not in names:
        raise ValueError(f"format must be one of {', '.join(names)}; got {format!r}")
    return known


def reader_named(name: str, known: Sequence[AnyReader]) -> AnyReader:
    """The first reader of a format."""
    return next(reader for reader in known if reader.name == name)


def refuse_archive(name: str, shown: str) -> None:
    """Raise DataError for a name that tells an archive. shown: the file in messages."""
    if plain_name(PurePath(name)).endswith(_ARCHIVES):
        raise DataError(f"{shown} is an archive; unpack it and give the folder")


def detect(name: str, shown: str, head: bytes, known: Sequence[AnyReader] = READERS) -> AnyReader:
    """The reader of a file, by its name and how it begins.

    Args:
        name: of the file, without its folder.
        shown: how messages call it.
        head: what `head_of` returned.
        known: the readers, the first of which goes before the others.

    Raises:
        DataError: it cannot be told.
    """
    found = by_name(name, known)
    told = by_mark(name, shown, head, known)
    if told is not None:
        return told
    if found is not None and found.name_is_enough:  # of text, the name tells more than the first lines could
        return found
    told = next((reader for reader in known if reader.begins_like(head)), found)
    if told is None:
        names = ", ".join(reader.name for reader in known)
        raise DataError(
            f"the format of {shown} cannot be told by name or content; give it with --format: {names}"
        )
    return told


HEAD_BYTES: Final = 4096
"""By so many unpacked bytes of its beginning a file is told."""


def head_of(beginning: bytes) -> bytes:
    """The unpacked beginning of a file as it is in UTF-8 without a byte order mark and with line feeds only."""
    mark, encoding = byte_order_mark(beginning)
    text = beginning[len(mark) :]
    return line_feeds(text if encoding in {None, "utf-8"} else text.decode(str(encoding), "ignore").encode())


def read_beginning(path: Path) -> bytes:
    """The first unpacked bytes of a file. Raises as `read_blocks`."""
    with closing(read_blocks(path, HEAD_BYTES)) as blocks:
        return next(blocks, b"")


def by_mark(name: str, shown: str, head: bytes, known: Sequence[AnyReader]) -> AnyReader | None:
    """The format whose mark stands at the beginning. Raises DataError for one that cannot be read."""
    for reader in known:
        if reader.mark is not None and reader.mark.match(head):
            return reader
    found = by_name(name, known)
    if found is not None and found.is_archive:  # a damaged one; its reader knows more to say
        return None
    for pattern, what, remedy in _FOREIGN:
        if pattern.match(head):
            raise DataError(f"{shown} is {what}, which cannot be read; {remedy}")
    return None


def by_name(name: str, known: Sequence[AnyReader]) -> AnyReader | None:
    """The format that the name of a file tells; None for none."""
    plain = plain_name(PurePath(name))
    begun = (reader for reader in known if plain.startswith(reader.prefixes))
    return next(begun, next((reader for reader in known if plain.endswith(reader.suffixes)), None))
