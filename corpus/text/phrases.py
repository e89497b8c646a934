"""Frequent pairs of words joined into one term: "united_states".

Pairs are found by how much more often two words stand side by side than chance would have them, by the formulas
and with the conventions of `gensim.models.phrases`: the same tokens give the same pairs with the same scores. They are
found once, where a corpus is built, among the words that its recipe keeps, and stand in its recipe: new text is joined
by the same pairs, whatever it consists of. Rejected: to find pairs by gensim, because it counts joined strings one by
one in Python, and drops counts without a word where they are many.

They are joined by `_`, which no word of the default pattern has, so that a phrase is told from a word and, by the blank
of `add_ngrams`, from a run of words; formats with blanks between terms can hold it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Pair = tuple[str, str]

JOINER: Final = "_"
"""Stands between the words of a phrase."""


class PhraseJoiner:
    """Joins given pairs of words wherever they stand side by side; holds no state that changes."""

    def __init__(self, pairs: Iterable[Pair]) -> None:
        """pairs: first and second word of each phrase."""
        self._pairs = frozenset(pairs)
        words = sorted({word for pair in self._pairs for word in pair})
        self._index = {word: number for number, word in enumerate(words)}
        self._words = words
        codes = [self._index[first] * len(words) + self._index[second] for first, second in self._pairs]
        self._codes = np.sort(np.array(codes, dtype=np.int64))

    def __call__(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], terms: list[str]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], list[str]]:
        """Replace each pair by its phrase, from left to right; a word belongs to one phrase at most.

        Args:
            doc_offsets: (n + 1,) starting at 0.
            words: (n_tokens,) numbers into `terms`.
            terms: the (T,) words.

        Returns:
            New offsets, words and terms, of which each occurs.
        """
        codes = self._pair_codes(doc_offsets, words, terms)
        joins = _from_the_left(codes >= 0)
        if not joins.any():
            return doc_offsets, words, terms
        found, inverse = np.unique(codes[joins], return_inverse=True)
        numbers = {term: number for number, term in enumerate(terms)}
        # A word may be spelled like a phrase already, and is the same term then.
        named = [numbers.setdefault(self._name(code), len(numbers)) for code in found.tolist()]
        made = words.copy()
        made[joins] = np.array(named, dtype=np.int32)[inverse]
        kept = np.ones(len(words), dtype=np.bool_)
        kept[1:] = ~joins[:-1]
        before = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
        made, all_terms = made[kept], list(numbers)
        used = np.bincount(made, minlength=len(all_terms)) > 0
        renumbered = (np.cumsum(used) - 1).astype(np.int32)
        names = [term for term, occurs in zip(all_terms, used.tolist(), strict=True) if occurs]
        return before[doc_offsets], renumbered[made], names

    def first_words(self, words: Sequence[str]) -> list[int]:
        """Places in one document whose word and the next one are a phrase, as a call joins them."""
        found = list[int]()
        for place in range(len(words) - 1):
            joined = bool(found) and found[-1] == place - 1
            if not joined and (words[place], words[place + 1]) in self._pairs:
                found.append(place)
        return found

    def _pair_codes(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], terms: list[str]
    ) -> npt.NDArray[np.int64]:
        """Of each token the number of the pair that it begins, -1 where that is no phrase: (n_tokens,) int64."""
        codes = np.full(len(words), -1, dtype=np.int64)
        if len(words) < 2 or not len(self._codes):
            return codes
        lookup = np.fromiter((self._index.get(term, -1) for term in terms), dtype=np.int64, count=len(terms))
        known = lookup[words]
        both = within_documents(doc_offsets, len(words)) & (known[:-1] >= 0) & (known[1:] >= 0)
        places = np.flatnonzero(both)
        pairs = known[places] * len(self._words) + known[places + 1]
        at = np.minimum(np.searchsorted(self._codes, pairs), len(self._codes) - 1)
        phrases = self._codes[at] == pairs
        codes[places[phrases]] = pairs[phrases]
        return codes

    def _name(self, code: int) -> str:
        first, second = divmod(code, len(self._words))
        return f"{self._words[first]}{JOINER}{self._words[second]}"


@lru_cache(maxsize=8)
def joiner_of(pairs: tuple[Pair, ...]) -> PhraseJoiner:
    """The joiner of a recipe's pairs; it is kept, for a text may come alone, and tens of thousands of pairs with it."""
    return PhraseJoiner(pairs)


def within_documents(doc_offsets: npt.NDArray[np.int64], n_tokens: int) -> npt.NDArray[np.bool_]:
    """Whether a token and the next one are of the same document: (n_tokens - 1,) bool."""
    same = np.ones(n_tokens, dtype=np.bool_)
    ends = doc_offsets[1:]
    same[ends[ends > 0] - 1] = False
    return same[:-1]


def _from_the_left(pairs: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Of the pairs that tokens begin, those that are joined: of pairs that overlap every other one."""
    places = np.arange(len(pairs))
    begins = pairs.copy()
    begins[1:] &= ~pairs[:-1]
    first = np.maximum.accumulate(np.where(begins, places, 0)) if len(pairs) else places
    chosen: npt.NDArray[np.bool_] = pairs & ((places - first) % 2 == 0)
    return chosen


class ScoredPair(NamedTuple):
    """A pair of words, how often they stand side by side, and its score."""

    first: str
    second: str
    times: int
    score: float
