"""Tables of results, with what they were measured on."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from lda.corpus.machine import available_cores

PACKAGES = ("raylda", "numpy", "numba", "llvmlite", "pyarrow", "tomotopy", "scikit-learn", "gensim")


def processor() -> str:
    """Processor and number of cores."""
    cpu = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            cpu = next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), cpu
            )
    except OSError:
        pass  # not Linux: the general name has to do
    return f"{cpu}, {available_cores()} cores"


def machine() -> str:
    """One line: date, processor, cores, Python and package versions."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    today = dt.datetime.now(tz=dt.UTC).date()
    return f"{today}, {processor()}, Python {platform.python_version()}; " + ", ".join(found)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
