"""What Ray raises: losses, and errors of ours that it wraps."""

from __future__ import annotations

import socket
from typing import Any, Final

import ray
from ray.exceptions import (
    ActorUnschedulableError,
    GetTimeoutError,
    NodeDiedError,
    ObjectLostError,
    RayActorError,
    RayTaskError,
    WorkerCrashedError,
)

from lda.cluster.distributed.waiting import SilentError, Waiting
from lda.cluster.spec.errors import ClusterError

LOST = (
    RayActorError,
    ObjectLostError,
    WorkerCrashedError,
    NodeDiedError,
    ActorUnschedulableError,
    SilentError,
)
"""What is raised when a process or node is gone, or silent; anything else an actor raises is a defect or bad input."""

ANSWER_SECONDS: Final = 3.0
"""How long an actor may take to say that it is there; Ray knows of a process that ended within one."""


def is_lost(reference: Any) -> bool:  # noqa: ANN401 - Ray's references are untyped
    """Whether the actor that was to answer is gone; one that only has not answered yet is not."""
    try:
        ray.get(reference, timeout=0)
    except GetTimeoutError:
        return False
    except LOST:
        return True
    return False


def check_own_node() -> None:
    """Raise ClusterError when the node is gone by which this process is part of the cluster.

    Ray ends a driver without a node at its next step, whatever that is, and says only what it was.
    """
    own = ray.get_runtime_context().get_node_id()
    node = next((n for n in ray.nodes() if n["NodeID"] == own), None)  # type: ignore[no-untyped-call]
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


def file_results(waiting: Waiting, references: list[Any]) -> list[Any]:
    """Results of calls that touch files; what the system said is raised as it was, without Ray's traceback.

    It is raised when all have ended: what is done about it must not meet files that others still write.
    """
    waiting.ended(references)
    try:
        return waiting.results(references)
    except RayTaskError as error:
        if isinstance(error.cause, OSError):
            raise error.cause from None
        raise
