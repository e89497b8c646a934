"""Connections of strangers to an application that says what it was sent: what a client library never does."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from raw_http import ClosedError, RawConnection, request_bytes
from serving import until

from lda.serve.host.connections import LONGEST_HEAD, ConnectionLimits, GuardedProtocol

if TYPE_CHECKING:
    from collections.abc import Iterator

BIG = 8 << 20


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Tells the path and the body; /early without reading it, /big with an answer of many bytes."""
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body += message.get("body", b"")
        more = message.get("more_body", False)
    told = json.dumps({"path": scope["path"], "body": body.decode("latin-1")}).encode()
    if scope["path"] == "/big":
        told = b"x" * BIG
    length = (b"content-length", b"%d" % len(told))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": told})


class Served:
    """A server in a thread. guards: its connections without a request."""

    def __init__(self, most: int) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port: int = listener.getsockname()[1]
        self.guards: dict[GuardedProtocol, None] = {}
        limits = ConnectionLimits(most=most, keep_alive=600, receive=600)
        config = uvicorn.Config(
            application,
            http=type("Guarded", (GuardedProtocol,), {"limits": limits, "idle": self.guards}),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_keep_alive=600,
            timeout_graceful_shutdown=1,
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, args=([listener],), daemon=True)
        self.thread.start()
        until(lambda: self.server.started, "the start of the server")

    @property
    def n_connections(self) -> int:
        return len(self.server.server_state.connections)

    def answers(self) -> None:
        """Fails if it does not."""
        with RawConnection(self.port) as other:
            assert other.request("GET", "/still").json()["path"] == "/still"


@contextmanager
def serving(most: int = 1000) -> Iterator[Served]:
    served = Served(most)
    try:
        yield served
    finally:
        served.server.should_exit = True
        served.thread.join(60)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as one:
        yield one


@pytest.mark.parametrize("headers", [{}, {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c"}])
def test_who_wishes_for_another_protocol_is_answered_in_this_one(
    served: Served, headers: dict[str, str]
) -> None:
    """Java's client does, with a body, and goes on asking by the same connection."""
    with RawConnection(served.port) as client:
        for body in (b"first", b"second"):
            assert client.request("POST", "/a", body, headers).json()["body"] == body.decode()


def test_requests_before_one_that_is_none_are_answered(served: Served) -> None:
    with RawConnection(served.port) as client:
        client.send(request_bytes("GET", "/1") + request_bytes("POST", "/2", b"two") + b"?\r\n\r\n")
        assert [client.answer().json()["path"] for _ in range(2)] == ["/1", "/2"]
        assert client.closed() == b""
    served.answers()


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"CONNECT other:80 HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc",
        b"POST / HTTP/1.1\r\nContent-Length: -3\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\x00c\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\n c\r\n\r\n",
    ],
)
def test_what_is_no_request_is_refused_in_json(served: Served, request_: bytes) -> None:
    with RawConnection(served.port) as client:
        client.send(request_)
        answer = client.answer()
        assert (answer.status, list(answer.json())) == (400, ["error"])
        assert client.closed() == b""
    served.answers()


def _until_closed(client: RawConnection, piece: bytes, most: int) -> None:
    """Send pieces until the server has had enough."""
    for _ in range(most // len(piece)):
        try:
            client.send(piece)
        except OSError:
            return
    pytest.fail(f"{most} bytes were taken")


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nA: ", b"POST / HTTP/1.1\r\nA"])
def test_a_head_without_end_is_not_kept(served: Served, start: bytes) -> None:
    with RawConnection(served.port) as client:
        client.send(start)
        _until_closed(client, b"a" * 4096, 100 * LONGEST_HEAD)
    served.answers()


@pytest.mark.parametrize("start", [b"5;", b"1\r\na\r\n0\r\nA: "])
def test_the_frame_of_a_body_without_end_is_not_kept(served: Served, start: bytes) -> None:
    with RawConnection(served.port) as client:
        client.send(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + start)
        _until_closed(client, b"a" * 65536, 64 << 20)
    served.answers()


def test_a_client_that_goes_is_forgotten() -> None:
    """In a request, and in the middle of its answer."""
    with serving() as served:
        clients = [RawConnection(served.port, receive_buffer=4096) for _ in range(4)]
        try:
            for client in clients[:2]:
                client.send(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc")
            for client in clients[2:]:
                client.send(request_bytes("GET", "/big"))
            until(lambda: served.n_connections == 4, "four connections")
        finally:
            clients[0].close()
            clients[1].reset()
            clients[2].close()
            clients[3].reset()
        until(lambda: served.n_connections == 0, "their end")
        served.answers()


def test_an_answer_before_the_end_of_a_body_reaches_who_is_still_sending(served: Served) -> None:
    with RawConnection(served.port) as client:
        assert client.request("POST", "/early", b"b" * (4 << 20)).status == 200
        assert client.request("GET", "/next").json()["path"] == "/next"


def test_one_connection_too_many_ends_the_idlest() -> None:
    with serving(most=10) as served:
        clients = [RawConnection(served.port) for _ in range(10)]
        try:
            for client in clients:
                assert client.request("GET", "/").status == 200
            busy = clients[0]
            busy.send(b"POST /busy HTTP/1.1\r\nContent-Length: 3\r\n\r\n")
            until(lambda: len(served.guards) == 9, "the begin of a request")
            served.answers()
            with pytest.raises((ClosedError, ConnectionError)):
                clients[1].request("GET", "/")
            busy.send(b"abc")
            assert busy.answer().json()["body"] == "abc"
            assert served.n_connections <= 10
        finally:
            for client in clients:
                client.close()
