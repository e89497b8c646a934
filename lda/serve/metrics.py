"""`GET /metrics`: what Prometheus fetches, of one process or of all workers together."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lda.serve.batching import Found
    from lda.serve.exchange import Exchange
    from lda.serve.limits import Waiting
    from lda.serve.shelf import ServedModel, Shelf


class Meters:
    """Counts what is done."""

    def __init__(self, shelf: Shelf, waiting: Waiting) -> None:
        self._shelf, self._waiting = shelf, waiting

    def batch(self, model: ServedModel, n_requests: int, found: Found) -> None:
        """Documents were inferred in one call."""

    def answered(self, exchange: Exchange, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
