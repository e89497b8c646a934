"""`/v1/topics` answers what `lda transform` does, to the bit, whatever comes together."""

from __future__ import annotations

import asyncio
import json
import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import served
from commands import run
from served import ask, asked
from starlette.testclient import TestClient

from lda.inference.inferencer import Inferencer
from lda.serve import Shelf, TopicsApp, UnknownModelError, create_app
from lda.serve.http.batching import Found
from lda.serve.http.topic_shares import TopicShares, sums_of
from lda.serve.protocols.own_api import heaviest
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


@pytest.mark.parametrize("n_documents", [1, 50])
def test_the_heaviest_topics_of_equal_ones_the_first(n_documents: int) -> None:
    rng = np.random.default_rng(n_documents)
    theta = rng.choice(np.array([0, 1e-45, 1e-7, 0.25, 0.5, 1], dtype=np.float32), (n_documents, 40))
    for top in (1, 5, 39, 40):
        expected = np.argsort(-theta, axis=1, kind="stable")[:, :top]
        np.testing.assert_array_equal(heaviest(theta, top), expected)


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
        def infer_texts(self, texts: Any, **options: Any) -> Any:
            calls.append(len(texts))
            return super().infer_texts(texts, **options)

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


def test_a_tag_tells_all_that_an_answer_is_made_of() -> None:
    model = served.model()

    def tag(service: TopicsApp) -> str:
        return str(asked(service, "POST", "/v1/topics", {"document": "comet"}).headers["etag"])

    tags = {tag(create_app({"m": model}))}
    assert model.soft_counts is not None
    averages = model.soft_counts.copy()
    averages.data[-1] *= 2
    spelled = [*model.vocabulary[:-1], "another-word"]
    recipe = {**(model.record.recipe or {}), "lowercase": False}
    for other in (
        replace(model, soft_counts=averages),
        replace(model, beta=model.beta * 2),
        replace(model, vocabulary=spelled),
        replace(model, record=replace(model.record, recipe=recipe)),
        replace(model, record=replace(model.record, seed=model.record.seed + 1)),
    ):
        assert other.fingerprint() == model.fingerprint()
        tags.add(tag(create_app({"m": other})))
    assert len(tags) == 6
    both = create_app({"m": model, "n": model})
    assert tag(both) in tags
    both.shelf.remove("m")
    assert tag(both) not in tags, "the answer has another name in it"


def test_the_first_model_is_the_first_again_when_it_comes_back() -> None:
    first, second = (ServedModel.of(name, Inferencer(served.model())) for name in ("m", "n"))
    shelf = Shelf([first, second])
    shelf.remove("m")
    assert shelf.get() is second
    shelf.put(first)
    assert shelf.get() is first
    late = Shelf(names=["m", "n"])
    late.put(second)
    late.put(first)
    assert late.names() == shelf.names() == ["m", "n"]


def test_what_was_counted_stays_when_a_model_comes_back(tmp_path: Path) -> None:
    model = ServedModel.of("m", Inferencer(served.model()))
    theta = np.full((1, 3), 1 / 3, dtype=np.float32)
    found = Found(theta, np.array([5]), np.array([2]))
    for _ in range(2):
        TopicShares(model, tmp_path).add(found)
    assert sums_of(model, tmp_path, None)[:3].tolist() == [2, 10, 4]
