"""What the processes of a fit run on, and what they run: told by each, checked by the driver."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from lda.cluster.distributed.actor_system import ActorSystem
from lda.cluster.exchange.actor_calls import ActorLostError, Calls
from lda.cluster.spec.errors import ClusterError


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """What an actor says of itself.

    host, node, pid: as of `Whereabouts`. versions: of what decides about the bits it computes. problem: why it cannot
    work, in one line, or None. no_device: why it samples on its processor where a GPU was asked for, or None.
    """

    host: str
    node: str
    pid: int
    versions: dict[str, str]
    problem: str | None
    no_device: str | None = None


def introduce(calls: Calls, problem: str | None, no_device: str | None = None) -> Ready:
    """What the actor whose calls these are says of itself."""
    return Ready(
        **calls.here()._asdict(),
        versions=versions(),
        problem=problem,
        no_device=no_device,
    )


def versions() -> dict[str, str]:
    """Versions that must be the same everywhere, by name."""
    try:
        own = version("raylda")
    except PackageNotFoundError:  # a checkout that is not installed
        own = "unknown"
    return {"raylda": own, "Python": ".".join(platform.python_version_tuple()[:2])}


def check(reports: Iterable[tuple[str, Ready]]) -> None:
    """Raise ClusterError for the first actor that runs other versions than this process, or cannot work."""
    mine = versions()
    for name, said in reports:
        differ = [
            f"{what} {said.versions.get(what)}, here {v}"
            for what, v in mine.items()
            if said.versions.get(what) != v
        ]
        if differ:
            raise ClusterError(
                f"{name} on {said.host} runs {' and '.join(differ)}; install the same versions on all nodes"
            )
        if said.problem:
            raise ClusterError(f"{name} on {said.host} cannot work: {said.problem}")


def could_not_begin(error: ActorLostError) -> ClusterError | None:
    """The error to raise for an actor that failed before its first call; None for one that died later."""
    if error.could_not_begin is None:
        return None
    return ClusterError(
        f"an actor could not begin ({error.could_not_begin}); install the same software on all nodes"
    )


def whereabouts(system: ActorSystem, said: Ready) -> str:
    """Where a dead actor ran, and whether its node is dead, too."""
    alive = system.is_alive(said.node)
    return f"process {said.pid} on {said.host}" + ("" if alive else ", with its node")


def one_line(error: Exception) -> str:
    """An error in one line; NumPy's and the system's say what they are about only with their type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError) else f"{type(error).__name__}: {text}"
