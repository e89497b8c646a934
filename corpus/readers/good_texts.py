"""The documents of a file, whatever becomes of the bad ones: what calls the readers of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.readers.bad_records import skip_file_or_stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.readers.base import TextBatch, TextReader
    from lda.corpus.readers.options import ReadOptions


def good_texts(reader: TextReader, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
    """The documents of a file; if bad records are left out, damage of the file as a whole ends it, and is noted.

    What was read before the damage is kept: the records before the place where a compressed file is cut, say.

    Raises:
        DataError: nothing is to be left out, or too much was.
    """
    bad = options.bad_records
    if bad is None:
        yield from reader.read(path, options)
        return
    if options.shown:
        bad.names[presentable(str(path))] = presentable(options.shown)
    try:
        for batch in reader.read(path, options):
            bad.n_good += len(batch.ids)
            yield batch
    except DataError as error:
        skip_file_or_stop(bad, error, path)
