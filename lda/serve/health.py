"""Whether the service lives, and is ready: what balancers, Kubernetes and clients of other protocols ask."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from lda.serve.answers import TEXT, Answer, json_answer

if TYPE_CHECKING:
    from lda.serve.exchange import Exchange
    from lda.serve.service import Service


async def live(service: Service, exchange: Exchange) -> Answer:
    """`GET /v2/health/live`: it answers, so it lives."""
    return json_answer({"live": True})


async def ready(service: Service, exchange: Exchange) -> Answer:
    """`GET /v2/health/ready`: 200 once kernels are compiled and models are there, else 503."""
    is_ready = service.ready()
    return json_answer({"ready": is_ready}, status=200 if is_ready else 503)


async def ping(service: Service, exchange: Exchange) -> Answer:
    """`GET /ping`, `GET /health`: as MLflow has them, 200 with an empty line if it is ready, else 503."""
    return Answer(200 if service.ready() else 503, b"\n", TEXT)


async def served_version(service: Service, exchange: Exchange) -> Answer:
    """`GET /version`: of the program."""
    return Answer(200, version("raylda").encode(), TEXT)
