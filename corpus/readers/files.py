"""Opening files: compression, encodings, lines; every failure with its place."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import stat
import zlib
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.stretch import stretch_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import PurePath

BLOCK_BYTES: Final = 2**20

COMPRESSED_SUFFIXES: Final = (".gz", ".bz2", ".xz", ".zst", ".lzma")


def _open_zstd(file: Path | IO[bytes]) -> IO[bytes]:
    # compression.zstd comes with Python 3.14; pyarrow is there in any case.
    source = (
        pa.OSFile(str(file), "rb") if isinstance(file, Path) else pa.PythonFile(cast("io.IOBase", file), "r")
    )
    return cast("IO[bytes]", pa.CompressedInputStream(source, "zstd"))


_BY_MAGIC: Final[dict[bytes, Callable[[Any], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}


_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


LONGEST_RECORD: Final = 2**27
"""Characters in a line, a row or a document; the longest novels have ten million. A few megabytes of an archive may
unpack to a line of many gigabytes, which would have to be held in memory."""

MOST_UNPACKED: Final = 1000
"""How many times its own size a file may unpack to, once that is `UNPACKED_FREELY`. Text gets 3 to 10 times as large,
logs of one line said over and over 100 times; gzip cannot do more than 1032."""

UNPACKED_FREELY: Final = 2**28
"""Bytes."""

BAD_BYTE: Final = "\udcff"
"""Stands before each byte that is no text where lines are read `marked`; the byte follows as U+DC00 + byte. Text that
was decoded never has it: halves of surrogate pairs cannot be decoded."""

TOO_LONG: Final = f"{BAD_BYTE}\udfff"
"""A line longer than `LONGEST_RECORD`, where lines are read `marked`."""

_MARKING: Final = "lda-mark-bad-bytes"


def _mark_bad_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return f"{BAD_BYTE}{chr(0xDC00 + error.object[error.start])}", error.end


codecs.register_error(_MARKING, _mark_bad_bytes)


class UndecodableError(DataError):
    """Bytes that are no text in their encoding. fault: the message without its remedy."""

    def __init__(self, fault: str, remedy: str) -> None:
        super().__init__(f"{fault}; {remedy}")
        self.fault = fault


def plain_name(path: PurePath) -> str:
    """Lower-case name of the file without the suffix of its compression."""
    name = path.name.lower()
    return next((name.removesuffix(s) for s in COMPRESSED_SUFFIXES if name.endswith(s)), name)


def is_packed(raw: bytes) -> bool:
    """Whether a file that begins like this is compressed."""
    return raw.startswith(tuple(_BY_MAGIC))


def path_text(name: str) -> str:
    r"""The name of a file as text; bytes of it that are no UTF-8 as `\udce9`, as in messages."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unpacking gzip, bzip2, xz and Zstandard, told by their first bytes.

    Raises:
        DataError: there is no such file, it is a pipe (see `PipeStore`), or it cannot be opened.
    """
    # By content, because a download is often unpacked on the way and keeps its name.
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path} is no file that can be read twice; store it in a file first")
        with path.open("rb") as file:
            head = file.read(6)
        opener = next((opener for magic, opener in _BY_MAGIC.items() if head.startswith(magic)), None)
        return path.open("rb") if opener is None else cast("IO[bytes]", opener(path))
    except FileNotFoundError:
        raise DataError(f"there is no file {path}; check the name") from None
    except OSError as error:
        raise DataError(
            f"{path} cannot be opened: {error.strerror or error}; check the name and its rights"
        ) from None


DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException)
"""What is raised where compressed data is damaged."""


def unpacked(file: IO[bytes], raw: bytes) -> IO[bytes]:
    """The unpacked bytes of a file that begins with `raw`, opened at its first byte."""
    opener = next((opener for magic, opener in _BY_MAGIC.items() if raw.startswith(magic)), None)
    return file if opener is None else cast("IO[bytes]", opener(file))


def read_blocks(path: Path, size: int = BLOCK_BYTES) -> Generator[bytes]:
    """The unpacked bytes of a file in blocks.

    Raises:
        DataError: the file cannot be opened, or the compressed data is damaged or ends too early.
    """
    done = 0
    with open_binary(path) as file:
        most = max(MOST_UNPACKED * path.stat().st_size, UNPACKED_FREELY)
        while True:
            try:
                block = file.read(size)
            except DAMAGE as error:
                yield (rest := _before_damage(path, done))
                done += len(rest)
                raise DataError(
                    f"{path} is damaged or cut off after {done} unpacked bytes ({error}); fetch it again"
                ) from None
            if not block:
                return
            done += len(block)
            if done > most:
                raise DataError(
                    f"{path} unpacks to more than {MOST_UNPACKED} times its size, as archives do that are made to "
                    "fill a machine; if it is no such thing, unpack it first"
                )
            yield block


def _before_damage(path: Path, done: int) -> bytes:
    """What can still be unpacked behind the first `done` bytes, which a reading in blocks loses with its last one."""
    rest = bytearray()
    with suppress(*DAMAGE), open_binary(path) as file:
        while done and (skipped := file.read(min(done, BLOCK_BYTES))):
            done -= len(skipped)
        while byte := file.read(1):
            rest += byte
    return bytes(rest)


def read_bytes(path: Path) -> bytes:
    """All unpacked bytes of a file; see `read_blocks`."""
    return b"".join(read_blocks(path))


def read_text(path: Path, options: ReadOptions) -> str:
    """The whole text of a file.

    Raises:
        DataError: see `decode_blocks`, or it is longer than `LONGEST_RECORD`.
    """
    blocks, length = [], 0
    for block in decode_blocks(path, options):
        blocks.append(block)
        length += len(block)
        if length > LONGEST_RECORD:
            raise DataError(
                f"{path} is longer than {LONGEST_RECORD:,} characters, which no document is; cut it into documents"
            )
    return "".join(blocks)


def byte_order_mark(head: bytes) -> tuple[bytes, str | None]:
    """The byte order mark with which a file begins and the encoding it tells; none: (b"", None)."""
    return next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if head.startswith(mark)), (b"", None))


def decode_blocks(path: Path, options: ReadOptions, *, marked: bool = False) -> Iterator[str]:
    """The text of a file in blocks, with a line feed at the end of each line.

    A carriage return ends a line as well, with a line feed after it or without. A byte order mark is dropped; the
    encoding it tells goes before the one in the options: no text of another encoding begins like that.

    marked: bad bytes are no error but marked, see `BAD_BYTE`, unless they are replaced or ignored; NUL bytes stay.

    Raises:
        DataError: besides those of `read_blocks`, bytes that are no text in this encoding (told with
            their line and position), or a NUL byte, unless bad bytes are to be replaced or ignored.
    """
    stretch = options.stretch
    if stretch.content is not None:
        blocks: Iterator[bytes] = iter((stretch.content,))
    else:
        blocks = stretch_blocks(path, stretch.start, stretch.stop) if stretch.in_bytes else read_blocks(path)
    first = next(blocks, b"")
    mark, told = byte_order_mark(b"" if stretch.start else first)
    encoding = told or options.encoding
    errors = _MARKING if marked and options.errors == "strict" else options.errors
    decoder = io.IncrementalNewlineDecoder(_decoder(encoding, errors), translate=True)
    before = 0 if stretch.content is None else stretch.start
    done, line, block = before + len(mark), 1 + (stretch.records_before or 0), b""
    try:
        for block in chain((first[len(mark) :],), blocks):
            text = decoder.decode(block)
            if "\0" in text and not (marked and options.errors == "strict" and _has_clean_line(text)):
                text = _without_nul(text, path, line, block, options)
            done, line = done + len(block), line + text.count("\n")
            yield text
        block = b""
        yield decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        # The decoder puts bytes left over from the block before in front of this one.
        before = max(done - (len(error.object) - len(block)), 0)
        good = line_feeds(error.object[: error.start].decode(encoding, "replace").encode())
        raise _undecodable(f"{path}, line {line + good.count(10)}", error, before, encoding) from None
    except UnicodeError as error:  # UTF-16 that must have a byte order mark and has none
        remedy = "name its encoding (such as --encoding utf-16-le)"
        raise UndecodableError(f"{path} is not valid {encoding}: {error}", remedy) from None


def _decoder(encoding: str, errors: str) -> codecs.IncrementalDecoder:
    return codecs.getincrementaldecoder(check_encoding(encoding))(errors)


def check_encoding(encoding: str) -> str:
    """The encoding's own name.

    Raises:
        ValueError: there is none of that name, or it is not one of text.
    """
    try:
        "".encode(encoding)
        return codecs.lookup(encoding).name
    except (LookupError, UnicodeError):
        raise ValueError(
            f"encoding {encoding!r} is unknown; use utf-8, latin-1, cp1252, utf-16, ..."
        ) from None


def _undecodable(place: str, error: UnicodeDecodeError, before: int, encoding: str) -> UndecodableError:
    byte, position = error.object[error.start], before + error.start
    return UndecodableError(
        f"{place} is not valid {encoding}: byte 0x{byte:02x} at position {position} ({error.reason})",
        "name its encoding (such as --encoding latin-1), or have bad bytes replaced (--encoding-errors replace)",
    )


def _has_clean_line(text: str) -> bool:
    """Whether some line is without NUL bytes: then those that have them are bad lines, and the encoding is right."""
    return any("\0" not in line for line in text.split("\n") if line)


def _without_nul(text: str, path: Path, line: int, block: bytes, options: ReadOptions) -> str:
    """The text without its NUL bytes, if the options allow it. line: on which the text begins."""
    if options.errors != "strict":
        return text.replace("\0", "" if options.errors == "ignore" else "\ufffd")
    place = f"{path}, line {line + text.count(chr(10), 0, text.index(chr(0)))} holds a NUL byte"
    share_even, share_odd = (block[i:1000:2].count(0) / max(len(block[i:1000:2]), 1) for i in (0, 1))
    if abs(share_even - share_odd) > 0.5:  # letters below U+0100, each with a byte of zeros
        order = "le" if share_odd > share_even else "be"
        raise DataError(
            f"{place}, as text in UTF-16 without a byte order mark does; name its encoding (--encoding utf-16-{order})"
        )
    raise DataError(
        f"{place}, which no text has; remove it, have it dropped (--encoding-errors ignore), "
        "or leave the file out if it is a binary file"
    )


def line_feed_blocks(path: Path, size: int = BLOCK_BYTES) -> Iterator[bytes]:
    """The bytes of a file of numbers in blocks, in UTF-8 without a byte order mark, each line with a line feed.

    Raises:
        DataError: see `read_blocks` and `decode_blocks`.
    """
    blocks = read_blocks(path, size)
    first = next(blocks, b"")
    mark, encoding = byte_order_mark(first)
    if encoding not in {None, "utf-8"}:
        blocks.close()
        yield from (text.encode() for text in decode_blocks(path, ReadOptions()))
        return
    held = b""
    for block in chain((first[len(mark) :],), blocks):
        whole = held + block
        held = b"\r" if whole.endswith(b"\r") else b""  # its line feed may stand in the next block
        yield line_feeds(whole.removesuffix(held))
    yield line_feeds(held)


def line_feeds(data: bytes) -> bytes:
    """The data with every line end turned into a line feed."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in data else data


def read_lines(path: Path, options: ReadOptions, *, marked: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Lines in lots: number of the first line (from 1) and the lines without their ends.

    A line feed, a carriage return or both end a line, and nothing else does: JSON strings and titles may hold the
    rarer separators of Unicode.

    marked: as for `decode_blocks`; a line that is too long is `TOO_LONG`.

    Raises:
        DataError: see `decode_blocks`, or a line is longer than `LONGEST_RECORD`.
    """
    number = first = 1 + (options.stretch.records_before or 0)
    tally = options.stretch.tally
    open_line: list[str] = []  # pieces of a line that goes on; joined once, for a line may be the whole file
    length = 0
    for text in decode_blocks(path, options, marked=marked):
        head, newline, rest = text.partition("\n")
        open_line.append(head)
        length += len(head)
        if length > LONGEST_RECORD:
            if not marked:
                raise DataError(
                    f"{path}, line {number} is longer than {LONGEST_RECORD:,} characters, which no document is; cut it"
                )
            open_line = [TOO_LONG]
        if not newline:
            continue
        lines = ["".join(open_line), *rest.split("\n")]
        open_line = [lines.pop()]
        length = len(open_line[0])
        yield number, lines
        number += len(lines)
        tally.lines = number - first
    last = "".join(open_line)
    if last:
        tally.lines = number + 1 - first
        yield number, [last]


def numbered_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1; see `read_lines`."""
    for first, lines in read_lines(path, options):
        yield from enumerate(lines, first)
