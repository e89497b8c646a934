"""What copies of inputs are called: a pipe is read from a temporary file, of which nobody wants to hear."""

from __future__ import annotations

from typing import Final

_NAMES: Final[dict[str, str]] = {}


def call(copy: str, name: str) -> None:
    """Speak of `name` where the path of the copy would be shown."""
    _NAMES[copy] = name


def forget_name(copy: str) -> None:
    """The copy is gone."""
    _NAMES.pop(copy, None)


def shown_name(path: str) -> str:
    """The name of the input that was copied to this path; the path itself if it is no copy."""
    return _NAMES.get(path, path)
