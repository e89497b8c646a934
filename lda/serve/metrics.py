"""`GET /metrics`: what Prometheus fetches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from lda.serve.answers import Answer

if TYPE_CHECKING:
    from lda.serve.exchange import Exchange
    from lda.serve.service import Service


async def metrics(service: Service, exchange: Exchange) -> Answer:
    """`GET /metrics`: all that `Meters` has, in the form that is asked for."""
    accepted = (exchange.header(b"accept") or b"").decode("latin-1")
    body, media = await asyncio.to_thread(service.meters.text, accepted)
    return Answer(200, body, media.encode("ascii"))
