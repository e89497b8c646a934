"""The model repository of the Open Inference Protocol: what is served, and loading and unloading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lda.serve.http.answers import HttpAnswer, json_answer
from lda.serve.http.errors import unfit
from lda.serve.http.request_json import parse_object

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service


async def index(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /v2/repository/index`: all names, with what is wrong with newer models of theirs."""
    asked = await _body(service, request)
    served = {model.name: model for model in service.shelf.models()}
    listed = list[dict[str, Any]]()
    for place in service.control.state().models:
        model = served.pop(place.name, None)
        listed.append(_row(place.name, "" if model is None else model.version, place.state, place.reason))
    listed += [_row(name, model.version, "ready", "") for name, model in served.items()]
    if asked.get("ready") is True:
        listed = [row for row in listed if row["state"] == "READY"]
    return json_answer(listed)


async def load(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /v2/repository/models/{name}/load`: the model in its folder is loaded beside, checked, and swapped in."""
    asked = await _body(service, request)
    if asked.get("parameters"):
        raise unfit("a model is loaded as it is in its folder, without parameters; leave them out")
    loaded = await service.control.load(request.params["name"])
    return json_answer(
        {
            "name": loaded.name,
            "fingerprint": loaded.fingerprint,
            "changed": loaded.changed,
            "seconds": loaded.seconds,
        }
    )


async def unload(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /v2/repository/models/{name}/unload`: served no longer; requests that have it are answered."""
    await _body(service, request)
    await service.control.unload(request.params["name"])
    return json_answer({"name": request.params["name"]})


async def _body(service: Service, request: HttpRequest) -> dict[str, Any]:
    body = await service.waiting.body(request)
    return parse_object(body) if body.strip() else {}


def _row(name: str, version: str, state: str, reason: str) -> dict[str, Any]:
    words = {"ready": "READY", "unloaded": "UNAVAILABLE", "loading": "LOADING"}
    return {"name": name, "version": version, "state": words.get(state, "UNKNOWN"), "reason": reason}
