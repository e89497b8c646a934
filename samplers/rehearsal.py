"""The kernel that takes longest to compile, a sampler's token rule, compiled before there are documents."""

from __future__ import annotations

from typing import Final

import numpy as np

from lda.samplers.counts.row_layout import FEW_TOPICS, topic_dtype, word_rows
from lda.samplers.numerics.prefix_sum import padded
from lda.samplers.phi.language_model import empty_model
from lda.samplers.registry import Sampler
from lda.samplers.rules.collapsed import CurrentCounts
from lda.samplers.tokens import Tokens

_TWO_BYTES: Final = (1 << 16) - 1
"""The most topics whose numbers take two bytes."""


KINDS: Final = (8, FEW_TOPICS + 1, _TWO_BYTES + 1)
"""Small numbers of topics that between them need all kernels: few, many, and more than two bytes can number."""


def rehearse(sampler: Sampler, n_topics: int) -> None:
    """Call the token rule of a sampler for no documents, with arguments of the types that a fit has."""
    tokens = Tokens(
        np.zeros(0, dtype=np.int32),
        np.zeros(1, dtype=np.int64),
        np.zeros(0, dtype=np.uint64),
        np.zeros(0, dtype=topic_dtype(n_topics)),
    )
    rule, keys = sampler.load_rule(), (np.uint64(0), np.uint64(0))
    if sampler.language == "current":
        stride = padded(n_topics)
        counts = CurrentCounts(
            np.zeros(stride, dtype=np.int32),
            np.zeros(n_topics, dtype=np.int64),
            np.zeros(stride, dtype=np.float32),
            0.1,
        )
        rule(tokens, 0, 0, counts, *keys, sampler.leave_out)
        return
    rows = word_rows(np.ones(1, dtype=np.int64), n_topics, all_dense=sampler.language == "drawn")
    rule(tokens, 0, 0, empty_model(rows), *keys, sampler.leave_out)


def same_rule(n_topics: int) -> tuple[int, int]:
    """The fewest and the most topics that the compiled rule for n_topics serves as well."""
    edges = [1, FEW_TOPICS + 1, _TWO_BYTES + 1]
    low = max(edge for edge in edges if edge <= n_topics)
    return low, next((edge - 1 for edge in edges if edge > n_topics), 1 << 31)


def small_alike(n_topics: int) -> int:
    """A small number of topics that needs the same kernels as n_topics do.

    Raises ValueError for a number of topics that no model can have.
    """
    topic_dtype(n_topics)
    low, high = same_rule(n_topics)
    return next(kind for kind in KINDS if low <= kind <= high)
