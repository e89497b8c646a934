"""Bodies of requests as nobody should send them: JSON of all kinds, nearly JSON, and no JSON at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

LITERALS: Final = (
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"-0.0",
    b"0.30000000000000004",
    b"9223372036854775808",
    b"18446744073709551616",
    b"-9223372036854775809",
    b"1" + b"0" * 400,
    b"1.5",
    b"3.0",
    b"01",
    b"+1",
    b"0x10",
    b"1_000",
    b"true",
    b"null",
    b"undefined",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\ud83d\\ude00"',
    b'"\xed\xa0\x80"',
    b'"\xff\xfe"',
    b'"\xc0\x80"',
    b'"\xf4\x90\x80\x80"',
    b'"\\u0000"',
    b'"\x00"',
    b'"\x1b[2J"',
    b'"\\u001b[2J"',
    b'"a\nb"',
    b'"\\x41"',
    b'"unfinished',
    b"'single'",
    b'{"a": 1, "a": 2}',
    b'{"counts": {"money": 1, "money": 2}}',
    b'{"counts": {"money": -1}}',
    b'{"counts": {"money": 1e18}}',
    b'{"counts": {"money": 9223372036854775807}}',
    b'{"counts": {"": 1}}',
    b'{"counts": []}',
    b"[1,]",
    b"[,]",
    b"/* */ 1",
    b"\xef\xbb\xbf[]",
    b"[" * 100 + b"]" * 100,
    b"[" * 2000,
    b'{"a":' * 100 + b"1" + b"}" * 100,
    b'""',
    b"[]",
    b"{}",
    b'[""]',
    b"[[]]",
    b'" "',
    '"\u202egnp.exe"'.encode(),
    '"\u0301\u0301\u0301"'.encode(),
    '"\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea"'.encode(),
    '"\u0627\u0644\u0633\u0644\u0627\u0645 \u05e9\u05dc\u05d5\u05dd"'.encode(),
    '"\ufeff\u2028\u2029\x85"'.encode(),
    '"Stra\u00dfe \u0130 \ufb01"'.encode(),
)

_VALUES: Final = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=30),
        st.sampled_from(["money", "bank", "match goal", "text"]),
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)

pieces: Final = st.one_of(st.sampled_from(LITERALS), _VALUES.map(lambda value: json.dumps(value).encode()))
"""A value, well-formed or not."""


def _object(fields: Sequence[tuple[str, bytes]]) -> bytes:
    return b"{" + b", ".join(json.dumps(key).encode() + b": " + value for key, value in fields) + b"}"


def bodies(keys: Sequence[str], examples: Sequence[dict[str, Any]] = ()) -> st.SearchStrategy[bytes]:
    """Bodies for something that knows these keys.

    examples: good ones, of which one value is replaced, or the text is cut or changed in one place.
    """
    any_object = st.lists(st.tuples(st.sampled_from([*keys, "", "a\x1b"]), pieces), max_size=4).map(_object)
    lists = st.lists(pieces, max_size=4).map(lambda values: b"[" + b", ".join(values) + b"]")
    listed = st.tuples(st.sampled_from(list(keys)), lists).map(lambda one: _object([one]))
    kinds = [any_object, lists, listed, pieces, st.binary(max_size=40)]
    if examples:
        kinds += [_spoilt(examples), _replaced(examples)]
    return st.one_of(kinds)


@st.composite
def _spoilt(draw: st.DrawFn, examples: Sequence[dict[str, Any]]) -> bytes:
    """A good body with one piece of its text cut out, or replaced."""
    body = json.dumps(draw(st.sampled_from(list(examples)))).encode()
    start = draw(st.integers(0, len(body)))
    stop = draw(st.integers(start, min(len(body), start + 10)))
    return body[:start] + draw(st.one_of(st.just(b""), pieces, st.binary(max_size=3))) + body[stop:]


@st.composite
def _replaced(draw: st.DrawFn, examples: Sequence[dict[str, Any]]) -> bytes:
    """A good body in which one value, however deep, is another one."""
    example = draw(st.sampled_from(list(examples)))
    places = list(_places(example))
    path = draw(st.sampled_from(places))
    mark = "\u2302 here \u2302"
    body = json.dumps(_with(example, path, mark)).encode()
    return body.replace(json.dumps(mark).encode(), draw(pieces), 1)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    found = [path] if path else []
    for key, inner in entries:
        found += _places(inner, (*path, key))
    return found


def _with(value: Any, path: tuple[Any, ...], replaced: Any) -> Any:
    if not path:
        return replaced
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = _with(copied[path[0]], path[1:], replaced)
    return copied
