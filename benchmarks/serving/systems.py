"""The commands by which each system serves."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.serving.material import PEER, PEERS, Material, peer_model
from benchmarks.serving.servers import Server, serving

PATH: Final = "/v1/topics"
OURS: Final = "raylda"
NOTHING: Final = "nothing"
SYSTEMS: Final = (OURS, *PEERS, NOTHING)

TITLES: Final = {
    OURS: "`lda serve`",
    "gensim": "gensim, `lda[bow]`",
    "tomotopy": "tomotopy, `infer`",
    NOTHING: "ready numbers: HTTP and JSON alone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What all systems are started with."""

    material: Material
    workers: int
    topics: int
    sweeps: int


@contextmanager
def server_of(system: str, setting: Setting) -> Iterator[Server]:
    """A system that serves, warm. Raises NotServing, NotInstalled."""
    command, environment = (
        (ours(setting.material.served, setting.workers), {}) if system == OURS else peer(system, setting)
    )
    with serving(command, environment, PATH, first_line(setting.material.singles)) as server:
        yield server


def ours(model: Path, workers: int) -> list[str]:
    """`lda serve`, as it comes."""
    return [sys.executable, "-m", "lda", "serve", str(model), "--workers", str(workers), "--port", "0"]


def peer(system: str, setting: Setting) -> tuple[list[str], dict[str, str]]:
    """The command of another library behind the same kind of handler, and its environment variables."""
    python, model = Path(sys.executable), Path()
    if system in PEERS:
        python = peer_model(system, setting.material, setting.topics, setting.sweeps)
        model = setting.material.peer(system)
    command = [str(python), "-m", "uvicorn", "--factory", "peer:make_app", "--app-dir", str(PEER.parent)]
    options = ["--workers", str(setting.workers), "--port", "0", "--http", "httptools", "--loop", "uvloop"]
    return [*command, *options, "--no-access-log"], {
        "PEER": system,
        "PEER_MODEL": str(model),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def first_line(path: Path) -> bytes:
    """The first request of a file."""
    with path.open("rb") as lines:
        return lines.readline().strip()
