"""Opening files: compression, encodings, lines; every failure with its place."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import zlib
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pyarrow as pa

from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from lda.corpus.reader import ReadOptions

BLOCK_BYTES: Final = 2**20

COMPRESSED_SUFFIXES: Final = (".gz", ".bz2", ".xz", ".zst", ".lzma")


def _open_zstd(path: Path) -> IO[bytes]:
    # compression.zstd comes with Python 3.14; pyarrow is there in any case.
    return cast("IO[bytes]", pa.CompressedInputStream(pa.OSFile(str(path), "rb"), "zstd"))


_BY_MAGIC: Final[dict[bytes, Callable[[Path], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": _open_zstd,
}


def plain_name(path: Path) -> str:
    """Lower-case name of the file without the suffix of its compression."""
    name = path.name.lower()
    return next((name.removesuffix(s) for s in COMPRESSED_SUFFIXES if name.endswith(s)), name)


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unpacking gzip, bzip2, xz and Zstandard, told by their first bytes.

    Raises:
        DataError: there is no such file, or it cannot be opened.
    """
    # By content, because a download is often unpacked on the way and keeps its name.
    try:
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


def read_blocks(path: Path, size: int = BLOCK_BYTES) -> Generator[bytes]:
    """The unpacked bytes of a file in blocks.

    Raises:
        DataError: the file cannot be opened, or the compressed data is damaged or ends too early.
    """
    done = 0
    with open_binary(path) as file:
        while True:
            try:
                block = file.read(size)
            except (OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException) as error:
                raise DataError(
                    f"{path} is damaged or cut off after {done} unpacked bytes ({error}); fetch it again"
                ) from None
            if not block:
                return
            done += len(block)
            yield block


def read_bytes(path: Path) -> bytes:
    """All unpacked bytes of a file; see `read_blocks`."""
    return b"".join(read_blocks(path))


def read_text(path: Path, options: ReadOptions) -> str:
    """The whole text of a file; see `decode_blocks`."""
    return "".join(decode_blocks(path, options))


def decode_blocks(path: Path, options: ReadOptions) -> Iterator[str]:
    """The text of a file in blocks; a byte order mark is dropped.

    Raises:
        DataError: besides those of `read_blocks`, bytes that are no text in this encoding (told with
            their position), or a file that is binary.
    """
    decoder = _decoder(options)
    done, block = 0, b""
    try:
        for block in read_blocks(path):
            text = decoder.decode(block)
            _refuse_binary(path, text, options)
            done += len(block)
            yield text
        block = b""
        yield decoder.decode(b"", True)
    except UnicodeDecodeError as error:
        # The decoder puts bytes left over from the block before in front of this one.
        raise _undecodable(
            path, error, max(done - (len(error.object) - len(block)), 0), options.encoding
        ) from None


def _decoder(options: ReadOptions) -> codecs.IncrementalDecoder:
    try:
        name = codecs.lookup(options.encoding).name
    except LookupError:
        raise ValueError(
            f"encoding {options.encoding!r} is unknown; use utf-8, latin-1, cp1252, utf-16, ..."
        ) from None
    return codecs.getincrementaldecoder("utf-8-sig" if name == "utf-8" else name)(options.errors)


def _undecodable(path: Path, error: UnicodeDecodeError, before: int, encoding: str) -> DataError:
    byte, position = error.object[error.start], before + error.start
    return DataError(
        f"{path} is not valid {encoding}: byte 0x{byte:02x} at position {position} ({error.reason}); "
        "name its encoding (such as latin-1), or let bad bytes be replaced (errors='replace')"
    )


def _refuse_binary(path: Path, text: str, options: ReadOptions) -> None:
    if options.errors == "strict" and "\0" in text:
        raise DataError(f"{path} is a binary file, not text: it holds a NUL byte; remove it from the input")


def read_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """Lines in lots: number of the first line (from 1) and the lines without their ends.

    Only a line feed, with or without a carriage return, ends a line: JSON strings and titles may hold the
    rarer separators of Unicode.

    Raises:
        DataError: see `decode_blocks`.
    """
    number = 1
    open_line: list[str] = []  # pieces of a line that goes on; joined once, for a line may be the whole file
    for text in decode_blocks(path, options):
        head, newline, rest = text.partition("\n")
        open_line.append(head)
        if not newline:
            continue
        lines = ["".join(open_line), *rest.split("\n")]
        open_line = [lines.pop()]
        yield number, [line.removesuffix("\r") for line in lines]
        number += len(lines)
    last = "".join(open_line).removesuffix("\r")
    if last:
        yield number, [last]


def numbered_lines(path: Path, options: ReadOptions) -> Iterator[tuple[int, str]]:
    """Each line with its number, from 1; see `read_lines`."""
    for first, lines in read_lines(path, options):
        yield from enumerate(lines, first)
