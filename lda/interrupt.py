"""Ctrl-C that does not throw the work away."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def finish_on_interrupt(announce: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Within the block the first SIGINT or SIGTERM only sets a flag; the second raises `KeyboardInterrupt`.

    Args:
        announce: told once, with a line for the user, when the first signal comes.

    Yields:
        a function that tells whether to stop. A signal that was ignored before (as under nohup) stays
        ignored, and outside the main thread, where Python allows no handlers, nothing is changed.
    """
    asked = threading.Event()

    def handle(number: int, _frame: Any) -> None:  # noqa: ANN401 - what the signal module passes
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        name = signal.Signals(number).name
        announce(f"{name}: finishing this phase, then writing the model so far (again to stop at once)")

    watched: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for which in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(which) is not signal.SIG_IGN:
                watched[which] = signal.signal(which, handle)
    try:
        yield asked.is_set
    finally:
        for which, previous in watched.items():
            signal.signal(which, previous)


@contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Within the block SIGTERM raises `KeyboardInterrupt`, so that temporary files are cleaned up.

    By default it would end the process where it stands. Outside the main thread nothing is changed.
    """

    def handle(_number: int, _frame: Any) -> None:  # noqa: ANN401 - what the signal module passes
        raise KeyboardInterrupt

    watched = threading.current_thread() is threading.main_thread()
    if not watched or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
