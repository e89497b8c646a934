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
from lda.corpus.readers.vocabulary_beside import find_vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.corpus.readers.base import CountReader, TextReader

_READERS: Final[tuple[TextReader | CountReader, ...]] = (
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

READERS: Final[dict[str, TextReader | CountReader]] = {reader.name: reader for reader in _READERS}
"""Every format by its name."""

FORMATS: Final = ("auto", *READERS)
"""What `format` may be."""

_ARCHIVES: Final = (".tar", ".tgz", ".txz", ".zip", ".7z", ".rar")

_MAGIC: Final = (
    (re.compile(rb"PAR1"), "parquet"),
    (re.compile(rb"%%MatrixMarket"), "mm"),
    # The first name in a zip archive follows 26 bytes after its mark.
    (re.compile(rb"PK\x03\x04.{26}\w+\.npy", re.DOTALL), "npz"),
)
"""Beginnings that no other format has, so they go before what the name says."""

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

_CONTENT: Final[tuple[tuple[str, re.Pattern[bytes]], ...]] = (
    ("jsonl", re.compile(rb"\s*\{")),
    ("uci", re.compile(rb"\d+\s*\n\d+\s*\n\d+\s*\n\d+[ \t]+\d+[ \t]+\d+\s*\n")),
)
"""How a file begins when its name tells nothing."""

_PAIRS: Final = re.compile(rb"[-+.\w]+(?: \d+:[\d.eE+-]+)* ?\n")


class Source(NamedTuple):
    """One file or folder and its reader."""

    path: Path
    reader: TextReader | CountReader


def find_sources(inputs: Sequence[Path], format: str) -> list[Source]:  # noqa: A002 - the public name
    """Choose a reader for every input; a folder of tables stands for its files.

    Raises:
        DataError: an input is missing or its format cannot be told.
        ValueError: there is no such format.
    """
    if format not in FORMATS:
        raise ValueError(f"format must be one of {', '.join(FORMATS)}; got {format!r}")
    if not inputs:
        raise DataError("the corpus needs at least one input, got none; name a file or folder")
    beside = {find_vocabulary(path) for path in inputs if plain_name(path).startswith("docword")}
    # `docword.x.txt vocab.x.txt`, as a shell makes of *.x.txt, is one corpus and its vocabulary.
    return [source for path in inputs if path not in beside for source in _sources(path, format)]


def _sources(path: Path, format: str) -> list[Source]:  # noqa: A002
    if not path.exists():
        raise DataError(f"there is no file or folder {path}; check the name")
    if not path.is_dir():
        return [Source(path, READERS[format if format != "auto" else detect(path)])]
    if format == "text":
        return [Source(path, READERS["text"])]
    files = visible_files(path)
    if not files:
        raise DataError(f"the folder {path} holds no files; check the name")
    if format != "auto":
        return [Source(file, READERS[format]) for file in files]
    # A folder full of tables (a data set in parts) is read as tables; else it is a folder of texts.
    kinds = {_by_name(file) for file in files}
    kind = next(iter(kinds)) if len(kinds) == 1 else None
    if kind not in {"jsonl", "csv", "tsv", "parquet"}:
        return [Source(path, READERS["text"])]
    return [Source(file, READERS[_by_magic(file, read_head(file)) or str(kind)]) for file in files]


def detect(path: Path) -> str:
    """Name of the format of a file.

    Raises:
        DataError: it cannot be told, or the file is an archive.
    """
    name = plain_name(path)
    if name.endswith(_ARCHIVES):
        raise DataError(f"{path} is an archive; unpack it and give the folder")
    found, head = _by_name(path), read_head(path)
    told = _by_magic(path, head)
    if told is not None:
        return told
    # Of text, the name tells more than the first lines could; Parquet that does not begin like it is something else.
    if found not in {None, "lines", "parquet"}:
        return str(found)
    return _by_content(head) or found or _unknown(path)


def read_head(path: Path) -> bytes:
    """The first 4096 bytes as they are in UTF-8 without a byte order mark and with line feeds only."""
    with closing(read_blocks(path, 4096)) as blocks:
        head = next(blocks, b"")
    mark, encoding = byte_order_mark(head)
    text = head[len(mark) :]
    return line_feeds(text if encoding in {None, "utf-8"} else text.decode(str(encoding), "ignore").encode())


def _by_magic(path: Path, head: bytes) -> str | None:
    """The format whose mark stands at the beginning. Raises DataError for one that cannot be read."""
    for beginning, name in _MAGIC:
        if beginning.match(head):
            return name
    if _by_name(path) == "npz":  # a damaged one; its reader knows more to say
        return None
    for pattern, what, remedy in _FOREIGN:
        if pattern.match(head):
            raise DataError(f"{path} is {what}, which cannot be read; {remedy}")
    return None


def _by_name(path: Path) -> str | None:
    name = plain_name(path)
    if name.startswith("docword"):
        return "uci"
    return next((reader.name for reader in _READERS if name.endswith(reader.suffixes)), None)


def _by_content(head: bytes) -> str | None:
    found = next((name for name, pattern in _CONTENT if pattern.match(head)), None)
    if found is not None:
        return found
    lines = head.splitlines(keepends=True)[:-1] or head.splitlines(keepends=True)
    if not lines or b":" not in head or not all(_PAIRS.fullmatch(line) for line in lines[:20]):
        return None
    counted = all(line.split()[0] == b"%d" % line.count(b":") for line in lines[:20])
    return "ldac" if counted else "svmlight"


def _unknown(path: Path) -> str:
    raise DataError(
        f"the format of {path} cannot be told by name or content; give it with --format: {', '.join(FORMATS[1:])}"
    )
