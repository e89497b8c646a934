"""What happens when a worker, an aggregator or a node dies.

Whoever waits for an actor that is gone gets an ActorLostError (`waiting` finds those who are silent); it comes up to
here, to the attempt at the fit that they all were part of. All its actors are then ended, and another attempt begins
with what is left of the cluster, from the last checkpoint or from the beginning. With staleness 0 that leads to the
same bits as if nothing had happened. Replacing one actor alone lost: the others have gone on meanwhile, by counts in
which its changes are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol, TypeVar

from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.distributed.actor_report import Ready, whereabouts
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.distributed.waiting import Waiting
from lda.cluster.exchange.actor_calls import ActorLostError
from lda.cluster.spec.errors import ClusterError

R = TypeVar("R")

ANSWER_SECONDS: Final = 3.0
"""How long an actor may take to say that it is there; Ray knows of a process that ended within one."""


class AnEngine(Protocol):
    """What is asked of the engine of an attempt here."""

    def losses(self) -> str:
        """Which actors are gone, in words."""
        ...

    def end(self) -> None:
        """End all actors."""
        ...


E = TypeVar("E", bound=AnEngine)


def go_on_after_losses(
    system: ActorSystem,
    max_failures: int,
    warn: Callable[[str], None],
    *,
    begin: Callable[[bool], E],
    find: Callable[[E, bool], Checkpoint | None],
    run: Callable[[E, Checkpoint | None], R],
) -> R:
    """What `run` gives of the first attempt that loses nobody.

    begin: makes the engine of an attempt; its argument here and in `find`: whether somebody has been lost. find: the
    checkpoint it begins from, if any. warn: told of losses.

    Raises ClusterError when so many attempts have failed, or this process is no part of the cluster any more.
    """
    lost = ""
    for _ in range(max_failures + 1):
        engine = None
        try:
            engine = begin(bool(lost))
            found = find(engine, bool(lost))
            if lost:
                since = f"the checkpoint of sweep {found.state.n_sweeps}" if found else "the beginning"
                warn(f"lost {lost}; going on from {since}")
                lost = ""
            return run(engine, found)
        except ActorLostError:
            if system.head is not None:  # without it nobody could say what was lost
                system.head.settle(warn)
            now = "an actor at its start" if engine is None else engine.losses()
            lost = f"{lost}, then {now}" if lost else now
            system.check_connection()
        finally:
            if engine is not None:
                engine.end()
    raise ClusterError(
        f"actors were lost {max_failures + 1} times, at last {lost}; see the cluster's logs for why"
    )


def losses(
    system: ActorSystem, named: Mapping[str, Any], said: Mapping[str, Ready], silent: list[str]
) -> str:
    """Which actors are gone, and where they were, in words. silent: those that have not answered for too long."""
    asked = {name: actor.ready.remote() for name, actor in named.items() if name in said}
    system.wait(list(asked.values()), ANSWER_SECONDS, at_least=len(asked))
    gone = [name for name, reference in asked.items() if name in silent or _is_lost(system, reference)]
    lost = [
        f"{name} ({whereabouts(system, said[name])}{', which did not answer' if name in silent else ''})"
        for name in gone
    ]
    return ", ".join(lost) or "touch with an actor"


def _is_lost(system: ActorSystem, reference: Any) -> bool:  # noqa: ANN401 - references are opaque
    """Whether the actor that was to answer is gone; one that only has not answered yet is not."""
    ended, _ = system.wait([reference], 0)
    try:
        system.get(ended)
    except ActorLostError:
        return True
    return False


def file_results(waiting: Waiting, references: list[Any]) -> list[Any]:
    """Results of calls that touch files; what the system said is raised as it was.

    It is raised when all have ended: what is done about it must not meet files that others still write.
    """
    waiting.ended(references)
    return waiting.results(references)
