"""A Ray cluster of two nodes on this machine, and a corpus that both reach."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import ray
from cluster_fits import counts, stored
from ray.cluster_utils import Cluster as RayletCluster
from waiting import until

from lda.cluster.distributed.connection import PIN
from lda.cluster.distributed.runtime import Runtime, on_ray

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def on_nodes(strategy: str = "SPREAD", **more: Any) -> Runtime:
    """A runtime of the Ray that this process is connected to.

    Actors get their environment from the nodes, which are started with it: with one of their own Ray does not take
    the processes it has started in advance, and each fit takes seconds longer.
    """
    return Runtime(connect=partial(on_ray, environ={}, strategy=strategy), **more)


def beside_waiting(told: list[str]) -> list[str]:
    """Lines but for those on who is waited for: on a busy machine actors of Ray may be slow to begin, or to answer."""
    return [line for line in told if not line.startswith(("waiting for ", "all answer again"))]


class Nodes:
    """The nodes, and the corpora that lie where all of them reach them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.raylets = RayletCluster()
        # A node counts as gone after three questions without an answer; by default these are 3 s apart.
        quick = {
            "health_check_initial_delay_ms": 1000,
            "health_check_period_ms": 1000,
            "health_check_failure_threshold": 3,
        }
        with _pinned():
            self.raylets.add_node(num_cpus=4, include_dashboard=False, _system_config=quick)
            self.second = self.raylets.add_node(num_cpus=4)
        ray.init(self.address, log_to_driver=False, logging_level=logging.ERROR)
        self.corpus = stored(folder / "small", counts(240, 600, 0.03))

    @property
    def address(self) -> str:
        """HOST:PORT of the head."""
        return str(self.raylets.address)

    def renew(self) -> None:
        """Another second node for one that was killed."""
        self.raylets.remove_node(self.second, allow_graceful=False)
        with _pinned():
            self.second = self.raylets.add_node(num_cpus=4)
        self.raylets.wait_for_nodes()

    def check_nothing_left(self) -> None:
        """Fail if actors or reservations are still there after a while."""
        until(lambda: not _left(), "actors or reservations are left on the nodes")

    def close(self) -> None:
        ray.shutdown()
        self.raylets.shutdown()  # type: ignore[no-untyped-call]


@contextmanager
def _pinned() -> Iterator[None]:
    """Nodes started within pin the libraries' threads of all their processes, see `on_nodes`."""
    before = dict(os.environ)
    os.environ.update(PIN)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _left() -> list[str]:
    actors = [a["ActorClassName"] for a in ray._private.state.actors().values() if a["State"] != "DEAD"]
    table = ray.util.placement_group_table().values()
    return actors + [g["placement_group_id"] for g in table if g["state"] != "REMOVED"]
