"""Waiting for actors: what they are asked is waited for without end, they themselves are not.

A process that is stopped, or whose machine hangs, breaks no connection, and Ray takes it for one that has much to do.
So while a result does not come, all actors are asked, beside their work, whether they are there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import ray
from ray.exceptions import RayTaskError

from lda.cluster.distributed.actor_report import Ready
from lda.cluster.spec.errors import AbruptEndError
from lda.samplers.cuda.available import DeviceError

if TYPE_CHECKING:
    from lda.cluster.distributed.head import Head

LOOK_SECONDS: Final = 1.0
TELL_SECONDS: Final = 10.0
BEGIN_SECONDS: Final = 30.0
"""An actor that has yet to begin is told of later: its process has to be started, and its code imported."""

AGAIN_SECONDS: Final = 60.0
INTERRUPT_SECONDS: Final = 5.0
"""Of silence, after which an interrupt waits for nobody any more."""


class SilentError(Exception):
    """Actors have not answered for too long."""


def _taken(ended: list[Any]) -> list[Any]:
    """Results of calls that have ended. A GPU that failed is told of in its own line, without Ray's traceback."""
    try:
        return list(ray.get(ended))
    except RayTaskError as error:
        if isinstance(error.cause, DeviceError):
            raise error.cause from None
        raise


@dataclass(slots=True)
class _Asked:
    reference: Any
    since: float


class Waiting:
    """Looks after actors while one waits for them.

    named: gives them by what users call them. said: what they have said of themselves, by the same names. timeout:
    seconds of silence after which `SilentError` is raised. interrupted: whether the user wants an end. tell: told of
    who is waited for. head: likewise looked after, if given. An interrupt before `begun` is set ends the wait at once:
    there is nothing yet that should be brought to an orderly end.
    """

    def __init__(
        self,
        named: Callable[[], Mapping[str, Any]],
        said: Mapping[str, Ready],
        *,
        timeout: float,
        interrupted: Callable[[], bool] = lambda: False,
        tell: Callable[[str], None] = lambda text: None,
        head: Head | None = None,
    ) -> None:
        self._named, self._said, self._timeout = named, said, timeout
        self._interrupted, self._tell, self._head = interrupted, tell, head
        self._asked: dict[str, _Asked] = {}
        self._told_at: float | None = None
        self.begun = False
        self._looked = 0.0

    def results(self, references: Sequence[Any]) -> list[Any]:
        """What the calls give, in order. Raises what `ray.get` raises for one of them, and as `look`."""
        found: dict[Any, Any] = {}
        missing = list(references)
        while missing:
            # Elsewhere is enough: a large result that is called off after each look would never be here.
            ended, missing = ray.wait(
                missing, num_returns=len(missing), timeout=LOOK_SECONDS, fetch_local=False
            )
            found.update(zip(ended, _taken(ended), strict=True))
            self.look(beside=bool(missing))
        return [found[reference] for reference in references]

    def ended(self, references: Sequence[Any]) -> None:
        """Wait until all calls have ended, well or not. Raises as `look`."""
        missing = list(references)
        while missing:
            _, missing = ray.wait(missing, num_returns=len(missing), timeout=LOOK_SECONDS, fetch_local=False)
            self.look(beside=bool(missing))

    def result(self, reference: Any) -> Any:  # noqa: ANN401 - Ray's references are untyped
        """What one call gives."""
        return self.results([reference])[0]

    def look(self, *, beside: bool = True) -> None:
        """Look after everybody, at most every `LOOK_SECONDS`. beside: also after actors, not only after the head.

        Raises SilentError when an actor does not answer for too long, what Ray raises when one is gone, ClusterError
        when the head is, and AbruptEndError when the user wants an end for which not all that it takes is there.
        """
        if self._head is not None:
            self._head.check(self._tell)
            if self._interrupted() and self._head.silent_seconds() >= INTERRUPT_SECONDS:
                raise AbruptEndError("no answer from the head of the cluster")
        if not self.begun and self._interrupted():
            raise AbruptEndError("the workers have not finished a sweep yet")
        now = time.monotonic()
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
        long = {n: s for n, s in silent.items() if s >= (TELL_SECONDS if n in self._said else BEGIN_SECONDS)}
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
        now = time.monotonic()
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
        """Take the answers that have come, and ask those that owe none. Raises what Ray raises when one is gone."""
        if self._asked:
            references = [asked.reference for asked in self._asked.values()]
            answered, _ = ray.wait(references, num_returns=len(references), timeout=0)
            there = set(answered)
            self._asked = {n: asked for n, asked in self._asked.items() if asked.reference not in there}
            ray.get(answered)
        for name, actor in self._named().items():
            if name not in self._asked:
                self._asked[name] = _Asked(actor.alive.remote(), now)

    def _who(self, names: Iterable[str]) -> str:
        return ", ".join(self._where(name) for name in names)

    def _where(self, name: str) -> str:
        said = self._said.get(name)
        return f"{name} ({f'process {said.pid} on {said.host}' if said else 'about to begin'})"
