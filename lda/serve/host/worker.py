"""The process that answers requests: an application, a server, and the channel to the supervisor."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import itertools
import logging
import os
import re
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.machine import grant_cores
from lda.corpus.presentable import presentable
from lda.serve.control import HostState, LoadRefusedError, LoadResult, NotServedError, PlaceState
from lda.serve.host.channel import Channel, Message
from lda.serve.host.processes import die_with_parent, first_orders

if TYPE_CHECKING:
    from lda.serve.host.connections import WorkerServer
    from lda.serve.shelf import ServedModel, Shelf

SLACK_SECONDS: Final = 5.0
"""Beyond the time to drain, before a worker whose supervisor is gone is ended the hard way."""

COLLECT_AT: Final = (50_000, 20, 100)
"""Thresholds of the garbage collector. Requests leave no circles behind, so there is little to find."""

SWITCH_SECONDS: Final = 0.001
"""How long the event loop may wait for the thread of large requests while that cuts texts into words, in Python."""

_STATUS: Final = re.compile(r'"status":[45]\d\d')


class ChannelControl:
    """What the application asks, passed on to the supervisor. See `lda.serve.control.Control`."""

    def __init__(self) -> None:
        self.channel: Channel | None = None
        self._numbers = itertools.count()
        self._asked = dict[int, asyncio.Future[Message]]()
        self._ready = False
        self._state = HostState()

    async def load(self, name: str) -> LoadResult:
        """See `Control`."""
        answer = await self._ask("load", name)
        return LoadResult(
            name=name, fingerprint=answer["fingerprint"], changed=answer["changed"], seconds=answer["seconds"]
        )

    async def unload(self, name: str) -> None:
        """See `Control`."""
        await self._ask("unload", name)

    def ready(self) -> bool:
        """See `Control`."""
        return self._ready

    def state(self) -> HostState:
        """See `Control`."""
        return self._state

    async def _ask(self, what: str, name: str) -> Message:
        if self.channel is None:
            raise LoadRefusedError(
                "the service is just beginning; ask again when it is ready (/v2/health/ready)"
            )
        number = next(self._numbers)
        self._asked[number] = asyncio.get_running_loop().create_future()
        self.channel.send(ask=what, number=number, name=name)
        try:
            answer = await self._asked[number]
        finally:
            del self._asked[number]
        if (unknown := answer.get("unknown")) is not None:
            raise NotServedError(unknown)
        if (refused := answer.get("refused")) is not None:
            raise LoadRefusedError(refused)
        return answer

    def answered(self, message: Message) -> None:
        """The supervisor's answer to what was asked."""
        waiting = self._asked.get(message["number"])
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def stands(self, message: Message) -> None:
        """How things stand now."""
        self._ready = message["ready"]
        self._state = HostState(
            models=tuple(PlaceState(**one) for one in message["models"]),
            workers=message["workers"],
            replaced=message["replaced"],
        )

    def leave(self) -> None:
        """There is no supervisor any more, or no time."""
        self._ready = False
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_result({"refused": "the service is ending"})


class _Worker:
    """What the supervisor's messages do here."""

    def __init__(
        self, shelf: Shelf, control: ChannelControl, server: WorkerServer, channel: Channel, n_words: int
    ) -> None:
        self._shelf, self._control, self._server, self._channel = shelf, control, server, channel
        self._n_words = n_words
        self._beside: dict[str, ServedModel] = {}
        self._waiting = asyncio.Queue[Message]()

    def hear(self, message: Message) -> None:
        """Take a message. Those about models are obeyed in their order; the others at once."""
        match message["do"]:
            case "answer":
                self._control.answered(message)
            case "end":
                self.end()
            case _:
                self._waiting.put_nowait(message)

    def end(self) -> None:
        """HttpAnswer what is under way, and end."""
        self._control.leave()
        self._server.should_exit = True

    async def obey(self) -> None:
        """Do what messages say, one after the other."""
        while True:
            message = await self._waiting.get()
            done: Message = {}
            match message["do"]:
                case "state":
                    self._control.stands(message)
                case "load":
                    done = await self._load(message)
                case "swap":
                    for folder in message["folders"]:
                        self._shelf.put(self._beside.pop(folder))
                case "discard":
                    self._beside.pop(message["folder"], None)
                case "unload":
                    with suppress(LookupError):
                        self._shelf.remove(message["name"])
                case "open":
                    if self._control.ready():
                        _settle()
                    self._server.open()
            if "number" in message:
                self._channel.send(done=message["number"], **done)

    async def _load(self, message: Message) -> Message:
        """Open a model beside those that are served."""
        from lda.serve.host.prepared import opened_prepared

        folder = message["folder"]
        try:
            self._beside[folder] = await asyncio.to_thread(
                opened_prepared, message["name"], Path(folder), n_words=self._n_words
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, what is served goes on
            return {"error": presentable(" ".join(f"{error}".split()) or type(error).__name__)}
        return {}


def _settle() -> None:
    """Have the collector look no more at what stays, as modules do: it would take a request tens of milliseconds.

    And give back what models took only while they were opened, which each process would keep for itself.
    """
    import pyarrow as pa

    gc.collect()
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)
    gc.freeze()
    gc.set_threshold(*COLLECT_AT)
    sys.setswitchinterval(SWITCH_SECONDS)


def _log_to_stderr(which: str) -> None:
    """Where lines about requests go. which: "access", "errors" for answers of 400 and more only, or "none"."""
    access, errors = logging.getLogger("lda.serve.access"), logging.getLogger("uvicorn.error")
    access.propagate = errors.propagate = False
    errors.addHandler(_OneWrite(logging.ERROR))
    if which == "none":
        access.setLevel(logging.CRITICAL)
        return
    access.setLevel(logging.INFO)
    access.addHandler(_OneWrite())
    if which == "errors":
        access.addFilter(lambda record: _STATUS.search(record.getMessage()) is not None)


def _say(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    """One line of what ends a worker."""
    text = presentable(" ".join(str(error).split()))
    os.write(2, f"lda: a worker failed: {kind.__name__}: {text}\n".encode("utf-8", "backslashreplace"))


class _OneWrite(logging.Handler):
    """Writes each line at once, so that those of several workers do not mix."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one."""
        with suppress(OSError):
            os.write(2, self.format(record).encode("utf-8", "backslashreplace") + b"\n")


def main(end: int) -> None:
    """Serve until the supervisor says to end, or is gone."""
    orders = first_orders(end)
    drain = orders["drain_seconds"]
    die_with_parent(end, lambda: drain + SLACK_SECONDS)
    grant_cores(1)
    _log_to_stderr(orders["log"])
    from lda.corpus.arrow import do_without_pandas
    from lda.serve.app import create_app
    from lda.serve.host.connections import ConnectionLimits, server_of
    from lda.serve.host.worker_turns import WorkerTurns
    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import Shelf

    sys.excepthook = _say
    do_without_pandas()
    shelf, control = Shelf(names=orders["names"]), ChannelControl()
    app = create_app(shelf, settings=ServeSettings(**orders["settings"]), control=control)
    turns = WorkerTurns(Path(orders["turns"]), orders["seat"])
    server = server_of(
        app,
        ConnectionLimits(**orders["connections"]),
        turns,
        drain_seconds=drain,
        certificate=orders["certificate"],
        key=orders["key"],
    )
    sockets = [socket.socket(fileno=number) for number in orders["sockets"]]
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(_serve(end, shelf, control, server, sockets, app.settings.n_words))


async def _serve(
    end: int,
    shelf: Shelf,
    control: ChannelControl,
    server: WorkerServer,
    sockets: list[socket.socket],
    n_words: int,
) -> None:
    channel = control.channel = await Channel.of(socket.socket(fileno=end))
    worker = _Worker(shelf, control, server, channel, n_words)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, worker.end)

    async def listen() -> None:
        await channel.hear(worker.hear)
        worker.end()  # nobody is there any more

    tasks: list[asyncio.Task[Any]] = [loop.create_task(listen()), loop.create_task(worker.obey())]
    channel.send(begun=True)
    try:
        await server.serve(sockets=sockets)
    finally:
        for task in tasks:
            task.cancel()
        await channel.flush()
        channel.close()
