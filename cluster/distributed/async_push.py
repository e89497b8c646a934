"""What a worker has to tell others of each step: on its way while the worker goes on."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from lda.cluster.exchange.actor_calls import Calls


class Outbox:
    """Pushes of one worker, one step after the other. worker: its number. calls: its own.

    Handing a message to Ray takes some milliseconds, most of them waiting for other processes; in a thread of its own
    it does not hold up the next step.
    """

    def __init__(self, worker: int, aggregators: list[Any], calls: Calls) -> None:
        self._worker, self._aggregators, self._calls = worker, aggregators, calls
        self._sender = ThreadPoolExecutor(1, thread_name_prefix="lda-push")
        self._under_way: Future[None] | None = None

    def push(self, step: int, messages: list[list[bytes]]) -> None:
        """Begin to send a message to each aggregator, when those of the step before have arrived."""
        self.confirm()
        self._under_way = self._sender.submit(self._send, step, messages)

    def confirm(self) -> None:
        """Wait until all that was pushed has arrived. Raises what kept it from arriving."""
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None

    def _send(self, step: int, messages: list[list[bytes]]) -> None:
        asked = [
            aggregator.push.remote(self._worker, step, message)
            for message, aggregator in zip(messages, self._aggregators, strict=True)
        ]
        # Before anything else is sent: Ray may let a later call of one caller overtake an earlier one.
        self._calls.get(asked)
