"""Vocabulary files: one term a line, the line number is the term's id."""

from __future__ import annotations

from pathlib import Path

from lda.corpus.errors import DataError
from lda.corpus.readers.files import numbered_lines
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.readers.vocabulary_beside import find_vocabulary
from lda.corpus.terms import check_terms


def read_vocabulary(path: str | Path, options: ReadOptions | None = None) -> list[str]:
    """Read the terms; of a pipe, once.

    Raises:
        DataError: the file is missing or empty, or has an empty line or a repeated term.
    """
    with PipeStore() as pipes:
        return _read(Path(pipes.stored(path)), options or ReadOptions())


def _read(file: Path, options: ReadOptions) -> list[str]:
    if file.is_dir():
        raise DataError(f"the vocabulary {file} is a folder; name a file with one term a line")
    terms = [line.strip() for _, line in numbered_lines(file, options)]
    if not any(terms):
        raise DataError(f"the vocabulary {file} is empty; it needs one term a line")
    while not terms[-1]:  # blank lines at the end of a file name nothing
        terms.pop()
    if "" in terms:
        raise DataError(
            f"the vocabulary {file} has an empty line ({terms.index('') + 1}); every id needs a term"
        )
    return check_terms(terms, len(terms), f"the vocabulary {file}")


def vocabulary_for(path: Path, options: ReadOptions) -> list[str] | None:
    """Terms of the file that was given or else found beside `path`; None when there is none."""
    file = options.vocabulary or find_vocabulary(path)
    return None if file is None else read_vocabulary(file, options)
