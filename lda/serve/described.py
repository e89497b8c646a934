"""`GET /openapi.json` and `GET /docs`: what can be asked, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.serve.answers import HTML, JSON, Answer

if TYPE_CHECKING:
    from lda.serve.exchange import Exchange
    from lda.serve.service import Service


async def openapi(service: Service, exchange: Exchange) -> Answer:
    """`GET /openapi.json`."""
    return Answer(200, service.description.json, JSON)


async def docs(service: Service, exchange: Exchange) -> Answer:
    """`GET /docs`: a page that loads nothing, and runs nothing."""
    return Answer(200, service.description.page, HTML, service.description.page_headers)
