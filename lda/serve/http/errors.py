"""What is wrong with a request: a status, and one line with the rule, the value that came, and the remedy."""

from __future__ import annotations

import math

from lda.corpus.presentable import printable

SHOWN: int = 60
"""Characters of a value that are shown again to who sent it."""


class RequestError(Exception):
    """A request that is not answered as it wishes.

    Attributes:
        status: of HTTP, 4xx or 503, 504.
        message: one line.
        headers: that go with it.
    """

    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, printable(message), headers


def malformed(message: str) -> RequestError:
    """400: what came is not in the language that it says it is in."""
    return RequestError(400, message)


def unfit(message: str) -> RequestError:
    """422: it is well said, but cannot be."""
    return RequestError(422, message)


def too_much(what: str, most: int, remedy: str, *, got: int | None = None) -> RequestError:
    """413. The rest of the body is not read, so the connection ends."""
    found = "" if got is None else f", got {got}"
    return RequestError(413, f"{what} must be at most {most}{found}; {remedy}", (b"connection", b"close"))


def shown(value: object) -> str:
    """A value of JSON as a message shows it: short, on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return printable(repr(value[:SHOWN])) + ("..." if len(value) > SHOWN else "")
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object of {len(value)}"
    return repr(value)[:SHOWN]


def whole_number(value: object, what: str, least: int, most: int) -> int:
    """A number of JSON that must be whole: 3, not true, nor 3.5; 3.0 will do.

    Raises:
        RequestError: 422.
    """
    if type(value) is float and math.isfinite(value) and value.is_integer() and abs(value) < 1 << 53:
        value = int(value)
    if type(value) is not int or not least <= value <= most:
        raise unfit(f"{what} must be a whole number from {least} to {most}, got {shown(value)}")
    return value
