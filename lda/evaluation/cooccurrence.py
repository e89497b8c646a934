"""Co-occurrence of the top words of topics in a reference corpus: in sliding windows or in whole documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from lda.corpus import DocumentBatch
    from lda.samplers.scoring.cooccurrence import Pairs

    Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Cooccurrence:
    """Windows that hold the top words of topics, alone and in pairs.

    Attributes:
        n_windows: all windows; with `window` 0, all documents.
        window: tokens in a window; 0 means whole documents.
        together: for each topic (n, n) int64, windows that hold words i and j; the diagonal has those of i.
    """

    n_windows: int
    window: int
    together: list[Counts]


def count(
    batches: Iterable[DocumentBatch], topics: list[npt.NDArray[np.int32]], n_terms: int, window: int
) -> Cooccurrence:
    """Slide a window over documents; those shorter than it are one window.

    topics: for each the (n,) term ids of its top words, no word twice. window: 0 takes documents whole, which
    is all that can be done where tokens have lost their order.
    """
    from lda.samplers.numerics.prefix_sum import read_only
    from lda.samplers.scoring.cooccurrence import count_windows, no_windows

    words = np.unique(np.concatenate([np.zeros(0, np.int32), *topics]))
    pairs, codes = _pairs(topics, words, n_terms)
    counted = no_windows(len(words), len(codes))
    n_windows = 0
    for batch in batches:
        n_windows += int(
            count_windows(read_only(batch.words), read_only(batch.doc_offsets), window, pairs, counted)
        )
    together = []
    for topic in topics:
        number = np.searchsorted(words, topic).astype(np.int64)
        low, high = np.minimum.outer(number, number), np.maximum.outer(number, number)
        at = np.searchsorted(codes, low * len(words) + high)
        found = counted.pairs[np.minimum(at, max(len(codes) - 1, 0))] if len(codes) else np.zeros_like(at)
        np.fill_diagonal(found, counted.words[number])
        together.append(found)
    return Cooccurrence(n_windows, window, together)


def _pairs(
    topics: list[npt.NDArray[np.int32]], words: npt.NDArray[np.int32], n_terms: int
) -> tuple[Pairs, Counts]:
    """The pairs within topics, each once, as `samplers.scoring.cooccurrence.Pairs`, and their sorted codes."""
    from lda.samplers.scoring.cooccurrence import Pairs

    n = len(words)
    found = [np.zeros(0, dtype=np.int64)]
    for topic in topics:
        number = np.sort(np.searchsorted(words, topic)).astype(np.int64)
        i, j = np.triu_indices(len(number), 1)
        found.append(number[i] * n + number[j])
    codes = np.unique(np.concatenate(found))
    low, high = np.divmod(codes, max(n, 1))
    # Each pair stands with both of its words.
    word = np.concatenate([low, high])
    order = np.argsort(word, kind="stable")
    start = np.searchsorted(word[order], np.arange(n + 1)).astype(np.int64)
    partner = np.concatenate([high, low])[order].astype(np.int32)
    numbers = np.full(n_terms, -1, dtype=np.int32)
    numbers[words] = np.arange(n, dtype=np.int32)
    pair = np.concatenate([np.arange(len(codes)), np.arange(len(codes))])[order].astype(np.int64)
    return Pairs(numbers, start, partner, pair), codes
