"""`Cluster`: the settings of the cluster to run on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SHORTEST_TIMEOUT: Final = 5.0
"""Lower limit for worker_timeout, seconds: a busy actor can take this long to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A Ray cluster and how it is used.

    Attributes:
        address: "local" starts one in this machine, "auto" finds the running one, or HOST:PORT of its head.
        workers: None for one a node.
        threads_per_worker: None for all cores of a node, divided among its workers.
        gpus_per_worker: of a fit with the device cuda: GPUs that Ray sets aside for each worker, or the part of one
            that several share; None for one. Workers for which there are none left sample on their processor, to the
            same bits.
        aggregators: None for as many as workers.
        staleness: steps a worker may run ahead of the slowest; 0 makes the result independent of everything here, None
            lets nobody wait.
        max_failures: losses of actors survived.
        wait: seconds to wait at the beginning for nodes that are still to come, when those there are too few.
        worker_timeout: seconds after which an actor that does not answer counts as lost.
    """

    address: str = "local"
    workers: int | None = None
    threads_per_worker: int | None = None
    gpus_per_worker: float | None = None
    aggregators: int | None = None
    staleness: int | None = 0
    max_failures: int = 10
    wait: float = 0.0
    worker_timeout: float = 600.0

    def __post_init__(self) -> None:
        if self.gpus_per_worker is not None and not 0 < self.gpus_per_worker <= 64:
            raise ValueError(f"gpus_per_worker must be above 0 and at most 64, got {self.gpus_per_worker}")
        for name in ("workers", "threads_per_worker", "aggregators"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if self.staleness is not None and self.staleness < 0:
            raise ValueError(f"staleness must be 0 or more, or none, got {self.staleness}")
        if self.max_failures < 0:
            raise ValueError(f"max_failures must not be negative, got {self.max_failures}")
        if not 0 <= self.wait < float("inf"):
            raise ValueError(f"wait must be a number of seconds, 0 or more, got {self.wait}")
        if not SHORTEST_TIMEOUT <= self.worker_timeout < float("inf"):
            raise ValueError(
                f"worker_timeout must be a number of seconds, {SHORTEST_TIMEOUT:.0f} or more, "
                f"got {self.worker_timeout}"
            )
