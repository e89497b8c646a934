"""The engine: shards that sweep, aggregators that add up what changed.

Names are imported on first use, so that asking for the settings does not load Numba.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from lda.cluster.counts.fingerprint import fingerprint
    from lda.cluster.distributed.runtime import Runtime
    from lda.cluster.fitting import fit
    from lda.cluster.spec.beginning import Beginning
    from lda.cluster.spec.checkpointing import Checkpointing
    from lda.cluster.spec.cluster import Cluster
    from lda.cluster.spec.errors import CheckpointError, ClusterError
    from lda.cluster.spec.events import CheckpointWritten, FitEvent, LossLine, Resumed, StoppedEarly
    from lda.cluster.spec.fit_settings import FitSettings
    from lda.cluster.spec.results import FitResult, StartRecord, SweepRecord
    from lda.cluster.sweeping.frozen_model import FrozenModel

_HOME: Final = {
    "Beginning": "spec.beginning",
    "CheckpointError": "spec.errors",
    "CheckpointWritten": "spec.events",
    "Checkpointing": "spec.checkpointing",
    "Cluster": "spec.cluster",
    "ClusterError": "spec.errors",
    "FitEvent": "spec.events",
    "FitResult": "spec.results",
    "FitSettings": "spec.fit_settings",
    "FrozenModel": "sweeping.frozen_model",
    "LossLine": "spec.events",
    "Resumed": "spec.events",
    "Runtime": "distributed.runtime",
    "StartRecord": "spec.results",
    "StoppedEarly": "spec.events",
    "SweepRecord": "spec.results",
    "fingerprint": "counts.fingerprint",
    "fit": "fitting",
}

__all__ = [
    "Beginning",
    "CheckpointError",
    "CheckpointWritten",
    "Checkpointing",
    "Cluster",
    "ClusterError",
    "FitEvent",
    "FitResult",
    "FitSettings",
    "FrozenModel",
    "LossLine",
    "Resumed",
    "Runtime",
    "StartRecord",
    "StoppedEarly",
    "SweepRecord",
    "fingerprint",
    "fit",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"lda.cluster.{_HOME[name]}"), name)
