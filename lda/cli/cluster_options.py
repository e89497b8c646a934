"""The options of a fit, or of inference, on a Ray cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.cluster import Cluster


def cluster_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --address and all that goes with it in a fit."""
    for option in reversed(
        (
            click.option(
                "--aggregators", type=int, help="Owners of word ranges.  [default: as many as workers]"
            ),
            click.option(
                "--gpus-per-worker",
                type=float,
                metavar="GPUS",
                help="With --device cuda: GPUs of each, or the part of one that several share.  [default: 1]",
            ),
            click.option(
                "--staleness",
                default="0",
                metavar="0|STEPS|none",
                help="Steps a worker may run ahead; 0 gives the same model on any cluster, none never waits.",
            ),
        )
    ):
        function = option(function)
    return worker_options(function)


def worker_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --address, and how many workers there are."""
    for option in reversed(
        (
            click.option(
                "--address",
                metavar="local|auto|HOST:PORT",
                help="Run on a Ray cluster: start one on this machine, find the running one, or connect to its head.",
            ),
            click.option("--workers", type=int, help="Workers.  [default: one a node]"),
            click.option(
                "--threads-per-worker", type=int, help="Threads of each.  [default: the cores of its node]"
            ),
            click.option(
                "--wait",
                type=float,
                metavar="SECONDS",
                help="Wait so long for nodes that are still to come.  [default: 0]",
            ),
            click.option(
                "--worker-timeout",
                type=float,
                metavar="SECONDS",
                help="A worker that does not answer for so long counts as lost.  [default: 600]",
            ),
        )
    ):
        function = option(function)
    return function


def cluster_of(options: dict[str, Any]) -> Cluster | None:
    """The cluster that the options ask for; None without --address.

    Raises click.UsageError for cluster options without --address, and for values that cannot be.
    """
    names = [
        n
        for n in (
            "workers",
            "threads_per_worker",
            "gpus_per_worker",
            "aggregators",
            "wait",
            "worker_timeout",
        )
        if n in options
    ]
    staleness = options.get("staleness", "0")
    if options["address"] is None:
        given = [name for name in names if options[name] is not None]
        if given or staleness != "0":
            what = "--" + (given[0] if given else "staleness").replace("_", "-")
            raise click.UsageError(
                f"{what} is for a cluster; give --address local, auto or HOST:PORT as well"
            )
        return None
    from lda.cluster import Cluster

    try:
        return Cluster(
            address=options["address"],
            staleness=_staleness(staleness),
            **{name: options[name] for name in names if options[name] is not None},
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def reach_early(cluster: Cluster | None, inputs: Sequence[str], *, finished: bool) -> Callable[[str], None]:
    """Before anything is read, which may take hours, see that there is a cluster.

    Returns a function that raises ClusterError if not all nodes see the folder it is given, where input goes that has
    yet to be made a corpus. Between that and the fit the cluster is left alone: Ray would end this process if the
    cluster was restarted meanwhile. finished: there is nothing left to do, for which no cluster is needed.

    Raises:
        ClusterError: there is none at the address.
    """
    if cluster is None or cluster.address == "local" or finished:
        return lambda folder: None
    from lda.cluster.distributed.address_check import reach
    from lda.cluster.distributed.connection import check_seen, connected

    if _is_corpus(inputs):
        reach(cluster.address)
        return lambda folder: None

    def ready(folder: str) -> None:
        with connected(cluster):
            check_seen(folder)

    return ready


def _is_corpus(inputs: Sequence[str]) -> bool:
    from lda.corpus.files.manifest import is_corpus_folder
    from lda.corpus.storage.places import is_uri

    return any(is_uri(name) or is_corpus_folder(Path(name)) for name in inputs if name != "-")


def _staleness(text: str) -> int | None:
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"--staleness must be a whole number or none, got {text!r}") from None
