"""Waiting for actors: what they are asked is waited for without end, they themselves are not.

A process that is stopped, or whose machine hangs, breaks no connection, and Ray takes it for one that has much to do.
So while a result does not come, all actors are asked, beside their work, whether they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lda.cluster.distributed.actor_report import Ready
from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.exchange.actor_calls import ActorLostError
from lda.cluster.spec.errors import AbruptEndError

LOOK_SECONDS: Final = 1.0
TELL_SECONDS: Final = 10.0
BEGIN_SECONDS: Final = 30.0
"""An actor that has yet to begin is told of later: its process has to be started, and its code imported."""

AGAIN_SECONDS: Final = 60.0
INTERRUPT_SECONDS: Final = 5.0
"""Of silence, after which an interrupt waits for nobody any more."""


class SilentError(ActorLostError):
    """Actors have not answered for too long."""


@dataclass(slots=True)
class _Asked:
    reference: Any
    since: float


class Waiting:
    """Looks after actors while one waits for them.

    system: theirs, whose head is looked after, too. named: gives them by what users call them. said: what they have
    said of themselves, by the same names. timeout: seconds of silence after which `SilentError` is raised.
    interrupted: whether the user wants an end. tell: told of who is waited for. tell_after: seconds. An interrupt
    before `begun` is set ends the wait at once: there is nothing yet that should be brought to an orderly end.
    """

    def __init__(
        self,
        system: ActorSystem,
        named: Callable[[], Mapping[str, Any]],
        said: Mapping[str, Ready],
        *,
        timeout: float,
        interrupted: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda text: None,
        tell_after: float = TELL_SECONDS,
    ) -> None:
        self._system, self._named, self._said, self._timeout = system, named, said, timeout
        self._interrupted, self._tell, self._tell_after = interrupted, tell, tell_after
        self._asked: dict[str, _Asked] = {}
        self._told_at: float | None = None
        self.begun = False
        self._looked = 0.0
        self._head = system.head

    def results(self, references: Sequence[Any]) -> list[Any]:
        """What the calls give, in order. Raises what one of them has raised, and as `look`."""
        found: dict[Any, Any] = {}
        missing = list(references)
        while missing:
            ended, missing = self._system.wait(missing, LOOK_SECONDS, at_least=len(missing))
            found.update(zip(ended, self._system.get(ended), strict=True))
            self.look(beside=bool(missing))
        return [found[reference] for reference in references]

    def ended(self, references: Sequence[Any]) -> None:
        """Wait until all calls have ended, well or not. Raises as `look`."""
        missing = list(references)
        while missing:
            _, missing = self._system.wait(missing, LOOK_SECONDS, at_least=len(missing))
            self.look(beside=bool(missing))

    def result(self, reference: Any) -> Any:  # noqa: ANN401 - references are opaque
        """What one call gives."""
        return self.results([reference])[0]

    def look(self, *, beside: bool = True) -> None:
        """Look after everybody, at most every `LOOK_SECONDS`. beside: also after actors, not only after the head.

        Raises SilentError when an actor does not answer for too long, ActorLostError when one is gone, ClusterError
        when the head is, and AbruptEndError when the user wants an end for which not all that it takes is there.
        """
        if self._head is not None:
            self._head.check(self._tell)
            if self._interrupted() and self._head.silent_seconds() >= INTERRUPT_SECONDS:
                raise AbruptEndError("no answer from the head of the cluster")
        if not self.begun and self._interrupted():
            raise AbruptEndError("the workers have not finished a sweep yet")
        now = self._system.now()
        if not beside or now - self._looked < LOOK_SECONDS / 2:
            return
        self._looked = now
        self._ask(now)
        silent = self.silent()
        longest = max(silent.values(), default=0.0)
        if longest >= self._timeout:
            raise SilentError
        if self._interrupted() and longest >= INTERRUPT_SECONDS:
            raise AbruptEndError(f"no answer from {self._who(silent)}")
        self._tell_of(silent, now)

    def _tell_of(self, silent: dict[str, float], now: float) -> None:
        """Tell of those who are silent, now and then."""
        long = {
            n: s for n, s in silent.items() if s >= (self._tell_after if n in self._said else BEGIN_SECONDS)
        }
        if long and (self._told_at is None or now - self._told_at >= AGAIN_SECONDS):
            self._tell(
                f"waiting for {self._who(long)}: no answer for {max(long.values()):.0f} s; "
                f"lost when there is none for {self._timeout:.0f} s"
            )
            self._told_at = now
        elif not silent and self._told_at is not None:
            self._tell("all answer again")
            self._told_at = None

    def silent(self, at_least: float = LOOK_SECONDS) -> dict[str, float]:
        """Seconds for which actors have not answered, by name; of those only for whom they are so many."""
        now = self._system.now()
        silent = {name: now - asked.since for name, asked in self._asked.items()}
        return {name: seconds for name, seconds in silent.items() if seconds >= at_least}

    def lost(self) -> list[str]:
        """The names of those that have been silent for too long."""
        return list(self.silent(self._timeout))

    def forget(self, names: Iterable[str]) -> None:
        """Wait no longer for answers of these, which others take the places of."""
        for name in names:
            self._asked.pop(name, None)

    def _ask(self, now: float) -> None:
        """Take the answers that have come, and ask those that owe none. Raises ActorLostError when one is gone."""
        if self._asked:
            references = [asked.reference for asked in self._asked.values()]
            answered, _ = self._system.wait(references, 0, at_least=len(references))
            there = set(answered)
            self._asked = {n: asked for n, asked in self._asked.items() if asked.reference not in there}
            self._system.get(answered)
        for name, actor in self._named().items():
            if name not in self._asked:
                self._asked[name] = _Asked(actor.alive.remote(), now)

    def _who(self, names: Iterable[str]) -> str:
        return ", ".join(self._where(name) for name in names)

    def _where(self, name: str) -> str:
        said = self._said.get(name)
        return f"{name} ({f'process {said.pid} on {said.host}' if said else 'about to begin'})"
