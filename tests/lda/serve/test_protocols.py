"""Open Inference V2, MLflow's invocations, metrics, the log and the description: each against what reads it."""

from __future__ import annotations

import json
import logging
import struct
from typing import Any

import jsonschema
import numpy as np
import pytest
import served
from openapi_spec_validator import validate
from prometheus_client.parser import text_string_to_metric_families
from served import JSON, asked

from lda.inference.inferencer import Inferencer
from lda.serve.http.topic_shares import drift
from lda.serve.openapi.document import openapi_document
from lda.serve.routes import OPERATIONS

INFER = "/v2/models/m/infer"
TEXTS = ["comet orbit", "bread flour unheard-of"]


def text_input(**more: Any) -> dict[str, Any]:
    return {"name": "text", "shape": [2], "datatype": "BYTES", **more}


def theta() -> Any:
    return Inferencer(served.model()).texts(TEXTS)


def test_texts_and_counts_in_tensors_out() -> None:
    service = served.app()
    reply = asked(service, "POST", INFER, {"id": "7", "inputs": [text_input(data=TEXTS)]}).json()
    (output,) = reply["outputs"]
    assert (reply["id"], output["name"], output["datatype"], output["shape"]) == (
        "7",
        "theta",
        "FP32",
        [2, 3],
    )
    assert np.array_equal(np.array(output["data"], dtype=np.float32).reshape(2, 3), theta())
    vocabulary = served.model().vocabulary
    counts = np.zeros((2, 15))
    for row, text in enumerate(TEXTS):
        for word in filter(vocabulary.__contains__, text.split()):
            counts[row, vocabulary.index(word)] += 1
    asked_for = [{"name": name} for name in ("topics", "weights", "known_words", "unknown_words")]
    tensor = {"name": "c", "shape": [2, 15], "datatype": "FP64", "data": counts.tolist()}
    reply = asked(
        service, "POST", INFER, {"inputs": [tensor], "outputs": asked_for, "parameters": {"top": 2}}
    ).json()
    topics, weights, known, unknown = (output["data"] for output in reply["outputs"])
    order = np.argsort(-theta(), axis=1, kind="stable")[:, :2]
    assert topics == order.ravel().tolist()
    assert np.array_equal(np.float32(weights), np.take_along_axis(theta(), order, axis=1).ravel())
    assert (known, unknown) == ([2, 2], [0, 0])


def binary(texts: list[bytes], **said: Any) -> tuple[bytes, dict[str, str]]:
    raw = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    tensor = text_input(parameters={"binary_data_size": len(raw), **said})
    head = json.dumps({"inputs": [tensor], "parameters": {"binary_data_output": True}}).encode()
    return head + raw, {"Inference-Header-Content-Length": str(len(head))}


def test_tensors_as_bytes_behind_the_json() -> None:
    body, headers = binary([text.encode() for text in TEXTS])
    reply = asked(served.app(), "POST", INFER, body, headers)
    split = int(reply.headers["inference-header-content-length"])
    assert json.loads(reply.body[:split])["outputs"][0]["parameters"] == {"binary_data_size": 24}
    assert np.array_equal(np.frombuffer(reply.body[split:], "<f4").reshape(2, 3), theta())
    for wrong, status in (
        (binary([b"a", b"\xff"]), 400),
        (binary([b"a"]), 422),
        (binary([b"a", b"b"], binary_data_size=3), 422),
        ((body[:-1], headers), 422),
        ((body, {"Inference-Header-Content-Length": "99999"}), 400),
        ((body, {"Inference-Header-Content-Length": "-1"}), 400),
    ):
        assert asked(served.app(), "POST", INFER, *wrong).status == status


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        ({"shape": [2], "datatype": "BYTES", "data": ["a"]}, "must have 2 values, got 1"),
        ({"shape": [1], "datatype": "BYTES", "data": [1]}, "list of strings, got 1"),
        ({"shape": [1], "datatype": "BOOL", "data": [True]}, "BOOL"),
        ({"shape": [1, 14], "datatype": "INT32", "data": [1] * 14}, "15 terms"),
        ({"shape": [1, 15], "datatype": "FP32", "data": [0.5] * 15}, "whole numbers"),
        ({"shape": [1, 15], "datatype": "INT32", "data": [-1] * 15}, "got -1"),
        ({"shape": [1, 15], "datatype": "INT32", "data": [10**18] * 15}, "tokens of a request"),
        ({"shape": [-1], "datatype": "BYTES", "data": []}, "got -1"),
        ({"shape": "x", "datatype": "BYTES", "data": []}, "list of lengths"),
    ],
)
def test_wrong_tensors_are_told(tensor: dict[str, Any], said: str) -> None:
    reply = asked(served.app(), "POST", INFER, {"inputs": [{"name": "x", **tensor}]})
    assert reply.status in (413, 422)
    assert said in reply.json()["error"]


def test_versions_and_health_as_clients_ask() -> None:
    service = served.app()
    version = served.model().fingerprint()[:12]
    assert asked(service, "GET", f"/v2/models/m/versions/{version}/ready").json() == {
        "name": "m",
        "ready": True,
    }
    assert asked(service, "GET", "/v2/models/m/versions/1").status == 404
    metadata = asked(service, "GET", "/v2/models/m").json()
    assert [tensor["shape"] for tensor in metadata["inputs"]] == [[-1], [-1, 15]]
    assert asked(service, "GET", "/v2/health/live").status == 200


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
        {"dataframe_records": [{"text": text} for text in TEXTS]},
        {"instances": TEXTS},
        {"inputs": {"text": TEXTS}},
        {"instances": [text.split() for text in TEXTS]},
        {"dataframe_records": [{"comet": 1, "orbit": 1, "bread": 0}, {"bread": 1, "flour": 1}]},
        {
            "dataframe_split": {
                "columns": ["comet", "orbit", "bread", "flour"],
                "data": [[1, 1, 0, 0], [0, 0, 1.0, 1]],
            }
        },
    ],
)
def test_all_of_mlflows_forms_say_the_same(body: object) -> None:
    found = asked(served.app(), "POST", "/invocations", body).json()["predictions"]
    assert np.array_equal(np.float32(found), theta())


def test_tables_as_csv() -> None:
    for body in (b'text\n"comet\n orbit"\nbread flour\n', b"comet,orbit,bread,flour\n1,1,,\n0,0,1,1\n"):
        found = asked(served.app(), "POST", "/invocations", body, {"content-type": "text/csv"})
        assert np.array_equal(np.float32(found.json()["predictions"]), theta())
    for body, status in (
        (b"", 400),
        (b'text\n"', 400),
        (b"a,b\n1\n", 400),
        (b"a,b\n1,x\n", 422),
        (b"a,b\n1,nan\n", 422),
    ):
        assert (
            asked(served.app(), "POST", "/invocations", body, {"content-type": "text/csv"}).status == status
        )


def test_metrics_count_and_their_labels_are_bounded() -> None:
    service = served.app()
    for path in ("/a", "/b", "/c\x00"):
        asked(service, "GET", path)
    asked(service, "POST", "/v1/topics", {"documents": ["comet orbit unheard", "galaxy"]})
    asked(service, "POST", "/v1/topics", b"{", JSON)
    text = asked(service, "GET", "/metrics").body.decode()
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples[("lda_serve_requests_total", *sorted(("(none)", "404", "")))] == 3
    assert samples[("lda_serve_requests_total", *sorted(("/v1/topics", "200", "m")))] == 1
    assert samples[("lda_serve_requests_total", *sorted(("/v1/topics", "400", "")))] == 1
    assert samples["lda_serve_documents_total", "m"] == 2
    assert samples["lda_serve_unknown_word_share", "m"] == 0.25
    assert 0.3 < samples["lda_serve_topic_drift", "m"] <= 1
    assert samples[("lda_serve_waiting_requests",)] == 0


def test_drift_is_a_distance_of_mixes() -> None:
    even = np.array([0.5, 0.5, 0, 0])
    assert drift(np.array([3.0, 3, 0, -0.1]), even) == 0
    assert drift(np.array([0.0, 0, 1, 1]), even) == 1
    assert drift(np.zeros(4), even) is None


def test_the_log_has_a_line_a_request_and_no_texts(caplog: Any) -> None:
    service = served.app(token="right")
    with caplog.at_level(logging.INFO, "lda.serve.access"):
        asked(service, "POST", "/v1/topics", {"document": "comet galaxy"}, {"Authorization": "Bearer right"})
        asked(service, "GET", "/x\x1b[2J")
    first, second = (json.loads(record.getMessage()) for record in caplog.records)
    assert (first["method"], first["path"], first["status"], first["documents"]) == (
        "POST",
        "/v1/topics",
        200,
        1,
    )
    assert first["version"] == served.model().fingerprint()[:12]
    assert (second["status"], second["path"]) == (401, r"/x\x1b[2J")
    assert not any(word in caplog.text for word in ("galaxy", "right", "\x1b"))


def test_the_description_is_valid_and_answers_are_as_it_says() -> None:
    service = served.app()
    document = asked(service, "GET", "/openapi.json").json()
    validate(document)
    assert document == openapi_document(OPERATIONS, service.settings)
    defined = {"components": document["components"]}
    for method, path, body in (
        ("POST", "/v1/topics", {"documents": TEXTS, "shares": True}),
        ("POST", "/v1/topics", {"document": TEXTS[0]}),
        ("POST", "/v1/topics", {"document": 1}),
        ("POST", INFER, {"inputs": [text_input(data=TEXTS)]}),
        ("POST", "/invocations", {"instances": TEXTS}),
        ("GET", "/v1/models", b""),
        ("GET", "/v1/models/m", b""),
        ("GET", "/v2", b""),
        ("GET", "/v2/models/m", b""),
        ("GET", "/v2/health/ready", b""),
    ):
        reply = asked(service, method, path, body)
        operation = document["paths"][
            path if path == "/v1/models" else path.replace("models/m", "models/{name}")
        ][method.lower()]
        schema = operation["responses"][str(reply.status)]["content"]["application/json"]["schema"]
        jsonschema.validate(reply.json(), {**schema, **defined}, cls=jsonschema.Draft202012Validator)
        if reply.status == 200 and method == "POST":
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema.validate(body, {**schema, **defined}, cls=jsonschema.Draft202012Validator)


def test_the_page_loads_nothing() -> None:
    page = asked(served.app(), "GET", "/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    text = page.body.decode()
    assert not any(word in text for word in ("<script", "src=", "http://", "https://", "@import", "url("))
    assert all(operation.path in text for operation in OPERATIONS)


COUNTS = {"name": "c", "datatype": "INT32", "shape": [1, 15], "data": [[1] * 15]}
KEPT_OUT: list[tuple[str, dict[str, Any]]] = [
    ("/v1/topics", {"document": {"counts": {"star": (1 << 62) + 1}}}),
    ("/v1/topics", {"document": "a", "documents": []}),
    (INFER, {"inputs": [text_input(shape=[])]}),
    (INFER, {"inputs": [text_input(data=1)]}),
    (INFER, {"inputs": [text_input(data=[[]], shape=[1])]}),
    (INFER, {"inputs": [text_input()]}),
    (INFER, {"inputs": [{**COUNTS, "shape": [1, 1, 15]}]}),
    (INFER, {"inputs": [{**COUNTS, "shape": [1 << 40, 15]}]}),
    (INFER, {"inputs": [{**COUNTS, "data": [-1] * 15}]}),
    (INFER, {"inputs": [{**COUNTS, "data": ["a"] * 15}]}),
    (INFER, {"inputs": [{**COUNTS, "data": None}]}),
    (INFER, {"inputs": [COUNTS], "outputs": [{"name": "theta"}, {"name": "theta"}]}),
    (INFER, {"inputs": [COUNTS], "outputs": [{"name": "theta", "parameters": {"classification": 2}}]}),
    ("/invocations", {"dataframe_split": {"columns": ["a", "a"], "data": [[1, 2]]}}),
    ("/invocations", {"dataframe_split": {"columns": ["a", "b"], "data": [["x", 1]]}}),
    ("/invocations", {"dataframe_records": [{"a": "x", "b": 1}]}),
    ("/invocations", {"dataframe_records": [{"a": -1}]}),
    ("/invocations", {"instances": [{"a": [1]}]}),
    ("/invocations", {"instances": [True]}),
    ("/invocations", {"inputs": {}}),
    ("/invocations", {"inputs": {"a": ["x"], "b": ["x"]}}),
    ("/v2/repository/models/m/load", {"parameters": {"config": "x"}}),
]


@pytest.mark.parametrize(("path", "body"), KEPT_OUT)
def test_what_is_refused_is_no_request_by_the_description(path: str, body: dict[str, Any]) -> None:
    service = served.app(no_auth=True)
    assert asked(service, "POST", path, body).status in (413, 422)
    document = openapi_document(OPERATIONS, service.settings)
    content = document["paths"][path.replace("models/m/", "models/{name}/")]["post"]["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    assert not jsonschema.Draft202012Validator(schema).is_valid(body)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (INFER, {"inputs": [COUNTS], "model_name": "m", "outputs": [{"name": "theta", "parameters": {}}]}),
        (INFER, {"inputs": [text_input(data=[["a"], ["b"]])], "outputs": None}),
        ("/invocations", {"dataframe_split": {"columns": ["star", "x"], "data": [[1, None], [0, 2]]}}),
        ("/invocations", {"dataframe_records": [{"star": 1}, {"x": 2, "star": None}]}),
        ("/invocations", {"instances": [["a", "b"], "c", None, []]}),
        ("/invocations", {"inputs": {"texts": [[0] * 15]}}),
        ("/invocations", {"inputs": "a", "params": {"seed": 1}}),
    ],
)
def test_what_is_answered_is_one(path: str, body: dict[str, Any]) -> None:
    service = served.app()
    assert asked(service, "POST", path, body).status == 200
    document = openapi_document(OPERATIONS, service.settings)
    content = document["paths"][path.replace("models/m/", "models/{name}/")]["post"]["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)
