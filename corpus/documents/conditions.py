"""The language of conditions: `year >= 2000 and lang == 'en'`, read into a tree that somebody else evaluates.

    condition   choice ("or" choice)*
    choice      part ("and" part)*
    part        "not" part | "(" condition ")" | test
    test        FIELD is [not] null  |  FIELD [not] in (VALUE, ...)  |  FIELD OPERATION VALUE
                VALUE OPERATION FIELD [OPERATION VALUE]              |  FIELD
    operation   = == != < <= > >= | ~ | contains | startswith | endswith

A VALUE is a number, a text in quotes, true, false, or a text without quotes, which goes on to the next "and", "or", or
closing parenthesis: `sampler=pclda`, `command~lda fit`. A FIELD is a name, of a field in a field with a point between
them, or anything in backquotes. Nothing is evaluated as code: there are no calls, no arithmetic and no other names.

Rejected: Python's own parser with a list of what is allowed: it knows no text without quotes, no single `=` and no
`~` between two things, which conditions on runs have had from their beginning, and it reads `a < b in c` as one test.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Value = bool | int | float | str

Operation = Literal["=", "!=", "<", "<=", ">", ">=", "~", "contains", "startswith", "endswith"]

T = TypeVar("T")

LONGEST: Final = 10_000
"""Characters of a condition."""

DEEPEST: Final = 50
"""Parentheses, and "not", within each other."""


@dataclass(frozen=True, slots=True)
class Test:
    """A field beside a value."""

    __test__ = False  # the word means something to pytest, too

    field: str
    operation: Operation
    value: Value
    spelled: str = ""
    """The value as it was written: of a number, 007 and 7 are two texts."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field whose value is one of several."""

    field: str
    values: tuple[Test, ...]
    """A test with `=` for each."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A field that has no value."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The contrary of a condition."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """All of several conditions, or any of them. all: which."""

    parts: tuple[Condition, ...]
    all: bool


Leaf = Test | OneOf | Missing
Condition = Leaf | Not | Both


def parsed(text: str) -> Condition:
    """The condition that a text is.

    Raises:
        ValueError: it is none; one line with the place, and what would do there.
    """
    if len(text) > LONGEST:
        raise ValueError(
            f"a condition has up to {LONGEST:,} characters, got {len(text):,}; write a shorter one"
        )
    reader = _Reader(text)
    found = reader.condition(0)
    reader.end()
    return found


def fields_of(condition: Condition) -> list[str]:
    """The fields that a condition speaks of, each once, in their order."""
    names: dict[str, None] = {}

    def leaf(one: Leaf) -> bool:
        names[one.field] = None
        return True

    evaluated(condition, leaf, lambda _: True, lambda _all, _parts: True)
    return list(names)


def evaluated(
    condition: Condition,
    leaf: Callable[[Leaf], T],
    contrary: Callable[[T], T],
    joined: Callable[[bool, list[T]], T],
) -> T:
    """What a condition comes to, whatever its tests come to: truths, masks of documents, ...

    Args:
        condition: the tree.
        leaf: the value of a test.
        contrary: that of "not".
        joined: that of "and" (true) or "or" (false) of several.
    """
    match condition:
        case Not(part):
            return contrary(evaluated(part, leaf, contrary, joined))
        case Both(parts, every):
            return joined(every, [evaluated(part, leaf, contrary, joined) for part in parts])
        case _:
            return leaf(condition)


_SPACE: Final = re.compile(r"\s*")
_WORD: Final = re.compile(r"[^\W\d]\w*")
_FIELD: Final = re.compile(r"`([^`]+)`|([^\W\d]\w*(?:\.\w+)*)")
_OPERATION: Final = re.compile(r"(<=|>=|!=|==|=|<|>|~|(?:contains|startswith|endswith)\b)", re.IGNORECASE)
_NUMBER: Final = re.compile(r"[+-]?(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"", re.DOTALL)
_BARE_END: Final = re.compile(r"\s+(?:and|or)\b|\)|$", re.IGNORECASE)
_ITEM_END: Final = {")": re.compile(r"\s*[,)]|$"), "]": re.compile(r"\s*[,\]]|$")}
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_RESERVED: Final = frozenset(
    {"and", "or", "not", "in", "is", "null", "none", "true", "false", "contains", "startswith", "endswith"}
)
_TURNED: Final[dict[str, Operation]] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Reader:
    """Walks through a text once, from left to right."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def condition(self, depth: int) -> Condition:
        """Conditions with "or" between them."""
        return self._several("or", lambda: self._several("and", lambda: self._part(depth)))

    def end(self) -> None:
        """Nothing follows."""
        self._skip()
        if self._at < len(self._text):
            raise self._wrong("the end, or `and` or `or`, was to come")

    def _several(self, word: str, read: Callable[[], Condition]) -> Condition:
        parts = [read()]
        while self._take_word(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Both(tuple(parts), word == "and")

    def _part(self, depth: int) -> Condition:
        if depth > DEEPEST:
            raise ValueError(
                f"a condition may be {DEEPEST} parentheses deep, and this one is deeper; write it flat"
            )
        if self._take_word("not"):
            return Not(self._part(depth + 1))
        self._skip()
        if self._take("("):
            found = self.condition(depth + 1)
            self._skip()
            if not self._take(")"):
                raise self._wrong("a closing parenthesis was to come")
            return found
        return self._test()

    def _test(self) -> Condition:
        first = self._literal()
        if first is not None:
            return self._turned(first)
        field = self._field()
        if self._take_word("is"):
            absent = not self._take_word("not")
            if not (self._take_word("null") or self._take_word("none")):
                raise self._wrong("`null` was to come")
            return Missing(field) if absent else Not(Missing(field))
        if self._take_word("not"):
            if not self._take_word("in"):
                raise self._wrong("`in` was to come")
            return Not(OneOf(field, self._values(field)))
        if self._take_word("in"):
            return OneOf(field, self._values(field))
        operation = self._operation()
        if operation is None:
            self._skip()
            if self._at < len(self._text) and not self._ahead("and", "or") and self._text[self._at] != ")":
                raise self._wrong(
                    "one of = != < <= > >= ~ contains startswith endswith, in (...), or is null, was to come"
                )
            return Test(field, "=", True)
        return Test(field, operation, *self._value(_BARE_END))

    def _turned(self, first: Value) -> Condition:
        """A test that begins with its value, and may go on with another one: 1990 <= year < 2000."""
        operation = self._operation()
        if operation not in _TURNED:
            raise self._wrong(
                "a test begins with a field, or with VALUE <= FIELD; one of = != < <= > >= was to come"
            )
        field = self._field()
        low = Test(field, _TURNED[operation], first, str(first))
        then = self._operation()
        return low if then is None else Both((low, Test(field, then, *self._value(_BARE_END))), True)

    def _field(self) -> str:
        self._skip()
        found = _FIELD.match(self._text, self._at)
        if found is None or (found[2] or "").lower() in _RESERVED:
            raise self._wrong("the name of a field was to come")
        self._at = found.end()
        name: str = found[1] or found[2]
        return name

    def _operation(self) -> Operation | None:
        self._skip()
        found = _OPERATION.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        told = found[1].lower()
        return "=" if told == "==" else told  # type: ignore[return-value]  # what the pattern matches

    def _values(self, field: str) -> tuple[Test, ...]:
        self._skip()
        closing = ")" if self._take("(") else "]" if self._take("[") else None
        if closing is None:
            raise self._wrong("the values, in parentheses, were to come")
        found: list[Test] = []
        while True:
            self._skip()
            if found and self._take(closing):
                return tuple(found)
            found.append(Test(field, "=", *self._value(_ITEM_END[closing])))
            self._skip()
            if self._take(closing):
                return tuple(found)
            if not self._take(","):
                raise self._wrong(f"a comma or {closing} was to come")

    def _literal(self) -> Value | None:
        """A number or a quoted text that stands here; None for anything else."""
        self._skip()
        quoted = _QUOTED.match(self._text, self._at)
        if quoted:
            self._at = quoted.end()
            inner: str = quoted[1] if quoted[1] is not None else quoted[2]
            return _ESCAPED.sub(r"\1", inner)
        number = _NUMBER.match(self._text, self._at)
        if number:
            self._at = number.end()
            return _number(number[0])
        return None

    def _value(self, end: re.Pattern[str]) -> tuple[Value, str]:
        """A value, and how it is written."""
        self._skip()
        if self._text[self._at : self._at + 1] in ("'", '"'):
            found = self._literal()
            if found is None:
                raise self._wrong("a quote is not closed")
            return found, str(found)
        stop = end.search(self._text, self._at)
        assert stop is not None
        bare = self._text[self._at : stop.start()].strip()
        if not bare:
            raise self._wrong("a value was to come")
        self._at = stop.start()
        if bare.lower() in ("true", "false"):
            return bare.lower() == "true", bare
        return (_number(bare) if _NUMBER.fullmatch(bare) else bare), bare

    def _ahead(self, *words: str) -> bool:
        found = _WORD.match(self._text, self._at)
        return found is not None and found[0].lower() in words

    def _take_word(self, word: str) -> bool:
        self._skip()
        if not self._ahead(word):
            return False
        self._at += len(word)
        return True

    def _take(self, character: str) -> bool:
        if self._text.startswith(character, self._at):
            self._at += 1
            return True
        return False

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        assert found is not None
        self._at = found.end()

    def _wrong(self, reason: str) -> ValueError:
        rest = self._text[self._at :].strip()
        where = f"at {rest[:40]!r}" if rest else "at its end"
        return ValueError(f"the condition {self._text[:80]!r} cannot be understood {where}: {reason}")


def _number(text: str) -> int | float:
    plain = text.replace("_", "")
    try:
        return int(plain)
    except ValueError:
        return float(plain)
