"""The model repository of the Open Inference Protocol: what is served, and loading and unloading it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lda.serve.answers import Answer, json_answer
from lda.serve.errors import unfit
from lda.serve.request_json import parse_object

if TYPE_CHECKING:
    from lda.serve.exchange import Exchange
    from lda.serve.service import Service


async def index(service: Service, exchange: Exchange) -> Answer:
    """`POST /v2/repository/index`: all names, with what is wrong with newer models of theirs."""
    asked = await _body(service, exchange)
    served = {model.name: model for model in service.shelf.models()}
    listed = list[dict[str, Any]]()
    for place in service.control.state().models:
        model = served.pop(place.name, None)
        listed.append(_row(place.name, "" if model is None else model.version, place.state, place.reason))
    listed += [_row(name, model.version, "ready", "") for name, model in served.items()]
    if asked.get("ready") is True:
        listed = [row for row in listed if row["state"] == "READY"]
    return json_answer(listed)


async def load(service: Service, exchange: Exchange) -> Answer:
    """`POST /v2/repository/models/{name}/load`: the model in its folder is loaded beside, checked, and swapped in."""
    asked = await _body(service, exchange)
    if asked.get("parameters"):
        raise unfit("a model is loaded as it is in its folder, without parameters; leave them out")
    loaded = await service.control.load(exchange.params["name"])
    return json_answer(
        {
            "name": loaded.name,
            "fingerprint": loaded.fingerprint,
            "changed": loaded.changed,
            "seconds": loaded.seconds,
        }
    )


async def unload(service: Service, exchange: Exchange) -> Answer:
    """`POST /v2/repository/models/{name}/unload`: served no longer; requests that have it are answered."""
    await _body(service, exchange)
    await service.control.unload(exchange.params["name"])
    return json_answer({"name": exchange.params["name"]})


async def _body(service: Service, exchange: Exchange) -> dict[str, Any]:
    body = await service.waiting.body(exchange)
    return parse_object(body) if body.strip() else {}


def _row(name: str, version: str, state: str, reason: str) -> dict[str, Any]:
    words = {"ready": "READY", "unloaded": "UNAVAILABLE", "loading": "LOADING"}
    return {"name": name, "version": version, "state": words.get(state, "UNKNOWN"), "reason": reason}
