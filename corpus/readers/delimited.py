"""CSV and TSV with a header line."""

from __future__ import annotations

import csv
import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.fields import choose_fields
from lda.corpus.readers.files import numbered_lines
from lda.corpus.readers.options import ReadOptions

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FIELD_LIMIT: Final = 2**31 - 1
"""The csv module stops at 131,072 characters a field, which is less than a novel."""


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
        rows = ((number, line.split("\t")) for number, line in numbered_lines(path, options) if line)
        return batch_documents(_documents(path, options, rows))


def _csv_rows(path: Path, options: ReadOptions) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line on which each starts."""
    if csv.field_size_limit() < _FIELD_LIMIT:
        csv.field_size_limit(_FIELD_LIMIT)
    lines = (line + "\n" for _, line in numbered_lines(path, options))
    header, before = next(lines, None), 0
    told = _EXCEL_DELIMITER.fullmatch(header or "")
    if told is not None:
        header, before = next(lines, None), 1
    if header is None:
        return
    # The first of them when none occurs: a single column.
    delimiter = told[1].replace("\\t", "\t") if told is not None else max(",;\t|", key=header.count)
    rows = csv.reader(chain((header,), lines), delimiter=delimiter, strict=True)
    while True:
        start = before + rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise DataError(
                f"{path}, line {start}: broken quoting ({error}); double quotes within a field, or use TSV"
            ) from None
        if row is None:
            return
        if row:
            yield start, row


def _documents(
    path: Path, options: ReadOptions, rows: Iterator[tuple[int, list[str]]]
) -> Iterator[TextDocument]:
    line, header = next(rows, (1, []))
    if not header:
        raise DataError(f"{path} is empty; a table needs a header line with the names of its fields")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{path}, line {line}: the field {twice!r} stands twice in the header; rename one")
    fields = choose_fields(header, options, f"{path}, line {line}")
    texts = [header.index(name) for name in fields.text]
    key = None if fields.id is None else header.index(fields.id)
    others = [(name, i) for i, name in enumerate(header) if i not in texts and i != key]
    for count, (number, row) in enumerate(rows, 1):
        if len(row) != len(header):
            raise DataError(
                f"{path}, line {number}: {len(row)} fields, but {len(header)} in the header; correct the row"
            )
        name = f"{options.prefix}{count}" if key is None else row[key]
        yield TextDocument(name, " ".join([row[i] for i in texts]), {field: row[i] for field, i in others})
