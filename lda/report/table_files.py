"""Tables as files: a folder of CSV or Parquet."""

from __future__ import annotations

import csv
import json
import math
import re
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.plain_values import plain_values
from lda.corpus.storage.output_target import check_folder_target, new_folder
from lda.report.numbers import text
from lda.report.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

Format = Literal["csv", "parquet"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "parquet")

LONGEST: Final = 80
"""Characters of a file's name that come from the name of a field."""

_OURS: Final = re.compile(rf"(?:{'|'.join(TABLES)}|by_[^/]*)\.(?:csv|parquet)")
_KEPT: Final = re.compile(r"[^\w.-]+")


def check_tables_target(target: Path, *, overwrite: bool) -> None:
    """Refuse a folder that may not be written, before any work is done.

    Raises:
        DataError: it exists and `overwrite` is off, or it holds something else than tables of a report.
    """
    if overwrite and target.is_dir() and any(target.iterdir()) and not _is_ours(target):
        raise DataError(
            f"{target} holds other files than tables of a report, so it is not overwritten; choose another name"
        )
    check_folder_target(target, overwrite=overwrite, is_ours=_is_ours, what="a folder of a report's tables")


def _is_ours(target: Path) -> bool:
    return target.is_dir() and all(path.is_file() and _OURS.fullmatch(path.name) for path in target.iterdir())


def write_tables(
    tables: Mapping[str, pa.Table], target: Path, *, form: Format = "csv", overwrite: bool = False
) -> list[str]:
    """Write each table as a file of a folder that appears whole or not at all.

    CSV is as RFC 4180 has it, in UTF-8, and holds every text as it is. A cell that begins with `=`, `+`, `-` or `@` is
    a formula to a spreadsheet that opens the file; nothing is put before it here, for that would be another text to
    every other program. The workbook (`write_workbook`) says of each cell what it is, and is the one to open there.

    Args:
        tables: by name.
        target: folder to write.
        form: "csv" or "parquet".
        overwrite: replace such a folder that stands there.

    Returns:
        The names of the files.

    Raises:
        DataError: as `check_tables_target`.
        OSError: the disk refused; what stood there is still there.
    """
    check_tables_target(target, overwrite=overwrite)
    names = file_names(tables)
    with new_folder(target, overwrite=overwrite, is_ours=_is_ours) as folder:
        for name, table in tables.items():
            path = folder / f"{names[name]}.{form}"
            if form == "parquet":
                import pyarrow.parquet as pq

                pq.write_table(table, path)
            else:
                write_csv(table, path)
    return [f"{names[name]}.{form}" for name in tables]


def file_names(tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """A name for the file of each table.

    Fields are called what they like, so what is no letter, digit, ., - or _ in their names becomes _, and a number
    tells those apart that are the same then.
    """
    found: dict[str, str] = {}
    taken = set[str]()
    for name in tables:
        base = _KEPT.sub("_", name)[:LONGEST]
        chosen, number = base, 2
        while chosen.casefold() in taken:  # some file systems do not tell capitals apart
            chosen, number = f"{base}-{number}", number + 1
        taken.add(chosen.casefold())
        found[name] = chosen
    return found


def write_csv(table: pa.Table, path: Path) -> None:
    """One table as CSV with a header; None and NaN are empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([text(name) for name in table.column_names])
        rows.writerows(cells(table))


def cells(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """The rows, each value a number, a truth, text or None."""
    for batch in table.to_batches():
        columns = [[_cell(value) for value in _values(column)] for column in batch.columns]
        yield from zip(*columns, strict=True)


def _values(column: pa.Array[Any]) -> list[Any]:
    """The entries; of float32 the shortest number that gives it: 0.1, not 0.10000000149011612."""
    import pyarrow as pa

    if column.type == pa.float32():
        return [None if value is None else float(str(np.float32(value))) for value in column.to_pylist()]
    return plain_values(column)


def _cell(value: Any) -> Any:  # noqa: ANN401 - whatever stands in a field
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return text(json.dumps(value, ensure_ascii=False, default=str))
    return text(value if isinstance(value, str) else str(value))
