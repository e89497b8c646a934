"""Waiting for actors: results may take arbitrarily long, but an actor that stops responding to pings is given up.

A process that is stopped, or whose machine hangs, breaks no connection, so Ray cannot tell it from a busy one. While a
result is outstanding, all actors are therefore pinged, beside their work.
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
"""Allow more time before reporting an actor that is still starting: Ray starts a process and imports the code."""

AGAIN_SECONDS: Final = 60.0
INTERRUPT_SECONDS: Final = 5.0
"""After Ctrl-C, stop waiting for an actor that has been silent this long."""


class SilentError(ActorLostError):
    """Actors have not answered for too long."""


@dataclass(slots=True)
class _Asked:
    reference: Any
    since: float


class Waiting:
    """Waits for results of actors, and pings the actors meanwhile.

    system: of the actors; its head is watched, too. named: returns the actors by the names that users see. said: what
    each has reported of itself, by the same names. timeout: seconds of silence after which `SilentError` is raised.
    interrupted: whether the user wants to stop. tell: receives a line on which actors are waited for. tell_after:
    seconds of silence before that line. An interrupt before `begun` is set ends the wait at once: there is nothing yet
    that should be brought to an orderly end.
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
        """Results of the calls, in order. Raises what one of them has raised, and what `look` raises."""
        found: dict[Any, Any] = {}
        missing = list(references)
        while missing:
            ended, missing = self._system.wait(missing, LOOK_SECONDS, at_least=len(missing))
            found.update(zip(ended, self._system.get(ended), strict=True))
            self.look(beside=bool(missing))
        return [found[reference] for reference in references]

    def results_when_all_ended(self, references: Sequence[Any]) -> list[Any]:
        """Results of calls that do file I/O, in order. Raises as `results`, but only once all calls have ended.

        The caller's error handler must not touch files that others are still writing.
        """
        missing = list(references)
        while missing:
            _, missing = self._system.wait(missing, LOOK_SECONDS, at_least=len(missing))
            self.look(beside=bool(missing))
        return self.results(references)

    def result(self, reference: Any) -> Any:  # noqa: ANN401 - references are opaque
        """Result of one call. Raises what `results` raises."""
        return self.results([reference])[0]

    def look(self, *, beside: bool = True) -> None:
        """Check the head and ping the actors, at most every `LOOK_SECONDS`. beside: False checks the head alone.

        Raises SilentError when an actor has not answered for too long, ActorLostError when one is dead, ClusterError
        when the head is, and AbruptEndError when the user wants to stop and an orderly end is impossible.
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
        """Report silent actors, at most every `AGAIN_SECONDS`, and once when all answer again."""
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
        """Seconds of silence by actor name; only of actors that have been silent for `at_least` seconds."""
        now = self._system.now()
        silent = {name: now - asked.since for name, asked in self._asked.items()}
        return {name: seconds for name, seconds in silent.items() if seconds >= at_least}

    def lost(self) -> list[str]:
        """The names of the actors that have been silent for `timeout` seconds."""
        return list(self.silent(self._timeout))

    def forget(self, names: Iterable[str]) -> None:
        """Drop the pending pings of these actors: others have taken their places."""
        for name in names:
            self._asked.pop(name, None)

    def _ask(self, now: float) -> None:
        """Take the answers that have come, and ping the actors that owe none. Raises ActorLostError for a dead one."""
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
