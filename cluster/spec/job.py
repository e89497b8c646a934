"""Work that falls into independent tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from lda.corpus.machine import available_cores

T_contra = TypeVar("T_contra", contravariant=True)


R_co = TypeVar("R_co", covariant=True)


class Job(Protocol[T_contra, R_co]):
    """What a worker needs to begin; small, for it travels to each: paths and settings, not what they lead to.

    A job comes from above this package, so it is handed in: workers import its class by name.
    """

    def open(self, threads: int) -> Callable[[T_contra], R_co]:
        """Read what the work needs; returns the function that does one task, with so many threads.

        A task that gains by more asks `threads_now` at its beginning: the last ones have idle cores beside them.

        Whoever does a task, and however often, what it leaves behind must be the same. Raises DataError or OSError
        when something cannot be read: on a cluster that is reported with the name of the node.
        """


TRIES: Final = 3
"""A task that has lost its worker so often is not tried again: it is the task, or what it takes."""

SHOWN: Final = 120


@dataclass(slots=True)
class Task:
    """A task on its way, and how often it has lost its worker."""

    value: Any
    losses: int = 0

    def __str__(self) -> str:
        text = str(self.value)
        return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


_threads: Final[ContextVar[int | None]] = ContextVar("threads of the task", default=None)


def threads_now() -> int:
    """Threads that the task at work in this thread may use: its worker's, or more where cores would stand idle.

    Outside of a task all cores of this process.
    """
    return _threads.get() or available_cores()


@contextmanager
def with_threads(n: int) -> Iterator[None]:
    """Within the block, which does one task, `threads_now` says n."""
    before = _threads.set(n)
    try:
        yield
    finally:
        _threads.reset(before)
