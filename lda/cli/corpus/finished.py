"""What commands share that make one finished corpus of others."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lda.cli.corpus.described import describe
from lda.cli.option import Function, Heading, option
from lda.cli.sources import size_of
from lda.corpus.presentable import without_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.cli.console import Console
    from lda.corpus import Corpus


def corpus_output_option(command: Function) -> Function:
    """-o of a command that writes a corpus."""
    return option(
        "-o",
        "--output",
        required=True,
        metavar="DIR",
        heading=Heading.OUTPUT,
        help="Folder (or s3://, gs:// URI) to write the corpus to.",
        brief="Folder to write the corpus to.",
    )(command)


def unused_terms_option(command: Function) -> Function:
    """--drop-unused-terms."""
    return option(
        "--drop-unused-terms",
        is_flag=True,
        heading=Heading.TEXT,
        help="Leave out terms without a token in what is left. Otherwise the vocabulary stays, so that a model of this "
        "corpus scores the others.",
        brief="Leave out terms that no document is left for.",
    )(command)


def check_output(output: str, read: Sequence[str], *, overwrite: bool) -> None:
    """Refuse an output that may not be written, or that would take the place of what is read. Raises DataError."""
    from lda.corpus.files.folder import check_place
    from lda.corpus.storage.output_target import check_apart
    from lda.corpus.storage.places import is_uri

    check_place(output, overwrite=overwrite)
    if not is_uri(output):
        check_apart(Path(output), (), whole=read)


@dataclass(frozen=True, slots=True)
class Writing:
    """A corpus that is being written; made when the work begins."""

    output: str
    console: Console
    started: float

    @classmethod
    def begun(cls, output: str, console: Console) -> Writing:
        """Begin now."""
        return cls(output, console, time.perf_counter())

    def done(self, made: Corpus, **more: Any) -> None:  # noqa: ANN401 - what JSON has
        """Tell what was written; more: further facts for the JSON."""
        seconds = time.perf_counter() - self.started
        place = without_keys(self.output)
        self.console.progress.note(f"wrote {place}: {size_of(made)} in {seconds:.1f} s")
        value = {**describe(made, self.output), **more, "seconds": round(seconds, 3)}
        self.console.result(value, lambda: "")


def lines_of(name: str, what: str) -> list[str]:
    """The lines of a file, or of standard input for `-`; blank ones and comments are left out.

    what: they are, for the messages.

    Raises:
        DataError: there is no such file, it is no UTF-8, or it holds none.
    """
    from lda.corpus.errors import DataError
    from lda.corpus.readers.files import UndecodableError, numbered_lines
    from lda.corpus.readers.options import ReadOptions
    from lda.corpus.readers.pipes import PipeStore
    from lda.corpus.text.stop_words import is_comment

    with PipeStore(None if sys.stdin is None else sys.stdin.buffer) as pipes:
        path = Path(pipes.store_stdin() if name == "-" else pipes.stored(Path(name)))
        if not path.is_file():
            raise DataError(f"there is no file {name} with {what}, one a line; check the name")
        try:
            lines = [line.strip() for _, line in numbered_lines(path, ReadOptions())]
        except UndecodableError as error:
            raise DataError(f"{error.fault}; save the {what} as UTF-8") from None
    found = [line for line in lines if line and not is_comment(line)]
    if not found:
        raise DataError(f"{name} holds no {what}; it needs one a line")
    return found
