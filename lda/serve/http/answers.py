"""`HttpAnswer`: what is sent back, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

if TYPE_CHECKING:
    from starlette.types import Send

JSON: Final = b"application/json"
TEXT: Final = b"text/plain; charset=utf-8"
UNCHANGED: Final = 304
"""The client has the answer, by its tag."""

HTML: Final = b"text/html; charset=utf-8"
BINARY: Final = b"application/octet-stream"

Headers = tuple[tuple[bytes, bytes], ...]


class HttpAnswer(NamedTuple):
    """Status, body and what is said about it."""

    status: int
    body: bytes
    media: bytes = JSON
    headers: Headers = ()

    async def send(self, send: Send) -> None:
        """Send it by ASGI, in two messages."""
        of_body = (
            (b"content-type", self.media),
            (b"content-length", b"%d" % len(self.body)),
            (b"x-content-type-options", b"nosniff"),
        )
        headers = self.headers if self.status == UNCHANGED else (*of_body, *self.headers)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def json_answer(value: Any, *, status: int = 200, headers: Headers = ()) -> HttpAnswer:  # noqa: ANN401
    """An answer of JSON; NumPy's float32 are written by the shortest digits that give them back."""
    return HttpAnswer(status, orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY), JSON, headers)


def error_answer(status: int, message: str, headers: Headers = ()) -> HttpAnswer:
    """`{"error": message}`."""
    return json_answer({"error": message}, status=status, headers=headers)
