"""A client of HTTP that may break every rule of it: bytes out, bytes in."""

from __future__ import annotations

import json
import socket
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

FAR_AWAY = 60.0
"""Seconds after which a test fails that waits for bytes."""


class ClosedError(ConnectionError):
    """The server ended the connection where an answer, or the rest of one, was waited for."""


@dataclass(frozen=True)
class Answer:
    """An answer. headers: by name in small letters; of several with one name the last."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body; NaN and Infinity, which are not JSON, fail."""

        def refuse(constant: str) -> None:
            raise AssertionError(constant)

        return json.loads(self.body, parse_constant=refuse)


class RawConnection:
    """A connection to a port of this machine. receive_buffer: bytes the kernel keeps of what is not read."""

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self._socket = socket.socket()
        if receive_buffer is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._socket.settimeout(FAR_AWAY)
        self._socket.connect(("127.0.0.1", port))
        self._read = b""

    def __enter__(self) -> RawConnection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        """Send all of it. Raises OSError if the server has ended the connection."""
        self._socket.sendall(data)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | object = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask as one should, and wait for the answer."""
        self.send(request_bytes(method, path, body, headers))
        return self.answer(head_only=method == "HEAD")

    def answer(self, *, head_only: bool = False) -> Answer:
        """The next answer, those of status 1xx left out.

        Raises:
            ClosedError: there is none, or only a part.
        """
        while True:
            lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
            status = int(lines[0].split(" ")[1])
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.strip().lower()] = value.strip()
            if status >= 200:
                break
        return Answer(status, headers, b"" if head_only or status in (204, 304) else self._body(headers))

    def closed(self) -> bytes:
        """What still comes until the server ends the connection, for which this waits."""
        while piece := self._receive():
            self._read += piece
        rest, self._read = self._read, b""
        return rest

    def finish(self) -> None:
        """Say that nothing more will be sent."""
        self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """As one should."""
        self._socket.close()

    def reset(self) -> None:
        """As a machine that goes down: without a word to the end."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._socket.close()

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            parts = []
            while size := int(self._until(b"\r\n").partition(b";")[0], 16):
                parts.append(self._exactly(size))
                self._exactly(2)
            self._until(b"\r\n")
            return b"".join(parts)
        if "content-length" in headers:
            return self._exactly(int(headers["content-length"]))
        return self.closed()

    def _receive(self) -> bytes:
        try:
            return self._socket.recv(65536)
        except ConnectionError:  # a reset is an end, too
            return b""

    def _more(self) -> None:
        piece = self._receive()
        if not piece:
            raise ClosedError(f"closed after {self._read[-200:]!r}")
        self._read += piece

    def _until(self, end: bytes) -> bytes:
        while end not in self._read:
            self._more()
        found, _, self._read = self._read.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._read) < size:
            self._more()
        found, self._read = self._read[:size], self._read[size:]
        return found


def request_bytes(
    method: str, path: str, body: bytes | object = b"", headers: Mapping[str, str] | None = None
) -> bytes:
    """A request; what is not bytes is sent as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost"]
    if data:
        lines += [f"Content-Length: {len(data)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + data


def chunked(pieces: Iterable[bytes]) -> bytes:
    """A body in chunks, with its end."""
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
