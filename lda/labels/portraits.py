"""Portraits of topics, for whoever is to name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from lda.evaluation.relevance import held_terms
from lda.labels.naming import TopicPortrait
from lda.labels.suggestions import suggest_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from lda.evaluation.topic_model import TopicModel
    from lda.labels.labels import Labels


class TopicTexts(Protocol):
    """Texts that show topics; `lda.survey.survey.Survey` has them."""

    @property
    def best(self) -> npt.NDArray[np.int32]:
        """(K, n) keys of `texts`, of the documents that show each topic best, -1 where there are fewer."""
        ...

    @property
    def texts(self) -> Mapping[int, Sequence[tuple[str, int]]]:
        """Texts in pieces, each with the topic of the token that it is, or -1; put together they are the text."""
        ...


def portraits(
    model: TopicModel, labels: Labels, documents: TopicTexts | None = None, *, n_words: int = 20
) -> list[TopicPortrait]:
    """All topics as a callable is shown them that is to name them.

    Args:
        model: whose topics.
        labels: the names there are.
        documents: texts that show the topics; without them there are no phrases either.
        n_words: probable words and relevant words of each.

    Raises:
        ValueError: `n_words` is below 1.
    """
    if n_words < 1:
        raise ValueError(f"n_words must be 1 or more, got {n_words}")
    pieces = () if documents is None else documents.texts.values()
    suggestions = suggest_names(model, pieces)
    tokens = model.last_tokens
    shares = np.full(model.n_topics, np.nan) if tokens is None else tokens / max(tokens.sum(), 1.0)
    found = []
    for k, (terms, p) in enumerate(held_terms(model)):
        best = np.lexsort((terms, -p))[:n_words]
        found.append(
            TopicPortrait(
                number=k,
                share=float(shares[k]),
                words=tuple((model.vocabulary[terms[i]], float(p[i])) for i in best),
                relevant=suggestions[k].words[:n_words],
                phrases=tuple(phrase.text for phrase in suggestions[k].phrases),
                documents=() if documents is None else _texts(documents, k),
                suggestion=suggestions[k].name,
                name=labels.name(k),
            )
        )
    return found


def _texts(documents: TopicTexts, topic: int) -> tuple[str, ...]:
    """Texts of the documents that show a topic best, as far as they were kept."""
    rows = [int(row) for row in documents.best[topic] if int(row) in documents.texts]
    return tuple("".join(text for text, _ in documents.texts[row]) for row in rows)
