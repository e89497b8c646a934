"""Parquet files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, is_list, pc, strings, usual_layout
from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.base import BATCH_CHARACTERS, BATCH_DOCUMENTS, TextBatch, TextReader
from lda.corpus.readers.fields import check_names, choose_fields
from lda.corpus.readers.options import Fields, ReadOptions
from lda.corpus.readers.ready_tokens import TOKENS, arrow_texts, arrow_tokens, holds_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt


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
                check_names(file.schema_arrow.names, str(path))
                fields = choose_fields(file.schema_arrow.names, options, str(path))
                _check_text(file.schema_arrow, fields, path)
                for first, rows in _row_batches(file, options, path):
                    numbers = np.arange(first, first + rows.num_rows)
                    yield from _good_rows(rows, fields, options, path, numbers)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> DataError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return DataError(f"{path} cannot be read as Parquet ({reason}); write it again")


def _row_batches(file: Any, options: ReadOptions, path: Path) -> Iterator[tuple[int, pa.RecordBatch]]:  # noqa: ANN401
    """The rows in batches, with the number of the first; of a damaged row group those before the damage.

    Only if bad records are left out; else damage is an error.
    """
    stretch, metadata = options.stretch, file.metadata
    first = 1 + (stretch.records_before or 0)
    groups = range(metadata.num_row_groups) if stretch.row_groups is None else range(*stretch.row_groups)
    for some in [groups] if options.bad_records is None else [[group] for group in groups]:
        number = first
        try:
            for rows in file.iter_batches(batch_size=_rows_at_a_time(file), row_groups=some):
                yield number, rows
                number += rows.num_rows
        except (pa.ArrowException, OSError) as error:
            if options.bad_records is None:
                raise
            group = some[0] + 1
            fault = str(_unreadable(path, error)).removeprefix(f"{path} ")
            damage = DataError(f"{path}, row group {group}: {fault}")
            skip_or_stop(options.bad_records, damage, path, group, unit="row group")
        first += sum(metadata.row_group(group).num_rows for group in some)


def _good_rows(
    rows: pa.RecordBatch, fields: Fields, options: ReadOptions, path: Path, numbers: npt.NDArray[np.int64]
) -> Iterator[TextBatch]:
    """The documents of some rows, without bad ones. Where there are such, each row is looked at by itself."""

    def documents(some: pa.RecordBatch, their: npt.NDArray[np.int64]) -> TextBatch:
        some.validate(full=True)  # strings are not checked to be UTF-8 on reading
        return _text_batch(some, fields, options, path, their)

    try:
        made = documents(rows, numbers)
    except (DataError, pa.ArrowInvalid):
        good = []
        for place, number in enumerate(numbers.tolist()):
            try:
                documents(rows.slice(place, 1), numbers[place : place + 1])
                good.append(place)
            except (DataError, pa.ArrowInvalid) as error:
                _skip_row(options, error, path, number)
        if not good:
            return
        made = documents(rows.take(array(np.array(good))), numbers[good])
    yield made


def _skip_row(options: ReadOptions, error: Exception, path: Path, number: int) -> None:
    text = str(error) if isinstance(error, DataError) else str(_unreadable(path, error))
    fault = re.sub(rf" (?:in|near) row {number}\b", "", text.removeprefix(str(path)))
    place = f"{path}, row {number}"
    skip_or_stop(options.bad_records, DataError(f"{place}{fault}"), path, number, unit="row")


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
    rows: pa.RecordBatch, fields: Fields, options: ReadOptions, path: Path, row_numbers: npt.NDArray[np.int64]
) -> TextBatch:
    """The documents of some rows. row_numbers: (n,) of the rows in the file, from 1."""
    first = int(row_numbers[0]) if len(row_numbers) else 1
    without = np.logical_and.reduce([np.asarray(rows.column(name).is_null()) for name in fields.text])
    texts = _documents(rows, fields.text, options, path, first)
    numbers = [f"{options.prefix}{number}" for number in row_numbers.tolist()]
    if fields.id is None:
        ids = strings(numbers)
    else:
        column: Any = rows.column(fields.id)
        if column.null_count and options.id is not None and options.id_required:
            raise DataError(
                f"{path}: the id field {fields.id!r} holds null near row {first}; fill it, or choose --id"
            )
        if holds_text(column.type):
            column = arrow_texts(column, fields.id, options, str(path), lambda place: first + place)
        ids = strings(
            [n if key is None else str(key) for key, n in zip(column.to_pylist(), numbers, strict=True)]
        )
    others = [name for name in rows.schema.names if name not in fields.text and name != fields.id]
    metadata = pa.table({name: usual_layout(rows.column(name)) for name in others}) if others else None
    n_without = int(without.sum())
    return TextBatch(ids, texts, metadata, n_without, without_text=without if n_without else None)


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
