"""Documents as kernels take them: the tokens, where documents begin, and the topics.

Arrays that always travel together travel in one tuple, which is gone from the machine code. Against loose arguments,
in medians of seven runs in turns, a token took 0.84 to 1.06 of the time (State of the Union, K = 20 to 1000, four
samplers; the machine's noise is as large); a call from Python takes 3.6 us for 2.6, and all kernels compile in 26 s
for 24.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Tokens(NamedTuple):
    """The tokens of D documents and their topics, which the rules change in place.

    words: (N,) int32, ascending within a document. doc_offsets: (D + 1,) int64, document d has the tokens
    doc_offsets[d] .. doc_offsets[d + 1] - 1. doc_keys: (D,) uint64, what random numbers are keyed by.
    z: (N,) topics, uint16 or uint32 (`row_layout.topic_dtype`).
    """

    words: NDArray[np.int32]
    doc_offsets: NDArray[np.int64]
    doc_keys: NDArray[np.uint64]
    z: NDArray[Any]


class TokenRange(NamedTuple):
    """The tokens of one document that one range of words has: all of them where the vocabulary is one range.

    begin, end: first token of the document, token after its last. low, high: likewise of the range.
    first_word: the word that the model's first row stands for. All int64.
    """

    begin: int
    end: int
    low: int
    high: int
    first_word: int | np.int64
