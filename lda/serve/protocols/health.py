"""Whether the service lives, and is ready: what balancers, Kubernetes and clients of other protocols ask."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from lda.serve.http.answers import TEXT, HttpAnswer, json_answer

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service


async def live(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v2/health/live`: it answers, so it lives."""
    return json_answer({"live": True})


async def ready(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v2/health/ready`: 200 once kernels are compiled and models are there, else 503."""
    is_ready = service.ready()
    return json_answer({"ready": is_ready}, status=200 if is_ready else 503)


async def ping(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /ping`, `GET /health`: as MLflow has them, 200 with an empty line if it is ready, else 503."""
    return HttpAnswer(200 if service.ready() else 503, b"\n", TEXT)


async def served_version(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /version`: of the program."""
    return HttpAnswer(200, version("raylda").encode(), TEXT)
