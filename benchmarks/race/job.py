"""Who races, and what a run is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

PEERS: Final = Path(__file__).parents[1] / "peers"
BETA: Final = 0.01
ALPHA_SUM, ALPHA_MOST = 20.0, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A system that races.

    Attributes:
        name: as the user calls it.
        driver: script of `benchmarks/peers`.
        requirements: what pip installs for it, pinned, for drivers reach into loops that are not public; None for
            drivers that run in the environment of this process.
        package: the distribution whose version is told.
        variant: one of several methods of the driver.
        config: the file that describes an external program.
    """

    name: str
    driver: str
    requirements: tuple[str, ...] | None
    package: str
    variant: str | None = None
    config: Path | None = None


def _peer(name: str, driver: str, package: str, *requirements: str, variant: str | None = None) -> System:
    return System(
        name=name, driver=f"{driver}_peer.py", requirements=requirements, package=package, variant=variant
    )


_SKLEARN = ("scikit-learn==1.9.1",)

SYSTEMS: Final = {
    system.name: system
    for system in (
        System(name="raylda", driver="raylda_peer.py", requirements=None, package="raylda"),
        _peer("tomotopy", "tomotopy", "tomotopy", "tomotopy==0.14.0"),
        _peer("mallet", "mallet", "pyrmallet", "pyrmallet==0.1.2", "numpy"),
        _peer("gensim", "gensim", "gensim", "gensim==4.4.0"),
        _peer("sklearn", "sklearn", "scikit-learn", *_SKLEARN, variant="batch"),
        _peer("sklearn-online", "sklearn", "scikit-learn", *_SKLEARN, variant="online"),
        _peer("riddell", "riddell", "lda", "lda==3.0.2", "scipy"),
        _peer("topica", "topica", "topica", "topica==0.62.0", "numpy"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What one run is told; see `benchmarks/peers/protocol.py`."""

    data: str
    out: str
    k: int
    seed: int
    threads: int
    alpha: float
    beta: float
    points: list[int]
    levels: list[int]
    seconds: float
    variant: str | None = None
    config: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def first_alpha(k: int) -> float:
    """The prior that all Gibbs samplers begin with, a topic: 0.1, less where that would add up to more than 20.

    MALLET's 5 / K and Griffiths and Steyvers' 50 / K are the customs; at K = 1000 on short documents .02 was better
    than .05 for MALLET and for raylda, and samplers that learn alpha soon leave it.
    """
    return min(ALPHA_MOST, ALPHA_SUM / k)


FIRST_POINT: Final = 20
"""Sweeps of the first snapshot: late enough that priors have been learned."""


def points(levels: Sequence[int], spacing: float = 2.0) -> list[int]:
    """Sweeps of the snapshots, ascending: the levels, and before the last one steps of `spacing` from 20 on."""
    last, found, step = max(levels), set(levels), float(FIRST_POINT)
    while step < last:
        # One just beside a level would tell nothing more.
        if all(abs(step - level) > 0.2 * level for level in levels):
            found.add(round(step))
        step *= spacing
    return sorted(found)
