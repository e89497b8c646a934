"""The options of a fit, or of inference, on a Ray cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.cluster import Cluster


_OF_WORKERS: Final = (
    option(
        "--address",
        metavar="ADDRESS",
        heading=Heading.CLUSTER,
        help="Run on a Ray cluster: local starts one on this machine, auto finds the running one, HOST:PORT is its "
        "head.",
        brief="Run on a Ray cluster: local, auto or HOST:PORT.",
    ),
    option("--workers", type=int, heading=Heading.CLUSTER, help="Workers.  [default: one a node]"),
    option(
        "--threads-per-worker",
        type=int,
        heading=Heading.CLUSTER,
        help="Threads of each.  [default: the cores of its node]",
    ),
    option(
        "--wait",
        type=float,
        metavar="SECONDS",
        heading=Heading.CLUSTER,
        help="Wait so long for nodes that are still to come.  [default: 0]",
    ),
    option(
        "--worker-timeout",
        type=float,
        metavar="SECONDS",
        heading=Heading.CLUSTER,
        help="A worker that does not answer for so long counts as lost.  [default: 600]",
    ),
)


def cluster_options(command: Function) -> Function:
    """--address and all that goes with it in a fit; the command gets them as `cluster`: a `Cluster`, or None."""
    return gathered(
        "cluster",
        cluster_of,
        *_OF_WORKERS,
        option(
            "--aggregators",
            type=int,
            heading=Heading.CLUSTER,
            help="Owners of word ranges.  [default: as many as workers]",
        ),
        option(
            "--gpus-per-worker",
            type=float,
            metavar="GPUS",
            heading=Heading.CLUSTER,
            help="With --device cuda: GPUs of each, or the part of one that several share.  [default: 1]",
        ),
        option(
            "--staleness",
            default="0",
            metavar="0|STEPS|none",
            heading=Heading.CLUSTER,
            help="Steps a worker may run ahead; 0 gives the same model on any cluster, none never waits.",
        ),
    )(command)


def worker_options(command: Function) -> Function:
    """--address and how many workers there are; the command gets them as `cluster`: a `Cluster`, or None."""
    return gathered("cluster", cluster_of, *_OF_WORKERS)(command)


def cluster_of(
    *,
    address: str | None,
    workers: int | None,
    threads_per_worker: int | None,
    wait: float | None,
    worker_timeout: float | None,
    gpus_per_worker: float | None = None,
    aggregators: int | None = None,
    staleness: str = "0",
) -> Cluster | None:
    """The cluster that the options ask for; None without --address.

    Raises click.UsageError for cluster options without --address, and for values that cannot be.
    """
    given: dict[str, Any] = {
        name: value
        for name, value in (
            ("workers", workers),
            ("threads_per_worker", threads_per_worker),
            ("gpus_per_worker", gpus_per_worker),
            ("aggregators", aggregators),
            ("wait", wait),
            ("worker_timeout", worker_timeout),
        )
        if value is not None
    }
    if address is None:
        if given or staleness != "0":
            what = "--" + next(iter(given), "staleness").replace("_", "-")
            raise click.UsageError(
                f"{what} is for a cluster; give --address local, auto or HOST:PORT as well"
            )
        return None
    from lda.cluster import Cluster

    try:
        return Cluster(address=address, staleness=_staleness(staleness), **given)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def reach_early(
    cluster: Cluster | None, inputs: Sequence[str], *, finished: bool, chosen: bool = False
) -> Callable[[str], None]:
    """Before anything is read, which may take hours, see that there is a cluster.

    Returns a function that raises ClusterError if not all nodes see the folder it is given, where input goes that has
    yet to be made a corpus. Between that and the fit the cluster is left alone: Ray would end this process if the
    cluster was restarted meanwhile. finished: there is nothing left to do, for which no cluster is needed. chosen: of a
    finished corpus some documents are taken, which have yet to be made one.

    Raises:
        ClusterError: there is none at the address.
    """
    if cluster is None or cluster.address == "local" or finished:
        return lambda folder: None
    from lda.cluster.distributed.address_check import reach
    from lda.cluster.tasks import check_seen
    from lda.corpus.files.finished import finished_among

    if not chosen and finished_among([name for name in inputs if name != "-"]):
        reach(cluster.address)
        return lambda folder: None

    return partial(check_seen, cluster)


def reach_now(cluster: Cluster | None) -> None:
    """See that there is a cluster, for a command whose workers read nothing that it has not put where they see it.

    Raises:
        ClusterError: there is none at the address.
    """
    if cluster is not None and cluster.address != "local":
        from lda.cluster.distributed.address_check import reach

        reach(cluster.address)


def _staleness(text: str) -> int | None:
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"--staleness must be a whole number or none, got {text!r}") from None
