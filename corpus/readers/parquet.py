"""Parquet files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import is_list, pc, strings
from lda.corpus.errors import DataError
from lda.corpus.readers.base import BATCH_CHARACTERS, BATCH_DOCUMENTS, TextBatch, TextReader
from lda.corpus.readers.fields import Fields, choose_fields
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.ready_tokens import TOKENS, arrow_texts, arrow_tokens, holds_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ParquetReader(TextReader):
    """Rows of a Parquet file; null text is an empty document, a list is tokens, bytes are text in the encoding."""

    name = "parquet"
    suffixes = (".parquet", ".pq")
    mark = re.compile(rb"PAR1")
    name_is_enough = False  # what does not begin like Parquet is something else
    in_parts = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per row.

        Raises:
            DataError: the file is damaged, or a field is missing or not of text.
        """
        import pyarrow.parquet as pq

        try:
            with pq.ParquetFile(path) as file:
                fields = choose_fields(file.schema_arrow.names, options, str(path))
                _check_text(file.schema_arrow, fields, path)
                done = 0
                for rows in file.iter_batches(batch_size=_rows_at_a_time(file)):
                    rows.validate(full=True)  # strings are not checked to be UTF-8 on reading
                    yield _text_batch(rows, fields, options, path, done)
                    done += rows.num_rows
        except (pa.ArrowException, OSError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise DataError(f"{path} cannot be read as Parquet ({reason}); write it again") from None


def _rows_at_a_time(file: Any) -> int:  # noqa: ANN401 - ParquetFile, imported late
    """Number of rows per batch of about BATCH_CHARACTERS."""
    groups = file.metadata
    size = sum(groups.row_group(i).total_byte_size for i in range(groups.num_row_groups))
    per_row = max(int(size) // max(int(groups.num_rows), 1), 1)
    return max(1, min(BATCH_DOCUMENTS, BATCH_CHARACTERS // per_row))


def _check_text(schema: pa.Schema, fields: Fields, path: Path) -> None:
    kinds: list[Any] = [schema.field(name).type for name in fields.text]
    for name, kind in zip(fields.text, kinds, strict=True):
        if not holds_text(kind.value_type if is_list(kind) else kind):
            raise DataError(
                f"{path}: the field {name!r} must hold text, or lists of it, got {kind}; choose another with --text"
            )
    if len({is_list(kind) for kind in kinds}) > 1:
        raise DataError(f"{path}: the text fields must all hold text, or all lists of tokens, got both")


def _text_batch(
    rows: pa.RecordBatch, fields: Fields, options: ReadOptions, path: Path, done: int
) -> TextBatch:
    without = np.logical_and.reduce([np.asarray(rows.column(name).is_null()) for name in fields.text])
    texts = _documents(rows, fields.text, options, path, done + 1)
    numbers = [f"{options.prefix}{number}" for number in range(done + 1, done + rows.num_rows + 1)]
    if fields.id is None:
        ids = strings(numbers)
    else:
        column: Any = rows.column(fields.id)
        if column.null_count and options.id is not None and options.id_required:
            raise DataError(
                f"{path}: the id field {fields.id!r} holds null near row {done + 1}; fill it, or choose --id"
            )
        if holds_text(column.type):
            column = arrow_texts(column, fields.id, options, str(path), lambda place: done + 1 + place)
        ids = strings(
            [n if key is None else str(key) for key, n in zip(column.to_pylist(), numbers, strict=True)]
        )
    others = [name for name in rows.schema.names if name not in fields.text and name != fields.id]
    metadata = pa.table({name: _plain(rows.column(name)) for name in others}) if others else None
    return TextBatch(ids, texts, metadata, int(without.sum()))


def _documents(
    rows: pa.RecordBatch, names: tuple[str, ...], options: ReadOptions, path: Path, first: int
) -> Any:  # noqa: ANN401 - texts or tokens, see TextBatch
    """The text fields of some rows, the first of which is number `first`, as one column."""
    columns: list[Any] = [rows.column(name) for name in names]
    named = list(zip(columns, names, strict=True))
    if not is_list(columns[0].type):
        texts = [arrow_texts(column, name, options, str(path), lambda i: first + i) for column, name in named]
        filled = [pc.fill_null(column, "") for column in texts]
        blank = pa.scalar(" ", pa.large_string())
        return filled[0] if len(filled) == 1 else pc.binary_join_element_wise(*filled, blank)
    lists = [arrow_tokens(column, name, options, str(path), first) for column, name in named]
    if len(lists) == 1:
        return lists[0]
    joined = zip(*(column.to_pylist() for column in lists), strict=True)
    return pa.array([[token for part in parts for token in part] for parts in joined], TOKENS)


def _plain(column: Any) -> Any:  # noqa: ANN401 - any type
    """Dictionary-coded columns spelled out: each batch has a dictionary of its own."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
