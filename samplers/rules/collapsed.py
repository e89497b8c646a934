"""The collapsed Gibbs sampler with counts that are always current: the reference, one thread.

Griffiths and Steyvers, "Finding scientific topics", PNAS 101 (2004), equation 5:

    p(z = k | rest) ~ (n_dk + alpha_k) (n_kw + beta) / (n_k + bbar),     the own token left out of all counts
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_rows
from lda.samplers.numerics.streams import stream, uniform


@kernel
def sweep_documents(
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    doc_keys: NDArray[np.uint64],
    first: int,
    last: int,
    z: NDArray[Any],
    n_wk: NDArray[np.int32],
    topic_totals: NDArray[np.int64],
    alpha: NDArray[np.float32],
    beta: float,
    seed: np.uint64,
    sweep: np.uint64,
) -> None:
    """Resample documents first .. last - 1 one token after the other, in place in `z` and in the counts.

    n_wk: (V * stride,) int32, word-major, padded with 0. topic_totals: (K,) int64. alpha: (stride,) float32,
    padded with 0.
    """
    n_topics, stride = len(topic_totals), len(alpha)
    blocks = stride // LANES
    v_beta = (len(n_wk) // stride) * beta
    n_dk = np.zeros(stride, dtype=np.int32)
    document = np.zeros(stride, dtype=np.float32)  # (n_dk + alpha_k) / (n_k + bbar)
    word = np.zeros(stride, dtype=np.float32)  # n_kw + beta
    prefix = np.zeros(stride + LANES, dtype=np.float32)
    for d in range(first, last):
        begin, end = doc_offsets[d], doc_offsets[d + 1]
        origin, step = stream(seed, sweep, doc_keys[d])
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
            new = pick(prefix, blocks, uniform(origin, step, i - begin) * total)
            z[i] = new
            n_dk[new] += 1
            n_wk[row + new] += 1
            topic_totals[new] += 1
            document[new] = (np.float64(n_dk[new]) + alpha[new]) / (topic_totals[new] + v_beta)
