"""Requests that nobody thought of: whatever comes, nothing is our fault, and every answer is as it was described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import served
from asgi_client import AsgiClient
from hypothesis import HealthCheck, given, seed, settings
from strange_json import bodies

from lda.serve import ServeSettings, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = ["galaxy star orbit", "market: bank, money"]
ASKED: dict[str, tuple[list[str], list[dict[str, Any]]]] = {
    "/v1/topics": (
        ["documents", "document", "model", "top", "shares", "seed"],
        [
            {
                "documents": [*TEXTS, ["star", "bank"], {"counts": {"star": 2}}],
                "top": 3,
                "shares": True,
                "seed": 4,
            },
            {"document": TEXTS[0], "model": "m"},
        ],
    ),
    "/v2/models/m/infer": (
        ["id", "parameters", "inputs", "outputs", "model_name"],
        [
            {
                "id": "1",
                "inputs": [{"name": "text", "datatype": "BYTES", "shape": [2], "data": TEXTS}],
                "outputs": [{"name": "theta", "parameters": {"binary_data": False}}],
                "parameters": {"seed": 1, "top": 2},
            }
        ],
    ),
    "/invocations": (
        ["dataframe_split", "dataframe_records", "instances", "inputs", "params"],
        [
            {"dataframe_split": {"columns": ["text"], "data": [[text] for text in TEXTS]}},
            {"dataframe_records": [{"star": 1, "bank": 2}], "params": {"seed": 3}},
            {"instances": TEXTS},
            {"inputs": {"text": TEXTS}},
        ],
    ),
}


@pytest.fixture(scope="module")
def client() -> Iterator[AsgiClient]:
    made = AsgiClient(served.app())
    yield made
    made.close()


@pytest.mark.parametrize("path", ASKED)
def test_strange_json_is_refused_with_one_line_or_answered_the_same_again(
    client: AsgiClient, path: str
) -> None:
    @seed(20)
    @settings(max_examples=80, suppress_health_check=list(HealthCheck), database=None)
    @given(bodies(*ASKED[path]))
    def ask(body: bytes) -> None:
        answer = client.ask("POST", path, body)
        assert answer.status in (200, 400, 404, 413, 422)
        told = answer.json()
        if answer.status == 200:
            assert client.ask("POST", path, body).body == answer.body
        else:
            assert list(told) == ["error"]
            assert told["error"].isprintable()
            assert len(told["error"]) < 600

    ask()


@pytest.mark.parametrize(
    "literal",
    [b'"\\ud800"', b'"\xed\xa0\x80"', b"1e400", b"NaN", b"[" * 100_000, b'{"a": 1, "a": 1}', b'"\x00"'],
)
@pytest.mark.parametrize("path", ASKED)
def test_what_is_no_json_of_one_meaning_is_400(client: AsgiClient, path: str, literal: bytes) -> None:
    key = ASKED[path][0][0].encode()
    assert client.ask("POST", path, b'{"%b": %b}' % (key, literal)).status == 400


def test_requests_made_of_our_description_are_answered_as_it_says() -> None:
    schemathesis = pytest.importorskip("schemathesis")
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        content_type_conformance,
        response_headers_conformance,
        response_schema_conformance,
        status_code_conformance,
    ]
    app = create_app({"m": served.model()}, settings=ServeSettings(no_auth=True))
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    asked = []
    for one in schema.get_all_operations():
        operation = one.ok()

        @seed(20)
        @settings(max_examples=4, suppress_health_check=list(HealthCheck), database=None)
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(checks=checks)

        ask()
        asked.append(operation.path)
    assert len(asked) > 15
