"""`/v1/topics` answers what `lda transform` does, to the bit, whatever comes together."""

from __future__ import annotations

import asyncio
import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import served
from commands import run
from served import ask, asked
from starlette.testclient import TestClient

from lda.inference.inferencer import Inferencer
from lda.serve import Shelf, UnknownModelError, create_app
from lda.serve.shelf import ServedModel, name_of

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = [f"comet orbit bread {'goal ' * n} unheard-of: “words”" for n in range(7)] + ["", "nothing known"]


def test_shares_are_those_of_lda_transform_to_the_bit(tmp_path: Path) -> None:
    served.model().save(tmp_path / "m")
    (tmp_path / "new.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS))
    run("transform", tmp_path / "m", tmp_path / "new.jsonl", "--text", "text", "-o", tmp_path / "t.npy", "-q")
    wanted = np.load(tmp_path / "t.npy")
    assert wanted.dtype == np.float32
    with TestClient(create_app([tmp_path / "m"])) as client:
        together = client.post("/v1/topics", json={"documents": TEXTS, "shares": True, "top": 3}).json()
        single = [
            client.post("/v1/topics", json={"document": text, "shares": True}).json()["document"]
            for text in TEXTS
        ]
    assert together["documents"] == single
    found = np.array([one["shares"] for one in single]).astype(np.float32)
    assert np.array_equal(found, wanted)
    for row, one in zip(wanted, single, strict=True):
        order = np.argsort(-row, kind="stable").tolist()
        assert [topic["number"] for topic in one["topics"]] == order
        assert [np.float32(topic["share"]) for topic in one["topics"]] == [row[k] for k in order]


def test_kinds_of_documents_may_be_mixed_and_keep_their_order() -> None:
    tokens = ["comet", "orbit", "comet", "nonsense"]
    documents = [
        "comet orbit comet nonsense",
        tokens,
        {"counts": {"orbit": 1, "comet": 2, "nonsense": 1}},
        "bread",
    ]
    found = asked(served.app(), "POST", "/v1/topics", {"documents": documents, "top": 1}).json()["documents"]
    assert found[0] == found[1] == found[2] != found[3]
    assert (found[0]["known_words"], found[0]["unknown_words"]) == (3, 1)
    labels = served.model().labels
    topic = found[3]["topics"][0]
    assert topic["label"] == labels.name(topic["number"])
    assert "bread" in topic["words"]
    assert asked(served.app(), "POST", "/v1/topics", {"documents": []}).json()["documents"] == []


def test_requests_that_wait_are_inferred_together_and_each_gets_its_own() -> None:
    calls = list[int]()

    class Counted(Inferencer):
        def infer_texts(self, texts: Any, *, seed: int | None = None) -> Any:
            calls.append(len(texts))
            return super().infer_texts(texts, seed=seed)

    service = create_app({"m": Counted(served.model())})
    bodies = [{"documents": [text, text]} for text in TEXTS] + [{"document": TEXTS[0], "seed": 7}]
    alone = [asked(service, "POST", "/v1/topics", body).body for body in bodies]
    calls.clear()

    async def at_once() -> list[bytes]:
        replies = await asyncio.gather(*(ask(service, "POST", "/v1/topics", body) for body in bodies))
        return [reply.body for reply in replies]

    assert asyncio.run(at_once()) == alone
    assert sorted(calls) == [1, 2 * len(TEXTS)]  # another seed is another call


def test_a_tag_is_of_the_model_and_of_what_was_asked() -> None:
    service, path = served.app(), "/v1/topics"
    first = asked(service, "POST", path, {"document": "comet"})
    tag = first.headers["etag"]
    again = asked(service, "POST", path, {"document": "comet"}, {"If-None-Match": f'"other", W/{tag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert asked(service, "POST", path, {"document": "orbit"}, {"If-None-Match": tag}).status == 200
    assert first.headers["x-model-fingerprint"] == served.model().fingerprint() == first.json()["fingerprint"]
    other = create_app({"m": served.model().with_labels({})})
    assert asked(other, "POST", path, {"document": "comet"}).headers["etag"] != tag


def test_a_request_keeps_the_model_that_it_took_when_another_is_put_in_its_place() -> None:
    service = served.app()
    old, new = service.shelf.get("m"), ServedModel.of("m", Inferencer(served.model(seed=5)))

    async def swapped() -> tuple[served.Reply, served.Reply]:
        asking = asyncio.ensure_future(ask(service, "POST", "/v1/topics", {"document": "comet"}))
        await asyncio.sleep(0)  # it has its model, and waits to be inferred
        service.shelf.put(new)
        return await asking, await ask(service, "POST", "/v1/topics", {"document": "comet"})

    before, after = asyncio.run(swapped())
    assert (before.json()["fingerprint"], after.json()["fingerprint"]) == (old.fingerprint, new.fingerprint)


def test_models_are_listed_and_described() -> None:
    service = pickle.loads(pickle.dumps(served.app()))
    (listed,) = asked(service, "GET", "/v1/models").json()["models"]
    whole = asked(service, "GET", "/v1/models/m").json()
    assert listed.items() <= whole.items()
    assert whole["n_topics"] == 3
    assert whole["topics"][0]["label"] == "Küche"
    assert abs(sum(topic["share"] for topic in whole["topics"]) - 1) < 1e-9
    assert asked(service, "HEAD", "/v1/models").status == 200
    assert asked(service, "GET", "/v1/models/x").status == 404


def test_names_of_models() -> None:
    assert name_of("models/speeches/") == "speeches"
    for wrong in ("", "a/b", ".hidden", "a b", "x" * 101, "é"):
        with pytest.raises(ValueError, match="name must be"):
            ServedModel.of(wrong, Inferencer(served.model()))
    with pytest.raises(UnknownModelError, match="no model is served"):
        Shelf().get()
    with pytest.raises(ValueError, match="at least one"):
        create_app({})
