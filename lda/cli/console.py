"""What a command says, and the options for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.cli.terminal import print_styled, table
from lda.progress import Mode, Progress

if TYPE_CHECKING:
    from rich.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """Results on stdout, the rest through `progress` on stderr. as_json: the result is one JSON object."""

    as_json: bool
    progress: Progress

    @classmethod
    def asked_for(cls, *, json: bool, quiet: bool, verbose: bool, progress: Mode, traceback: bool) -> Console:
        """The console of the options. Raises click.UsageError for two that exclude each other."""
        del traceback  # `lda.cli.errors.exit_code` looks for it itself
        if quiet and verbose:
            raise click.UsageError("--quiet and --verbose exclude each other")
        return cls(as_json=json, progress=Progress(progress, verbosity=int(verbose) - int(quiet)))

    def result(self, value: dict[str, Any], text: Callable[[], str | Text]) -> None:
        """Print the result: `value` as strict JSON with --json, else the text; "" prints nothing.

        What is not printable in a `str` is escaped; a `Text` is printed as it is.
        """
        if self.as_json:
            from lda.model.run_record import json_line

            click.echo(json_line(value))
            return
        found = text()
        if isinstance(found, str):
            if found:
                click.echo(table(found))
        else:
            print_styled(found)


def write_page(page: str, output: str, *, overwrite: bool) -> None:
    """Write a page to a file, or print it where the output is "-". Raises what `new_file` raises."""
    from lda.corpus.storage.output_target import local_path, new_file

    if output == "-":
        click.echo(page.encode("utf-8"), nl=False)  # whatever the terminal's encoding is
        return
    with new_file(local_path(output), overwrite=overwrite) as temporary:
        temporary.write_text(page, encoding="utf-8")


def output_options(command: Function) -> Function:
    """--json, -q, -v, --progress and --traceback; the command gets them as `console`."""
    return gathered(
        "console",
        Console.asked_for,
        option(
            "--json", is_flag=True, heading=Heading.MESSAGES, help="Print one JSON object on standard output."
        ),
        option(
            "-q", "--quiet", is_flag=True, heading=Heading.MESSAGES, help="Report only warnings and errors."
        ),
        option(
            "-v", "--verbose", is_flag=True, heading=Heading.MESSAGES, help="Report every sweep, or part."
        ),
        option(
            "--progress",
            type=click.Choice(["auto", "bar", "log", "none"]),
            default="auto",
            heading=Heading.MESSAGES,
            help="How progress is shown on standard error.",
        ),
        option(
            "--traceback",
            is_flag=True,
            heading=Heading.MESSAGES,
            help="Show where an unexpected error arose.",
        ),
    )(command)
