"""Text for a terminal: what came from outside stands in it, and must not command it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal

import click

from lda.corpus.presentable import presentable, printable

if TYPE_CHECKING:
    from rich.text import Text

Color = Literal["auto", "always", "never"]


def table(text: str) -> str:
    """Several lines of results with what is not printable escaped, such as terms and ids; line ends stay."""
    return "\n".join(printable(line) for line in text.split("\n"))


def shown(text: str) -> str:
    """Several lines of a message, `presentable`; line ends stay."""
    return "\n".join(presentable(line) for line in text.split("\n"))


def columns() -> int | None:
    """Width of the terminal that standard output is; None where it is none, and lines are not to be broken."""
    if sys.stdout is None or not sys.stdout.isatty():  # None: closed by the caller
        return None
    from rich.console import Console

    return Console(file=sys.stdout).width


def has_styles(color: Color = "auto") -> bool:
    """Whether `print_styled` can make a word bold."""
    from rich.console import Console

    return color == "always" or (color == "auto" and Console(file=sys.stdout).is_terminal)


def print_styled(text: Text, color: Color = "auto") -> None:
    """Print lines as they are, in colours where standard output is a terminal and NO_COLOR is not set.

    Rich decides on the colours only: it would end the process itself if the reader of the output has left.
    """
    from rich.console import Console

    console = {
        "auto": lambda: Console(file=sys.stdout),
        "always": lambda: Console(
            file=sys.stdout, force_terminal=True, color_system="standard", no_color=False
        ),
        "never": lambda: Console(file=sys.stdout, force_terminal=False, no_color=True),
    }[color]()
    with console.capture() as captured:
        console.print(text, soft_wrap=True, emoji=False, markup=False, highlight=False)
    click.echo(captured.get(), nl=False, color=True)
