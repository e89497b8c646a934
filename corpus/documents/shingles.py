"""What near-duplicates are told by: the stretches of three words that a document has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from lda.corpus.document_hashes import SHORTEST, term_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Hashes = npt.NDArray[np.uint64]
    Integers = npt.NDArray[np.int64]

WORDS: Final = 3
"""Of a shingle. One word changed in a text of n changes three of its n - 2: of 60 words, the similarity is then 0.9.
Single words would make all texts of one subject alike; longer stretches, every edit a new text."""

MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
"""For mixing hashes; odd, so that no two numbers become one by it."""


class Shingler:
    """The shingles of documents as hashes of 64 bits, made of the words themselves: corpora may differ in vocabulary.

    Of counts, which have no order, a shingle is a term and which of its occurrences it is, so that the similarity is
    that of the counts: sum of the lesser ones over sum of the greater ones.
    """

    def __init__(self, terms: Sequence[str], *, ordered: bool) -> None:
        """terms: the (V,) terms that words are numbers into. ordered: whether these stand in the order of a text."""
        self._ordered = ordered
        self._terms = term_hashes(terms)

    def of(self, offsets: Integers, words: npt.NDArray[np.int32]) -> tuple[Hashes, Integers]:
        """Shingles of the documents one after the other, some of them twice, and (n + 1,) offsets.

        Documents of fewer than `SHORTEST` words have none: two that say "no comment" are not the same document.
        """
        lengths = np.diff(offsets)
        told = lengths >= SHORTEST
        if self._ordered:
            found = _stretches(self._terms[words])
            counts = np.where(told, lengths - WORDS + 1, 0)
        else:
            found = self._occurrences(np.repeat(np.arange(len(lengths)), lengths), words)
            counts = np.where(told, lengths, 0)
        ends = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        places = np.arange(ends[-1]) + np.repeat(offsets[:-1] - ends[:-1], counts)
        return found[places], ends

    def _occurrences(self, document: Integers, words: npt.NDArray[np.int32]) -> Hashes:
        """(N,) by document."""
        order = np.lexsort((words, document))
        document, words = document[order], words[order]
        starts = np.ones(len(words), dtype=bool)
        starts[1:] = (document[1:] != document[:-1]) | (words[1:] != words[:-1])
        first = np.maximum.accumulate(np.where(starts, np.arange(len(words)), 0))
        times = (np.arange(len(words)) - first).astype(np.uint64)
        return self._terms[words] ^ (times * MULTIPLIER)


def _stretches(hashes: Hashes) -> Hashes:
    """(N - 2,) hashes of three neighbours, which the order of these changes."""
    n = max(len(hashes) - WORDS + 1, 0)
    mixed = np.zeros(n, dtype=np.uint64)
    for word in range(WORDS):
        mixed = mixed * MULTIPLIER ^ hashes[word : word + n]
        mixed ^= mixed >> np.uint64(29)
    return mixed


def jaccard(one: Hashes, other: Hashes) -> float:
    """Share of the shingles of either that both have. Each is sorted and has none twice."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / max(len(one) + len(other) - shared, 1)
