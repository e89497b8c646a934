"""`Trouble`: what keeps a run from being shown, which is told once and ends nothing."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Callable


class Trouble:
    """Keeps the first thing that went wrong, and warns of it.

    Args:
        what: cannot be done, the beginning of the warning.
        warn: told, once; None warns as Python does.
    """

    def __init__(self, what: str, warn: Callable[[str], None] | None) -> None:
        self._what, self._warn = what, warn
        self._first: str | None = None
        self._told = False

    def keep(self, problem: BaseException | str) -> None:
        """Something went wrong; in any thread."""
        if self._first is None:
            said = " ".join(str(problem).split())
            self._first = said or type(problem).__name__

    def tell(self) -> None:
        """Warn of what has not been told; in the thread of the run, where warnings are looked for."""
        if self._first is None or self._told:
            return
        self._told = True
        # Keys are taken out before the text is cut: half an address does not show that it holds one.
        said = f"{self._what} ({presentable(self._first):.400}); the run goes on without"
        if self._warn is None:
            warnings.warn(said, stacklevel=2)
        else:
            self._warn(said)
