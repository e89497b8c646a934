"""Text of an option that may be given several times."""

from __future__ import annotations

from collections.abc import Sequence

import click


class Several(click.types.StringParamType):
    """Text of an option that may be given several times; its environment variable holds all, separated."""

    def __init__(self, separator: str) -> None:
        self.separator = separator

    def split_envvar_value(self, rv: str) -> Sequence[str]:
        """The values in the variable; click itself would split at blanks, which names of files and fields have."""
        return rv.split(self.separator)
