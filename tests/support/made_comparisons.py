"""A comparison of two planted models, and one with whatever names and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from made_models import made_model

from lda.experiments.comparison.compare import compare

if TYPE_CHECKING:
    from collections.abc import Sequence

    import lda
    from lda.experiments.comparison.comparison import Comparison

N_TERMS = 60


def planted(sizes: Sequence[int], words: Sequence[str], seed: int = 0) -> lda.Model:
    """Topics of six words each; a size of 0 leaves a topic out, so that models differ by it."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.4, (len(words), len(sizes)))
    for k, size in enumerate(sizes):
        counts[(6 * k) % len(words) : (6 * k) % len(words) + 6, k] += size
    return made_model(counts[:, [k for k, size in enumerate(sizes) if size]], vocabulary=words)


def made_comparison(words: Sequence[str] | None = None, names: Sequence[str] = ("old", "new")) -> Comparison:
    """Two models that differ by a topic, with documents: the first three topics are shared."""
    terms = [f"word{w}" for w in range(N_TERMS)] if words is None else list(words)
    models = [planted([90, 80, 70, 60, 0], terms), planted([90, 80, 70, 0, 60], terms, seed=1)]
    rng = np.random.default_rng(2)
    documents = rng.poisson(0.3, (12, len(terms)))
    for d in range(12):
        documents[d, 6 * (d % 5) : 6 * (d % 5) + 6] += 4
    return compare(models, documents, names=names)
