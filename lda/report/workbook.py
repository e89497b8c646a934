"""Tables as one workbook of a spreadsheet, a sheet each."""

from __future__ import annotations

import io
import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.storage.output_target import new_file
from lda.extras import needed
from lda.report.numbers import LARGEST, text
from lda.report.table_files import cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import ModuleType

    import pyarrow as pa

MOST_ROWS: Final = 2**20
"""Of a sheet, the header included; what is more is for Parquet."""

MOST_COLUMNS: Final = 2**14
LONGEST_CELL: Final = 32_767
LONGEST_NAME: Final = 31

_NO_NAME: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def xlsxwriter() -> ModuleType:
    """The library that writes workbooks. Raises `MissingPackageError`, in one line that says what to install."""
    return needed("xlsxwriter", "workbooks", "pip install 'raylda[xlsx]'")


def check_sheets(tables: Mapping[str, pa.Table]) -> None:
    """See that each table fits a sheet. Raises `DataError`."""
    for name, table in tables.items():
        if table.num_rows >= MOST_ROWS or table.num_columns > MOST_COLUMNS:
            raise DataError(
                f"the table {name} has {table.num_rows:,} rows and {table.num_columns:,} columns, more than a sheet "
                "can have; describe fewer documents, or write Parquet (--tables)"
            )


def write_workbook(tables: Mapping[str, pa.Table], target: Path, *, overwrite: bool = False) -> None:
    """Write a workbook, whole or not at all; every text is a cell of text, no formula and no link.

    Args:
        tables: by name.
        target: file to write.
        overwrite: replace a file that stands there.

    Raises:
        DataError: the file exists and `overwrite` is off, or a table has more rows than a sheet can have.
        MissingPackageError: the library is not installed.
        OSError: the disk refused; what stood there is still there.
    """
    library = xlsxwriter()
    check_sheets(tables)
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "constant_memory": True,
    }
    # The library makes it in memory, which is small: on a full disk its own writing leaves an open archive behind.
    made = io.BytesIO()
    book = library.Workbook(made, options)
    book.set_properties({"created": datetime.combine(date.today(), time())})  # equal bytes all day
    bold = book.add_format({"bold": True})
    taken = set[str]()
    for name, table in tables.items():
        sheet = book.add_worksheet(_sheet_name(name, taken))
        sheet.freeze_panes(1, 0)
        for column, title in enumerate(table.column_names):
            sheet.write_string(0, column, _fitting(text(title)), bold)
        for row, values in enumerate(cells(table), start=1):
            for column, value in enumerate(values):
                if isinstance(value, bool):
                    sheet.write_boolean(row, column, value)
                elif isinstance(value, float) or (isinstance(value, int) and abs(value) < LARGEST):
                    sheet.write_number(row, column, value)
                elif value is not None and value != "":
                    sheet.write_string(row, column, _fitting(str(value)))
    book.close()
    with new_file(target, overwrite=overwrite) as temporary:
        temporary.write_bytes(made.getbuffer())


def _fitting(value: str) -> str:
    return value if len(value) <= LONGEST_CELL else f"{value[: LONGEST_CELL - 1]}…"


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name that a sheet may have: 31 characters, some not among them, none twice."""
    base = _NO_NAME.sub("_", text(name)).strip("'")[:LONGEST_NAME] or "table"
    chosen, number = base, 2
    while chosen.casefold() in taken:
        end = f"-{number}"
        chosen, number = base[: LONGEST_NAME - len(end)] + end, number + 1
    taken.add(chosen.casefold())
    return chosen
