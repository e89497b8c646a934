"""Vocabulary files: one term a line, the line number is the term's id; or what gensim's Dictionary writes as text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from lda.corpus.errors import DataError
from lda.corpus.readers.files import numbered_lines, open_binary
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore
from lda.corpus.readers.vocabulary_beside import find_vocabulary
from lda.corpus.terms import check_terms

_PICKLE: Final = re.compile(rb"\x80[\x02-\x05]")
_IN_DICTIONARY: Final = re.compile(r"(?P<id>\d{1,10})\t(?P<term>[^\t]+)\t\d+")
"""A line of gensim's Dictionary as text, after one with the number of documents: id, term, documents that have it."""


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
    with open_binary(file) as opened:
        if _PICKLE.match(opened.read(2)):
            raise DataError(
                f"the vocabulary {file} is a pickle, as Dictionary.save() of gensim writes it, and a pickle may run "
                "code; write it as text: dictionary.save_as_text(...)"
            )
    terms = [line.strip() for _, line in numbered_lines(file, options)]
    if any(_IN_DICTIONARY.fullmatch(line) for line in terms[:2]):
        return check_terms(*_of_dictionary(file, terms), f"the vocabulary {file}")
    if not any(terms):
        raise DataError(f"the vocabulary {file} is empty; it needs one term a line")
    while not terms[-1]:  # blank lines at the end of a file name nothing
        terms.pop()
    if "" in terms:
        raise DataError(
            f"the vocabulary {file} has an empty line ({terms.index('') + 1}); every id needs a term"
        )
    return check_terms(terms, len(terms), f"the vocabulary {file}")


def _of_dictionary(file: Path, lines: list[str]) -> tuple[list[str], int]:
    """The terms that `Dictionary.save_as_text` wrote, in the order of their ids, and their number."""
    by_id: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        found = _IN_DICTIONARY.fullmatch(line)
        if found is not None:
            by_id[int(found["id"])] = found["term"]
        elif line and not (number == 1 and line.isdecimal()):
            raise DataError(
                f"the vocabulary {file}, line {number}: must be an id, a term and a number with tabs between, as "
                f"Dictionary.save_as_text() of gensim writes them, got {line!r:.60}; correct the line"
            )
    missing = next((number for number in range(len(by_id)) if number not in by_id), None)
    if missing is not None:
        raise DataError(
            f"the vocabulary {file} must number its terms 0 ... {len(by_id) - 1}, got none for {missing}; "
            "compactify() the Dictionary, and make the corpus with it anew"
        )
    return [by_id[number] for number in range(len(by_id))], len(by_id)


def vocabulary_for(path: Path, options: ReadOptions) -> list[str] | None:
    """Terms of the file that was given or else found beside `path`; None when there is none."""
    file = options.vocabulary or find_vocabulary(path)
    return None if file is None else read_vocabulary(file, options)
