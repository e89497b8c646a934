"""How often given pairs of words stand in one window: what coherence measures are computed from.

A window slides over a document token by token; a pair is counted once for each window that holds both words.
Counting window by window costs its length each time. Here a pair is touched only when one of its words enters or
leaves: the time from then to then is the number of windows that held both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel


class Pairs(NamedTuple):
    """Pairs of words to count. W words take part, each with a number of its own; there are P pairs.

    number: (V,) int32, a word's number, or -1. start: (W + 1,) int64; word w has the partners
    partner[start[w]:start[w + 1]], int32 numbers of words, in the pairs pair[...], int64 in [0, P).
    """

    number: NDArray[np.int32]
    start: NDArray[np.int64]
    partner: NDArray[np.int32]
    pair: NDArray[np.int64]


class Windows(NamedTuple):
    """What was counted. words: (W,) int64, windows that hold each word. pairs: (P,) int64, both of a pair.

    present: (W,) int32, and since: (P,) int64, and word_since: (W,) int64, are of the document at hand.
    """

    words: NDArray[np.int64]
    pairs: NDArray[np.int64]
    present: NDArray[np.int32]
    word_since: NDArray[np.int64]
    since: NDArray[np.int64]


def no_windows(n_words: int, n_pairs: int) -> Windows:
    """Nothing counted yet."""
    return Windows(
        np.zeros(n_words, dtype=np.int64),
        np.zeros(n_pairs, dtype=np.int64),
        np.zeros(n_words, dtype=np.int32),
        np.zeros(n_words, dtype=np.int64),
        np.zeros(n_pairs, dtype=np.int64),
    )


@helper
def _enter(pairs: Pairs, counted: Windows, w: int, now: int) -> None:
    counted.present[w] += np.int32(1)
    if counted.present[w] == 1:
        counted.word_since[w] = now
        for j in range(pairs.start[w], pairs.start[w + 1]):
            if counted.present[pairs.partner[j]] > 0:
                counted.since[pairs.pair[j]] = now


@helper
def _leave(pairs: Pairs, counted: Windows, w: int, now: int) -> None:
    counted.present[w] -= np.int32(1)
    if counted.present[w] == 0:
        counted.words[w] += now - counted.word_since[w]
        for j in range(pairs.start[w], pairs.start[w + 1]):
            if counted.present[pairs.partner[j]] > 0:
                counted.pairs[pairs.pair[j]] += now - counted.since[pairs.pair[j]]


@kernel
def count_windows(
    words: NDArray[np.int32], doc_offsets: NDArray[np.int64], window: int, pairs: Pairs, counted: Windows
) -> int:
    """Add the windows of all documents to `counted`; returns how many there were.

    window: tokens in a window; 0 takes each document whole. A document that is shorter, or empty, is one window.
    """
    n_windows = 0
    for d in range(len(doc_offsets) - 1):
        begin, n = doc_offsets[d], doc_offsets[d + 1] - doc_offsets[d]
        size = n if window <= 0 else min(window, n)
        last = n - size  # the number of the last window
        n_windows += last + 1
        for i in range(n):
            # Token i enters window i - size + 1, which token i - size has left.
            now = max(i - size + 1, 0)
            if i >= size:
                gone = pairs.number[words[begin + i - size]]
                if gone >= 0:
                    _leave(pairs, counted, gone, now)
            w = pairs.number[words[begin + i]]
            if w >= 0:
                _enter(pairs, counted, w, now)
        for i in range(n - size, n):
            w = pairs.number[words[begin + i]]
            if w >= 0:
                _leave(pairs, counted, w, last + 1)
    return n_windows
