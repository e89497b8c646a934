"""A service in this process, asked without a socket."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import tiny

import lda
from lda.serve import ServeSettings, TopicsApp, create_app

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON = {"content-type": "application/json"}


@cache
def model(seed: int = 0) -> lda.Model:
    """Of tiny texts, with names for two of its three topics."""
    with TemporaryDirectory() as folder:
        texts = tiny.jsonl(Path(folder) / "texts.jsonl")
        corpus = lda.read_corpus(texts, recipe=lda.Recipe(text="body"))
    fitted: lda.Model = lda.LDA(3, max_iter=30, random_state=seed).fit(corpus).model_
    return fitted.with_labels({0: "Küche", 1: "Sport"})


def app(**settings: Any) -> TopicsApp:
    """A service of that model, under the name m."""
    return create_app({"m": model()}, settings=ServeSettings(**settings))


class Reply:
    """What came back, in the messages that a server would be sent."""

    def __init__(self, sent: Sequence[Mapping[str, Any]]) -> None:
        self.sent = sent
        self.status: int = sent[0]["status"]
        self.headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        self.body = b"".join(message.get("body", b"") for message in sent[1:])

    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    service: TopicsApp,
    method: str,
    path: str,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    *,
    ends: str = "http.request",
) -> Reply:
    """Ask by ASGI alone. body: bytes, a list of pieces that come one by one, or an object that is sent as JSON.

    ends: type of the message after the last piece; "http.disconnect" for a client that goes before.
    """
    given = dict(headers or {})
    if isinstance(body, dict):
        body, given = json.dumps(body).encode(), {**JSON, **given}
    pieces = [body] if isinstance(body, bytes) else list(body)
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": piece, "more_body": True} for piece in pieces[:-1]
    ]
    last: dict[str, Any] = {"type": "http.request", "body": pieces[-1], "more_body": ends != "http.request"}
    messages.append(last)
    if ends != "http.request":
        messages.append({"type": ends})
    sent = list[Any]()

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await asyncio.Event().wait()  # a client that stays
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    await service(scope, receive, send)
    return Reply(sent or [{"status": 499, "headers": []}])


def asked(service: TopicsApp, method: str, path: str, *rest: Any, **more: Any) -> Reply:
    """`ask`, in a loop of its own."""
    return asyncio.run(ask(service, method, path, *rest, **more))
