"""The benchmark of `lda serve`: what generators say is understood, and requests are of held-out documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.serving import generators, peer
from benchmarks.serving.generators import NoGenerator, program, read_k6, read_wrk
from benchmarks.serving.material import BATCH, WORDS, Material, divide, stretches
from benchmarks.serving.measures import put_in_place


def test_what_k6_sums_up() -> None:
    times = {"p(50)": 1.5, "p(99)": 4.0, "max": 9.0}
    found = read_k6(
        {
            "http_req_duration": {"values": times},
            "http_reqs": {"values": {"count": 600, "rate": 300}},
            "http_req_failed": {"values": {"rate": 0.01}},
            "dropped_iterations": {"values": {"count": 3}},
        }
    )
    assert (found.requests, found.seconds, found.failed, found.late) == (600, 2, 6, 3)
    assert (found.median, found.p99, found.worst) == (1.5, 4.0, 9.0)
    assert found.rate == 297


def test_what_wrk_prints() -> None:
    line = {"requests": 100, "us": 2_000_000, "median": 1500, "p99": 4000, "worst": 9000, "failed": 10}
    found = read_wrk(f"Running 2s test\nanswered {json.dumps(line)}\n")
    assert (found.rate, found.median, found.p99, found.worst) == (45, 1.5, 4, 9)
    with pytest.raises(RuntimeError, match="said nothing"):
        read_wrk("unable to connect")


def test_a_generator_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(generators.WHERE, "no-such-generator", "apt-get install it")
    with pytest.raises(NoGenerator, match="no-such-generator is not installed here: apt-get install it"):
        program("no-such-generator")


def test_documents_are_held_out(tmp_path: Path) -> None:
    texts = [f"text{i} " + "word " * (60 if i % 2 else 300) for i in range(1000)]
    material = Material(tmp_path)
    divide(iter(texts), material)
    trained = {json.loads(line)["text"] for line in material.training.read_text().splitlines()}
    asked = [json.loads(line)["documents"] for line in material.singles.read_text().splitlines()]
    assert [len(documents) for documents in asked] == [1] * 125
    assert not trained & {documents[0] for documents in asked}
    assert len(trained) == len(texts) - len(asked)
    batches = [json.loads(line)["documents"] for line in material.batches.read_text().splitlines()]
    assert batches == [[documents[0] for documents in asked[:BATCH]]]


def test_stretches_of_a_text() -> None:
    text = "one two three four. " * 100
    parts = list(stretches(text))
    assert " ".join(parts).split() == text.split()
    assert all(WORDS[0] <= len(part.split()) <= WORDS[1] for part in parts[:-1])


def test_a_model_is_put_in_place_of_another(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    for name in "ab":
        put_in_place(tmp_path / name, tmp_path / "served")
        assert (tmp_path / "served" / "file").read_text() == name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "served"]


def test_the_handler_of_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("orjson")
    pytest.importorskip("httpx")
    testclient = pytest.importorskip("starlette.testclient")
    monkeypatch.setenv("PEER", "nothing")
    reply = testclient.TestClient(peer.make_app()).post(
        "/v1/topics", json={"documents": ["a text", "another"]}
    )
    documents = reply.json()["documents"]
    assert len(documents) == 2
    shares = [topic["share"] for topic in documents[0]["top"]]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
