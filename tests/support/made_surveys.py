"""Surveys with numbers of one's choice."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import scipy.sparse as sp

from lda.evaluation.document_usage import DocumentUse
from lda.survey.survey import GroupShares, Piece, Survey

if TYPE_CHECKING:
    import lda


def made_groups(
    n_topics: int, n_documents: list[int], *, field: str = "year", starts: list[Any] | None = None
) -> GroupShares:
    """Groups g0, g1, ... in which the last topic rises; a group of one document has no interval."""
    n = len(n_documents)
    mean = np.full((n, n_topics), 1.0)
    mean[:, -1] += np.arange(n)
    mean /= mean.sum(axis=1, keepdims=True)
    alone = np.array(n_documents)[:, None] < 2
    return GroupShares(
        field=field,
        kind="category" if starts is None else "time" if isinstance(starts[0], str) else "number",
        values=[f"g{i}" for i in range(n)],
        starts=starts,
        n_documents=np.array(n_documents),
        n_tokens=np.array(n_documents) * 10,
        mean=mean,
        low=np.where(alone, np.nan, mean / 2),
        high=np.where(alone, np.nan, (mean + 1) / 2),
        n_missing=2,
    )


def made_survey(model: lda.Model, n: int = 12, **changes: Any) -> Survey:
    """A survey of n documents doc-0, doc-1, ...; document i is about topic i % K. The first one has a text."""
    n_topics = model.n_topics
    theta = np.full((n, n_topics), 0.005, dtype=np.float32)
    theta[np.arange(n), np.arange(n) % n_topics] = 1 - 0.005 * (n_topics - 1)
    use = DocumentUse(model.alpha)
    use.add(sp.csr_matrix(np.rint(theta * 100).astype(np.int64)))
    use.together = [np.full((len(words), len(words)), 3) for words in model.top_words(10)]
    best = np.full((n_topics, 2), -1, dtype=np.int32)
    for k in range(min(n, n_topics)):
        best[k, 0] = k
    made = Survey(
        n_topics=n_topics,
        n_documents=n,
        n_empty_documents=0,
        n_without_text=0,
        n_tokens=100 * n,
        n_unknown=20 * n,
        n_trained=n,
        n_untold=0,
        corpus_hash=model.record.corpus_hash,
        seed=7,
        ordered=True,
        term_tokens=np.full(model.n_terms, 5),
        topic_tokens=np.full(n_topics, 9),
        mean_theta=theta.mean(axis=0).astype(np.float64),
        use=use,
        n_words=10,
        heldout=None,
        ids=[f"doc-{i}" for i in range(n)],
        numbers=np.arange(n) * 10,
        n_tokens_of=np.full(n, 100),
        fields=pa.table({"year": list(range(1900, 1900 + n)), "title": [f"Title {i}" for i in range(n)]}),
        theta=theta,
        best=best,
        texts={0: (Piece(model.vocabulary[0], 0), Piece(" and ", -1), Piece(model.vocabulary[1], 1))},
        rebuilt=frozenset(),
        nearest=np.tile(np.array([[1, -1]], dtype=np.int32), (n, 1)),
    )
    return replace(made, **changes)
