"""The collapsed Gibbs sampler with counts that are always current: the reference, one thread.

Griffiths and Steyvers, "Finding scientific topics", PNAS 101 (2004), equation 5:

    p(z = k | rest) ~ (n_dk + alpha_k) (n_kw + beta) / (n_k + bbar),     the own token left out of all counts
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_rows
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.tokens import Tokens


class CurrentCounts(NamedTuple):
    """The counts that the sampler changes as it goes, and the priors.

    n_wk: (V * stride,) int32, word-major, padded with 0. topic_totals: (K,) int64. alpha: (stride,) float32,
    padded with 0.
    """

    n_wk: NDArray[np.int32]
    topic_totals: NDArray[np.int64]
    alpha: NDArray[np.float32]
    beta: float


@kernel
def sweep_documents(
    tokens: Tokens,
    first: int,
    last: int,
    counts: CurrentCounts,
    seed: np.uint64,
    pass_number: np.uint64,
) -> None:
    """Resample documents first .. last - 1 one token after the other, in place in `tokens.z` and in the counts."""
    words, z = tokens.words, tokens.z
    n_wk, topic_totals, alpha, beta = counts
    n_topics, stride = len(topic_totals), len(alpha)
    blocks = stride // LANES
    v_beta = (len(n_wk) // stride) * beta
    n_dk = np.zeros(stride, dtype=np.int32)
    document = np.zeros(stride, dtype=np.float32)  # (n_dk + alpha_k) / (n_k + bbar)
    word = np.zeros(stride, dtype=np.float32)  # n_kw + beta
    prefix = np.zeros(stride + LANES, dtype=np.float32)
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        n_dk[:] = 0
        for i in range(begin, end):
            n_dk[z[i]] += 1
        for k in range(n_topics):
            document[k] = (np.float64(n_dk[k]) + alpha[k]) / (topic_totals[k] + v_beta)
        for i in range(begin, end):
            row = np.int64(words[i]) * stride
            old = np.int64(z[i])
            n_dk[old] -= 1
            n_wk[row + old] -= 1
            topic_totals[old] -= 1
            document[old] = (np.float64(n_dk[old]) + alpha[old]) / (topic_totals[old] + v_beta)
            for k in range(n_topics):
                word[k] = n_wk[row + k] + beta
            total = scan_rows(document, 0, word, 0, blocks, prefix)
            new = pick(prefix, blocks, uniform(numbers, i - begin) * total)
            z[i] = new
            n_dk[new] += 1
            n_wk[row + new] += 1
            topic_totals[new] += 1
            document[new] = (np.float64(n_dk[new]) + alpha[new]) / (topic_totals[new] + v_beta)


def resample_documents(
    tokens: Tokens,
    first: int,
    last: int,
    counts: CurrentCounts,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """`sweep_documents` as a `TokenRule`. Raises ValueError without leave_out, which is all that the rule can do."""
    if not leave_out:
        raise ValueError("the collapsed rule leaves the own token out of all counts; set leave_out to True")
    sweep_documents(tokens, first, last, counts, seed, pass_number)
