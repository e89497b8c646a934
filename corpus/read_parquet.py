"""Parquet files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import pc, strings
from lda.corpus.errors import DataError
from lda.corpus.fields import Fields, choose_fields
from lda.corpus.reader import BATCH_CHARACTERS, BATCH_DOCUMENTS, ReadOptions, TextBatch, TextReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class ParquetReader(TextReader):
    """Rows of a Parquet file; null text is an empty document."""

    name = "parquet"
    suffixes = (".parquet", ".pq")

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
    """So many rows that a batch holds about BATCH_CHARACTERS."""
    groups = file.metadata
    size = sum(groups.row_group(i).total_byte_size for i in range(groups.num_row_groups))
    per_row = max(int(size) // max(int(groups.num_rows), 1), 1)
    return max(1, min(BATCH_DOCUMENTS, BATCH_CHARACTERS // per_row))


def _check_text(schema: pa.Schema, fields: Fields, path: Path) -> None:
    for name in fields.text:
        kind: Any = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"):
            raise DataError(
                f"{path}: the field {name!r} must hold text, got {kind}; choose another with --text"
            )


def _text_batch(
    rows: pa.RecordBatch, fields: Fields, options: ReadOptions, path: Path, done: int
) -> TextBatch:
    found = [pc.cast(rows.column(name), pa.large_string()) for name in fields.text]
    without = np.logical_and.reduce([np.asarray(column.is_null()) for column in found])
    columns = [pc.fill_null(column, "") for column in found]
    texts = (
        columns[0]
        if len(columns) == 1
        else pc.binary_join_element_wise(*columns, pa.scalar(" ", pa.large_string()))
    )
    numbers = [f"{options.prefix}{number}" for number in range(done + 1, done + rows.num_rows + 1)]
    if fields.id is None:
        ids = strings(numbers)
    else:
        column = rows.column(fields.id)
        if column.null_count and options.id is not None and options.id_required:
            raise DataError(
                f"{path}: the id field {fields.id!r} holds null near row {done + 1}; fill it, or choose --id"
            )
        ids = strings(
            [n if key is None else str(key) for key, n in zip(column.to_pylist(), numbers, strict=True)]
        )
    others = [name for name in rows.schema.names if name not in fields.text and name != fields.id]
    metadata = pa.table({name: _plain(rows.column(name)) for name in others}) if others else None
    return TextBatch(ids, texts, metadata, int(without.sum()))


def _plain(column: Any) -> Any:  # noqa: ANN401 - any type
    """Dictionary-coded columns spelled out: each batch has a dictionary of its own."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
