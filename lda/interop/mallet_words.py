"""Words and names as MALLET's files can hold them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_IN_XML: Final = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_ENDS: Final = re.compile(r"[\t\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")


def xml_text(text: str) -> str:
    """Text between tags of XML; see `xml_safe`."""
    return escape(xml_safe(text))


def xml_safe(text: str) -> str:
    """Text whose characters XML may hold: those that it cannot, not even escaped, become U+FFFD."""
    return _NOT_IN_XML.sub("\ufffd", text)


def document_names(ids: Iterable[str]) -> list[str]:
    """Names of documents without tabs and line ends; `no-name` for an empty one, as MALLET has it."""
    return [_LINE_ENDS.sub(" ", name) or "no-name" for name in ids]
