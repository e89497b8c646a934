"""What Ray raises: losses, and errors of ours that it wraps."""

from __future__ import annotations

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

LOST = (RayActorError, ObjectLostError, WorkerCrashedError, NodeDiedError, ActorUnschedulableError)
"""What Ray raises when a process or node is gone; anything else an actor raises is a defect or bad input."""

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


def file_results(references: list[Any]) -> list[Any]:
    """Results of calls that touch files; what the system said is raised as it was, without Ray's traceback."""
    try:
        return list(ray.get(references))
    except RayTaskError as error:
        if isinstance(error.cause, OSError):
            raise error.cause from None
        raise
