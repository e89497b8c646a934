"""Beginning the processes of a service, and what they do when the one that began them is gone."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from lda.cluster.processes.worker import THREADS_OF_OTHERS
from lda.serve.host.channel import Channel, Message, line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_BEGIN: Final = (
    "import json, sys; end = int(sys.argv[1]); "
    "sys.path[:] = json.loads(open(end, 'rb', 0, closefd=False).readline()); "
    "from importlib import import_module; import_module(sys.argv[2]).main(end)"
)
"""Read without a buffer, and so no further than the line. A new Python, for the reasons that
`lda.cluster.processes.worker` gives."""

TOKEN: Final = "RAYLDA_TOKEN"  # noqa: S105 - a name
"""The variable that the token may stand in."""

ORPHAN: Final = 143


class Process:
    """One process that runs `main` of a module, and the channel to it.

    Attributes:
        pid: its number.
        code: how it has ended, as of `Popen`; None as long as it runs.
    """

    def __init__(
        self,
        module: str,
        orders: Message,
        sockets: Sequence[socket.socket] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Begin.

        Args:
            module: with the function.
            orders: the first message, which may hold secrets.
            sockets: that it gets, under the same numbers.
            variables: of its environment, beside ours.

        Raises OSError when no process can begin. Called in the event loop, whose thread is the main one.
        """
        self._loop = asyncio.get_running_loop()
        self.code: int | None = None
        self.ended = asyncio.Event()
        here, there = map(_not_standard, socket.socketpair())
        environment = {name: value for name, value in os.environ.items() if name != TOKEN}
        # Ctrl-C goes to all processes of a terminal, and is the supervisor's alone: here it waits from the start on.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                [
                    sys.executable,
                    *(f"-W{option}" for option in sys.warnoptions),
                    "-c",
                    _BEGIN,
                    str(there.fileno()),
                    module,
                ],
                pass_fds=[there.fileno(), *(one.fileno() for one in sockets)],
                stdin=subprocess.DEVNULL,
                stdout=_stderr(),  # what `lda serve` prints is a result, perhaps JSON
                env=environment | dict.fromkeys(THREADS_OF_OTHERS, "1") | dict(variables or {}),
            )
        except BaseException:
            here.close()
            raise
        finally:
            there.close()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.pid = self._popen.pid
        self._here = here
        with suppress(OSError):  # it is dead already
            here.sendall(line([entry for entry in sys.path if isinstance(entry, str)]) + line(orders))
        # A thread each: asyncio's own way counts on being the only one that waits for children.
        threading.Thread(target=self._wait, name=f"lda-wait-{self.pid}", daemon=True).start()

    def _wait(self) -> None:
        code = self._popen.wait()
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._has_ended, code)

    def _has_ended(self, code: int) -> None:
        self.code = code
        self.ended.set()

    async def channel(self) -> Channel:
        """The supervisor's end of the channel; asked for once."""
        return await Channel.of(self._here)

    def kill(self) -> None:
        """End it at once."""
        if self.code is None:
            with suppress(OSError):
                self._popen.kill()

    def how(self) -> str:
        """How it has ended, in words."""
        if self.code is None:
            return "runs"
        if self.code >= 0:
            return f"ended with exit code {self.code}"
        try:
            name = signal.Signals(-self.code).name
        except ValueError:
            name = f"signal {-self.code}"
        return f"was ended by {name}"


def first_orders(end: int) -> Message:
    """In the process that has begun: its first message, read without waiting for more."""
    with open(end, "rb", 0, closefd=False) as raw:
        orders: Message = json.loads(raw.readline())
    return orders


def die_with_parent(end: int, patience: Callable[[], float]) -> None:
    """In the process that has begun: end it when the one that began it is gone, `patience` seconds later at last.

    What the event loop makes of it (it reads the end of the channel) comes first; this is for one that is stuck.
    """

    def watch() -> NoReturn:
        looking = select.poll()
        looking.register(end, select.POLLHUP)
        while not any(
            event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in looking.poll()
        ):
            pass
        threading.Event().wait(patience())
        os._exit(ORPHAN)

    threading.Thread(target=watch, name="lda-parent", daemon=True).start()


def _not_standard(one: socket.socket) -> socket.socket:
    """The socket under a number that no program takes for its input or output, as in a daemon without these."""
    if one.fileno() > 2:
        return one
    with one:
        return socket.socket(fileno=fcntl.fcntl(one.fileno(), fcntl.F_DUPFD_CLOEXEC, 3))


def _stderr() -> int:
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2
