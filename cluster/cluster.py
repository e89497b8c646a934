"""The cluster to run on, and reaching it."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

from lda.cluster.entrypoint import recorded_without_keys
from lda.corpus.machine import available_cores
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from lda.cluster.head import Head

PIN: Final = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""Kernels run on the sweeper's own threads; what libraries would start beside them only takes their cores."""


LOOK_SECONDS: Final = 60.0  # a process may have to be started first
LOSSES: Final = r"^(A worker died or was killed|The node with node id|Raylet is terminated)"
"""How Ray's own paragraphs about losses begin."""


SHORTEST_TIMEOUT: Final = 5.0
"""Of an actor that answers late because it, or its machine, has much to do, one should not say that it is lost."""


class ClusterError(RuntimeError):
    """No cluster there, one too small, or one that failed too often.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code: ClassVar[int] = 4
    kind: ClassVar[str] = "cluster"

    def __init__(self, message: str) -> None:
        super().__init__(presentable(message))


class AbruptEndError(KeyboardInterrupt):
    """An interrupt that ends a fit without a model: who would be needed for it does not answer, or has not begun."""


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


@dataclass(frozen=True, slots=True)
class Slots:
    """Workers, and threads of each, that fit the cluster as it is now. on_gpus: of these, those with a GPU."""

    workers: int
    threads: int
    nodes: int
    on_gpus: int = 0


@contextmanager
def connected(cluster: Cluster) -> Iterator[Head | None]:
    """Ray, connected to the cluster; one that was started here is ended. Yields its head, which is looked after.

    Raises ClusterError when there is none at the address, within seconds.
    """
    _quiet()
    from lda.cluster.reach import begin, finish, is_connected

    asking = None if cluster.address == "local" or is_connected() else begin(cluster.address)
    import ray

    from lda.cluster.head import leave, watched

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

    from lda.cluster.reach import unreachable
    from lda.cluster.token import keep_token

    options: dict[str, Any] = {"logging_level": "ERROR", "log_to_driver": False}
    if address == "local":
        # Ray's own count knows fewer kinds of limits, and takes half a core for none.
        options |= {"include_dashboard": False, "num_cpus": available_cores()}
        keep_token()
    try:
        with _own_sigterm(), recorded_without_keys():
            # What the driver imports must be found by the workers: a checkout is not installed on other nodes.
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
    """Keep Ray from printing a paragraph for each process or node that is lost: one line of ours tells of it.

    Ray reads the pattern when it is imported; with a caller who has imported it before, the paragraphs appear.
    """
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", LOSSES)
    # Results of calls under way when an actor is lost are not asked for any more, and Ray would print each.
    os.environ.setdefault("RAY_IGNORE_UNHANDLED_ERRORS", "1")


def _nodes() -> list[dict[str, Any]]:
    import ray

    return list(ray.nodes())  # type: ignore[no-untyped-call]


def slots(cluster: Cluster, *, recovering: bool = False, gpus: float = 0.0) -> Slots:
    """How many workers and threads to run.

    gpus: wanted for each worker. recovering: when there is no room for all that was asked for, take what there is.

    Raises ClusterError when the cluster has fewer CPUs than asked for.
    """
    nodes = [n for n in _nodes() if n["Alive"] and n["Resources"].get("CPU", 0) >= 1]
    cpus = [int(n["Resources"]["CPU"]) for n in nodes]
    if not nodes:
        raise ClusterError("the cluster has no node with a CPU to give; start one with `ray start`")
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
        on_gpus = sum(
            min(int(n["Resources"]["CPU"]) // threads, int(n["Resources"].get("GPU", 0) / gpus))
            for n in nodes
        )
    return Slots(workers, threads, len(nodes), min(on_gpus, workers))


def check_seen(folder: str) -> None:
    """Raise ClusterError unless all hosts of the cluster see a folder that this process has just made.

    Each host but this one is asked by a task. Asking lost to comparing addresses alone: a temporary folder may well
    lie on shared storage.
    """
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = ray.util.get_node_ip_address()  # type: ignore[no-untyped-call]
    nodes = {
        n["NodeManagerAddress"]: n["NodeID"] for n in _nodes() if n["Alive"] and n["Resources"].get("CPU")
    }
    nodes.pop(here, None)
    look = ray.remote(os.path.isdir)
    asked = {
        look.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            folder
        ): (address)
        for address, node in nodes.items()
    }
    answered, _ = ray.wait(list(asked), num_returns=len(asked), timeout=LOOK_SECONDS) if asked else ([], [])
    blind = [asked[reference] for reference in answered if not _answer(reference)]
    if blind:
        raise ClusterError(
            f"the input is no corpus yet and would become one in {folder}, out of sight of {', '.join(sorted(blind))}; "
            "build it where all nodes reach it (lda corpus build INPUT... -o CORPUS) and fit that, "
            "or set TMPDIR to such a folder"
        )


def _answer(reference: Any) -> bool:  # noqa: ANN401 - Ray's references are untyped
    import ray
    from ray.exceptions import RayError

    try:
        return bool(ray.get(reference))
    except RayError:  # a node that was lost meanwhile
        return True


def environment() -> dict[str, Any]:
    """Runtime environment of the actors: threads pinned, and this checkout on the path where it is not installed."""
    variables = dict(PIN)
    if "NUMBA_CACHE_DIR" in os.environ:
        variables["NUMBA_CACHE_DIR"] = os.environ["NUMBA_CACHE_DIR"]
    return {"env_vars": variables}
