"""The terms of a vocabulary: their names, and how many there may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.arrow import is_text
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANKS: Final = re.compile(r"\s+|^$")

MAX_TERMS: Final = 2**31 - 1
"""Term ids are int32."""


def default_terms(n_terms: int) -> list[str]:
    """Names "0", "1", ... for columns that have none."""
    return [str(number) for number in range(n_terms)]


def term_name(term: object, number: int) -> str:
    """The name of column `number` as a string; numbers may be names.

    Raises:
        DataError: it is missing, or holds half of a surrogate pair.
    """
    if not isinstance(term, str) and is_missing(term):
        raise DataError(
            f"a term must be text, got {term} for column {number}; give it a name, or drop the column"
        )
    name = term.decode("utf-8", "backslashreplace") if isinstance(term, bytes) else str(term)
    if not is_text(name):
        raise DataError(
            f"a term must be text, got {name!r:.80} for column {number}, half of a surrogate pair"
        )
    return name


def check_terms(terms: Sequence[str], n_columns: int, source: str = "the vocabulary") -> list[str]:
    """The names of the columns as a list of strings.

    Raises:
        DataError: there are more or fewer names than columns, one is no text, or occurs twice.
    """
    if len(terms) != n_columns:
        raise DataError(
            f"{source} must name each of the {n_columns} columns, got {len(terms)} terms; give the right one"
        )
    names = [term_name(term, number) for number, term in enumerate(terms)]
    if len(set(names)) < len(names):
        seen: set[str] = set()
        twice = next(name for name in names if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise DataError(f"a term must stand once in {source}, got {twice!r} twice; remove or rename it")
    return names


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, NaN, or the NA and NaT of pandas."""
    if isinstance(value, float | np.floating):
        return bool(np.isnan(value))
    return value is None or type(value).__name__ in {"NAType", "NaTType"}  # without an import of pandas


def has_names(vocabulary: list[str]) -> bool:
    """Whether the terms are names, not just "0", "1", ... for the columns of a matrix."""
    return any(term != str(column) for column, term in enumerate(vocabulary))


def joined_words(vocabulary: Sequence[str]) -> list[str]:
    """Terms without blanks, which end a word in files of words: runs of words get `_`, as MALLET's own do.

    Those that would then be called like others get one more at their end.
    """
    joined = [_BLANKS.sub("_", term) for term in vocabulary]
    changed = [number for number, term in enumerate(vocabulary) if joined[number] != term]
    if changed:
        taken = {term for number, term in enumerate(vocabulary) if joined[number] == term}
        for number in changed:
            while joined[number] in taken:
                joined[number] += "_"
            taken.add(joined[number])
    return joined
