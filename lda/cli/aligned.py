"""Cells below each other, as wide as a terminal shows them: letters of Chinese or Japanese take two columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

GAP: Final = "  "


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> list[str]:
    """A line for each row.

    Args:
        rows: of equally many cells, which are `printable`.
        left: numbers of the columns that begin at the same place; the others end there, as numbers do.
    """
    from rich.cells import cell_len

    columns = list(zip(*rows, strict=True))
    widths = [max(map(cell_len, column)) for column in columns]
    lines = []
    for row in rows:
        cells = []
        for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
            gap = " " * (width - cell_len(cell))
            cells.append(cell + gap if number in left else gap + cell)
        lines.append(GAP.join(cells).rstrip())
    return lines
