"""The table of everything that can be asked: paths, methods, who may, and what is said about it in OpenAPI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lda.serve import health, metrics, mlflow_invocations, open_inference, own_api, repository
from lda.serve.auth import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lda.serve.answers import Answer
    from lda.serve.exchange import Exchange
    from lda.serve.service import Service

    Handler = Callable[[Service, Exchange], Awaitable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that can be asked.

    Attributes:
        method: GET (which HEAD goes with) or POST.
        path: with names in braces for its parameters.
        handler: answers.
        access: who may ask.
        takes_body: whether it takes a place among what waits.
    """

    method: str
    path: str
    handler: Handler
    access: Access = Access.TOKEN
    takes_body: bool = False


OPERATIONS: Final = (
    Operation(method="POST", path="/v1/topics", handler=own_api.topics, takes_body=True),
    Operation(method="POST", path="/v2/models/{name}/infer", handler=open_inference.infer, takes_body=True),
    Operation(
        method="POST",
        path="/v2/models/{name}/versions/{version}/infer",
        handler=open_inference.infer,
        takes_body=True,
    ),
    Operation(method="POST", path="/invocations", handler=mlflow_invocations.invocations, takes_body=True),
    Operation(method="GET", path="/v1/models", handler=own_api.models),
    Operation(method="GET", path="/v1/models/{name}", handler=own_api.model),
    Operation(method="GET", path="/v2/health/live", handler=health.live, access=Access.ANYBODY),
    Operation(method="GET", path="/v2/health/ready", handler=health.ready, access=Access.ANYBODY),
    Operation(method="GET", path="/ping", handler=health.ping, access=Access.ANYBODY),
    Operation(method="GET", path="/health", handler=health.ping, access=Access.ANYBODY),
    Operation(method="GET", path="/metrics", handler=metrics.metrics),
    Operation(method="GET", path="/version", handler=health.served_version),
    Operation(method="GET", path="/v2", handler=open_inference.server),
    Operation(method="GET", path="/v2/models/{name}", handler=open_inference.metadata),
    Operation(method="GET", path="/v2/models/{name}/versions/{version}", handler=open_inference.metadata),
    Operation(method="GET", path="/v2/models/{name}/ready", handler=open_inference.model_ready),
    Operation(
        method="GET", path="/v2/models/{name}/versions/{version}/ready", handler=open_inference.model_ready
    ),
    Operation(
        method="POST",
        path="/v2/repository/index",
        handler=repository.index,
        access=Access.TOKEN_ALWAYS,
        takes_body=True,
    ),
    Operation(
        method="POST",
        path="/v2/repository/models/{name}/load",
        handler=repository.load,
        access=Access.TOKEN_ALWAYS,
        takes_body=True,
    ),
    Operation(
        method="POST",
        path="/v2/repository/models/{name}/unload",
        handler=repository.unload,
        access=Access.TOKEN_ALWAYS,
        takes_body=True,
    ),
)
"""What is asked most stands first, for it is found first."""
