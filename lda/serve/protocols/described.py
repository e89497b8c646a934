"""`GET /openapi.json` and `GET /docs`: what can be asked, for programs and for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.serve.http.answers import HTML, JSON, HttpAnswer

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service


async def openapi(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /openapi.json`."""
    return HttpAnswer(200, service.description.json, JSON)


async def docs(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /docs`: a page that loads nothing, and runs nothing."""
    return HttpAnswer(200, service.description.page, HTML, service.description.page_headers)
