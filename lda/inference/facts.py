"""What is to be known of a model where its counts are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lda.model.model import Topic

if TYPE_CHECKING:
    from lda.model.model import Model

KEPT_WORDS: Final = 50
"""Words of each topic that are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is to be known of a model whose counts are elsewhere.

    seed: of the fit. recipe: as the model has recorded it. topics: with KEPT_WORDS words. labels: names, by topic.
    """

    fingerprint: str
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
            seed=model.record.seed,
            n_terms=model.n_terms,
            named_terms=model.named_terms,
            recipe=model.record.recipe,
            topics=tuple(model.topics(KEPT_WORDS)),
            labels=tuple(model.labels.name(k) for k in range(model.n_topics)),
        )
