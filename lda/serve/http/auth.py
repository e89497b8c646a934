"""Who may ask: whoever has the token, where there is one."""

from __future__ import annotations

import hmac
from enum import Enum
from typing import TYPE_CHECKING

from lda.serve.http.errors import RequestError

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.settings import ServeSettings


class Access(Enum):
    """Who may ask for something: anybody; whoever has the token, if there is one; or nobody without a token."""

    ANYBODY = "anybody"
    TOKEN = "token"  # noqa: S105 - no secret
    TOKEN_ALWAYS = "token always"  # noqa: S105 - no secret


def check_access(request: HttpRequest, access: Access, settings: ServeSettings) -> None:
    """Raise `RequestError` where a request must not be answered: 401 without the right token, 403 where none is set."""
    if access is Access.ANYBODY:
        return
    if settings.token is None:
        if access is Access.TOKEN_ALWAYS and not settings.no_auth:
            raise RequestError(
                403,
                "models are loaded and unloaded only by who has the token, and this service has none; start it with "
                "a token (--token-file, RAYLDA_TOKEN), or with --no-auth",
            )
        return
    given = request.header(b"authorization")
    if given is not None:
        scheme, _, token = given.strip().partition(b" ")
        # In a time that does not tell how much of it is right.
        right = hmac.compare_digest(token.strip(), settings.token.encode())
        if right and scheme.lower() == b"bearer":
            return
    raise RequestError(
        401,
        "this needs the service's token, got "
        + ("none" if given is None else "another one")
        + "; send it with the header 'Authorization: Bearer TOKEN'",
        (b"www-authenticate", b"Bearer"),
    )
