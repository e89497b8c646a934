"""`BackgroundWriter`: writes again and again, in a thread of its own, and never stands in anybody's way."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from lda.monitoring.follower import THREAD

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.monitoring.trouble import Trouble

SECONDS_BETWEEN: Final = 0.5
"""Of two writes at least, however much happens: a store takes money for each."""


class BackgroundWriter:
    """A thread that calls a function every so many seconds, sooner where that is asked for, and once at the end.

    What the function raises is kept to be told; it is called again all the same.

    Args:
        write: what is called; only this thread calls it.
        every: seconds between two calls; None for only where it is asked for.
        trouble: keeps what the function raises.
    """

    def __init__(self, write: Callable[[], None], every: float | None, trouble: Trouble) -> None:
        self._write, self._every, self._trouble = write, every, trouble
        self._news = threading.Condition()
        self._wanted, self._closing = True, False
        self._thread = threading.Thread(target=self._run, name=THREAD, daemon=True)
        self._thread.start()

    def soon(self) -> None:
        """Have it written soon."""
        with self._news:
            self._wanted = True
            self._news.notify()

    def close(self, patience: float) -> None:
        """Write a last time, and wait for that, so many seconds at most."""
        with self._news:
            self._closing = True
            self._news.notify()
        self._thread.join(patience)
        if self._thread.is_alive():
            self._trouble.keep(f"there was no answer for {patience:g} seconds")

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._wanted or self._closing, self._every)
                last, self._wanted = self._closing, False
            try:
                self._write()
            except Exception as error:  # noqa: BLE001 - whatever it is, the run must not end of it
                self._trouble.keep(error)
            if last:
                return
            with self._news:
                self._news.wait_for(lambda: self._closing, SECONDS_BETWEEN)
