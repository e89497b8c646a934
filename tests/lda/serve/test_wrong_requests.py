"""Whatever comes is answered with a status that says whose fault it is, and one line."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any

import pytest
import served
import tiny
from served import JSON, ask, asked

import lda
from lda.inference.inferencer import Inferencer
from lda.serve import ServeSettings, create_app

TOPICS = "/v1/topics"
BROKEN = [
    b"",
    b"{",
    b'{"document": NaN}',
    b'{"document": "a", "top": 1e999}',
    b'{"document": "a", "document": "b"}',
    b'{"document": {"counts": {"a:": 1, "a:": 2}}}',
    b'{"document": "\xff"}',
    b'{"document": "\\ud800"}',
    b"[" * 100_000,
    b'{"document":' + b"[" * 20 + b"]" * 20 + b"}",
]
UNFIT: list[tuple[object, str]] = [
    ([], "must be a JSON object, got a list of 0"),
    ({}, "neither"),
    ({"document": "a", "documents": []}, "both"),
    ({"documents": "a"}, "must be a list of documents, got 'a'"),
    ({"documents": ["a", None]}, "documents[1] must be a text"),
    ({"documents": [["a", 1]]}, "documents[0][1] must be a token, a string, got 1"),
    ({"document": {"counts": {"a": 1.5}}}, "must be a whole number from 0"),
    ({"document": {"counts": {"a": -1}}}, "got -1"),
    ({"document": {"counts": {"a": True}}}, "got true"),
    ({"document": {"count": {}}}, "got an object of 1"),
    ({"document": "a", "tpo": 1}, "no 'tpo'; it may have documents"),
    ({"document": "a", "top": -1}, "top must be a whole number"),
    ({"document": "a", "seed": 2**64}, "the seed must be"),
    ({"document": "a", "shares": 1}, "shares must be true or false"),
    ({"document": "a", "model": 3}, "must be a string, got 3"),
    ({"document": "a", "x\x1b[2J": 1}, r"no 'x\x1b[2J'"),
]


@pytest.mark.parametrize("body", BROKEN)
def test_broken_bodies_are_400(body: bytes) -> None:
    reply = asked(served.app(), "POST", TOPICS, body, JSON)
    assert (reply.status, list(reply.json())) == (400, ["error"])


@pytest.mark.parametrize(("body", "said"), UNFIT)
def test_what_cannot_be_is_422_and_says_what_came(body: object, said: str) -> None:
    if isinstance(body, list):
        reply = asked(served.app(), "POST", TOPICS, b"[]", JSON)
    else:
        reply = asked(served.app(), "POST", TOPICS, body)
    assert reply.status == 422
    assert said in reply.json()["error"]
    assert "\x1b" not in reply.json()["error"]


def test_statuses_of_paths_methods_types_and_names() -> None:
    service = served.app()
    assert asked(service, "GET", "/nowhere").status == 404
    wrong = asked(service, "PUT", TOPICS)
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    form = asked(service, "POST", TOPICS, b"a=b", {"content-type": "application/x-www-form-urlencoded"})
    assert form.status == 415
    assert "Content-Type: application/json" in form.json()["error"]
    assert asked(service, "POST", TOPICS, b"", {**JSON, "content-encoding": "gzip"}).status == 415
    assert asked(service, "POST", TOPICS, {"document": "a", "model": "x"}).status == 404
    assert (
        asked(
            service, "POST", TOPICS, b'{"document": "a"}', {"content-type": "application/json; charset=utf-8"}
        ).status
        == 200
    )


def test_limits_are_413_however_the_body_comes() -> None:
    service = served.app(max_body=100, max_documents=3, max_tokens=10)
    long = asked(service, "POST", TOPICS, [b"x" * 60] * 10, JSON)  # its length is not announced
    assert (long.status, long.headers["connection"]) == (413, "close")
    announced = asked(service, "POST", TOPICS, b"", {**JSON, "content-length": "101"})
    assert "got 101" in announced.json()["error"]
    for documents in (
        ["a"] * 4,
        ["a b " * 6],
        ["ab-" * 11],
        ["ab-" * 4, "ab-" * 4, "ab-" * 4],
        [["a"] * 11],
        [{"counts": {"a": 10**15}}],
        [{"counts": {"a": 6}}, "a " * 5],
    ):
        assert asked(service, "POST", TOPICS, {"documents": documents}).status == 413, documents
    assert asked(service, "POST", TOPICS, {"documents": ["a b", ["a"] * 8]}).status == 200


class Held(Inferencer):
    """Infers when it is told to."""

    go: threading.Event
    begun: threading.Event

    def infer_texts(self, texts: Any, **options: Any) -> Any:
        self.begun.set()
        assert self.go.wait(60)
        return super().infer_texts(texts, **options)


def held(**settings: Any) -> tuple[Held, Any]:
    inferencer = Held(served.model())
    inferencer.go, inferencer.begun = threading.Event(), threading.Event()
    inferencer.go.set()  # an app has it infer something before it serves
    app = create_app({"m": inferencer}, settings=ServeSettings(inline_tokens=0, **settings))
    inferencer.go.clear()
    inferencer.begun.clear()
    return inferencer, app


def test_more_than_may_wait_is_429_and_the_rest_is_answered() -> None:
    inferencer, service = held(max_waiting=2, timeout_s=60)

    async def crowd() -> tuple[list[served.Reply], served.Reply, served.Reply]:
        first = [asyncio.ensure_future(ask(service, "POST", TOPICS, {"document": "a"})) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await ask(service, "POST", TOPICS, {"document": "a"})
        health = await ask(service, "GET", "/v2/health/ready")
        inferencer.go.set()
        return await asyncio.gather(*first), refused, health

    answered, refused, health = asyncio.run(crowd())
    assert (refused.status, refused.headers["retry-after"]) == (429, "1")
    assert [reply.status for reply in answered] == [200, 200]
    assert health.status == 200
    assert asked(service, "POST", TOPICS, {"document": "a"}).status == 200  # places are given back


def test_too_late_is_504_and_a_client_that_went_is_nobodys_error() -> None:
    inferencer, service = held(timeout_s=0.01)
    try:
        reply = asked(service, "POST", TOPICS, {"document": "a"})
        assert reply.status == 504
    finally:
        inferencer.go.set()
    gone = asked(served.app(), "POST", TOPICS, [b'{"docu'], JSON, ends="http.disconnect")
    assert (gone.status, gone.sent[1:]) == (499, [])


def test_a_failure_of_ours_is_500_without_its_words_and_the_next_is_answered(caplog: Any) -> None:
    class Failing(Inferencer):
        def infer_tokens(self, documents: Any, *, seed: int | None = None) -> Any:
            raise RuntimeError("secret")

    service = create_app({"m": Failing(served.model())})
    with caplog.at_level(logging.ERROR, "lda.serve"):
        reply = asked(service, "POST", TOPICS, {"document": ["a"]})
    assert reply.status == 500
    assert "secret" not in reply.json()["error"]
    assert "secret" in caplog.text
    assert asked(service, "POST", TOPICS, {"document": "a"}).status == 200


def test_a_token_is_asked_for_and_health_is_not() -> None:
    service = served.app(token="right")
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic right"}, 401),
        ({"Authorization": "Bearer ä"}, 401),
        ({"Authorization": "bearer right"}, 200),
    ):
        reply = asked(service, "POST", TOPICS, {"document": "a"}, headers)
        assert reply.status == status, headers
    assert asked(service, "GET", "/nowhere").status == 401  # nothing is told
    assert asked(service, "GET", "/ping").status == 200
    with pytest.raises(ValueError, match="printable") as error:
        ServeSettings(token="se cret")
    assert "se cret" not in str(error.value)
    assert "right" not in repr(service.settings)


def test_models_are_loaded_by_who_has_a_token_alone(tmp_path: Any) -> None:
    load, unload = (f"/v2/repository/models/m/{verb}" for verb in ("load", "unload"))
    assert asked(served.app(), "POST", load).status == 403
    assert asked(served.app(), "POST", "/v2/repository/index").status == 200, "which changes nothing"
    served.model().save(tmp_path / "m")
    service = create_app([tmp_path / "m"], settings=ServeSettings(no_auth=True))
    loaded = asked(service, "POST", load)
    assert (loaded.status, loaded.json()["changed"]) == (200, False)
    served.model(seed=5).save(tmp_path / "m", overwrite=True)
    assert asked(service, "POST", load).json()["fingerprint"] == served.model(seed=5).fingerprint()
    (tmp_path / "m" / "model.json").write_text("{")
    refused = asked(service, "POST", load)
    assert refused.status == 409
    assert (
        asked(service, "POST", TOPICS, {"document": "a"}).json()["fingerprint"]
        == served.model(seed=5).fingerprint()
    )
    assert asked(service, "POST", unload).status == 200
    assert asked(service, "POST", TOPICS, {"document": "a"}).status == 404
    assert asked(service, "GET", "/ping").status == 503
    (row,) = asked(service, "POST", "/v2/repository/index").json()
    assert (row["name"], row["state"]) == ("m", "UNAVAILABLE")


def words(text: str) -> list[str]:
    return text.split()


def test_a_model_that_cannot_read_texts_says_why(tmp_path: Path) -> None:
    texts = lda.read_corpus(
        [tiny.jsonl(tmp_path / "docs.jsonl")], recipe=lda.Recipe(text="body"), tokenizer=words
    )
    service = create_app(
        {
            "counts": lda.LDA(2, max_iter=2, random_state=0).fit(tiny.documents()).model_,
            "function": lda.LDA(2, max_iter=2, random_state=0).fit(texts).model_,
        }
    )
    for name, reason in (
        ("counts", "the model was fitted to counts or token lists"),
        ("function", "the model's words were made by the Python function"),
    ):
        reply = asked(service, "POST", TOPICS, {"document": "bread", "model": name})
        assert (reply.status, "cannot read texts") == (422, reply.json()["error"].partition(": ")[0][-17:])
        assert reason in reply.json()["error"]
        assert asked(service, "POST", TOPICS, {"document": ["bread"], "model": name}).status == 200
