"""What a driver asks of the system that its actors run in: those of Ray are `ray_actors`, tests have one of threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from lda.cluster.distributed.head import Head
from lda.cluster.exchange.actor_calls import Calls

F = TypeVar("F", bound=Callable[..., Any])


class Node(NamedTuple):
    """A machine of the cluster, and what it has to give in all."""

    id: str
    cpus: int
    gpus: float


class Bundle(NamedTuple):
    """What one worker needs of one node."""

    cpus: int
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Seat:
    """Where an actor is to run: in a bundle of a reservation, of which it takes everything."""

    reservation: Any
    number: int
    bundle: Bundle


def concurrency_group(name: str) -> Callable[[F], F]:
    """Have calls of a method run beside those of other groups; within a group they come one after the other."""

    def mark(method: F) -> F:
        method.concurrency_group = name  # type: ignore[attr-defined]
        return method

    return mark


def group_of(method: object) -> str | None:
    """The concurrency group of a method; None is the default group, which all unmarked methods share."""
    found: str | None = getattr(method, "concurrency_group", None)
    return found


class ActorSystem(Calls, Protocol):
    """Starts actors, and ends them.

    An actor is an object of its own process or thread; it is made as `actor(calls, *arguments)`, where `calls` are its
    `Calls`. Its calls of one concurrency group come one after the other, those of one caller in their order. An actor
    with coroutines runs them side by side, and may begin them in any order: a caller that needs an order waits between.
    """

    head: Head | None
    """The head, which can fail beside actors and nodes; None where there is none."""

    def now(self) -> float:
        """Seconds, as all timeouts here are counted."""
        ...

    def nodes(self) -> list[Node]:
        """The machines that are there."""
        ...

    def is_alive(self, node: str) -> bool:
        """Whether the node of that id is still there."""
        ...

    def check_connection(self) -> None:
        """Raise ClusterError when this process itself is no part of the cluster any more."""
        ...

    def check_seen(self, folder: str) -> None:
        """Raise ClusterError unless all nodes see a folder that this process has just made."""
        ...

    def reserve(self, bundles: Sequence[Bundle], seconds: float) -> Any | None:  # noqa: ANN401 - opaque
        """A reservation of these, on as many nodes as can be; None when there is no room for so long."""
        ...

    def is_whole(self, reservation: Any) -> bool:  # noqa: ANN401
        """Whether there is room for all bundles of a reservation, also after the loss of a node."""
        ...

    def give_back(self, reservation: Any) -> None:  # noqa: ANN401
        """End a reservation, whose actors have been killed before."""
        ...

    def start(self, actor: type, *arguments: Any, name: str, seat: Seat | None = None) -> Any:  # noqa: ANN401
        """The handle of a new actor, which need not have begun yet.

        name: what users call it. seat: where; None for anywhere, with as many on each node as can be. References among
        the arguments are replaced by what they lead to.
        """
        ...

    def wait(
        self, references: Sequence[Any], timeout: float | None, *, at_least: int = 1
    ) -> tuple[list[Any], list[Any]]:
        """(references of calls that have ended, well or not; the others), when so many have or time is up.

        Results stay where they are.
        """
        ...

    def kill(self, handle: Any) -> None:  # noqa: ANN401
        """End an actor, if it is still there: its pending and later calls give ActorLostError."""
        ...
