"""LDA-C and SVMlight (libsvm): `head id:count id:count ...` a line."""

from __future__ import annotations

import re
from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lda.corpus.arrow import strings
from lda.corpus.errors import DataError
from lda.corpus.metadata import to_table
from lda.corpus.readers.base import CountFile, CountReader
from lda.corpus.readers.count_batches import check_counts, check_size, sum_entries
from lda.corpus.readers.files import read_lines
from lda.corpus.readers.ids_beside import with_ids_beside
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.vocabulary_file import vocabulary_for
from lda.corpus.terms import default_terms

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.batches import TokenBatch


class Lot(NamedTuple):
    """Some consecutive lines.

    Attributes:
        lines: (n,) numbers of the lines that are documents.
        heads: (n,) what stands before the pairs: their number (LDA-C) or a label (SVMlight).
        offsets: (n + 1,) int64, pairs of line i are offsets[i]:offsets[i + 1].
        ids: (n_pairs,) int64 as they stand in the file.
        values: (n_pairs,) float64.
    """

    lines: list[int]
    heads: list[str]
    offsets: npt.NDArray[np.int64]
    ids: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def line_of(self, pair: int) -> int:
        """Number of the line on which a pair stands."""
        return self.lines[int(np.searchsorted(self.offsets, pair, side="right")) - 1]


class _PairReader(CountReader):
    """What both formats share; blank lines are skipped, documents are named by their line."""

    def read(self, path: Path, options: ReadOptions) -> CountFile:
        """Read the vocabulary and, for what it leaves open, the file once; then the documents follow.

        Raises:
            DataError: a line is malformed, an id is beyond the vocabulary, a count is not whole.
        """
        given = vocabulary_for(path, options)
        first, n_terms = self._extent(path, options, given)
        terms = default_terms(n_terms) if given is None else given
        made = CountFile(terms, given is not None, self._batches(path, options, len(terms), first))
        return with_ids_beside(made, path)

    def _extent(self, path: Path, options: ReadOptions, given: list[str] | None) -> tuple[int, int]:
        """The id of the first term and the number of terms."""
        smallest, largest, n_pairs = 0, -1, 0
        for lot in self._lots(path, options):
            if len(lot.ids):
                low = int(lot.ids.min())
                smallest = min(smallest, low) if n_pairs else low
                largest, n_pairs = max(largest, int(lot.ids.max())), n_pairs + len(lot.ids)
        first = self._first_id(smallest)
        if given is None:
            check_size(path, 0, largest + 1 - first, n_pairs)
        return first, max(largest + 1 - first, 0)

    def _lots(self, path: Path, options: ReadOptions) -> Iterator[Lot]:
        for first, lines in read_lines(path, options):
            numbered = [(n, parts) for n, line in enumerate(lines, first) if (parts := self._parts(line))]
            if not numbered:
                continue
            for number, parts in numbered:
                self._check_line(parts, f"{path}, line {number}")
            pairs = [pair for _, parts in numbered for pair in parts[1:]]
            offsets = np.cumsum([0, *(len(parts) - 1 for _, parts in numbered)], dtype=np.int64)
            numbers = [n for n, _ in numbered]
            flat = _numbers(pairs, path, numbers, offsets)
            heads = [parts[0] for _, parts in numbered]
            yield Lot(numbers, heads, offsets, flat[::2].astype(np.int64), flat[1::2])

    def _batches(self, path: Path, options: ReadOptions, n_terms: int, first: int) -> Iterator[TokenBatch]:
        for lot in self._lots(path, options):
            columns = lot.ids - first
            bad = (columns < 0) | (columns >= n_terms)
            if bad.any():
                pair = int(np.argmax(bad))
                raise DataError(
                    f"{_place(path, lot, pair)}: term ids must lie in {first} ... {n_terms - 1 + first}, "
                    f"got {lot.ids[pair]}; give the vocabulary that belongs to the file"
                )
            counts = check_counts(lot.values, partial(_place, path, lot))
            ids = strings([f"{options.prefix}{number}" for number in lot.lines])
            batch = sum_entries(ids, lot.offsets, columns, counts, n_terms)
            yield batch._replace(metadata=self._metadata(lot))

    @abstractmethod
    def _first_id(self, smallest: int) -> int:
        """Whether ids count from 0 or 1, given the smallest one in the file."""

    @abstractmethod
    def _parts(self, line: str) -> list[str]:
        """Head and pairs of a line; nothing for a blank one."""

    def _check_line(self, parts: list[str], where: str) -> None:
        """Check what a line says of itself; by default it says nothing."""

    def _metadata(self, lot: Lot) -> Any:  # noqa: ANN401 - a table or None
        """What the heads tell about the documents; by default nothing."""


def _place(path: Path, lot: Lot, pair: int) -> str:
    return f"{path}, line {lot.line_of(pair)}"


def _numbers(
    pairs: list[str], path: Path, lines: list[int], offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """(2 * n_pairs,) ids and counts by turns."""
    try:
        if all(pair.count(":") == 1 for pair in pairs):
            flat = np.array(list(map(float, ":".join(pairs).split(":"))) if pairs else [], dtype=np.float64)
            if (flat[::2] == np.floor(flat[::2])).all() and (np.abs(flat[::2]) < 2**53).all():
                return flat
    except ValueError:
        pass
    # Something is wrong: look for it pair by pair, which is slow and done once.
    for index, pair in enumerate(pairs):
        term, colon, count = pair.partition(":")
        try:
            int(term), float(count if colon else "")
        except ValueError:
            line = lines[int(np.searchsorted(offsets, index, side="right")) - 1]
            raise DataError(
                f"{path}, line {line}: expected id:count, got {pair!r:.60}; correct the line"
            ) from None
    raise DataError(f"{path}: expected id:count pairs with ids below 2**53; correct the file")


_PAIRS: Final = re.compile(rb"[-+.\w]+(?: \d+:[\d.eE+-]+)* ?\n")


def _lines_of_pairs(head: bytes) -> list[bytes]:
    """The first lines of a file, at most 20, but for a last one that may be cut short; none if one is not of pairs."""
    lines = (head.splitlines(keepends=True)[:-1] or head.splitlines(keepends=True))[:20]
    return lines if b":" in head and all(_PAIRS.fullmatch(line) for line in lines) else []


class LdacReader(_PairReader):
    """Blei's format: the number of pairs, then the pairs, with ids from 0."""

    name = "ldac"
    suffixes = (".ldac", ".lda-c")

    def begins_like(self, head: bytes) -> bool:
        """Whether its lines are pairs after the number of them."""
        lines = _lines_of_pairs(head)
        return bool(lines) and all(line.split()[0] == b"%d" % line.count(b":") for line in lines)

    def _first_id(self, smallest: int) -> int:
        return 0

    def _parts(self, line: str) -> list[str]:
        return line.split()

    def _check_line(self, parts: list[str], where: str) -> None:
        if not parts[0].isdecimal() or int(parts[0]) != len(parts) - 1:
            raise DataError(
                f"{where}: must begin with the number of its pairs ({len(parts) - 1}), got {parts[0]!r:.40}; "
                "correct the line (is it SVMlight?)"
            )


class SvmlightReader(_PairReader):
    """A label, then the pairs; `#` begins a comment. Ids count from 1, or from 0 when a 0 occurs."""

    name = "svmlight"
    suffixes = (".svmlight", ".libsvm", ".svm")

    def begins_like(self, head: bytes) -> bool:
        """Whether its lines are pairs after a word; those of LDA-C are, too, and asked for before."""
        return bool(_lines_of_pairs(head))

    def _first_id(self, smallest: int) -> int:
        return min(max(smallest, 0), 1)

    def _parts(self, line: str) -> list[str]:
        parts = line.partition("#")[0].split()
        return [part for part in parts if not part.startswith("qid:")]

    def _metadata(self, lot: Lot) -> Any:  # noqa: ANN401 - see above
        return to_table({"label": lot.heads})
