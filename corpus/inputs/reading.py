"""The documents of a part."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.inputs.fetching import (
    SMALL_BYTES,
    FetchedFile,
    fetched,
    fetched_ahead,
    first_lines,
    lines_before,
    path_here,
)
from lda.corpus.readers.bad_records import skip_file_or_stop
from lda.corpus.readers.base import CountReader, TextBatch, TextReader
from lda.corpus.readers.fields import MissingFieldError
from lda.corpus.readers.good_texts import good_texts
from lda.corpus.readers.options import FirstLines, LineTally, ReadOptions, Stretch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from lda.corpus.inputs.input_file import InputFile, InputPart
    from lda.corpus.readers.base import CountFile


OTHERS: Final = 200
"""Files that are looked at, once one of them lacks a field."""

OTHERS_TOLD: Final = 5


class PartRead:
    """The documents of a part in batches, in their order; can be walked once.

    Attributes:
        part: what is read.
        file: which the last batch was from.
    """

    def __init__(self, part: InputPart, options: ReadOptions) -> None:
        """Begin nothing yet; see `read_part`."""
        self.part, self.file = part, part.file
        self._tally = LineTally()
        self._batches = self._read(options)

    def _read(self, options: ReadOptions) -> Generator[TextBatch]:
        for file, ready in fetched_ahead(self.part.files):
            self.file = file
            yield from _of_file(self.part, file, ready, options, self._tally)

    @property
    def lines(self) -> int:
        """Lines of the part that have been read so far: once all are, what ids of the parts after it begin with.

        Only a part of which `records_before` is None, and the first of such a file, counts them.
        """
        return self._tally.lines

    def __iter__(self) -> Iterator[TextBatch]:
        return self

    def __next__(self) -> TextBatch:
        return next(self._batches)

    def close(self) -> None:
        """Read no further; what was fetched is removed."""
        self._batches.close()


def read_part(part: InputPart, options: ReadOptions) -> PartRead:
    """The documents of a part of text, in their order; the parts one after the other give what the files give.

    Where `part.records_before` is None, ids that would be numbers are null, and the `numbers` of a batch say on which
    line of the part each document stands, from 1: its id is `file.prefix` + (`lines` of the parts before it + number).

    Args:
        part: one of `parts_of`, of files that hold text.
        options: as for the whole; `prefix` is taken from the file.

    Raises, while batches are taken:
        DataError: the file is damaged, not of its format, or cannot be read.
        NetworkError: it cannot be reached for long.
    """
    return PartRead(part, options)


def _of_file(
    part: InputPart, file: InputFile, ready: FetchedFile | None, options: ReadOptions, tally: LineTally
) -> Generator[TextBatch]:
    stretch = Stretch(
        start=part.start,
        stop=part.stop,
        row_groups=part.row_groups,
        members=None if part.members is None else tuple(name for name, _ in file.members),
        records_before=part.records_before,
        tally=tally,
    )
    yield from _stretch(file, stretch, options, ready)


def _stretch(
    file: InputFile, stretch: Stretch, options: ReadOptions, ready: FetchedFile | None
) -> Generator[TextBatch]:
    assert isinstance(file.reader, TextReader)
    bad = options.bad_records
    if stretch.in_bytes:
        options = dataclasses.replace(options, encoding=file.told_encoding or options.encoding)
        try:
            stretch = dataclasses.replace(stretch, first_lines=_first_lines(file, options))
        except DataError as error:
            skip_file_or_stop(bad, error, file.shown)
            return
    try:
        yield from _read(file, stretch, options, ready if not stretch.in_bytes else None)
    except DataError:
        if stretch.records_before is not None or not stretch.in_bytes:
            raise
        # The line that a message names counts from the beginning of the part. So the lines before it are counted,
        # which takes a while, but once: and the part is read again, to the same mistake.
        known = dataclasses.replace(stretch, records_before=lines_before(file, stretch.start))
        again = options if bad is None else dataclasses.replace(options, bad_records=bad.fresh())
        for _ in _read(file, known, again):
            pass
        raise


def _read(
    file: InputFile, stretch: Stretch, options: ReadOptions, ready: FetchedFile | None = None
) -> Generator[TextBatch]:
    assert isinstance(file.reader, TextReader)
    try:
        with opened(file, options, stretch, ready) as (path, how):
            for batch in good_texts(file.reader, path, how):
                if not file.is_folder:
                    options.seen.see(file.shown, None if batch.metadata is None else batch.metadata.schema)
                yield batch
    except DataError as error:  # it could not be fetched, or more was bad than may be
        skip_file_or_stop(options.bad_records, error, file.shown)


@contextmanager
def opened(
    file: InputFile, options: ReadOptions, stretch: Stretch | None = None, ready: FetchedFile | None = None
) -> Generator[tuple[Path, ReadOptions]]:
    """Where a file, or a stretch of it, can be read within the block, and with which options. See `fetched`."""
    stretch = Stretch() if stretch is None else stretch
    with fetched(file, stretch, ready) as path:
        shown = "" if str(path) == file.place else file.shown
        yield path, dataclasses.replace(options, prefix=file.prefix, stretch=stretch, shown=shown)


def read_files(files: Sequence[InputFile], options: ReadOptions) -> Generator[tuple[InputFile, TextBatch]]:
    """Yield the documents of whole files of text, each batch with its file. Raises as `read_part`."""
    for number, (file, ready) in enumerate(fetched_ahead(files)):
        try:
            for batch in _read(file, Stretch(), options, ready):
                yield file, batch
        except MissingFieldError as error:
            raise DataError(f"{error}{_others(files[number + 1 :], options)}") from None


def _others(files: Sequence[InputFile], options: ReadOptions) -> str:
    """Which of further files lack a field, too, so that a user need not try again for each of them."""
    lacking = []
    looked_at = [
        file for file in files[:OTHERS] if path_here(file.place) is not None or file.size <= SMALL_BYTES
    ]
    for file, ready in fetched_ahead(looked_at):
        try:
            next(_read(file, Stretch(), options.without_notes(), ready), None)
        except MissingFieldError:
            lacking.append(file.shown)
        except (DataError, OSError):
            continue  # which has another fault, and is not what is told of here
    if not lacking:
        return ""
    more = f" and {len(lacking) - OTHERS_TOLD} more" if len(lacking) > OTHERS_TOLD else ""
    return f" ({', '.join(lacking[:OTHERS_TOLD])}{more} lack such a field, too)"


@contextmanager
def read_counts(file: InputFile, options: ReadOptions) -> Generator[CountFile]:
    """A file of counts, whose batches are to be taken within the block. Raises as `read_part`."""
    assert isinstance(file.reader, CountReader)
    with opened(file, options) as (path, how):
        yield file.reader.read(path, how)


def _first_lines(file: InputFile, options: ReadOptions) -> FirstLines:
    """What the first lines tell: of a remote file, of more and more of it until they do."""
    assert isinstance(file.reader, TextReader)
    told = FirstLines()
    how = dataclasses.replace(options, stretch=Stretch())
    for path, cut in first_lines(file):
        try:
            told = file.reader.first_lines(path, how, cut=cut)
        except DataError as error:
            error.args = (str(error).replace(str(path), file.shown),)
            raise
        if told.complete:
            break
    return told
