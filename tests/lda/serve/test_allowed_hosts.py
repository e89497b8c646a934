"""A page of a stranger that points its own name at this machine is not answered."""

from __future__ import annotations

import pytest
import served
from served import asked

from lda.serve import ServeSettings

BODY = {"documents": ["bread butter"]}
NAMES = (
    "localhost LOCALHOST:8080 127.0.0.1:1 127.3.2.1 [::1]:8080 a.localhost localhost. box box:1 [fe80::1]:80"
)
STRANGE = """
evil.example evil.example:8080 127.0.0.1.evil.example localhost.evil.example evillocalhost 10.0.0.1 [::1].evil.example
evil@localhost localhost:80:80 [::2] boxx example.com b\u00f6x
"""


def status(host: str | None, *allowed: str, path: str = "/v1/topics") -> int:
    headers = {"content-type": "application/json", **({} if host is None else {"host": host})}
    app = served.app(allowed_hosts=allowed)
    if path != "/v1/topics":
        return asked(app, "GET", path, b"", headers).status
    first, again = (asked(app, "POST", path, BODY, headers).status for _ in range(2))
    assert first == again
    return first


@pytest.mark.parametrize("host", [None, "x.y.example.com", *NAMES.split()])
def test_names_of_the_service_are_answered(host: str | None) -> None:
    assert status(host, "box", "fe80::1", "*.example.com") == 200


@pytest.mark.parametrize("host", ["", *STRANGE.split()])
def test_others_are_refused(host: str) -> None:
    assert status(host, "box", "*.example.com") == 421
    for path in ("/v1/models", "/metrics", "/docs", "/nowhere"):
        assert status(host, "box", path=path) == 421
    assert status(host, "box", path="/v2/health/ready") == 200
    assert status(host) == status(host, "*") == 200


def test_what_is_wrong_is_said() -> None:
    app = served.app(allowed_hosts=("box",), token="a-token-of-this-test")
    reply = asked(app, "POST", "/v1/topics", BODY, {"host": "evil.example:1"})
    assert reply.status == 421
    assert reply.json()["error"] == (
        "requests must be for a name that this service goes by, got 'evil.example:1'; ask for localhost, or start it "
        "with that name (--allowed-host), or with a token"
    )
    described = asked(served.app(allowed_hosts=("box",)), "GET", "/openapi.json").json()["paths"]
    assert "421" in described["/v1/topics"]["post"]["responses"]
    assert "421" not in described["/v2/health/ready"]["get"]["responses"]


@pytest.mark.parametrize("host", ["http://box", "box:80", "127.0.0.1:80", "", "a b", "[::1", "*.", "a*"])
def test_a_host_that_no_request_could_be_for_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="a host must be a name or an address"):
        ServeSettings(allowed_hosts=(host,))
