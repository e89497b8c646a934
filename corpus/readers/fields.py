"""Which fields of a row are text, id and metadata: the same rules for every tabular format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import printable
from lda.corpus.readers.options import Fields, ReadOptions

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

USUAL_TEXT_FIELDS: Final = ("text", "body", "content", "abstract", "document", "tokens")
"""Taken in this order when no text field is named."""


class MissingFieldError(DataError):
    """A file lacks a field that it must have; others may lack it, too."""


def check_names(present: Sequence[str], where: str) -> None:
    """Raise DataError where two fields have one name. where: what the message begins with."""
    twice = next((name for name in present if present.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"{where}: the field {printable(twice)!r:.60} stands twice; rename one")


def choose_fields(present: Collection[str], options: ReadOptions, where: str) -> Fields:
    """Find the fields that the options ask for among those present.

    Args:
        present: names of the fields.
        options: supply `text` and `id`.
        where: file and line, for the message.

    Raises:
        MissingFieldError: a field that is required is missing, or none was asked for and no usual one is there.
    """
    names = tuple(str(name) for name in present)
    if options.text is None:
        found = next((name for name in USUAL_TEXT_FIELDS if name in names), None)
        if found is None:
            usual = ", ".join(map(repr, USUAL_TEXT_FIELDS))
            raise MissingFieldError(f"{where}: no field named {usual}; {has(names)}; choose one with --text")
        text: tuple[str, ...] = (found,)
    else:
        # A name with a comma in it is possible, and meant when it is there.
        text = (options.text,) if options.text in names else tuple(map(str.strip, options.text.split(",")))
    named = options.id if options.id is not None and (options.id_required or options.id in names) else None
    wanted = text if named is None else (*text, named)
    for name in wanted:
        if name not in names:
            option = "--text" if name in text else "--id"
            raise MissingFieldError(f"{where}: no field {name!r}; {has(names)}; choose one with {option}")
    return Fields(text, named if named is not None else "id" if "id" in names else None)


def has(names: Sequence[str]) -> str:
    """What a message says of the fields that are there."""
    # In quotes, or a field called "it" or one with a blank at its end could not be told from the sentence.
    shown = ", ".join(map(repr, names[:20])) + (", ..." if len(names) > 20 else "")
    return f"it has: {shown:.500}" if names else "it has none"
