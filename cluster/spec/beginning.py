"""`Beginning`: where a chain begins, instead of at topics of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.samplers.limits import MAX_COUNT


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beginning:
    """Where a chain begins: at another model's counts, or at given topics. Exactly one of the two is given.

    counts: (V, K) whole numbers. Each token gets its first topic by the ordinary conditional, in the order of its
        document, under the language model that these counts and the fit's priors make; afterwards they have no
        influence. Topics keep their numbers.
    topics: (N,) whole numbers below K, topics of all tokens: document by document, in the corpus' order. Those of
        documents that are kept out for validation are not used.
    alpha: (K,), beta: where learning of a prior begins, if the settings have it learned; None for the usual place.

    Raises ValueError when neither or both are given, or they are of another form.
    """

    counts: sp.csr_matrix | None = None
    topics: NDArray[Any] | None = None
    alpha: NDArray[np.float64] | None = None
    beta: float | None = None

    def __post_init__(self) -> None:
        if (self.counts is None) == (self.topics is None):
            raise ValueError("a chain begins either at counts or at topics; give one of them")
        if self.counts is not None:
            data = self.counts.data
            if data.dtype.kind not in "iu":
                raise ValueError(
                    f"the counts to begin from must be whole numbers, got {data.dtype}; give counts of one state"
                )
            if len(data) and not (int(data.min()) >= 0 and int(data.max()) <= MAX_COUNT):
                raise ValueError(
                    f"the counts to begin from must lie in 0 .. {MAX_COUNT}, got {data.min()} .. {data.max()}"
                )
        if self.topics is not None and (self.topics.ndim != 1 or self.topics.dtype.kind not in "iu"):
            raise ValueError(
                "the topics to begin from must be whole numbers in one dimension, got "
                f"{self.topics.dtype} of shape {self.topics.shape}; give a topic for each token"
            )

    def check(self, n_terms: int, n_tokens: int, n_topics: int) -> None:
        """Raise ValueError unless this is a beginning for a corpus of so many terms and tokens, and so many topics."""
        if self.counts is not None and self.counts.shape != (n_terms, n_topics):
            raise ValueError(
                f"the counts to begin from must be terms x topics, {(n_terms, n_topics)}, "
                f"got {self.counts.shape}; bring them to the corpus' vocabulary and its number of topics"
            )
        topics = self.topics
        if topics is not None and len(topics) != n_tokens:
            raise ValueError(
                f"the topics to begin from must be one for each of the corpus' {n_tokens} tokens, got {len(topics)}"
            )
        if (
            topics is not None
            and len(topics)
            and not (int(topics.min()) >= 0 and int(topics.max()) < n_topics)
        ):
            raise ValueError(
                f"the topics to begin from must lie in 0 .. {n_topics - 1}, got {topics.min()} .. {topics.max()}; "
                "give the number of topics that they were drawn with"
            )
        if self.alpha is not None and self.alpha.shape != (n_topics,):
            raise ValueError(
                f"the alpha to begin from must be one number per topic ({n_topics}), got {self.alpha.shape}"
            )
