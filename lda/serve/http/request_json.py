"""JSON of a request: of bounded depth, with nothing in it that two readers could take in two ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import orjson

from lda.corpus.storage.strict_json import parse_value
from lda.serve.http.errors import malformed, shown, unfit

if TYPE_CHECKING:
    from collections.abc import Collection

DEEPEST: Final = 16
"""Levels. The deepest of what is understood has five."""


def parse_object(body: bytes | memoryview) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        RequestError: 400: it is no JSON, holds NaN, an infinity or half of a surrogate pair, is no UTF-8, is nested
            too deeply, or has a key twice in one object; 422: it is something else than an object.
    """
    if not body:
        raise malformed('the body must be a JSON object, got none; send one as {"documents": ["text"]}')
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise malformed(f"the body must be JSON: {error!s:.200}") from None
    if type(value) is not dict:
        raise unfit(f"the body must be a JSON object, got {shown(value)}")
    # Of two equal keys orjson keeps the last. In most bodies as many colons as keys show that there are none.
    raw = bytes(body)
    if _n_keys(value, DEEPEST) != raw.count(b":"):
        try:
            parse_value(raw, finite=False, unique=True)
        except ValueError as error:
            raise malformed(f"the body must be JSON of one meaning, but {error!s:.200}") from None
    return value


def check_keys(value: dict[str, Any], known: Collection[str], what: str) -> None:
    """Raise `RequestError` (422) for a key that means nothing here, which may be one that was mistyped."""
    for key in value:
        if key not in known:
            raise unfit(f"{what} has no {shown(key)}; it may have {', '.join(known)}")


def _n_keys(value: dict[str, Any] | list[Any], levels: int) -> int:
    if not levels:
        raise malformed(f"the body is nested too deeply; at most {DEEPEST} levels can mean something")
    if type(value) is dict:
        keys, values = len(value), value.values()
    else:
        keys, values = 0, value  # type: ignore[assignment]
    for entry in values:
        if type(entry) is dict or type(entry) is list:
            keys += _n_keys(entry, levels - 1)
    return keys
