"""What is to be known of a model where its counts are not."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.model.model import Topic

if TYPE_CHECKING:
    from lda.model.model import Model

KEPT_WORDS: Final = 50
"""Words of each topic that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is to be known of a model whose counts are elsewhere.

    content: sha256 in hex of all that an answer is made of, of which the fingerprint tells the counts alone: averages,
    priors, terms, recipe and seed. seed: of the fit. recipe: as the model has recorded it. topics: with KEPT_WORDS
    words. labels: names, by topic.
    """

    fingerprint: str
    content: str
    seed: int
    n_terms: int
    named_terms: bool
    recipe: dict[str, Any] | None
    topics: tuple[Topic, ...]
    labels: tuple[str | None, ...]

    @classmethod
    def of(cls, model: Model) -> ModelFacts:
        """Of a model in memory."""
        return cls(
            fingerprint=model.fingerprint(),
            content=_content(model),
            seed=model.record.seed,
            n_terms=model.n_terms,
            named_terms=model.named_terms,
            recipe=model.record.recipe,
            topics=tuple(model.topics(KEPT_WORDS)),
            labels=tuple(model.labels.name(k) for k in range(model.n_topics)),
        )


def _content(model: Model) -> str:
    counts = model.language_counts.tocsr()
    if not counts.has_sorted_indices:
        counts = counts.sorted_indices()
    found = hashlib.sha256()
    parts = (
        (counts.indptr, "<i8"),
        (counts.indices, "<i4"),
        (counts.data, "<f8"),
        (model.alpha, "<f8"),
        ([model.beta], "<f8"),
    )
    for values, kind in parts:
        found.update(np.ascontiguousarray(values, dtype=kind).tobytes())
    said = [model.vocabulary, model.named_terms, model.record.recipe, model.record.seed]
    found.update(json.dumps(said, sort_keys=True).encode())
    return found.hexdigest()
