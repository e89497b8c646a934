"""The heaviest words of each topic."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class TopWords(NamedTuple):
    """The heaviest words of each topic among some words.

    start: (K + 1,) int64; topic k has entries start[k] .. start[k + 1], heaviest first, ties by term number.
    terms: int32 and weights: float64, of the counts of the language model. totals: (K,) float64, their sums over
    all these words. tokens: (K,) int64, tokens of these words in each topic in the last state.
    """

    start: NDArray[np.int64]
    terms: NDArray[np.int32]
    weights: NDArray[np.float64]
    totals: NDArray[np.float64]
    tokens: NDArray[np.int64]

    def topic(self, k: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """(terms, weights) of one topic."""
        part = slice(self.start[k], self.start[k + 1])
        return self.terms[part], self.weights[part]
