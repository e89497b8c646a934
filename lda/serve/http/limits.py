"""How much of a request is taken in: its body, while it arrives; and what waits at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lda.serve.http.errors import RequestError, malformed, too_much

if TYPE_CHECKING:
    from types import TracebackType

    from lda.serve.http.http_request import HttpRequest
    from lda.serve.settings import ServeSettings


class ClientGoneError(Exception):
    """The client has closed its connection before it had sent all of its request."""


class WaitingRequests:
    """What is being read, waits or is inferred, and how much of it there may be.

    Attributes:
        requests: how many.
        n_bytes: of their bodies.
    """

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self.requests = 0
        self.n_bytes = 0

    def enter(self, request: HttpRequest) -> _Place:
        """A place among them, for a `with`.

        Raises:
            RequestError: 429: too many are here.
        """
        if self.requests >= self._settings.max_waiting:
            raise _busy(f"{self.requests} requests wait, which is the most")
        return _Place(self, request)

    async def body(self, request: HttpRequest) -> bytes:
        """The body of a request that has a place.

        Raises:
            RequestError: 413 where it is too large, noticed while it arrives; 429 where all that wait are; 408 where it
                does not come in time.
            ClientGoneError: it will never come.
        """
        announced = request.header(b"content-length")
        if announced is not None:
            if not announced.isdigit() or len(announced) > 18:
                raise malformed("Content-Length must be a number of bytes")
            self._check(int(announced))
        try:
            async with asyncio.timeout(self._settings.timeout_s - request.seconds()):
                return await self._arriving(request)
        except TimeoutError:
            raise RequestError(
                408,
                f"the body must come within {self._settings.timeout_s:g} s; send it faster, or less of it",
                (b"connection", b"close"),
            ) from None

    async def _arriving(self, request: HttpRequest) -> bytes:
        parts = list[bytes]()
        size = 0
        while True:
            message = await request.receive()
            if message["type"] != "http.request":
                raise ClientGoneError
            part = message.get("body", b"")
            size += len(part)
            self._check(size)
            self._take(request, len(part))
            if not message.get("more_body", False):
                return b"".join((*parts, part)) if parts else part
            parts.append(part)

    def _check(self, size: int) -> None:
        if size > self._settings.max_body:
            raise too_much("a body", self._settings.max_body, "send documents in several requests", got=size)

    def _take(self, request: HttpRequest, n_bytes: int) -> None:
        if self.n_bytes + n_bytes > self._settings.max_waiting_bytes:
            raise _busy(f"{self.n_bytes} bytes of requests wait")
        self.n_bytes += n_bytes
        request.n_bytes += n_bytes


class _Place:
    """See `WaitingRequests.enter`."""

    __slots__ = ("_exchange", "_waiting")

    def __init__(self, waiting: WaitingRequests, request: HttpRequest) -> None:
        self._waiting, self._exchange = waiting, request

    def __enter__(self) -> None:
        self._waiting.requests += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waiting.requests -= 1
        self._waiting.n_bytes -= self._exchange.n_bytes


def _busy(why: str) -> RequestError:
    return RequestError(
        429,
        f"too much at a time: {why}; ask again in a second, or let the service have more workers",
        (b"retry-after", b"1"),
        (b"connection", b"close"),
    )
