"""Having the workers of a node share one replica of the counts, and where that is all of them, the aggregators, too."""

from __future__ import annotations

from typing import Any

from lda.cluster.distributed.actor_group import ActorGroup
from lda.cluster.resources.shared_memory import Lent
from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.registry import sampler


def share_replicas(group: ActorGroup, settings: FitSettings) -> bool:
    """Make the workers of each node share one replica of the counts; they must keep in step.

    Where all workers are on one node, no delta needs to leave it: returns whether the aggregators read the replica.
    """
    nodes: dict[str, list[Any]] = {}
    for i, worker in enumerate(group.workers):
        nodes.setdefault(group.said[f"worker {i}"].node, []).append(worker)
    alone = len(nodes) == 1 and settings.memory is None
    direct = False
    for team in nodes.values():
        lent = _share(group, team, settings) if alone or len(team) > 1 else None
        if alone and lent:
            direct = _exchange_directly(group, lent, settings)
    return direct


def _share(group: ActorGroup, team: list[Any], settings: FitSettings) -> Lent | None:
    """Make these workers share one replica of the counts, and documents; None where memory cannot be shared."""
    waiting = group.waiting
    lent: Lent | None = waiting.result(team[0].lend.remote(len(team)))
    borrowers = team[1:] if lent else []
    asked = [w.borrow.remote(lent, rank, len(team)) for rank, w in enumerate(borrowers, start=1)]
    if not lent or not all(waiting.results(asked)):
        waiting.results([w.keep_own.remote() for w in team])
        return None
    # The documents of a worker with a GPU lie on the GPU: others cannot sample them.
    if len(team) > 1 and settings.memory is None and settings.device == "cpu":
        documents = waiting.results([w.lend_documents.remote() for w in team])
        waiting.results([w.help.remote(documents) for w in team])
    return lent


def _exchange_directly(group: ActorGroup, replica: Lent, settings: FitSettings) -> bool:
    """Make the workers, all on one node, exchange deltas directly, and the aggregators read their replica."""
    waiting = group.waiting
    first, *others = group.workers
    # Keep as many steps as a worker may still have to read.
    shape = (
        group.n_workers,
        len(group.ranges),
        1 + sampler(settings.sampler).unseen_phases(settings.phases or 1),
    )
    lent = waiting.result(first.open_mailbox.remote(shape))
    if not lent or not all(waiting.results([w.open_mailbox.remote(shape, lent) for w in others])):
        return False
    if not all(waiting.results([a.read_counts.remote(replica) for a in group.aggregators])):
        waiting.results([a.count_here.remote() for a in group.aggregators])
        return False
    waiting.results([w.use_mailbox.remote() for w in group.workers])
    return True
