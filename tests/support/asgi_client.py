"""Requests to an ASGI application in this process, without a server: what HTTP cannot carry gets there, too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from raw_http import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class AsgiClient:
    """Asks an application, one request after the other, in an event loop of its own. Close it."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._runner = asyncio.Runner()

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer. body: the whole, or parts as they arrive. An exception of the application is raised."""
        return self._runner.run(self._ask(method, path, body, headers or {}))

    def close(self) -> None:
        """End the loop."""
        self._runner.close()

    async def _ask(
        self, method: str, path: str, body: bytes | Sequence[bytes], headers: Mapping[str, str]
    ) -> Answer:
        parts = [body] if isinstance(body, bytes) else list(body)
        waiting = [
            {"type": "http.request", "body": part, "more_body": i < len(parts) - 1}
            for i, part in enumerate(parts)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop(0)
            await asyncio.Event().wait()  # the client is still there, and waits
            raise AssertionError

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": raw,
            "raw_path": raw.encode(errors="surrogatepass"),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        await self._app(scope, receive, send)
        start, *rest = sent
        found = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], found, b"".join(one.get("body", b"") for one in rest))
