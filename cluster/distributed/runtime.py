"""`Runtime`: the actor system that a fit on a cluster runs on, and the classes it starts there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lda.cluster.distributed.actor_report import Ready
from lda.cluster.distributed.aggregator import AggregatorActor
from lda.cluster.distributed.connection import connected, environment
from lda.cluster.distributed.placement import PATIENCE_SECONDS
from lda.cluster.distributed.task_worker import TaskActor
from lda.cluster.distributed.waiting import TELL_SECONDS
from lda.cluster.distributed.worker import PhaseEvent, WorkerActor
from lda.cluster.spec.cluster import Cluster

if TYPE_CHECKING:
    from lda.cluster.distributed.actor_system import ActorSystem


@contextmanager
def on_ray(
    cluster: Cluster, *, environ: dict[str, Any] | None = None, strategy: str = "SPREAD"
) -> Iterator[ActorSystem]:
    """The actors of a Ray cluster, connected to as `connected` does.

    environ: runtime environment of the actors' processes; None for `environment()`. strategy: Ray's, by which workers
    are divided among nodes.
    """
    with connected(cluster) as head:
        # Only now: it imports Ray, which reads what `connected` has put into the environment.
        from lda.cluster.distributed.ray_actors import RayActors

        yield RayActors(head, environment() if environ is None else environ, strategy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The parts of a cluster fit that tests and observers may replace; users keep the defaults.

    connect: gives the system of actors of a cluster. worker, aggregator, task_worker: classes of the actors.
    on_phase: called by the workers, see `WorkerActor`. on_started: called in this process when all actors of an
    attempt have introduced themselves, with their reports, by name. tell_after: seconds of silence after which an
    actor is reported. patience: seconds to wait for CPUs that others hold.
    """

    connect: Callable[[Cluster], AbstractContextManager[ActorSystem]] = on_ray
    worker: type[WorkerActor] = WorkerActor
    aggregator: type[AggregatorActor] = AggregatorActor
    task_worker: type[TaskActor] = TaskActor
    on_phase: Callable[[PhaseEvent], None] | None = None
    on_started: Callable[[Mapping[str, Ready]], None] = lambda said: None
    tell_after: float = TELL_SECONDS
    patience: float = PATIENCE_SECONDS


ORDINARY: Final = Runtime()
