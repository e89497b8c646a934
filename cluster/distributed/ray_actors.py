"""Actors of Ray: each a process, somewhere on a cluster."""

from __future__ import annotations

import inspect
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Final

import ray
from ray.exceptions import (
    ActorUnschedulableError,
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RayError,
    RayTaskError,
    WorkerCrashedError,
)
from ray.util.placement_group import placement_group, placement_group_table, remove_placement_group
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from lda.cluster.distributed.actor_system import Bundle, Node, Seat, group_of
from lda.cluster.exchange.actor_calls import ActorLostError, Whereabouts
from lda.cluster.spec.errors import ClusterError

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head

GONE: Final = (RayActorError, ObjectLostError, WorkerCrashedError, NodeDiedError, ActorUnschedulableError)
"""What Ray raises when a process or node is gone; anything else an actor raises is a defect or bad input."""

ANSWER_SECONDS: Final = 3.0
SEEN_SECONDS: Final = 60.0  # a process may have to be started first


@contextmanager
def _own_errors() -> Iterator[None]:
    """Within the block, what Ray raises for a call becomes an ActorLostError, or what the actor itself has raised."""
    try:
        yield
    except RayTaskError as error:
        cause = error.cause
        if isinstance(cause, GONE):
            raise _lost(cause) from error
        if isinstance(cause, BaseException):
            # Ray's own text, the actor's traceback, is for a defect; for what a user can act on it is noise.
            acted_on = isinstance(cause, OSError) or hasattr(cause, "exit_code")
            raise cause from (None if acted_on else error)
        raise
    except GONE as error:
        raise _lost(error) from error


def _lost(error: BaseException) -> ActorLostError:
    """The loss of which Ray tells."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    if isinstance(error, RayActorError) and error.actor_init_failed:
        return ActorLostError(lines[0], could_not_begin=lines[-1].strip())
    return ActorLostError(lines[0])


class RayCalls:
    """`Calls` of actors of Ray."""

    def get(self, references: Sequence[Any]) -> list[Any]:
        """See `Calls`."""
        with _own_errors():
            return list(ray.get(list(references)))

    def put(self, value: Any) -> Any:  # noqa: ANN401 - values and references are of any type
        """See `Calls`. The value lies in the node's shared memory."""
        return ray.put(value)

    def here(self) -> Whereabouts:
        """See `Calls`."""
        return Whereabouts(
            host=ray.util.get_node_ip_address(),  # type: ignore[no-untyped-call]
            node=ray.get_runtime_context().get_node_id(),
            pid=os.getpid(),
        )

    def check(self) -> None:
        """No-op: a process is ended from outside."""


class RayActors(RayCalls):
    """`ActorSystem` of the cluster that this process is connected to.

    environment: runtime environment of all actors. strategy: Ray's, by which a reservation's bundles find their nodes.
    """

    def __init__(self, head: Head | None, environment: dict[str, Any], strategy: str = "SPREAD") -> None:
        self.head, self._environment, self._strategy = head, environment, strategy

    def now(self) -> float:
        """See `ActorSystem`."""
        return time.monotonic()

    def nodes(self) -> list[Node]:
        """See `ActorSystem`."""
        return [
            Node(n["NodeID"], int(n["Resources"].get("CPU", 0)), n["Resources"].get("GPU", 0))
            for n in _nodes()
            if n["Alive"]
        ]

    def is_alive(self, node: str) -> bool:
        """See `ActorSystem`."""
        return any(n["Alive"] and n["NodeID"] == node for n in _nodes())

    def check_connection(self) -> None:
        """Raise ClusterError when the node is gone by which this process is part of the cluster.

        Ray ends a driver without a node at its next step, whatever that is, and says only what it was.
        """
        own = ray.get_runtime_context().get_node_id()
        node = next((n for n in _nodes() if n["NodeID"] == own), None)
        if node is not None and node["Alive"]:
            try:
                address = node["NodeManagerAddress"], node["NodeManagerPort"]
                socket.create_connection(address, timeout=ANSWER_SECONDS).close()
            except OSError:
                pass
            else:
                return
        raise ClusterError(
            "the Ray node of this host has gone, and the fit with it; start it again (`ray start --address=...`)"
        )

    def check_seen(self, folder: str) -> None:
        """See `ActorSystem`.

        A task looks for the folder on each host but this one. Rejected: comparing addresses alone, because a temporary
        folder may well lie on shared storage.
        """
        here = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
        nodes = {
            n["NodeManagerAddress"]: n["NodeID"] for n in _nodes() if n["Alive"] and n["Resources"].get("CPU")
        }
        nodes.pop(here, None)
        look = ray.remote(os.path.isdir)
        asked = {
            look.options(
                num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
            ).remote(folder): address
            for address, node in nodes.items()
        }
        answered = ray.wait(list(asked), num_returns=len(asked), timeout=SEEN_SECONDS)[0] if asked else []
        blind = sorted(asked[reference] for reference in answered if not _sees(reference))
        if blind:
            raise ClusterError(
                f"the input is no corpus yet and would become one in {folder}, out of sight of {', '.join(blind)}; "
                "build it where all nodes reach it (lda corpus build INPUT... -o CORPUS) and fit that, "
                "or set TMPDIR to such a folder"
            )

    def reserve(self, bundles: Sequence[Bundle], seconds: float) -> Any | None:  # noqa: ANN401 - opaque
        """See `ActorSystem`. Given up also when the wait is broken off."""
        group = placement_group([_resources(b) for b in bundles], strategy=self._strategy)
        placed = False
        try:
            placed = bool(group.wait(seconds))
        finally:
            if not placed:
                remove_placement_group(group)
        return group if placed else None

    def is_whole(self, reservation: Any) -> bool:  # noqa: ANN401
        """See `ActorSystem`."""
        return bool(placement_group_table(reservation)["state"] == "CREATED")

    def give_back(self, reservation: Any) -> None:  # noqa: ANN401
        """See `ActorSystem`."""
        remove_placement_group(reservation)

    def start(self, actor: type, *arguments: Any, name: str, seat: Seat | None = None) -> Any:  # noqa: ANN401
        """See `ActorSystem`. The name stays here: Ray's own must be unique on the cluster."""
        groups = _concurrency_groups(actor)
        made: Any = ray.remote(concurrency_groups=groups)(actor) if groups else ray.remote(actor)  # type: ignore[call-overload]  # missing in its stubs
        options: dict[str, Any] = {"num_cpus": 0, "scheduling_strategy": "SPREAD"}
        if seat is not None:
            options = {
                "num_cpus": seat.bundle.cpus,
                "num_gpus": seat.bundle.gpus,
                "scheduling_strategy": PlacementGroupSchedulingStrategy(
                    seat.reservation, placement_group_bundle_index=seat.number
                ),
            }
        return made.options(**options, runtime_env=self._environment).remote(RayCalls(), *arguments)

    def wait(
        self, references: Sequence[Any], timeout: float | None, *, at_least: int = 1
    ) -> tuple[list[Any], list[Any]]:
        """See `ActorSystem`. A large result that is called off after each look would never be here."""
        return ray.wait(list(references), num_returns=at_least, timeout=timeout, fetch_local=False)

    def kill(self, handle: Any) -> None:  # noqa: ANN401
        """See `ActorSystem`."""
        with suppress(*GONE):
            ray.kill(handle)


def _nodes() -> list[dict[str, Any]]:
    return list(ray.nodes())  # type: ignore[no-untyped-call]


def _sees(reference: Any) -> bool:  # noqa: ANN401 - Ray's references are untyped
    try:
        return bool(ray.get(reference))
    except RayError:  # a node that was lost meanwhile
        return True


def _resources(bundle: Bundle) -> dict[str, float]:
    return {"CPU": bundle.cpus} | ({"GPU": bundle.gpus} if bundle.gpus else {})


def _concurrency_groups(actor: type) -> dict[str, int]:
    """Tell Ray of the concurrency groups of a class's methods; returns how many calls each runs at a time."""
    groups: dict[str, int] = {}
    for _, method in inspect.getmembers(actor, inspect.isfunction):
        if (group := group_of(method)) is not None:
            ray.method(concurrency_group=group)(method)
            groups[group] = 1
    return groups
