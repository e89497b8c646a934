"""Ctrl-C and SIGTERM: obeyed soon, and without throwing the work away."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEEDED: Final = (signal.SIGINT, signal.SIGTERM)
INTERRUPTED: Final = 130
UNWIND_SECONDS: Final = 2.5
"""What a command has to end by itself after an interrupt; then it is ended. Less than the three seconds after which
Ray, if the signal met it while it begins, aborts the process with an exit code of its own."""

UNDO_SECONDS: Final = 1.0
"""What removing temporary files may take when the command is ended."""


class _Watch:
    """Sees each signal at once, in a thread of its own.

    The handlers of Python wait until the main thread is back from whatever it has called, which may be a compiler.
    patient: whether the first signal from then on is left to a handler.
    """

    def __init__(self) -> None:
        self._patient, self._signals = False, 0

    @property
    def patient(self) -> bool:
        return self._patient

    @patient.setter
    def patient(self, wanted: bool) -> None:
        self._patient, self._signals = wanted, 0

    def _must_end(self) -> bool:
        return not self._patient or self._signals > 1

    def run(self, arrivals: int, say: Callable[[], object]) -> NoReturn:
        """Read the numbers of signals from a pipe, and end the process when one has not ended it in time."""
        deadline: float | None = None
        while True:
            left = None if deadline is None else max(0.0, deadline - time.monotonic())
            if select.select([arrivals], [], [], left)[0]:
                self._signals += sum(number in HEEDED for number in os.read(arrivals, 64))
                if self._signals and deadline is None and self._must_end():
                    deadline = time.monotonic() + UNWIND_SECONDS
            elif self._must_end():
                _end(say)
            else:  # by now there is something worth finishing, and the handler sees to that
                deadline = None


_watch: Final = _Watch()


def obey_soon(say: Callable[[], object]) -> None:
    """From here on SIGINT and SIGTERM raise `KeyboardInterrupt`, and end the process if that has not done it soon.

    By default SIGTERM would end it where it stands, and leave temporary files behind. What is ignored (as SIGINT in
    the background, or under nohup) stays ignored. For the main thread of a command; there is no way back.

    Args:
        say: called before the process is ended the hard way.
    """
    for which in HEEDED:
        if signal.getsignal(which) is not signal.SIG_IGN:
            signal.signal(which, _raise)
    arrivals, report = os.pipe()
    os.set_blocking(report, False)
    signal.set_wakeup_fd(report, warn_on_full_buffer=False)
    previous = sys.unraisablehook

    def hook(unraisable: sys.UnraisableHookArgs) -> None:
        # Raised where nothing can be raised, as in a finalizer or a callback of the compiler, it goes no further.
        # The process is ended all the same, and a traceback would tell the user nothing.
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            previous(unraisable)

    sys.unraisablehook = hook
    threading.Thread(target=_watch.run, args=(arrivals, say), name="lda-signals", daemon=True).start()


def _raise(_number: int, _frame: Any) -> NoReturn:  # noqa: ANN401 - what the signal module passes
    raise KeyboardInterrupt


def _end(say: Callable[[], object]) -> NoReturn:
    """End the process: the main thread does not come back, or others would be waited for at its end."""
    if (leftovers := sys.modules.get("lda.corpus.storage.leftovers")) is not None:
        leftovers.UNDIVIDED.acquire(timeout=UNDO_SECONDS)
        undoing = threading.Thread(target=leftovers.undo_all, daemon=True)
        undoing.start()
        undoing.join(UNDO_SECONDS)
    with suppress(Exception):
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h")  # a progress bar hides the cursor
        say()
    os._exit(INTERRUPTED)


class Interrupts:
    """Whether the user wants a run to end: called, it tells. Until `keep` there is nothing that would be kept."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        self._asked = threading.Event()
        self._announce, self._untold = announce, list[str]()
        self.keeping = False

    def __call__(self) -> bool:
        """Whether to stop."""
        while self._untold:
            self._announce(self._untold.pop())
        return self._asked.is_set()

    def tell(self, line: str) -> None:
        """Announce, from within the handler of a signal."""
        try:
            self._announce(line)
        except RuntimeError:
            # The signal came while another line was being written to the same stream, which Python enters only once.
            self._untold.append(line)

    def ask(self) -> bool:
        """Ask for the end; whether that was asked for before."""
        before = self._asked.is_set()
        self._asked.set()
        return before

    def keep(self) -> None:
        """From here on there is something worth writing: the next interrupt waits for that."""
        if not self.keeping:
            self.keeping = _watch.patient = True


@contextmanager
def finish_on_interrupt(announce: Callable[[str], None]) -> Iterator[Interrupts]:
    """Within the block, once it has something to keep, the first SIGINT or SIGTERM only sets a flag.

    The second raises `KeyboardInterrupt`, and so does the first as long as there is nothing to keep.

    Args:
        announce: told once, with a line for the user, when the first signal comes.

    Yields:
        what tells whether to stop, and is to be told when there is something to keep. A signal that was ignored
        before (as under nohup) stays ignored, and outside the main thread, where Python allows no handlers, nothing
        is changed.
    """
    interrupts = Interrupts(announce)

    def handle(number: int, _frame: Any) -> None:  # noqa: ANN401 - what the signal module passes
        if not interrupts.keeping or interrupts.ask():
            raise KeyboardInterrupt
        name = signal.Signals(number).name
        interrupts.tell(
            f"{name}: finishing this phase, then writing the model so far (again to stop at once)"
        )

    watched: dict[signal.Signals, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for which in HEEDED:
            if signal.getsignal(which) is not signal.SIG_IGN:
                watched[which] = signal.signal(which, handle)
    try:
        yield interrupts
    finally:
        _watch.patient = False
        for which, previous in watched.items():
            signal.signal(which, previous)


@contextmanager
def unhurried() -> Iterator[None]:
    """Within the block the first interrupt may take its time to end the command; the second is obeyed soon."""
    _watch.patient = True
    try:
        yield
    finally:
        _watch.patient = False


@contextmanager
def terminate_as_interrupt() -> Iterator[None]:
    """Within the block SIGTERM raises `KeyboardInterrupt`, so that temporary files are cleaned up.

    By default it would end the process where it stands. Outside the main thread nothing is changed.
    """
    watched = threading.current_thread() is threading.main_thread()
    if not watched or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
