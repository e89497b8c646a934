"""Reserving CPUs and GPUs for the workers, and how many workers there are."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from lda.cluster.distributed.actor_system import ActorSystem, Bundle, Node, Seat
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError

PATIENCE_SECONDS: Final = 60.0
"""How long to wait for CPUs that others hold, or for the system to notice that a node is gone."""

TRY_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Slots:
    """Workers, and threads of each, that fit the cluster as it is now. on_gpus: of these, those with a GPU."""

    workers: int
    threads: int
    nodes: int
    on_gpus: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """The workers' CPUs and GPUs, held for them. bundles: by worker."""

    reservation: Any
    slots: Slots
    bundles: list[Bundle]

    def seat(self, worker: int) -> Seat:
        """Where a worker runs."""
        return Seat(self.reservation, worker, self.bundles[worker])


def slots(nodes: Sequence[Node], cluster: Cluster, *, recovering: bool = False, gpus: float = 0.0) -> Slots:
    """How many workers and threads to run on these nodes.

    gpus: wanted for each worker. recovering: when there is no room for all that was asked for, take what there is.

    Raises ClusterError when the cluster has fewer CPUs than asked for.
    """
    nodes = [node for node in nodes if node.cpus >= 1]
    if not nodes:
        raise ClusterError("the cluster has no node with a CPU to give; start one with `ray start`")
    cpus = [node.cpus for node in nodes]
    workers = cluster.workers or len(nodes)
    threads = cluster.threads_per_worker
    if threads is None:
        each = -(-workers // len(nodes))
        threads = max(1, min(cpus) // each)
    if recovering:
        threads = min(threads, max(cpus))
    room = sum(each // threads for each in cpus)
    if recovering:
        workers = min(workers, room)
    if workers > room:
        raise ClusterError(
            f"{workers} workers with {threads} threads each need {workers * threads} CPUs, the cluster has {sum(cpus)} "
            f"on {len(nodes)} node{'s' if len(nodes) > 1 else ''}, with room for {room} such workers; "
            "ask for fewer, or add nodes"
        )
    on_gpus = 0
    if gpus:
        on_gpus = sum(min(node.cpus // threads, int(node.gpus / gpus)) for node in nodes)
    return Slots(workers, threads, len(nodes), min(on_gpus, workers))


def reserve(
    system: ActorSystem,
    cluster: Cluster,
    at_most: int,
    *,
    recovering: bool,
    gpus: float = 0.0,
    patience: float = PATIENCE_SECONDS,
) -> Room:
    """The CPUs of each worker, and GPUs of the first, for at most `at_most` workers.

    What the cluster has is asked anew at each try. recovering, gpus: as in `slots`. Raises ClusterError when there are
    fewer CPUs than asked for, also after `cluster.wait` seconds, or others keep them for longer than that and
    `patience` seconds.
    """
    begin = system.now()
    patience = max(patience, cluster.wait)
    while True:
        try:
            found = slots(system.nodes(), cluster, recovering=recovering, gpus=gpus)
        except ClusterError:
            if system.now() >= begin + cluster.wait:
                raise
            time.sleep(min(LOOK_SECONDS, cluster.wait))
            continue
        workers = min(found.workers, at_most)
        found = replace(found, workers=workers, on_gpus=min(found.on_gpus, workers))
        bundles = [Bundle(found.threads, gpus if i < found.on_gpus else 0.0) for i in range(workers)]
        reservation = system.reserve(bundles, min(TRY_SECONDS, patience))
        if reservation is not None:
            return Room(reservation, found, bundles)
        if system.now() >= begin + patience:
            raise ClusterError(
                f"{found.workers} workers with {found.threads} CPUs each found no room within "
                f"{patience:.0f} s: others use the cluster; ask for fewer, or wait"
            )
