"""Which fit a checkpoint is of: what must agree with the fit that goes on from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from lda.cluster.spec.fit_settings import FitSettings

Identity: TypeAlias = dict[str, Any]
"""Settings by name, and the corpus, as JSON gives them back."""

FREE_TO_CHANGE: Final = frozenset(
    {
        "sweeps", "threads", "memory", "model_memory", "evaluate_every", "tol", "n_iter_no_change",
        "n_samples", "sample_interval", "device",
    }
)  # fmt: skip
"""Settings that a resumed fit may have otherwise: they change how long it runs and which states are sampled, not what a
sweep does."""


def identity(settings: FitSettings, corpus_hash: str) -> Identity:
    """What must agree between a checkpoint and the fit that goes on from it."""
    chosen = {name: value for name, value in settings.to_dict().items() if name not in FREE_TO_CHANGE}
    chosen["corpus"] = corpus_hash
    # Through JSON and back, as the checkpoint's own went: tuples become lists.
    return dict(json.loads(json.dumps(chosen, default=list)))


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In words, where two identities differ; empty where they do not."""
    return ", ".join(
        f"{key} was {_short(was.get(key))}, is {_short(now[key])}" for key in now if was.get(key) != now[key]
    )


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
