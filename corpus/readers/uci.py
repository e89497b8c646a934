"""The bag-of-words format of the UCI repository: docword and vocab files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.readers.base import CountFile, CountReader
from lda.corpus.readers.count_batches import TOKENS_PER_BATCH, check_counts, check_size, sum_entries
from lda.corpus.readers.ids_beside import with_ids_beside
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.triplets import line_blocks, parse_entries
from lda.corpus.readers.vocabulary_beside import find_vocabulary
from lda.corpus.readers.vocabulary_file import vocabulary_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.batches import TokenBatch


_BEGINNING: Final = re.compile(rb"\d+\s*\n\d+\s*\n\d+\s*\n\d+[ \t]+\d+[ \t]+\d+\s*\n")


class UciHeader(NamedTuple):
    """The three numbers at the top: documents, terms, entries."""

    n_documents: int
    n_terms: int
    n_entries: int


class UciReader(CountReader):
    """Three numbers, then `document term count` a line, numbered from 1, sorted by document; streamed."""

    name = "uci"
    prefixes = ("docword",)

    def begins_like(self, head: bytes) -> bool:
        """Whether it begins with the three numbers and an entry."""
        return _BEGINNING.match(head) is not None

    def companion(self, path: Path) -> Path | None:
        """The vocabulary: `docword.x.txt vocab.x.txt`, as a shell makes of *.x.txt, is one corpus."""
        return find_vocabulary(path)

    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read vocabulary and header; the documents follow.

        Raises:
            DataError: the vocabulary is missing or does not fit, a number is out of range, the end missing.
        """
        blocks = line_blocks(path)
        header, first_block = _header(path, blocks)
        terms = vocabulary_for(path, options)
        if terms is None:
            raise DataError(
                f"{path} needs its vocabulary, and there is no vocab file beside it; name it (--vocabulary)"
            )
        if len(terms) < header.n_terms:
            raise DataError(
                f"the vocabulary of {path} has {len(terms)} terms, but its header says {header.n_terms}; "
                "give the right one"
            )
        check_size(path, header.n_documents, header.n_terms, header.n_entries)
        made = CountFile(
            terms, True, _documents(path, header, len(terms), first_block, blocks, options.prefix)
        )
        return with_ids_beside(made, path)


def _header(path: Path, blocks: Iterator[bytes]) -> tuple[UciHeader, bytes]:
    """The header and what follows it in the blocks that had to be taken."""
    block = b""
    while block.count(b"\n") < 3 and (more := next(blocks, b"")):
        block += more
    lines = block.split(b"\n", 3)
    try:
        header = UciHeader(*(int(line) for line in lines[:3]))
    except (ValueError, TypeError):
        raise DataError(
            f"{path} must begin with three lines (documents, terms, entries), got {block[:40]!r}; "
            "is it a UCI docword file?"
        ) from None
    if min(header) < 0:
        raise DataError(
            f"{path} must begin with three counts that are not negative, got {tuple(header)}; correct them"
        )
    return header, lines[3] if len(lines) > 3 else b""


def _documents(
    path: Path, header: UciHeader, n_terms: int, block: bytes, blocks: Iterator[bytes], prefix: str
) -> Iterator[TokenBatch]:
    """Batches of complete documents; documents without entries are empty."""
    held = np.zeros((0, 3), dtype=np.int64)  # entries of a document that may go on in the next block
    done, line, seen = 0, 4, 0
    while True:
        entries = parse_entries(path, block, line, "document term count", whole=True)
        line, seen = line + block.count(b"\n"), seen + len(entries)
        _check(path, entries, header, seen - len(entries))
        entries = np.concatenate([held, entries])
        upcoming = next(blocks, None)
        last = header.n_documents if upcoming is None else int(entries[-1, 0]) - 1 if len(entries) else done
        _check_sorted(path, entries, done)
        ready = int(np.searchsorted(entries[:, 0], last, side="right"))
        yield from _batches(entries[:ready], done, last, n_terms, prefix)
        held, done = entries[ready:], last
        if upcoming is None:
            break
        block = upcoming
    if seen != header.n_entries:
        raise DataError(
            f"{path} has {seen} entries, but its header says {header.n_entries}; "
            "it is cut off or damaged, fetch it again"
        )


def _check(path: Path, entries: npt.NDArray[np.int64], header: UciHeader, before: int) -> None:
    for column, (name, limit) in enumerate((("document", header.n_documents), ("term", header.n_terms))):
        bad = (entries[:, column] < 1) | (entries[:, column] > limit)
        if bad.any():
            entry = int(np.argmax(bad))
            raise DataError(
                f"{path}: {name} numbers must lie in 1 ... {limit}, got {entries[entry, column]} "
                f"in entry {before + entry + 1}; correct the header or the entry"
            )
    check_counts(entries[:, 2], lambda entry: f"entry {before + entry + 1} of {path}")


def _check_sorted(path: Path, entries: npt.NDArray[np.int64], done: int) -> None:
    steps = np.diff(entries[:, 0], prepend=done)
    if (steps < 0).any():
        document = entries[int(np.argmax(steps < 0)), 0]
        raise DataError(
            f"{path} must be sorted by document, but {document} comes too late; sort it (sort -n)"
        )


def _batches(
    entries: npt.NDArray[np.int64], done: int, last: int, n_terms: int, prefix: str
) -> Iterator[TokenBatch]:
    """Documents done + 1 ... last."""
    while done < last:
        offsets = np.searchsorted(entries[:, 0], np.arange(done + 1, last + 2)).astype(np.int64)
        ends = np.concatenate([[0], np.cumsum(entries[:, 2])])[offsets]
        count = max(1, int(np.searchsorted(ends, ends[0] + TOKENS_PER_BATCH, side="right")) - 1)
        part = entries[: offsets[count]]
        ids: pa.Array[Any] = strings([f"{prefix}{number}" for number in range(done + 1, done + count + 1)])
        yield sum_entries(ids, offsets[: count + 1], part[:, 1] - 1, part[:, 2], n_terms)
        entries, done = entries[offsets[count] :], done + count
