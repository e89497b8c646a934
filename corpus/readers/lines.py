"""One document per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.record_lines import record_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class LineReader(TextReader):
    """Each line is a document, named by its number; an empty line is an empty document."""

    name = "lines"
    suffixes = (".txt",)
    name_is_enough = False
    by_lines = True

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield one document per line.

        Raises:
            DataError: the file is not text.
        """
        lines = record_lines(path, options)
        return batch_documents(
            TextDocument(options.numbered(number), line, {}, number) for number, line in lines
        )
