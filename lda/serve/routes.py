"""The table of everything that can be asked: paths, methods, who may, and what is said about it in OpenAPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.serve.http.auth import Access
from lda.serve.http.operation import Operation
from lda.serve.protocols import (
    described,
    health,
    metrics,
    mlflow_invocations,
    open_inference,
    own_api,
    repository,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from lda.serve.http.answers import HttpAnswer
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service

    Handler = Callable[[Service, HttpRequest], Awaitable[HttpAnswer]]


_JSON: Final = "application/json"
_INFERRED: Final = (304, 400, 404, 408, 413, 415, 422, 429, 504)
_CHANGED: Final = (400, 403, 404, 408, 409, 413, 422, 429)


def _post(path: str, handler: Handler, summary: str, takes: str, gives: str, **more: str) -> Operation:
    """Infers. more: further media types of the body (`text_csv`), or of both (`binary`)."""
    extra: dict[str, str | None] = dict.fromkeys(more.values())
    return Operation(
        method="POST",
        path=path,
        handler=handler,
        summary=summary,
        takes={_JSON: takes, **extra},
        gives={_JSON: gives, **({more["binary"]: None} if "binary" in more else {})},
        others=_INFERRED,
    )


def _get(path: str, handler: Handler, summary: str, gives: str, *others: int) -> Operation:
    return Operation(
        method="GET", path=path, handler=handler, summary=summary, gives={_JSON: gives}, others=others
    )


def _health(
    path: str, handler: Handler, summary: str, media: str, schema: str | None, *others: int
) -> Operation:
    return Operation(
        method="GET",
        path=path,
        handler=handler,
        summary=summary,
        access=Access.ANYBODY,
        gives={media: schema},
        others=others,
    )


def _repository(
    path: str, handler: Handler, summary: str, takes: str, gives: str, access: Access = Access.TOKEN_ALWAYS
) -> Operation:
    return Operation(
        method="POST",
        path=f"/v2/repository/{path}",
        handler=handler,
        summary=summary,
        access=access,
        takes={_JSON: takes},
        body_needed=False,
        gives={_JSON: gives},
        others=_CHANGED,
    )


_INFER: Final = "Topics of documents by tensors: texts (BYTES, [n]) or counts ([n, V])."
_TENSORS: Final = "Tensors that go into a model and come out."
_READY: Final = "Whether a model can be asked."
_VERSION: Final = "/v2/models/{name}/versions/{version}"
_BINARY: Final = {"binary": "application/octet-stream"}

OPERATIONS: Final = (
    _post("/v1/topics", own_api.topics, "Topics of documents.", "TopicsRequest", "TopicsAnswer"),
    _post("/v2/models/{name}/infer", open_inference.infer, _INFER, "InferRequest", "InferAnswer", **_BINARY),
    _post(f"{_VERSION}/infer", open_inference.infer, _INFER, "InferRequest", "InferAnswer", **_BINARY),
    _post(
        "/invocations",
        mlflow_invocations.invocations,
        "Weights of all topics of documents, as MLflow and SageMaker ask.",
        "Invocations",
        "Predictions",
        csv="text/csv",
    ),
    _get("/v1/models", own_api.models, "All models.", "Models"),
    _get(
        "/v1/models/{name}", own_api.model, "A model, with words and labels of its topics.", "Model", 304, 404
    ),
    _health("/v2/health/live", health.live, "Whether the service lives.", _JSON, "Live"),
    _health("/v2/health/ready", health.ready, "Whether it can be asked.", _JSON, "Ready", 503),
    _health("/ping", health.ping, "The same, as MLflow and SageMaker ask.", "text/plain", None, 503),
    _health("/health", health.ping, "The same.", "text/plain", None, 503),
    Operation(
        method="GET",
        path="/metrics",
        handler=metrics.metrics,
        summary="What Prometheus fetches.",
        gives={"text/plain": None},
    ),
    Operation(
        method="GET",
        path="/version",
        handler=health.served_version,
        summary="The version of raylda.",
        gives={"text/plain": None},
    ),
    _get("/v2", open_inference.server, "Who is asked, by the Open Inference Protocol.", "Server"),
    _get("/v2/models/{name}", open_inference.metadata, _TENSORS, "ModelTensors", 404),
    _get(_VERSION, open_inference.metadata, _TENSORS, "ModelTensors", 404),
    _get("/v2/models/{name}/ready", open_inference.model_ready, _READY, "Ready", 404, 503),
    _get(f"{_VERSION}/ready", open_inference.model_ready, _READY, "Ready", 404, 503),
    # It changes nothing, so that it needs no more than other questions.
    _repository(
        "index", repository.index, "All names, and how each stands.", "IndexRequest", "Index", Access.TOKEN
    ),
    _repository(
        "models/{name}/load",
        repository.load,
        "Load the folder of a name anew, check it, and swap it in.",
        "LoadRequest",
        "Loaded",
    ),
    _repository(
        "models/{name}/unload", repository.unload, "Serve a model no longer.", "LoadRequest", "Unloaded"
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        handler=described.openapi,
        summary="This description, for programs.",
        gives={_JSON: None},
    ),
    Operation(
        method="GET",
        path="/docs",
        handler=described.docs,
        summary="This description, for people.",
        gives={"text/html": None},
    ),
)
"""What is asked most stands first, for it is found first."""
