"""A proxy before an object store that is slow, busy, cuts off what it sends, or keeps some objects to itself."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
HOPS = {"connection", "transfer-encoding", "content-length"}


class BadStore:
    """Listens at `port` and passes on to a server.

    Attributes:
        delay: seconds before each answer.
        busy: of each object, so many first requests are answered with 503.
        cut: of each object, so many first answers end after `cut_bytes`, and the connection with them.
        denied: objects whose name holds one of these are answered with 403.
        asked: how often each object was asked for, and `told` how many were answered badly.
    """

    def __init__(self, host: str, port: int) -> None:
        self.delay, self.busy, self.cut, self.cut_bytes = 0.0, 0, 0, 1000
        self.denied: tuple[str, ...] = ()
        self.told: Counter[str] = Counter()
        self._times: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                name = self.path.partition("?")[0]
                time.sleep(outer.delay)
                if any(part in name for part in outer.denied):
                    return self._answer(403, DENIED, "denied")
                if outer._first(name, "busy", outer.busy):
                    return self._answer(503, BUSY, "busy")
                server = HTTPConnection(host, port, timeout=30)
                server.request(self.command, self.path, body, dict(self.headers))
                answer = server.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for key, value in answer.getheaders():
                    if key.lower() not in HOPS:
                        self.send_header(key, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(data))
                self.send_header("Content-Length", length or "0")
                self.end_headers()
                if (
                    self.command == "GET"
                    and len(data) > outer.cut_bytes
                    and outer._first(name, "cut", outer.cut)
                ):
                    self.wfile.write(data[: outer.cut_bytes])
                    self.wfile.flush()
                    outer.told["cut"] += 1
                    # SO_LINGER of nothing: the connection is reset.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    return None
                self.wfile.write(data)
                return None

            def _answer(self, code: int, body: bytes, what: str) -> None:
                outer.told[what] += 1
                self.send_response(code)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - as http.server looks for them

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # of clients that ask at the same time

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _first(self, name: str, what: str, times: int) -> bool:
        """Whether this is one of the first requests for an object."""
        with self._lock:
            self._times[name, what] += 1
            return self._times[name, what] <= times

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()
