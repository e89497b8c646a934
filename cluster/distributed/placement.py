"""Finding room for the workers."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Final

from ray.util.placement_group import placement_group, remove_placement_group

from lda.cluster.distributed.connection import Slots, slots
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError

PATIENCE_SECONDS: Final = 60.0
"""How long to wait for CPUs that others hold, or for Ray to notice that a node is gone."""

TRY_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.5


def reserve(cluster: Cluster, at_most: int, *, recovering: bool, gpus: float = 0.0) -> tuple[Any, Slots]:
    """A placement group with the CPUs of each worker, and GPUs of the first, and how many there are, at most `at_most`.

    What the cluster has is asked anew at each try. recovering, gpus: as in `slots`. Raises ClusterError when there are
    fewer CPUs than asked for, also after `cluster.wait` seconds, or others keep them for too long.
    """
    begin = time.monotonic()
    until = begin + max(PATIENCE_SECONDS, cluster.wait)
    while True:
        try:
            room = slots(cluster, recovering=recovering, gpus=gpus)
        except ClusterError:
            if time.monotonic() >= begin + cluster.wait:
                raise
            time.sleep(LOOK_SECONDS)
            continue
        workers = min(room.workers, at_most)
        room = replace(room, workers=workers, on_gpus=min(room.on_gpus, workers))
        plain = {"CPU": room.threads}
        bundles = [{**plain, "GPU": gpus}] * room.on_gpus + [plain] * (workers - room.on_gpus)
        group = placement_group(bundles, strategy="SPREAD")
        if _placed(group):
            return group, room
        if time.monotonic() >= until:
            raise ClusterError(
                f"{room.workers} workers with {room.threads} CPUs each found no room within "
                f"{max(PATIENCE_SECONDS, cluster.wait):.0f} s: others use the cluster; ask for fewer, or wait"
            )


def _placed(group: Any) -> bool:  # noqa: ANN401 - Ray's handles are untyped
    """Whether the group found room in a while; otherwise it is given up, also when the wait is broken off."""
    placed = False
    try:
        placed = bool(group.wait(min(TRY_SECONDS, PATIENCE_SECONDS)))
    finally:
        if not placed:
            remove_placement_group(group)
    return placed
