"""What may be shown of a text that came from outside: no keys, and no commands to a terminal.

Names of files, ids of documents, terms and URIs come from strangers or hold secrets. Files keep them as they are;
whatever a person is shown, and whatever is recorded of a run, goes through here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

INVISIBLE_LETTERS: Final = frozenset("\u00ad\u200c\u200d")
"""Soft hyphen, zero width non-joiner and joiner: they shape the words of many scripts and move nothing."""

_URI: Final = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+:/+)(?P<rest>[^\s'\"]+)")

_USER: Final = re.compile(r"[^/?#]*@")
"""What stands before the host. Greedy: a secret may hold an @ that was not written as %40."""

_CUT_BY_SLASH: Final = re.compile(r"[^/?#@:]*:(?!\d+(?:[/?#]|$))[^?#@]*@")
"""KEY:SECRET@ where the secret has a slash of its own, as those of AWS often do; host:port/path@x is none."""

_SECRET_PARAMETER: Final = re.compile(
    r"([?&][^=&]*(?:key|secret|token|passw|signature|sig|credential|ticket)[^=&]*=)[^&#]*", re.IGNORECASE
)


def without_keys(text: str) -> str:
    """The text, in which URIs are without the keys that may stand in them: before the host, or in the query.

    `s3://KEY:SECRET@bucket/name` becomes `s3://bucket/name`, `?secret_key=SECRET` becomes `?secret_key=***`. So does
    a URI that was taken for a path (`s3:/KEY:SECRET@bucket`). A text without keys stays as it is.
    """
    return _URI.sub(_without_keys, text) if ":/" in text else text


def _without_keys(found: re.Match[str]) -> str:
    scheme, rest = found["scheme"], found["rest"]
    user = (_USER.match(rest) if scheme.endswith("//") else None) or _CUT_BY_SLASH.match(rest)
    if user:
        rest = rest[user.end() :]
    return scheme + _SECRET_PARAMETER.sub(r"\1***", rest)


def printable(text: str) -> str:
    r"""The text on one line with everything escaped (`\x1b`, `\u202e`) that moves, hides or turns what is around it.

    That is what `str.isprintable` refuses: control characters, C1 included, line ends, overrides of the direction
    of writing, lone surrogates; but not blanks of any kind, nor what joins letters inside words.
    """
    if text.isprintable():
        return text
    return "".join(c if _shows(c) else repr(c)[1:-1] for c in text)


def _shows(character: str) -> bool:
    return (
        character.isprintable()
        or character in INVISIBLE_LETTERS
        or unicodedata.category(character) == "Zs"  # no-break, ideographic, ... blanks
    )


def presentable(text: str) -> str:
    """`printable` and `without_keys`: for messages."""
    return printable(without_keys(text))
