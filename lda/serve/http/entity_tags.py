"""ETags: one document, one answer, on any replica; so what was answered once can be told from its request.

A tag is of the model's digest and of the request: who sends it again (`If-None-Match`) is told 304, and nothing is
inferred.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lda.serve.http.answers import Headers
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service
    from lda.serve.shelf import ServedModel

_VERSION: Final = f"{version('raylda')}\n".encode()
"""Of what answers are made with: another one may write them in another way."""


def model_headers(service: Service, request: HttpRequest, model: ServedModel, body: bytes) -> Headers:
    """What an answer says of the model that it comes from, its tag last."""
    digest = hashlib.blake2b(model.digest, digest_size=12)
    digest.update(b"%b\n" % model.name.encode())  # which a request need not say, and the answer does
    digest.update(_VERSION)
    digest.update(b"%d\n" % service.settings.top)
    digest.update(request.path.encode("utf-8", "surrogatepass"))
    digest.update(b"\n%b\n" % (request.header(b"inference-header-content-length") or b""))
    digest.update(request.header(b"content-type") or b"")
    digest.update(b"\n")
    digest.update(body)
    return (*model.headers, (b"etag", b'"%b-%b"' % (model.version.encode(), digest.hexdigest().encode())))


def unchanged(request: HttpRequest, headers: Headers) -> bool:
    """Whether the client has this answer already, by `If-None-Match`."""
    known = request.header(b"if-none-match")
    if known is None:
        return False
    tag = headers[-1][1]
    return any(one.strip().removeprefix(b"W/") == tag for one in known.split(b","))
