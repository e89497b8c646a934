"""Small fits, and whether two of them are the same to the bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lda.cluster import FitSettings, fingerprint

if TYPE_CHECKING:
    from lda.cluster import FitResult


def counts(n_docs: int = 300, n_terms: int = 600, seed: int = 0) -> np.ndarray:
    """(D, V): frequent and rare words, more than one block of them; long and short documents, some empty."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.full(n_terms, 0.15))
    lengths = rng.geometric(0.03, n_docs) - 1
    lengths[::17] = 0
    return np.array([rng.multinomial(n, shares) for n in lengths])


def settings(sampler: str = "adlda", **more: Any) -> FitSettings:
    given: dict[str, Any] = {
        "n_topics": 24,
        "sweeps": 3,
        "optimize_interval": 1,
        "burn_in": 0,
        "beta": "auto",
    }
    return FitSettings(sampler=sampler, **given | more)


def same(a: FitResult, b: FitResult) -> None:
    assert fingerprint(a.topic_word_counts) == fingerprint(b.topic_word_counts)  # type: ignore[arg-type]
    np.testing.assert_array_equal(a.alpha, b.alpha)
    assert a.beta == b.beta
    assert a.doc_topic_counts is not None
    assert b.doc_topic_counts is not None
    assert (a.doc_topic_counts != b.doc_topic_counts).nnz == 0  # type: ignore[attr-defined]
    assert [(r.log_likelihood, r.heldout) for r in a.history] == [
        (r.log_likelihood, r.heldout) for r in b.history
    ]


MANY_TOPICS = 300
"""More than are read whole for each token."""
