"""What happens when a worker, an aggregator or a node dies.

A call to a dead actor raises ActorLostError (`waiting` raises it for an actor that is silent). It propagates to the
fit attempt, which kills its remaining actors; a new attempt then starts from the last checkpoint, or from the
beginning, on the nodes that are left. With staleness 0 that leads to the same bits as if nothing had happened.
Rejected: replacing only the dead actor, because the surviving workers already hold counts that include its changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from lda.cluster.checkpoints.read import Checkpoint
from lda.cluster.distributed.actor_report import Ready, whereabouts
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.exchange.actor_calls import ActorLostError
from lda.cluster.spec.errors import ClusterError
from lda.cluster.spec.events import LossLine

R = TypeVar("R")

ANSWER_SECONDS: Final = 3.0
"""How long an actor may take to answer `ready`; Ray notices the end of a process within one second."""


class Losses(NamedTuple):
    """Actors that were lost: their names, and in words where they ran."""

    actors: tuple[str, ...]
    words: str


AT_START: Final = Losses(("an actor at its start",), "an actor at its start")
TOUCH: Final = Losses(("touch with an actor",), "touch with an actor")
"""Of which nothing more is known; both are printed behind "lost"."""


class AnEngine(Protocol):
    """What this module needs of the engine of an attempt."""

    def losses(self) -> Losses:
        """Which actors are dead."""
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
    """Result of `run` for the first attempt in which no actor is lost.

    begin: makes the engine of an attempt; its argument, as that of `find`: whether an earlier attempt lost an actor.
    find: the checkpoint that the attempt begins from, if any. warn: receives a line for each loss.

    Raises ClusterError when `max_failures` + 1 attempts have failed, or this process has lost touch with the cluster.
    """
    lost, actors = "", list[str]()
    for _ in range(max_failures + 1):
        engine = None
        try:
            engine = begin(bool(lost))
            found = find(engine, bool(lost))
            if lost:
                since = f"the checkpoint of sweep {found.state.n_sweeps}" if found else "the beginning"
                then = f"going on from {since}"
                workers = sum(name.startswith("worker") for name in actors)
                warn(LossLine(f"lost {lost}; {then}", lost=", ".join(actors), then=then, workers=workers))
                lost, actors = "", []
            return run(engine, found)
        except ActorLostError:
            if system.head is not None:  # without the head there is no way to find out what was lost
                system.head.settle(warn)
            now = AT_START if engine is None else engine.losses()
            actors += now.actors
            lost = f"{lost}, then {now.words}" if lost else now.words
            system.check_connection()
        finally:
            if engine is not None:
                engine.end()
    raise ClusterError(
        f"actors were lost {max_failures + 1} times, at last {lost}; see the cluster's logs for why"
    )


def losses(
    system: ActorSystem, named: Mapping[str, Any], said: Mapping[str, Ready], silent: list[str]
) -> Losses:
    """Which actors are dead and where they ran, in words that follow "lost". silent: those given up for silence."""
    asked = {name: actor.ready.remote() for name, actor in named.items() if name in said}
    system.wait(list(asked.values()), ANSWER_SECONDS, at_least=len(asked))
    gone = [name for name, reference in asked.items() if name in silent or _is_lost(system, reference)]
    lost = [
        f"{name} ({whereabouts(system, said[name])}{', which did not answer' if name in silent else ''})"
        for name in gone
    ]
    return Losses(tuple(gone), ", ".join(lost)) if gone else TOUCH


def _is_lost(system: ActorSystem, reference: Any) -> bool:  # noqa: ANN401 - references are opaque
    """Whether the actor is dead; merely slow does not count."""
    ended, _ = system.wait([reference], 0)
    try:
        system.get(ended)
    except ActorLostError:
        return True
    return False
