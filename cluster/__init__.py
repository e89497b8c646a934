"""The engine: shards that sweep, aggregators that add up what changed.

Names are imported on first use, so that asking for the settings does not load Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lda.cluster.checkpoint import CheckpointError, Checkpointing
    from lda.cluster.cluster import Cluster, ClusterError
    from lda.cluster.digest import fingerprint
    from lda.cluster.inference import FrozenModel
    from lda.cluster.records import FitResult, SweepRecord
    from lda.cluster.run import fit
    from lda.cluster.settings import FitSettings

_HOME: Final = {
    "Cluster": "cluster",
    "ClusterError": "cluster",
    "CheckpointError": "checkpoint",
    "Checkpointing": "checkpoint",
    "FitResult": "records",
    "FitSettings": "settings",
    "FrozenModel": "inference",
    "SweepRecord": "records",
    "fingerprint": "digest",
    "fit": "run",
}

__all__ = [
    "CheckpointError",
    "Checkpointing",
    "Cluster",
    "ClusterError",
    "FitResult",
    "FitSettings",
    "FrozenModel",
    "SweepRecord",
    "fingerprint",
    "fit",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lda.cluster.{_HOME[name]}"), name)
