"""Random problems for kernels and their twins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import naive
import numpy as np
from compiled import Documents, documents

from lda.samplers.counts.row_layout import topic_dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray


SEED = 7


class Problem(NamedTuple):
    docs: Documents
    z: NDArray[Any]
    n_wk: NDArray[np.int64]
    alpha: NDArray[np.float64]
    beta: float


# K, V, lengths of the documents, topics that its tokens use, prior scale, other corpora's tokens of each word
CASES: dict[str, tuple[int, int, list[int], int, float, int]] = {
    "two topics": (2, 1, [1, 0, 3], 2, 0.5, 0),
    "few topics": (5, 6, [0, 1, 9, 30, 1, 0], 5, 0.3, 0),
    "one block": (16, 9, [12, 40, 1], 16, 1.0, 3),
    "many topics a document": (20, 7, [50, 3, 80, 1], 20, 0.2, 4),
    "rows beyond the short ones": (40, 30, [25, 4, 60], 40, 0.5, 9),
    "two groups": (300, 12, [1, 8, 70], 60, 1.5, 40),
    "three groups": (700, 25, [30, 1, 90], 700, 1.0, 35),
    "wide topics": (70_000, 6, [9, 1, 25], 70_000, 0.01, 900),
}


def problem(name: str) -> Problem:
    n_topics, n_terms, lengths, used, scale, others = CASES[name]
    rng = np.random.default_rng(len(name))
    docs = documents(
        [rng.integers(0, n_terms, n).tolist() for n in lengths],
        rng.integers(0, 2**63, len(lengths), dtype=np.uint64),
    )
    z = rng.integers(0, used, len(docs.words)).astype(topic_dtype(n_topics))
    n_wk = naive.counts(docs.words, z, n_terms, n_topics)
    for w in range(0, n_terms, 2):  # every other word is frequent elsewhere
        np.add.at(n_wk[w], rng.integers(0, used, others * (1 + 9 * (w % 4 == 0))), 1)
    return Problem(docs, z, n_wk, rng.gamma(0.5, 2 * scale, n_topics) + 1e-4, 0.37)
