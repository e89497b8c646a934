"""JSON that a stranger may have written: one object of bounded size and depth, with nothing in it but plain values.

Descriptions of models, corpora, checkpoints and topics carry the sha256 of what they say, so that a flipped bit is
found in them as well as in the files they vouch for.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from lda.corpus.storage.places import Storage

MOST_BYTES: Final = 2**28
"""A description is read and parsed as a whole; that of a million shards has 200 MB."""

DEEPEST: Final = 32
"""Levels; what is written here has five. Python gives up at a thousand, and code that walks the values before that."""

DIGEST: Final = "sha256"
"""Name of the field with the checksum of all others."""

SHA256_DIGITS: Final = 64
"""A checksum in hex."""

_SURROGATE: Final = re.compile(rb"\\u[dD][89abAB]")


def read_object(place: Storage, name: str) -> dict[str, Any]:
    """The object in a file.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
        ValueError: it is too large, or as `parse_object`.
    """
    size = place.size(name)
    if size is not None and size > MOST_BYTES:
        raise ValueError(f"it has {size} bytes, more than the {MOST_BYTES} of any description")
    return parse_object(place.read(name))


def parse_object(data: bytes | str, *, finite: bool = True) -> dict[str, Any]:
    """The object that the text of a file is.

    finite: refuse NaN and infinities.

    Raises:
        ValueError: as `parse_value`, or it is no object.
    """
    value = parse_value(data, finite=finite)
    if not isinstance(value, dict):
        raise ValueError(f"it is no JSON object but of type {type(value).__name__}")
    return value


def parse_value(data: bytes | str, *, finite: bool = True, unique: bool = False) -> Any:  # noqa: ANN401
    """The value that the text of a file is.

    Args:
        data: the text.
        finite: refuse NaN and infinities.
        unique: refuse a key that stands twice in one object, of which the last would count.

    Raises:
        ValueError: it is no JSON, nested too deeply, or holds what is no plain value: an infinity, or half of a
            surrogate pair.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8")
    try:
        strict: dict[str, Any] = {"parse_constant": _refuse, "parse_float": _finite} if finite else {}
        if unique:
            strict["object_pairs_hook"] = _once_each
        value = json.loads(raw.decode("utf-8"), **strict)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if isinstance(value, dict | list):
        _check_depth(value, DEEPEST)
    if _SURROGATE.search(raw):
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # UnicodeEncodeError is a ValueError
    return value


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set[str]()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"it has the key {twice!r:.60} twice")
    return found


def signed(value: dict[str, Any]) -> dict[str, Any]:
    """The object with the checksum of all it says; its values must be plain."""
    return {**value, DIGEST: _digest(value)}


def check_signature(value: dict[str, Any]) -> None:
    """Compare what `signed` recorded; objects of earlier versions have no checksum.

    Raises:
        ValueError: it says something else than it did when it was written.
    """
    if DIGEST in value:
        if value[DIGEST] != _digest(value):
            raise ValueError("what it says is not what was written, by the sha256 in it")
        return
    # The checksum's own name may be what is damaged, and would make a new object look like one of before.
    for name, entry in value.items():
        if isinstance(entry, str) and len(entry) == SHA256_DIGITS and entry == _digest(value, name):
            raise ValueError(f"its sha256 is called {name!r:.40}")


def _digest(value: dict[str, Any], digest: str = DIGEST) -> str:
    """sha256 in hex of all but the entry that holds it."""
    rest = {name: entry for name, entry in value.items() if name != digest}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def _check_depth(value: dict[str, Any] | list[Any], levels: int) -> None:
    if not levels:
        raise ValueError("it is nested too deeply")
    for entry in value.values() if isinstance(value, dict) else value:
        if isinstance(entry, dict | list):
            _check_depth(entry, levels - 1)


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"it holds {text:.40}, which is too large a number")
    return number
