"""`Service`: what handlers of requests have in common."""

from __future__ import annotations

import asyncio
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from lda.serve.http.allowed_hosts import AllowedHosts
from lda.serve.http.batching import Found, Gatherer
from lda.serve.http.errors import RequestError, shown, unfit
from lda.serve.http.limits import WaitingRequests
from lda.serve.http.meters import Meters

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from lda.serve.control import Control
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service_description import ServiceDescription
    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import ServedModel, Shelf

FLOATS_AT_A_TIME: Final = 100_000
"""Shares that are written as JSON before others get their turn: some 5 ms."""


class Service:
    """What handlers of requests have in common.

    Attributes:
        settings: limits, and the token.
        shelf: the models.
        control: loads and unloads them.
        hosts: names that may be asked for.
        waiting: what is here.
        gatherer: infers.
        meters: count.
        description: of all that can be asked.
    """

    def __init__(
        self, shelf: Shelf, settings: ServeSettings, control: Control, description: ServiceDescription
    ) -> None:
        self.settings, self.shelf, self.control = settings, shelf, control
        self.description = description
        self.hosts = AllowedHosts(settings.allowed_hosts)
        self.waiting = WaitingRequests(settings)
        self.meters = Meters(shelf, self.waiting)
        self.gatherer = Gatherer(settings, self.meters.batch)

    def model(self, name: object) -> ServedModel:
        """The model that a request names; None for the first.

        Raises:
            RequestError: 422: that is no name.
            UnknownModelError: there is none of that name.
        """
        if name is not None and type(name) is not str:
            raise unfit(f"the name of a model must be a string, got {shown(name)}")
        return self.shelf.get(name)

    def ready(self) -> bool:
        """Whether requests may come: there are models, and whoever looks after them says so."""
        return bool(self.shelf.names()) and self.control.ready()

    async def json_body(self, request: HttpRequest) -> bytes:
        """The body of a request that is to be JSON. Raises `RequestError`, as `WaitingRequests.body`; 415 otherwise."""
        check_type(request, b"application/json", "Content-Type: application/json")
        return await self.waiting.body(request)

    async def encoded(self, found: Found, encode: Callable[[Found], list[bytes]]) -> list[bytes]:
        """What `encode` makes of each document. Many are encoded in pieces, with others' turns between them."""
        n_documents, n_topics = found.theta.shape
        at_a_time = max(1, FLOATS_AT_A_TIME // n_topics)
        if n_documents <= at_a_time:
            return encode(found)
        rows = list[bytes]()
        for start, stop in pairwise((*range(0, n_documents, at_a_time), n_documents)):
            rows += encode(found.part(start, stop))
            await asyncio.sleep(0)
        return rows

    async def encoded_rows(self, tensor: NDArray[Any]) -> list[bytes]:
        """Each row of an array, or each entry of one with one dimension, as JSON in brackets, as `encoded`."""
        table = np.ascontiguousarray(tensor).reshape(len(tensor), math.prod(tensor.shape[1:]))
        rows = list[bytes]()
        at_a_time = max(1, FLOATS_AT_A_TIME // max(table.shape[1], 1))
        for start in range(0, len(table), at_a_time):
            if start:
                await asyncio.sleep(0)
            part = table[start : start + at_a_time]
            rows += [orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in part]
        return rows


def check_type(request: HttpRequest, wanted: bytes, remedy: str) -> None:
    """Raise `RequestError` (415) where a body says that it is something else, or packed. It need not say anything."""
    media = request.header(b"content-type")
    if media is not None and media != wanted:
        kind = media.partition(b";")[0].strip().lower()
        if kind != wanted:
            raise RequestError(
                415,
                f"the body must be of type {wanted.decode()}, got {shown(media.decode('latin-1'))}; "
                f"send it with the header '{remedy}'",
            )
    packed = request.header(b"content-encoding")
    if packed is not None and packed.strip().lower() != b"identity":
        raise RequestError(
            415, f"the body must not be packed, got {shown(packed.decode('latin-1'))}; send it as it is"
        )
