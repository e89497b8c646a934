"""The OpenAPI document, and the page for people: both are made from the table of operations and the schemas."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

import orjson

from lda.serve.http.auth import Access
from lda.serve.http.service_description import ServiceDescription
from lda.serve.openapi.docs_page import docs_page, page_headers
from lda.serve.openapi.schemas import SCHEMAS, ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lda.serve.http.operation import Operation
    from lda.serve.settings import ServeSettings

REASONS: Final = {
    200: "The answer.",
    304: "It is still the one of the tag in If-None-Match.",
    400: "The body is not what it says it is: broken, nested too deeply, or of two meanings.",
    401: "The token is missing, or is another one.",
    403: "Nobody may, for the service has no token.",
    404: "There is no such model, or version.",
    408: "The body did not come in time.",
    409: "The model was not loaded; the one before is still served.",
    413: "The body, its documents or its tokens are too many.",
    415: "The body is of another type, or packed.",
    421: "It is for a name that the service does not go by.",
    422: "The body says what cannot be.",
    429: "Too much waits; ask again after Retry-After seconds.",
    503: "Not yet.",
    504: "It took too long.",
}

_PARAMETER: Final = re.compile(r"{(\w+)}")


def describe(operations: Iterable[Operation], settings: ServeSettings) -> ServiceDescription:
    """Both, made once for a service."""
    document = openapi_document(tuple(operations), settings)
    return ServiceDescription(orjson.dumps(document), docs_page(document), page_headers())


def openapi_document(operations: tuple[Operation, ...], settings: ServeSettings) -> dict[str, Any]:
    """The OpenAPI 3.1 document of a service."""
    paths = dict[str, dict[str, Any]]()
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, settings)
    with_token = settings.token is not None
    schemes = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}} if with_token else {}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "raylda",
            "version": version("raylda"),
            "description": "Topics of documents. Errors say the rule, the value that came, and the remedy. Answers "
            "that a model gives name it in the headers X-Model-Name, X-Model-Version and X-Model-Fingerprint, and have "
            "an ETag, for the same document has the same answer.",
        },
        "paths": paths,
        "components": {"schemas": SCHEMAS, **schemes},
    }


def _described(operation: Operation, settings: ServeSettings) -> dict[str, Any]:
    closed = operation.access is not Access.ANYBODY and settings.token is not None
    named = operation.access is not Access.ANYBODY and settings.allowed_hosts
    statuses = sorted({*operation.others, *((401,) if closed else ()), *((421,) if named else ())})
    responses: dict[str, Any] = {"200": {"description": REASONS[200], "content": _content(operation.gives)}}
    for status in statuses:
        responses[str(status)] = {"description": REASONS[status]}
        if status == 503 and operation.access is Access.ANYBODY:
            responses["503"]["content"] = _content(operation.gives)
        elif status != 304:
            responses[str(status)]["content"] = _content({"application/json": "Error"})
    described: dict[str, Any] = {
        "summary": operation.summary,
        "operationId": f"{operation.method}{operation.path}".replace("{", "")
        .replace("}", "")
        .replace("/", "_"),
        "responses": responses,
    }
    if names := _PARAMETER.findall(operation.path):
        described["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    if operation.takes:
        described["requestBody"] = {"required": operation.body_needed, "content": _content(operation.takes)}
    if closed:
        described["security"] = [{"token": []}]
    return described


def _content(media: Any) -> dict[str, Any]:  # noqa: ANN401 - media types and names of schemas
    return {
        kind: {} if name is None and kind == "application/json" else {"schema": _schema(name)}
        for kind, name in media.items()
    }


def _schema(name: str | None) -> dict[str, Any]:
    return {"type": "string"} if name is None else ref(name)
