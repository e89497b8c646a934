"""CSV and TSV with a header line."""

from __future__ import annotations

import csv
import re
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.fields import check_names, choose_fields
from lda.corpus.readers.files import BAD_BYTE, LONGEST_RECORD
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.record_lines import excerpt_of, fault_of, marked_lines, record_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_EXCEL_DELIMITER: Final = re.compile(r'"?sep=([^"\r\n]|\\t)"?\n', re.IGNORECASE)
"""A line that Excel writes and reads above the header: the delimiter, spelled out."""


class CsvReader(TextReader):
    """Comma-separated (or semicolon-separated) rows with quoting; fields may hold line breaks.

    A first line `sep=;`, as Excel has it, names the delimiter.
    """

    name = "csv"
    suffixes = (".csv",)
    in_parts = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per row.

        Raises:
            DataError: a row is ragged or its quoting broken, or a field is missing.
        """
        return batch_documents(_documents(path, options, _csv_rows(path, options)))


class TsvReader(TextReader):
    """Tab-separated rows without quoting: quotes are plain characters."""

    name = "tsv"
    suffixes = (".tsv", ".tab")
    in_parts = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per row.

        Raises:
            DataError: a row is ragged, or a field is missing.
        """
        rows = ((number, line.split("\t")) for number, line in record_lines(path, options) if line)
        return batch_documents(_documents(path, options, rows))


LINE_BYTES: Final = 128
"""What a line that is held takes beside its characters: of millions of short ones, nearly all."""


class _Lines:
    """Lines with their line feeds, of which some are read again: a quote that stands alone swallows what follows it."""

    def __init__(self, lines: Iterator[tuple[int, str]], *, kept: bool) -> None:
        """Start at the first line. kept: whether `back` will be called; else no line is held."""
        self._lines, self._kept = lines, kept
        self._again: deque[tuple[int, str]] = deque()
        self._row: list[tuple[int, str]] = []
        self._characters = 0
        self._begins = True
        self.start = 1
        """Number of the line with which the row begins."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        number, line = self._again.popleft() if self._again else next(self._lines)
        if self._begins:
            self.start, self._begins = number, False
        if self._kept:
            self._row.append((number, line))
            self._characters += len(line) + LINE_BYTES
            if self._characters > LONGEST_RECORD:
                raise csv.Error(f"longer than {LONGEST_RECORD:,} characters")
        return line + "\n"

    def begin(self) -> None:
        """A row begins with the next line."""
        self._row.clear()
        self._characters, self._begins = 0, True

    def look(self) -> str | None:
        """The next line, which is still to come."""
        self._again.extend(islice(self._lines, 1))
        return self._again[0][1] if self._again else None

    def back(self) -> str:
        """Go back behind the first line of the row, which is returned."""
        self._again.extendleft(reversed(self._row[1:]))
        return self._row[0][1] if self._row else ""


def _csv_rows(path: Path, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line on which each starts.

    Behind a row with broken quoting the next *line* is taken for the beginning of a row: nobody can tell where the row
    should have ended, and a lone quote would swallow good ones. Further lines of the broken row are bad rows as well,
    unless they happen to have as many fields as the header.
    """
    if csv.field_size_limit() < LONGEST_RECORD:  # 131,072 characters, which is less than a novel
        csv.field_size_limit(LONGEST_RECORD)
    skips = options.bad_records is not None
    lines = _Lines(marked_lines(path, options) if skips else record_lines(path, options), kept=skips)
    told = _EXCEL_DELIMITER.fullmatch(f"{lines.look()}\n")
    if told is not None:
        next(lines)
        lines.begin()
    header = lines.look()
    if header is None:
        return
    # The first of them when none occurs: a single column.
    delimiter = told[1].replace("\\t", "\t") if told is not None else max(",;\t|", key=header.count)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    begun = False
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            fault = DataError(
                f"{path}, line {lines.start}: broken quoting ({error}); double quotes within a field, or use TSV"
            )
            if not begun:  # without a header nothing tells what a row is
                raise fault from None
            skip_or_stop(options.bad_records, fault, path, lines.start, excerpt_of(lines.back()))
            lines.begin()
            continue
        if row is None:
            return
        if row:
            begun = True
            yield lines.start, row
        lines.begin()


def _documents(
    path: Path, options: ReadOptions, rows: Iterator[tuple[int, list[str]]]
) -> Iterator[TextDocument]:
    line, header = next(rows, (1, []))
    if not header:
        raise DataError(f"{path} is empty; a table needs a header line with the names of its fields")
    check_names(header, f"{path}, line {line}")
    if (fault := _fault(header)) is not None:
        raise DataError(f"{path}, line {line}{fault}; correct the names of the fields")
    fields = choose_fields(header, options, f"{path}, line {line}")
    texts = [header.index(name) for name in fields.text]
    key = None if fields.id is None else header.index(fields.id)
    others = [(name, i) for i, name in enumerate(header) if i not in texts and i != key]
    for count, (number, row) in enumerate(rows, 1):
        fault = None
        if len(row) != len(header):
            fault = f": {len(row)} fields, but {len(header)} in the header"
        elif options.bad_records is not None:
            fault = _fault(row)
        if fault is not None:
            error = DataError(f"{path}, line {number}{fault}; correct the row")
            skip_or_stop(options.bad_records, error, path, number, excerpt_of(", ".join(row)[:2000]))
            continue
        name = f"{options.prefix}{count}" if key is None else row[key]
        yield TextDocument(name, " ".join([row[i] for i in texts]), {field: row[i] for field, i in others})


def _fault(row: list[str]) -> str | None:
    """What is wrong with the bytes of a row, where it was read from marked lines."""
    bad = next((field for field in row if BAD_BYTE in field or "\0" in field), None)
    return None if bad is None else fault_of(bad)
