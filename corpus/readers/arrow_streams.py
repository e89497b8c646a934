"""Tables of other libraries as inputs: whatever hands out its rows in Arrow's format.

polars, DuckDB, pandas, daft, Ray Data and pyarrow itself have `__arrow_c_stream__`. A stream may be there once only,
and may be longer than memory, so its rows wait in a Parquet file, as what a pipe says waits in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

import pyarrow as pa

from lda.corpus.arrow import usual_layout, usual_type
from lda.corpus.errors import DataError
from lda.corpus.readers.fields import check_names

ROW_GROUP_BYTES: Final = 2**25
"""Of rows that are written together."""

_INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls the names of rows, which are no field."""


@runtime_checkable
class ArrowStream(Protocol):
    """A table, or a reader of one, of any library that knows Arrow's C stream interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A capsule with the stream."""


class TableBatches:
    """Tables that come one after the other and are one table, such as the batches of a data set of Ray."""

    def __init__(self, tables: Iterator[ArrowStream]) -> None:
        self.tables = tables


Input = str | Path | ArrowStream | TableBatches
"""One input."""

Inputs = str | Path | ArrowStream | Iterable[str | Path | ArrowStream]
"""What functions take as inputs."""


def input_list(inputs: Any) -> list[Any]:  # noqa: ANN401 - `Inputs`, or a list that this made: stubs of tables differ
    """The inputs; a single one need not stand in a list. What comes from an iterator of tables is one table."""
    if isinstance(inputs, str | Path | ArrowStream | TableBatches):
        return [inputs]
    if isinstance(inputs, Iterator):
        first = next(inputs, None)
        if first is None:
            return []
        rest = chain((first,), inputs)
        return [TableBatches(rest)] if isinstance(first, ArrowStream) else list(rest)
    return list(inputs)


def is_table(place: object) -> bool:
    """Whether an input is a table in memory, or a stream of one."""
    return isinstance(place, ArrowStream | TableBatches)


def store_table(table: ArrowStream | TableBatches, path: Path, name: str) -> None:
    """Write the rows of a table to a Parquet file, a row group at a time. name: of the table, for messages.

    Raises:
        DataError: tables of one stream have different columns, or one has values that Parquet does not know.
        OSError: there is no room for the file.
    """
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for batch in _batches(table, name):
            if writer is None:
                writer = pq.ParquetWriter(path, batch.schema, compression="lz4")
            rows = max(1, ROW_GROUP_BYTES * batch.num_rows // max(batch.nbytes, 1))
            for start in range(0, batch.num_rows, rows):
                writer.write_batch(batch.slice(start, rows))
    except pa.ArrowException as error:
        reason = " ".join(str(error).split())[:200]
        raise DataError(f"{name} cannot be read ({reason}); leave that column out, or cast it") from None
    finally:
        if writer is not None:
            writer.close()


def _batches(table: ArrowStream | TableBatches, name: str) -> Iterator[Any]:
    """Its record batches, without the names of rows; one without rows where it has none."""
    schema: pa.Schema | None = None
    for one in table.tables if isinstance(table, TableBatches) else iter((table,)):
        reader: Any = pa.RecordBatchReader.from_stream(one)
        fields = [field for field in reader.schema if not _INDEX.fullmatch(field.name)]
        check_names([field.name for field in fields], name)
        if schema is None:
            schema = pa.schema([(field.name, usual_type(field.type)) for field in fields])
            yield pa.RecordBatch.from_pylist([], schema=schema)
        if [field.name for field in fields] != schema.names:
            raise DataError(
                f"{name}: its batches must all have the same columns, got {', '.join(f.name for f in fields):.200} "
                f"after {', '.join(schema.names):.200}; give all of them the same"
            )
        for batch in reader:
            columns = [usual_layout(batch.column(name)) for name in schema.names]
            yield pa.RecordBatch.from_arrays(columns, names=schema.names).cast(schema)
