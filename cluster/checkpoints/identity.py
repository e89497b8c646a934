"""Which fit a checkpoint is of: what must agree with the fit that goes on from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from lda.cluster.counts.beginning_digest import digest_of
from lda.cluster.spec.beginning import Beginning
from lda.cluster.spec.fit_settings import FitSettings

if TYPE_CHECKING:
    from lda.cluster.counts.word_prior import WordPrior

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


WORD_PRIOR: Final = "word_prior"
BEGIN: Final = "begin"
"""Only there where topics have tokens from the beginning, or the chain begins elsewhere: earlier checkpoints say
nothing of either."""


def identity(
    settings: FitSettings, corpus_hash: str, prior: WordPrior | None = None, begin: Beginning | None = None
) -> Identity:
    """What must agree between a checkpoint and the fit that goes on from it. begin: where its chain began."""
    chosen = {name: value for name, value in settings.to_dict().items() if name not in FREE_TO_CHANGE}
    chosen["corpus"] = corpus_hash
    if prior is not None:
        chosen[WORD_PRIOR] = prior.digest()
    if begin is not None:
        chosen[BEGIN] = digest_of(begin)
    # Through JSON and back, as the checkpoint's own went: tuples become lists.
    return dict(json.loads(json.dumps(chosen, default=list)))


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """In words, where two identities differ; empty where they do not."""
    keys = [*now, *({WORD_PRIOR} & was.keys() - now.keys())]
    return ", ".join(
        f"{key} was {_short(was.get(key))}, is {_short(now.get(key))}"
        for key in keys
        if was.get(key) != now.get(key)
    )


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:37] + "..."
