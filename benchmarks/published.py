"""The tables in README.md and docs/benchmarks.md, which are written by nobody but these programs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

ROOT: Final = Path(__file__).parents[1]
README: Final = ROOT / "README.md"
TABLES: Final = ROOT / "docs" / "benchmarks.md"


def markers(name: str) -> tuple[str, str]:
    """The two lines between which a program's text stands."""
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def write_between(path: Path, name: str, text: str) -> None:
    """Put text between the two markers of a name, in a file.

    Raises ValueError when they are not there, once each and in order.
    """
    begin, end = markers(name)
    whole = path.read_text(encoding="utf-8")
    if whole.count(begin) != 1 or whole.count(end) != 1 or whole.index(begin) > whole.index(end):
        raise ValueError(
            f"{path} must have the lines {begin} and {end}, once each; put them where the table is to go"
        )
    head, rest = whole.split(begin)
    tail = rest.split(end)[1]
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(f"{head}{begin}\n\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")
    partial.replace(path)


def docs_option(what: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option `--write-docs` of a program that can put its tables there."""
    return click.option("--write-docs", is_flag=True, help=f"Put {what}, too.")


def say_and_write(name: str, text: str, write_docs: bool) -> None:
    """Print a program's text, and put it into docs/benchmarks.md if that is wanted."""
    click.echo(text)
    if write_docs:
        write_between(TABLES, name, text)
