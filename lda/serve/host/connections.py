"""Connections of a worker: how they are taken, how many, how long they may keep it waiting; uvicorn does the rest."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import ssl
    from asyncio import TimerHandle
    from collections.abc import Callable, Sequence

    from lda.serve.host.worker_turns import WorkerTurns

LONGEST_HEAD: Final = 1 << 16
"""Bytes of a request's first line and headers."""

LOOSE: Final = 1 << 20
"""Bytes of a body's frame (extensions of chunks, headers behind them) without anything of the body itself."""

LONGEST_REST: Final = 64 << 20
"""Bytes of a body that are passed over once it is answered: at once closed upon, a sender may not see it."""

HEAD_SECONDS: Final = 10.0
"""What a client may take for them, from the connection, or from their first byte, on."""

STALLED_SECONDS: Final = 30.0
"""So long a client may take nothing of an answer that waits for it."""

UPGRADE: Final = re.compile(rb"\r\nupgrade[ \t]*:", re.IGNORECASE)

HANDSHAKE_SECONDS: Final = 10.0
TIRED_SECONDS: Final = 0.5
"""After which connections are taken again, where the system had no room for one."""

Guards = dict["GuardedProtocol", None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """What connections of one worker may cost it.

    most: of them. keep_alive: seconds in which one that has had its answer is kept for another request. receive:
    seconds in which the body of a request must have come.
    """

    most: int
    keep_alive: float
    receive: float


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's, with an end to the patience with slow clients; it has one for silence after an answer only.

    idle: the connections without a request under way, the one that has been so for longest first. When there are too
    many, these are closed. turns: told of each that goes; None where there are no other workers.
    """

    limits: ConnectionLimits
    idle: Guards
    turns: WorkerTurns | None = None

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's and uvloop's
        """A client is there."""
        self._deadline: TimerHandle | None = None
        self._stalled: TimerHandle | None = None
        self._head = self._loose = self._rest_size = 0
        self._in_body = False
        if len(self.connections) >= self.limits.most and not self._make_room():
            transport.abort()
            # As if it had never come: uvicorn's own way needs a transport.
            self._refused = True
            return
        self._refused = False
        super().connection_made(transport)
        self._rest()
        self._within(HEAD_SECONDS)

    def _make_room(self) -> bool:
        """Close the connection that has been idle for longest; False if there is none."""
        for oldest in self.idle:
            del self.idle[oldest]
            oldest.transport.abort()
            self.connections.discard(oldest)
            return True
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._refused:
            return
        self._within(None)
        self._watch_writing(None)
        self.idle.pop(self, None)
        super().connection_lost(exc)
        if self.turns is not None:
            self.turns.tell(len(self.connections))

    def data_received(self, data: bytes) -> None:
        """Some bytes of a request, or of several."""
        if self._refused:
            return
        if self._head == 0 and self in self.idle and not self._in_body:
            self._within(HEAD_SECONDS)
        self._loose += len(data)
        in_body = self._in_body
        super().data_received(self._without_upgrade(data))
        if self.transport.is_closing():
            return
        if self._in_body and self in self.idle:  # it has its answer, and does not listen
            self._rest_size += len(data)
            if self._rest_size > LONGEST_REST:
                self.transport.abort()
        elif self in self.idle:
            # All of it belonged to a head that goes on, or to the end of a body that had its answer.
            self._head += 0 if in_body else len(data)
            if self._head > LONGEST_HEAD:
                self._too_long(self._head)
        elif self._loose > LOOSE:  # of a body, between its chunks or behind them
            self.transport.abort()

    def _without_upgrade(self, data: bytes) -> bytes:
        """Bytes whose first head wishes for no other protocol: httptools would take that for the end of HTTP.

        A server may pass over such a wish, and then has to answer the request. Java's client wishes for HTTP/2 with
        every request, unless told otherwise, and its bodies would be lost.
        """
        if self not in self.idle or data.find(b"pgrade", 0, LONGEST_HEAD) < 0:
            return data
        head, end, rest = data.partition(b"\r\n\r\n")
        return UPGRADE.sub(b"\r\nx-upgrade:", head) + end + rest

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        self._refuse(
            b"400 Bad Request", "this is no request of HTTP/1.1; see /openapi.json for those there are"
        )

    def on_headers_complete(self) -> None:
        """The head of a request is there."""
        self._loose = self._rest_size = 0
        self._in_body = True
        size = len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)
        self._head = 0
        self.idle.pop(self, None)
        self._within(self.limits.receive)
        if size > LONGEST_HEAD:
            self._too_long(size)
            return
        super().on_headers_complete()

    def _too_long(self, size: int) -> None:
        self._refuse(
            b"431 Request Header Fields Too Large",
            f"the first line and headers of a request must have at most {LONGEST_HEAD} bytes, got {size}; send less",
        )

    def _refuse(self, status: bytes, reason: str) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            # Not into the middle of another answer; requests before this one that are all there still get theirs.
            if self.cycle.more_body:
                self.transport.close()
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        text = json.dumps({"error": reason}).encode()
        self.transport.write(
            b"HTTP/1.1 %s\r\ncontent-type: application/json\r\nconnection: close\r\n"
            b"content-length: %d\r\n\r\n%s" % (status, len(text), text)
        )
        self.transport.close()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._loose = 0
        if self.cycle is not None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there. It may have been answered before, as one that is too long."""
        self._loose = 0
        self._in_body = False
        self._within(self.limits.keep_alive if self in self.idle else None)
        if self.cycle is not None:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """It is answered."""
        super().on_response_complete()
        if not self.pipeline and not self.transport.is_closing():
            self._rest()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        super().pause_writing()
        self._watch_writing(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        self._watch_writing(None)

    def _rest(self) -> None:
        self.idle[self] = None

    def _within(self, seconds: float | None) -> None:
        """What is expected now must come within so many seconds; None expects nothing."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        self.transport.abort()

    def _watch_writing(self, waiting: int | None) -> None:
        """See after a while whether any of the bytes that wait to be sent were taken; None looks no more."""
        if self._stalled is not None:
            self._stalled.cancel()
        self._stalled = (
            None if waiting is None else self.loop.call_later(STALLED_SECONDS, self._look_at_writing, waiting)
        )

    def _look_at_writing(self, before: int) -> None:
        now = self.transport.get_write_buffer_size()
        if now >= before:
            self.transport.abort()
        else:
            self._watch_writing(now)


class Acceptor:
    """Takes connections one at a time from a socket that other workers take them from, too.

    One that does something else meanwhile is not at the socket, so that those take a connection who have the time.
    Measured by wrk, 2 workers on 2 cores in use: each has 48.9 to 51.1 % of the requests of 16 connections, and 46.1 to
    53.9 % of those of 64.
    Rejected: asyncio's and uvloop's own servers, which take all that wait as soon as one worker looks; and
    SO_REUSEPORT, by which the system gives each worker its part by chance, also to one that has died.
    """

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        *,
        context: ssl.SSLContext | None,
        turns: WorkerTurns,
        load: Callable[[], int],
    ) -> None:
        """turns: whose turn it is. load: connections that this worker has."""
        self._loop = asyncio.get_running_loop()
        self._listener, self._protocol, self._context = listener, protocol, context
        self._turns, self._load = turns, load
        self._tasks = set[asyncio.Task[object]]()
        self._open = False
        self._timer: TimerHandle | None = None

    def open(self) -> None:
        """Take connections from now on."""
        if not self._open:
            self._open = True
            self._loop.add_reader(self._listener.fileno(), self._wanted)

    def _wanted(self) -> None:
        seconds = self._turns.patience(self._load())
        if not seconds:
            self._take()
        else:  # one that has fewer takes it meanwhile, unless it is busy, or dead
            self._pause(seconds, take=True)

    def _pause(self, seconds: float, *, take: bool = False) -> None:
        self._loop.remove_reader(self._listener.fileno())
        self._timer = self._loop.call_later(seconds, self._go_on, take)

    def _go_on(self, take: bool) -> None:
        if self._open:
            self._loop.add_reader(self._listener.fileno(), self._wanted)
            if take:
                self._take()

    def _take(self) -> None:
        try:
            taken, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # no room for another: those who wait stay where they are
            self._pause(TIRED_SECONDS)
            return
        taken.setblocking(False)
        task = self._loop.create_task(self._connect(taken))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, taken: socket.socket) -> None:
        try:
            taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = {} if self._context is None else {"ssl_handshake_timeout": HANDSHAKE_SECONDS}
            await self._loop.connect_accepted_socket(self._protocol, taken, ssl=self._context, **secured)
        except OSError:  # the client has left, or does not speak TLS
            taken.close()
        self._turns.tell(self._load())

    def close(self) -> None:
        """Take none any more."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._listener.fileno())
            self._turns.leave()
        if self._timer is not None:
            self._timer.cancel()

    async def wait_closed(self) -> None:
        """As of asyncio's servers."""


class WorkerServer(uvicorn.Server):
    """uvicorn's server in a worker: signals are not its affair, and connections come by way of an `Acceptor`.

    limits: of the connections. turns: of the workers.
    """

    def __init__(self, config: uvicorn.Config, limits: ConnectionLimits, turns: WorkerTurns) -> None:
        super().__init__(config)
        self._turns = turns
        self._guarded = type("Guarded", (GuardedProtocol,), {"limits": limits, "idle": {}, "turns": turns})
        self._acceptors = list[Acceptor]()

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # nothing is done in it
        """None: the supervisor says when to end."""
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin, without taking connections yet."""
        await self.lifespan.startup()

        def protocol() -> asyncio.Protocol:
            made: asyncio.Protocol = self._guarded(
                config=self.config, server_state=self.server_state, app_state=self.lifespan.state
            )
            return made

        self._acceptors = [
            Acceptor(
                one,
                protocol,
                context=self.config.ssl,
                turns=self._turns,
                load=lambda: len(self.server_state.connections),
            )
            for one in sockets or ()
        ]
        servers: Any = self._acceptors
        self.servers = servers
        self.started = True

    def open(self) -> None:
        """Take connections from now on."""
        for acceptor in self._acceptors:
            acceptor.open()


def server_of(
    app: Any,  # noqa: ANN401 - an ASGI application
    limits: ConnectionLimits,
    turns: WorkerTurns,
    *,
    drain_seconds: float,
    certificate: str | None,
    key: str | None,
) -> WorkerServer:
    """The server of a worker."""
    config = uvicorn.Config(
        app,
        http=HttpToolsProtocol,
        ws="none",
        lifespan="auto",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=max(1, round(limits.keep_alive)),
        timeout_graceful_shutdown=max(1, round(drain_seconds)),
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    return WorkerServer(config, limits, turns)


def names_of(sockets: Sequence[int]) -> list[socket.socket]:
    """Sockets that were inherited, by their numbers."""
    return [socket.socket(fileno=number) for number in sockets]
