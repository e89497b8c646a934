"""Names of folders for values of a field, which may be any text.

A name is made of the value: what is no letter, digit, ".", "_" or "-" becomes "-", at its ends none of ".-_" is left,
and capitals stay. "Western Europe" is `Western-Europe`. So names can be read and typed, but different values may come
to the same one, and some file systems do not tell capitals apart. Where that happens, and where nothing is left of a
value, it had to be cut or its name is kept for something else, 8 digits of the value's sha256 follow. The same values
have the same names, in whatever order they come. Rejected: escapes as %20, because they are unreadable and need quotes
in a shell; and digits behind every name, because most need none.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST: Final = 80
"""Bytes of a name before the digits. File systems take 255, of which what is under way needs some for its ending."""

KEPT: Final = frozenset({"corpora", "groups.json", "groups.csv"})
"""Names, without capitals, of what lies beside the models."""

DIGITS: Final = (8, 16, 64)
_OTHER: Final = re.compile(r"[^\w.-]+|-+")


LONGEST_SHOWN: Final = 40


def shown_value(value: str) -> str:
    """A value in a table or a message, where one that is a whole text would push all else away."""
    cut = value if len(value) <= LONGEST_SHOWN else value[: LONGEST_SHOWN - 3] + "..."
    return printable(cut)


def folder_names(values: Sequence[str]) -> list[str]:
    """A name for the folder of each value; no two are the same, even without regard to capitals.

    Args:
        values: different texts.
    """
    names = [_plain(value) for value in values]
    for digits in DIGITS:
        seen = Counter(name.casefold() for name in names)
        names = [
            _with_digits(value, digits) if not name or seen[name.casefold()] > 1 else name
            for value, name in zip(values, names, strict=True)
        ]
    return names


def _plain(value: str) -> str:
    """The name made of a value alone; "" where it needs digits."""
    name, whole = _readable(value)
    return name if whole and name.casefold() not in KEPT else ""


def _with_digits(value: str, digits: int) -> str:
    name, _ = _readable(value)
    digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    return f"{name or 'value'}-{digest}"


def _readable(value: str) -> tuple[str, bool]:
    """(What can be read of a value in a name, whether nothing was cut off at its end)."""
    # Composed letters: some file systems store "é" as two characters, others as one.
    name = _OTHER.sub("-", unicodedata.normalize("NFC", value)).strip(".-_")
    cut = name.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").strip(".-_")
    return cut, cut == name
