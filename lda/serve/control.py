"""What an application asks of whoever holds its models: to load one anew, to give one up, and how things stand.

Behind it is a supervisor with its workers (`lda serve`), or nobody but the process itself (`LocalControl`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class LoadRefusedError(RuntimeError):
    """A model that was not taken over; what was served before still is. reason: one line, presentable."""

    exit_code = 3
    kind = "data"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotServedError(LookupError):
    """A name under which no model was ever served here, so that there is no place to load it from."""

    exit_code = 2
    kind = "usage"

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """A model that has been loaded, and is served by now, by every worker.

    name: it is served under. fingerprint: 64 digits. changed: whether it is another one than before, or has other names
    of topics. seconds: that loading took.
    """

    name: str
    fingerprint: str
    changed: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceState:
    """How a name stands: "ready"; "unloaded", until it is loaded again; or "loading", before the first time.

    fingerprint: of what is served, "" for nothing. reason: why a newer model at its place was refused, one line; "" if
    none was.
    """

    name: str
    state: str
    fingerprint: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState:
    """How the whole stands. workers: processes that answer. replaced: that died and were begun anew."""

    models: tuple[PlaceState, ...] = ()
    workers: int = 1
    replaced: int = 0


class Control(Protocol):
    """See the module."""

    async def load(self, name: str) -> LoadResult:
        """Load the model at the place of this name anew, check it, and swap it in everywhere; only then return.

        Raises:
            NotServedError: there is no such name.
            LoadRefusedError: the model cannot be loaded; the one that is served stays.
        """

    async def unload(self, name: str) -> None:
        """Serve this name no more, until it is loaded again. Raises NotServedError."""

    def ready(self) -> bool:
        """Whether all models are there, and the kernels compiled."""

    def state(self) -> HostState:
        """How things stand; what was told last, without asking anybody."""


@dataclass(slots=True)
class LocalControl:
    """For an application in a process of its own, whose server is somebody else's.

    take: loads the model of a name, has it served, and returns (fingerprint, whether it is another one than before);
    called in a thread. drop: has a name served no more. names: that there are.
    """

    names: Callable[[], list[str]]
    take: Callable[[str], tuple[str, bool]]
    drop: Callable[[str], object]
    fingerprints: Callable[[], Mapping[str, str]]
    _reasons: dict[str, str] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self, name: str) -> LoadResult:
        """See `Control`."""
        self._check(name)
        loop = asyncio.get_running_loop()
        before = loop.time()
        async with self._lock:
            try:
                fingerprint, changed = await asyncio.to_thread(self.take, name)
            except (OSError, ValueError, RuntimeError, MemoryError) as error:
                self._reasons[name] = " ".join(str(error).split())
                raise LoadRefusedError(self._reasons[name]) from error
            self._reasons.pop(name, None)
        return LoadResult(
            name=name, fingerprint=fingerprint, changed=changed, seconds=round(loop.time() - before, 3)
        )

    async def unload(self, name: str) -> None:
        """See `Control`."""
        self._check(name)
        async with self._lock:
            self.drop(name)

    def ready(self) -> bool:
        """See `Control`."""
        return True

    def state(self) -> HostState:
        """See `Control`."""
        served = self.fingerprints()
        return HostState(
            models=tuple(
                PlaceState(
                    name=name,
                    state="ready" if name in served else "unloaded",
                    fingerprint=served.get(name, ""),
                    reason=self._reasons.get(name, ""),
                )
                for name in self.names()
            )
        )

    def _check(self, name: str) -> None:
        if name not in self.names():
            raise NotServedError(f"there is no model {name!r:.80} here; GET /v1/models lists those there are")
