"""Texts that are in memory already: strings in a list, a generator, or a column of another library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lda.corpus.readers.base import TextBatch, TextDocument, batch_documents
from lda.corpus.terms import is_missing


def raw_text_batches(texts: Any) -> Iterator[TextBatch]:  # noqa: ANN401 - duck-typed on purpose
    """The texts in batches of bounded size, named by their numbers; missing ones are empty.

    Raises:
        TypeError: it is one string, a table, or no iterable; and, while batches are taken, at what is no string.
    """
    if isinstance(texts, str | bytes):
        raise TypeError(
            f"texts must be a list of strings, got one: {texts!r:.60}; put it into a list, [text]"
        )
    # Iterating over a table or a dict gives the names of its columns, which would pass for texts.
    if isinstance(texts, Mapping) or hasattr(texts, "columns") or not isinstance(texts, Iterable):
        raise TypeError(
            f"texts must be a list of strings, got {type(texts).__name__}; give the column that holds them"
        )
    return batch_documents(
        TextDocument(str(number), _text(value, number), {}) for number, value in enumerate(texts)
    )


def _text(value: Any, number: int) -> str | None:  # noqa: ANN401 - whatever comes
    value = value.as_py() if hasattr(value, "as_py") else value  # a scalar of Arrow
    if isinstance(value, str):
        return value
    if is_missing(value):
        return None
    if isinstance(value, list | tuple):
        raise TypeError(
            f"texts must be strings, got a {type(value).__name__} for document {number}; "
            "give lists of words to transform"
        )
    raise TypeError(
        f"texts must be strings, got {value!r:.60} ({type(value).__name__}) for document {number}; "
        "decode bytes, and convert what else is meant to be text with str"
    )
