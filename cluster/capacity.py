"""What a cluster has to give, asked before anything is reserved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lda.cluster.distributed.runtime import ORDINARY, Runtime
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError


@contextmanager
def joined(cluster: Cluster, runtime: Runtime | None = None) -> Iterator[tuple[int, ...]]:
    """Be connected to a cluster within the block: fits and tasks there begin at once, and one started here stays.

    Yields the CPUs of each node that has one to give, whoever holds them now. runtime: what a cluster is; None for
    Ray's.

    Raises:
        ClusterError: there is no cluster at the address, or no node with a CPU.
    """
    with (runtime or ORDINARY).connect(cluster) as system:
        found = tuple(node.cpus for node in system.nodes() if node.cpus >= 1)
        if not found:
            raise ClusterError("the cluster has no node with a CPU to give; start one with `ray start`")
        yield found
