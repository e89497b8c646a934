"""GibbsLDA++'s list of words, which gensim's `LowCorpus` writes: the number of documents, then one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.readers.bad_records import skip_or_stop
from lda.corpus.readers.base import TextBatch, TextDocument, TextReader, batch_documents
from lda.corpus.readers.files import BAD_BYTE
from lda.corpus.readers.record_lines import excerpt_of, fault_of, marked_lines, record_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lda.corpus.readers.options import ReadOptions


MOST_DIGITS: Final = 18
"""Of the number of documents. Python itself refuses to read one of thousands."""


class LowReader(TextReader):
    """Words between blanks, taken as they are; documents are numbered from 1, and an empty line is an empty one."""

    name = "low"
    suffixes = (".low",)

    def read(self, path: Path, options: ReadOptions) -> Iterator[TextBatch]:
        """Yield the documents as lists of tokens.

        Raises:
            DataError: the first line is no number, or there are more or fewer documents than it says.
        """
        return batch_documents(_documents(path, options))


def _documents(path: Path, options: ReadOptions) -> Iterator[TextDocument]:
    bad = options.bad_records
    lines = record_lines(path, options) if bad is None else marked_lines(path, options)
    _, first = next(lines, (1, ""))
    told = first.strip()
    if not (told.isascii() and told.isdecimal() and len(told) <= MOST_DIGITS):
        raise DataError(
            f"{path}, line 1: must be the number of documents, got {first!r:.60}; put it there, or give lines of text "
            "as such (--format lines)"
        )
    expected, done = int(told), 0
    for number, line in lines:
        words = line.split()
        if done == expected and not words:  # blank lines at the end are no documents
            continue
        done += 1
        if done > expected:
            raise DataError(
                f"{path}, line {number}: its first line says {expected} documents, got one more; correct it"
            )
        if bad is not None and (BAD_BYTE in line or "\0" in line):
            error = DataError(f"{path}, line {number}{fault_of(line)}; correct it")
            skip_or_stop(bad, error, path, number, excerpt_of(line))
            continue
        yield TextDocument(f"{options.prefix}{done}", words, {})
    if done < expected:
        raise DataError(
            f"{path} has {done} documents, but its first line says {expected}; it is cut off or damaged, fetch it again"
        )
