"""Work that falls into independent tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

T_contra = TypeVar("T_contra", contravariant=True)


R_co = TypeVar("R_co", covariant=True)


class Job(Protocol[T_contra, R_co]):
    """What a worker needs to begin; small, for it travels to each: paths and settings, not what they lead to.

    A job comes from above this package, so it is handed in: workers import its class by name.
    """

    def open(self, threads: int) -> Callable[[T_contra], R_co]:
        """Read what the work needs; returns the function that does one task, with so many threads.

        Whoever does a task, and however often, what it leaves behind must be the same. Raises DataError or OSError
        when something cannot be read: on a cluster that is reported with the name of the node.
        """
