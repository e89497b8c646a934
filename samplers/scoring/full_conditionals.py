"""New documents under a frozen language model: full conditionals of their tokens, added up over states of a chain.

A token adds p(k | rest) = (n_dk + alpha_k) phi_kw / z, itself left out of n_dk, where z is the sum over k. Of a
document in one state that is

    sum over its tokens = weight_k sum_w f_w phi_kw - (own parts),      weight_k = n_dk + alpha_k,

f_w being the sum of 1 / z over the tokens of word w, and the own part of a token of topic k phi_kw / z. Both sums over
a row, z and the one above, are taken for several states at a time, whose documents have the same rows.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import INDEX, LANES
from lda.samplers.numerics.prefix_sums_in_turns import entry
from lda.samplers.numerics.weighed_rows import STATES, gather, weigh
from lda.samplers.phi.language_model import LanguageModel, write_out
from lda.samplers.phi.soft_counts import LEAST_LEFT

WORDS: Final = 64
"""Distinct words of a document whose rows are read twice in a row; at K = 200 they stay in a core's second cache."""


@kernel
def add_full_conditionals(
    words: NDArray[np.int32],
    states: NDArray[Any],
    doc_offsets: NDArray[np.int64],
    first: int,
    last: int,
    model: LanguageModel,
    sums: NDArray[np.float64],
) -> None:
    """Add the full conditionals of the tokens of documents first .. last - 1, in some states, to sums (D, K).

    words: (N,), those of a document sorted. states: (S, N), the topics of each token in each of them. On average that
    adds what `count_topics` adds, with less noise; a token costs K a state, which is what a draw costs where topics are
    few. The bits of the sums do not depend on how states are divided into calls.

    Source: the full conditional of Griffiths and Steyvers (PNAS 2004), equation 5, with phi given.
    """
    stride = model.stride
    weight, gathered = np.zeros(STATES * stride), np.zeros(STATES * stride)
    own, whole = np.zeros(STATES * stride), np.zeros(STATES * WORDS)
    aside, rows = np.zeros(WORDS * stride, dtype=np.float32), np.zeros(WORDS, dtype=np.int64)
    for d in range(first, last):
        begin, end = doc_offsets[d], doc_offsets[d + 1]
        if begin == end:
            continue
        for s in range(0, len(states), STATES):
            n = min(STATES, len(states) - s)
            for t in range(n):
                _weights(weight, t * stride, states[s + t, begin:end], model)
            gathered[:] = 0.0
            own[:] = 0.0
            low = begin
            while low < end:
                high, n_rows = _some_rows(words, low, end, model, aside, rows)
                for r in range(n_rows):
                    weigh(weight, model.phi, aside, rows[r], stride // LANES, whole, STATES * r)
                _invert(words[low:high], states[s : s + n, low:high], model, aside, rows, whole, own)
                gather(whole, model.phi, aside, rows, n_rows, stride // LANES, gathered)
                low = high
            out = sums[d]
            for t in range(n):
                for k in range(INDEX(model.n_topics)):
                    i = INDEX(t * stride) + k
                    out[k] += weight[i] * gathered[i] - own[i]


@helper
def _weights(weight: NDArray[np.float64], at: int, z: NDArray[Any], model: LanguageModel) -> None:
    """Put n_dk + alpha_k of a document whose tokens have the topics z into weight[at : at + stride]."""
    for k in range(model.stride):
        weight[at + k] = model.alpha[k]
    for i in range(len(z)):
        weight[INDEX(at) + INDEX(z[i])] += 1.0


@helper
def _some_rows(
    words: NDArray[np.int32],
    low: int,
    end: int,
    model: LanguageModel,
    aside: NDArray[np.float32],
    rows: NDArray[np.int64],
) -> tuple[int, int]:
    """Find the rows of the next WORDS distinct words; sparse ones are written out into `aside`.

    Returns the token after the last of those words, and the number of rows.
    """
    n_rows, before = 0, -1
    for i in range(low, end):
        w = words[i]
        if w == before:
            continue
        if n_rows == WORDS:
            return i, n_rows
        row = model.start[w]
        if row < 0:
            write_out(model, w, aside, n_rows * model.stride)
            row = ~(n_rows * model.stride)
        rows[n_rows] = row
        n_rows += 1
        before = w
    return end, n_rows


@helper
def _invert(
    words: NDArray[np.int32],
    states: NDArray[Any],
    model: LanguageModel,
    aside: NDArray[np.float32],
    rows: NDArray[np.int64],
    whole: NDArray[np.float64],
    own: NDArray[np.float64],
) -> None:
    """Replace sums with the tokens in them by f_w, and add what tokens have in their own topics to own (S, stride).

    words: (n,), of `rows` in turn. states: (s, n). whole: (rows, STATES), from `weigh`.
    """
    n = len(words)
    for t in range(len(states)):
        i = 0
        r = t
        while i < n:
            w, row = words[i], rows[r // STATES]
            total, inverse = whole[r], 0.0
            while i < n and words[i] == w:
                k = INDEX(states[t, i])
                part = np.float64(entry(model.phi, aside, row, k))
                left = total - part
                if left > LEAST_LEFT * total:
                    inverse += 1.0 / left
                    own[INDEX(t * model.stride) + k] += part / left
                else:  # next to nothing but itself: it stays where it is
                    own[INDEX(t * model.stride) + k] -= 1.0
                i += 1
            whole[r] = inverse
            r += STATES
