"""The tokens of each phase of a shard, by word: where counts are netted from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.cluster.resources.arrays import Arrays
from lda.cluster.resources.threads import Threads, block_count, blocks
from lda.samplers.counts.word_counts import index_by_word

MAX_TOKENS: Final = (1 << 31) - 1
"""Tokens of one phase of one shard: positions within it are int32."""

DELTA_TOKENS: Final = 1 << 17
"""Tokens netted at a time; bounds the memory of a delta on its way to the aggregator."""


class WordIndex:
    """Positions of the tokens of each phase, sorted by word.

    order: by phase, (tokens,) int32, positions within the phase. start: by phase, (V + 1,) int64, where the tokens
    of each word begin in it, that is, tokens of the phase whose words are smaller. Memory: 4 bytes a token,
    and 8 a term in each phase.
    """

    def __init__(
        self, words: NDArray[np.int32], phases: Sequence[tuple[int, int]], n_terms: int, arrays: Arrays
    ) -> None:
        """words: (N,). phases: (first token, token after the last) of each. Raises ValueError if one is too long."""
        self.order: list[NDArray[np.int32]] = []
        self.start: list[NDArray[np.int64]] = []
        for begin, end in phases:
            if end - begin > MAX_TOKENS:
                raise ValueError(
                    f"a phase of a shard may hold {MAX_TOKENS} tokens, got {end - begin}; use more phases"
                )
            start = arrays.zeros(n_terms + 1, np.int64)
            order = arrays.zeros(end - begin, np.int32)
            index_by_word(words, begin, end, start, order)
            self.order.append(order)
            self.start.append(start)

    def blocks(
        self, phase: int, threads: Threads, first: int, last: int, *, finely: bool = True
    ) -> list[tuple[int, int]]:
        """Ranges of words first .. last - 1 to net separately, of about equal numbers of tokens in this phase.

        finely: several for each thread, and none with more than DELTA_TOKENS; otherwise one for each.
        """
        start = self.start[phase]
        n_tokens = int(start[last] - start[first])
        several = max(block_count(n_tokens, threads.n), n_tokens // DELTA_TOKENS)
        return blocks(start, first, last, several if finely else threads.n)
