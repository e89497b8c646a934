"""Words of a message that go by a number."""

from __future__ import annotations


def is_or_are(count: int) -> str:
    """What so many of them do: "is" for 1, else "are"."""
    return "is" if count == 1 else "are"
