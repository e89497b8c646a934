"""Connecting to a Ray cluster, or starting one, and what its processes are given."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from lda.cluster.distributed.entrypoint import recorded_without_keys
from lda.cluster.spec.cluster import Cluster
from lda.cluster.spec.errors import ClusterError
from lda.corpus.machine import available_cores

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head

PIN: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Kernels run on the sweeper's own threads; what libraries would start beside them only takes their cores."""


LOSSES: Final = r"^(A worker died or was killed|The node with node id|Raylet is terminated)"
"""How Ray's own paragraphs about losses begin."""


@contextmanager
def connected(cluster: Cluster) -> Iterator[Head | None]:
    """Ray, connected to the cluster; one that was started here is ended. Yields its head, which is looked after.

    Raises ClusterError when there is none at the address, within seconds.
    """
    _quiet()
    from lda.cluster.distributed.address_check import begin, finish, is_connected

    asking = None if cluster.address == "local" or is_connected() else begin(cluster.address)
    import ray

    from lda.cluster.distributed.head import leave, watched

    if ray.is_initialized():
        head = watched(getattr(ray.get_runtime_context(), "gcs_address", None))
        try:
            yield head
        finally:
            if head is not None:
                head.close()
        return
    if asking is not None:
        finish(asking, cluster.address)
    head = watched(_connect(cluster.address))
    try:
        yield head
    finally:
        leave(head)


def _connect(address: str) -> str | None:
    """Have Ray connect, or start a cluster; returns HOST:PORT of the head. Raises ClusterError in its place."""
    import ray
    from ray.exceptions import RayError

    from lda.cluster.distributed.address_check import unreachable
    from lda.cluster.distributed.auth_token import keep_token

    options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address == "local":
        # Ray's own count knows fewer kinds of limits, and takes half a core for none.
        options |= {"include_dashboard": False, "num_cpus": available_cores()}
        keep_token()
    try:
        with _own_sigterm(), recorded_without_keys():
            # Ray gives the workers this process's sys.path, so a checkout need not be installed on nodes that share it.
            context = ray.init(address=address, **options)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        if "ersion mismatch" in text:
            raise ClusterError(f"the cluster at {address} runs other versions: {text}") from error
        if address == "local":
            raise ClusterError(f"no Ray cluster could be started on this machine: {text}") from error
        raise unreachable(address, text) from error
    return getattr(context, "address_info", {}).get("gcs_address")


@contextmanager
def _own_sigterm() -> Iterator[None]:
    """Keep the caller's handler of SIGTERM, if it has one; Ray puts one in its place that ends the process at once.

    A signal that meets Ray's within the block is a `KeyboardInterrupt`, as it is before and after.
    """
    before = signal.getsignal(signal.SIGTERM)
    if not callable(before) or threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        yield
    except SystemExit as error:
        if error.code == signal.SIGTERM:
            raise KeyboardInterrupt from None
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _quiet() -> None:
    """Keep Ray from printing a paragraph for each process or node that dies: one line of ours reports it.

    Ray reads the pattern when it is imported; where the caller has imported it before, the paragraphs appear.
    """
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", LOSSES)
    # Results of calls under way when an actor is lost are not asked for any more, and Ray would print each.
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")


def environment() -> dict[str, Any]:
    """Runtime environment of the actors: one thread a library, and the folder of compiled kernels if one is named."""
    variables = dict(PIN)
    if "NUMBA_CACHE_DIR" in os.environ:
        variables["NUMBA_CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]
    return {"env_vars": variables}
