"""`lda fit --window`: documents that are older than a stretch of time are forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.progress import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from lda.cli.console import Console
    from lda.corpus import Corpus
    from lda.survey.window import Window


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOptions:
    """window: its length, or None for all documents. date_field: with dates or numbers. until: None for the newest."""

    window: str | None
    date_field: str | None
    until: str | None

    def __post_init__(self) -> None:
        if self.window is None:
            for name, value in (("--date-field", self.date_field), ("--until", self.until)):
                if value is not None:
                    raise click.UsageError(f"{name} is about --window; give a --window, such as 90d")
        elif self.date_field is None:
            raise click.UsageError("--window needs --date-field, the field that dates the documents")
        self.chosen()

    def chosen(self) -> Window | None:
        """The window; None for all documents. Raises click.UsageError for what cannot be."""
        from lda.survey.window import Window

        if self.window is None or self.date_field is None:
            return None
        try:
            return Window(field=self.date_field, length=self.window, until=self.until)
        except ValueError as error:
            raise click.UsageError(f"--{error}") from error


def window_options(command: Function) -> Function:
    """--window, --date-field and --until; the command gets them as `window`."""
    return gathered(
        "window",
        WindowOptions,
        option(
            "--window",
            metavar="N[d|w|m|y]",
            heading=Heading.INPUT,
            help="Leave out documents that are older: 90d, 12w, 6m, 2y before --until. Of a field of numbers, 30.",
        ),
        option(
            "--date-field",
            metavar="FIELD",
            heading=Heading.INPUT,
            help="Field with the date of a document, or a number such as its year, for --window.",
        ),
        option(
            "--until",
            metavar="DATE",
            heading=Heading.INPUT,
            help="Last day of the --window; newer documents are left out, too.  [default: that of the newest]",
        ),
    )(command)


class InWindow(NamedTuple):
    """Documents in a window.

    whole: the corpus they are chosen from. inside: (D,) which of its documents they are. part: what the record says.
    """

    whole: Corpus
    inside: NDArray[np.bool_]
    part: dict[str, str]


def in_window(corpus: Corpus, window: Window, folder: str, console: Console) -> tuple[Corpus, InWindow]:
    """The documents of a corpus in a window, in a corpus of their own; and which they are.

    Raises:
        DataError: there are none, or the field does not date them.
    """
    from lda.survey.window import documents_within, within

    found = within(corpus, window)
    left = [
        f"{plural(count, kind)}" for count, kind in (
            (found.n_older, "older document"), (found.n_newer, "newer document"), (found.n_undated, "undated document")
        ) if count
    ]  # fmt: skip
    told = f"; left out: {', '.join(left)}" if left else ""
    console.progress.note(
        f"{plural(int(found.inside.sum()), 'document')} from {found.first} to {found.last}{told}"
    )
    part = {
        "kind": "window",
        "field": window.field,
        "window": window.length,
        "until": found.last,
        "corpus": corpus.content_hash,
    }
    return documents_within(corpus, found, folder), InWindow(corpus, found.inside, part)
