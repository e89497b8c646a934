"""The picture of a result that the README shows: what `lda topics` prints on a terminal, as SVG."""

from __future__ import annotations

import fcntl
import html
import os
import pty
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Final

import click

from benchmarks.published import ROOT

PICTURE: Final = ROOT / "docs" / "assets" / "topics.svg"
MODEL: Final = "demo-model"

# Rich's own template with neither a font from elsewhere nor a shadow window around it: what shows this file may load
# nothing else, and a README has margins of its own. `{matrix}` is the text.
FORMAT: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" class="rich-terminal" viewBox="0 0 {width} {height}" role="img">
<title>what is shown</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width;
}}
.{unique_id}-title {{ font: 600 18px system-ui, sans-serif }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


@click.command()
@click.argument("model", default=MODEL)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=PICTURE, help="SVG.")
@click.option("--columns", type=click.IntRange(40), default=100, help="Width of the terminal.")
def picture(model: str, output: Path, columns: int) -> None:
    """Draw what `lda topics MODEL` prints on a terminal; `make picture` fits the model of `make demo` first."""
    if not Path(model).exists():
        raise click.UsageError(f"there is no model at {model}; `make picture` fits it first")
    arguments = ["topics", model]
    printed = on_terminal([sys.executable, "-m", "lda", *arguments], columns)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(as_svg(shlex.join(["lda", *arguments]), printed, columns), encoding="utf-8")
    click.echo(f"wrote {output}")


def on_terminal(command: list[str], columns: int, rows: int = 60, **env: str) -> str:
    """What a command prints on a terminal of that size, with its codes for colours.

    A pseudo-terminal, and no pipe: commands print colours on terminals only, and fit their lines to the width.
    env: variables of its environment. Raises ClickException when the command fails.
    """
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    plain = {
        name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS", "LINES"}
    }
    environment = plain | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | env
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment
    ) as run:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux's way to say that the other end is closed
                break
            if not part:
                break
            parts.append(part)
        os.close(ours)
        _, said = run.communicate()
    if run.returncode:
        raise click.ClickException(f"{shlex.join(command)} failed: {said.decode(errors='replace').strip()}")
    return b"".join(parts).decode().replace("\r\n", "\n")


def as_svg(command: str, printed: str, columns: int) -> str:
    """A terminal with a command and what it printed, as SVG; nothing in it comes from elsewhere."""
    from rich.console import Console
    from rich.text import Text

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(
            record=True, width=columns, file=nowhere, force_terminal=True, color_system="truecolor"
        )
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")), soft_wrap=True)
        console.print(Text.from_ansi(printed.rstrip("\n")), overflow="fold")
        console.print()  # room for the last line's descenders
        # The name of styles and clips: by default a hash of everything, which makes each change of a word a change of
        # every line.
        drawn = console.export_svg(title=command, code_format=FORMAT, unique_id="topics")
    return drawn.replace("<title>what is shown<", f"<title>{html.escape(command)}<", 1)
