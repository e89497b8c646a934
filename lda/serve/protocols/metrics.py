"""`GET /metrics`: what Prometheus fetches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lda.serve.http.answers import HttpAnswer

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service


async def metrics(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /metrics`: all that `Meters` has, in the form that is asked for."""
    accepted = (request.header(b"accept") or b"").decode("latin-1")
    body, media = await asyncio.to_thread(service.meters.text, accepted)
    return HttpAnswer(200, body, media.encode("ascii"))
