"""`Calls`: what an actor needs of the system it runs in, be that Ray or threads of one process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol


class ActorLostError(Exception):
    """An actor is dead or out of touch: its process or node ended, by itself or from outside.

    could_not_begin: the reason, for an actor that failed before its first call; None for one that died later.
    """

    def __init__(self, message: str = "an actor is gone", could_not_begin: str | None = None) -> None:
        super().__init__(message)
        self.could_not_begin = could_not_begin


class Whereabouts(NamedTuple):
    """Where an actor runs. host: address of its machine. node: the system's id of it. pid: of its process."""

    host: str
    node: str
    pid: int


class Calls(Protocol):
    """How actors get results, share values and find out where they run.

    A call is `handle.method.remote(arguments)`, which gives a reference to its result. That is Ray's own form, so
    that no wrapper stands between an actor and a push; handles and references are opaque.
    """

    def get(self, references: Sequence[Any]) -> list[Any]:
        """What the references lead to, in order, once all is there.

        Raises what a call has raised, as soon as one has, and ActorLostError when its actor is gone.
        """
        ...

    def put(self, value: Any) -> Any:  # noqa: ANN401 - values and references are of any type
        """A reference to a value, stored once however many read it."""
        ...

    def here(self) -> Whereabouts:
        """Where this actor runs."""
        ...

    def check(self) -> None:
        """To be called while waiting for something in shared memory; ends an actor that has been given up.

        No-op where actors are processes, which are ended from outside.
        """
        ...
