"""The language model filled with the posterior mean of the counts, phi_kw = (n_kw + beta) / (n_k + bbar)."""

from __future__ import annotations

import numpy as np

from lda.samplers.counts.row_layout import TopicCounts
from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import LANES
from lda.samplers.phi.language_model import LanguageModel, add_alpha_part


@kernel
def fill_mean(
    model: LanguageModel, counts: TopicCounts, beta: float, first: int, last: int, alpha_parts: bool
) -> None:
    """Fill the rows of words first .. last - 1 with the posterior mean of `counts`.

    Equivalent to `phi = (n + beta) / denominator` in float64, rounded to float32. alpha_parts: whether those of the
    dense rows are wanted, too.
    """
    n_topics, stride = model.n_topics, model.stride
    inverse = np.zeros(stride, dtype=np.float64)
    for k in range(n_topics):  # not in one line: assigning arrays to slices takes two seconds to compile
        inverse[k] = 1.0 / model.denominator[k]
    lanes = np.zeros(LANES, dtype=np.float32)
    for w in range(first, last):
        row = model.start[w]
        if row >= 0:
            # All of the row, whose padding `inverse` keeps at 0: whole blocks need no loop over a rest.
            for k in range(np.uint64(row), np.uint64(row + stride)):
                model.phi[k] = (counts.dense[k] + beta) * inverse[k - np.uint64(row)]
            if alpha_parts:
                add_alpha_part(model, row // stride, lanes)
        else:
            row = ~row
            n = counts.length[w]
            # Slots freed since the last phase must weigh nothing: scans run over whole blocks.
            stale = model.length[w]
            model.length[w] = n
            for j in range(row, row + n):
                k = counts.topic[j]
                model.topic[j] = k
                model.weight[j] = counts.count[j] * inverse[k]
            for j in range(row + n, row + stale):
                model.weight[j] = 0.0
