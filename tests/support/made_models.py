"""Models with counts of one's choice."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

import lda

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from lda.model.run_record import RunRecord


@cache
def _record() -> RunRecord:
    return lda.LDA(2, max_iter=2, random_state=0).fit(np.eye(3, dtype=np.int32)).model_.record


def made_model(
    counts: ArrayLike,
    *,
    beta: float = 0.05,
    alpha: ArrayLike | None = None,
    vocabulary: Sequence[str] | None = None,
    history: Sequence[dict[str, Any]] | None = None,
) -> lda.Model:
    """A model of (V, K) counts; terms are called w0, w1, ... unless they have names."""
    matrix = sp.csr_matrix(np.asarray(counts, dtype=np.int32))
    n_terms, n_topics = matrix.shape
    record = _record() if history is None else replace(_record(), history=tuple(history))
    return lda.Model(
        counts=matrix,
        alpha=np.full(n_topics, 0.1) if alpha is None else np.asarray(alpha, dtype=np.float64),
        beta=beta,
        vocabulary=[f"w{w}" for w in range(n_terms)] if vocabulary is None else list(vocabulary),
        record=replace(record, named_terms=True),
    )


def planted_model(n_topics: int = 6, n_terms: int = 40, seed: int = 0) -> lda.Model:
    """A model whose topics differ in size, share terms, and hold terms of their own."""
    rng = np.random.default_rng(seed)
    own = rng.dirichlet(np.full(n_terms, 0.2), size=n_topics).T * rng.integers(50, 900, n_topics)
    return made_model(rng.poisson(own))
