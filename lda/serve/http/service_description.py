"""`ServiceDescription`: what a service says of itself, made once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """The OpenAPI document as JSON, and the page with the headers that go with it."""

    json: bytes
    page: bytes
    page_headers: tuple[tuple[bytes, bytes], ...]
