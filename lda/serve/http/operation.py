"""`Operation`: something that can be asked, with who may and what is said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lda.serve.http.auth import Access

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from lda.serve.http.answers import HttpAnswer
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service

    Handler = Callable[[Service, HttpRequest], Awaitable[HttpAnswer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something that can be asked.

    Attributes:
        method: GET (which HEAD goes with) or POST.
        path: with names in braces for its parameters.
        handler: answers.
        summary: what it does, for people.
        access: who may ask.
        takes: media types and schemas of its body; none without a body, which then takes no place among what waits.
        body_needed: whether it cannot be asked without one.
        gives: media types and schemas of its answer.
        others: statuses that it may have, beside 200 and those that all have.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    access: Access = Access.TOKEN
    takes: Mapping[str, str | None] = field(default_factory=dict)
    body_needed: bool = True
    gives: Mapping[str, str | None]
    others: tuple[int, ...] = ()
