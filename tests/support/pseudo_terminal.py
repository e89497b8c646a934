"""Commands on a terminal of a given size."""

from __future__ import annotations

import sys

from benchmarks import picture


def on_terminal(*arguments: object, columns: int, rows: int = 24, **env: str) -> str:
    """What `lda` writes to a terminal of that size; line ends are "\\n"."""
    return picture.on_terminal([sys.executable, "-m", "lda", *map(str, arguments)], columns, rows, **env)
