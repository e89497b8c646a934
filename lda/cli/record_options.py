"""What a command does at a bad record of its input: the options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

import click

from lda.cli.option import Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable


class RecordReading(TypedDict, total=False):
    """What to do at bad records, as arguments of the functions of `lda.corpus` that read files; left out: stop."""

    on_error: str
    max_errors: str | None
    skipped: str | None


def record_options() -> list[Callable[[Any], Any]]:
    """--on-error, --max-errors and --skipped."""
    return [
        option(
            "--on-error",
            type=click.Choice(["stop", "skip"]),
            default="stop",
            heading=Heading.INPUT,
            help="At a line or row that cannot be read: stop, or skip it and tell how many were.",
            brief="At a bad line or row: stop, or skip it.",
        ),
        option(
            "--max-errors",
            metavar="N|SHARE",
            heading=Heading.INPUT,
            help="With skip: end if more records are bad, 20 or 1% of them.  [default: any number]",
        ),
        option(
            "--skipped",
            metavar="FILE",
            heading=Heading.INPUT,
            help="File that lists skipped records, as JSON lines; a corpus folder has one of its own.",
        ),
    ]


def check_records(on_error: str, max_errors: str | None, skipped: str | None) -> None:
    """Raise click.UsageError for what cannot be."""
    if on_error == "stop":
        for name, value in (("--max-errors", max_errors), ("--skipped", skipped)):
            if value is not None:
                raise click.UsageError(f"{name} goes with --on-error skip")
        return
    if max_errors is not None:
        from lda.corpus.readers.bad_records import ErrorLimit

        try:
            ErrorLimit.of(max_errors)
        except ValueError as error:
            raise click.UsageError(str(error).replace("max_errors", "--max-errors")) from None
