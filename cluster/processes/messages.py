"""What a worker process and the one that began it say to each other, over one pipe."""

from __future__ import annotations

import pickle
import traceback
from typing import Any, NamedTuple

from lda.cluster.spec.errors import ClusterError


class Opening(NamedTuple):
    """The first message to a worker. job: pickled. threads: that its tasks may use."""

    job: bytes
    threads: int


class Order(NamedTuple):
    """A task, pickled, and the threads that it may use."""

    task: bytes
    threads: int


class Answer(NamedTuple):
    """What came of the last message: the task's result, None of an opening; or an error, and where it was raised."""

    value: Any = None
    error: BaseException | None = None
    trace: str = ""


def packed(value: object) -> bytes:
    """A job or a task on its way. Raises ClusterError for what cannot travel."""
    try:
        return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise cannot_travel(error) from error


def unpacked(data: bytes) -> Any:  # noqa: ANN401 - whatever was packed
    """What `packed` has packed. Raises ClusterError where this process does not know its class."""
    try:
        return pickle.loads(data)  # noqa: S301 - from the process that began this one, over a pipe of theirs
    except (AttributeError, ImportError) as error:
        raise cannot_travel(error) from error


def cannot_travel(error: Exception) -> ClusterError:
    """The error of something that only exists in the process of the caller."""
    return ClusterError(
        f"worker processes do not know what they are to do ({error}); what is defined in a script's or a notebook's "
        "own lines must move to a module that can be imported"
    )


def failed(error: BaseException) -> bytes:
    """The answer that tells of an error: as itself, or, where it cannot travel, in words."""
    trace = "".join(traceback.format_exception(error))
    try:
        data = pickle.dumps(Answer(error=error, trace=trace))
        pickle.loads(data)  # noqa: S301 - made one line above; some errors can be packed only
    except Exception:  # noqa: BLE001 - an error may do anything when it is packed
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return pickle.dumps(Answer(error=ClusterError(f"a task failed with {text}"), trace=trace))
    return data
