"""One schema for the user's further columns, although each batch was typed on its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lda.corpus.arrow import whole_text
from lda.corpus.plain_values import plain_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def to_table(columns: Mapping[str, Sequence[object]]) -> pa.Table:
    """Columns of Python values as a table; a column of mixed kinds becomes strings of JSON."""
    return pa.table({whole_text(name): _to_array(values) for name, values in columns.items()})


def _to_array(values: Sequence[object]) -> pa.Array[Any]:
    try:
        array: pa.Array[Any] = pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return _as_json(values)
    # An empty object has no columns of its own, so Arrow files cannot hold it alone.
    return _as_json(values) if pa.types.is_nested(array.type) and "struct<>" in str(array.type) else array


def _as_json(values: Sequence[object]) -> pa.Array[Any]:
    texts = [value if value is None or isinstance(value, str) else _dump(value) for value in values]
    return pa.array([text and whole_text(text) for text in texts], pa.string())


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def unify(schemas: Sequence[pa.Schema | None]) -> pa.Schema | None:
    """The schema all batches can take: numbers widen, anything else that disagrees becomes strings.

    Args:
        schemas: of the metadata of each batch; None for a batch without metadata.

    Returns:
        The union of all columns, in order of appearance; None when there is none.
    """
    fields: dict[str, Any] = {}
    for schema in dict.fromkeys(schema for schema in schemas if schema is not None):
        for field in schema:
            known = fields.get(field.name, field.type)
            fields[field.name] = known if known.equals(field.type) else _common(known, field.type)
    return pa.schema(list(fields.items())) if fields else None


def _common(first: Any, second: Any) -> Any:  # noqa: ANN401 - the stubs have one class per type
    if {first, second} == {pa.string(), pa.large_string()}:
        return pa.large_string()
    try:
        merged = pa.unify_schemas(
            [pa.schema({"x": first}), pa.schema({"x": second})], promote_options="permissive"
        )
        return merged.field("x").type
    except pa.ArrowException:
        return pa.string()


def conform(table: pa.Table | None, schema: pa.Schema | None, n_rows: int) -> pa.Table | None:
    """The table with exactly the columns of `schema`; missing ones are null."""
    if schema is None:
        return None
    present = set() if table is None else set(table.column_names)
    columns = [
        _cast(table.column(field.name), field.type)
        if table is not None and field.name in present
        else pa.nulls(n_rows, field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _cast(column: pa.ChunkedArray[Any], wanted: Any) -> Any:  # noqa: ANN401 - see _common
    if column.type.equals(wanted):
        return column
    if pa.types.is_string(wanted) and not pa.types.is_large_string(column.type):
        return _as_json(plain_values(column))
    return column.cast(wanted)


def with_column(table: pa.Table | None, name: str, column: pa.Array[Any]) -> pa.Table:
    """The table with one more column; that column alone where there is none."""
    return pa.table({name: column}) if table is None else table.append_column(name, column)
