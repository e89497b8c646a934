"""`HttpRequest`: one request, and what was found out about it until it is answered."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

    from lda.serve.shelf import ServedModel


class HttpRequest:
    """One request, and what was found out about it.

    Attributes:
        receive: of ASGI.
        method: in capitals.
        path: as it came, without the query.
        params: what the names in the route's path stand for.
        started: `perf_counter()` at its beginning.
        model: that it was answered by, once that is known.
        n_documents: that it holds, once that is known.
        n_bytes: of its body that count as waiting.
    """

    __slots__ = (
        "_headers",
        "method",
        "model",
        "n_bytes",
        "n_documents",
        "params",
        "path",
        "receive",
        "started",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.receive = receive
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.params: dict[str, Any] = scope.get("path_params") or {}
        self._headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.started = perf_counter()
        self.model: ServedModel | None = None
        self.n_documents = 0
        self.n_bytes = 0

    def header(self, name: bytes) -> bytes | None:
        """The first header of that name, which is in small letters."""
        for key, value in self._headers:
            if key == name:
                return value
        return None

    def seconds(self) -> float:
        """Since it began."""
        return perf_counter() - self.started
