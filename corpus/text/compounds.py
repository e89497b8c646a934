"""Compounds of German cut into their parts, by a dictionary: "arbeitsmarktpolitik" is "arbeits", "markt", "politik".

There is no kept package for this with wheels and a licence that goes with ours (2026-11: compound-split is under the
GPL, and brings 185 MB). What is here is the plain way of a dictionary (Koehn and Knight 2003 without their frequencies,
so that the parts of a word depend on that word alone). A word is cut before its longest ending of four letters or more
that is a known noun, if what stands before is a known noun in its basic form, of four letters or more, but for an -s,
-es, -n, -en or -er that links them; then the ending is cut in the same way. The dictionary is simplemma's. What it does
not find: parts with the umlaut of a plural ("häusermeer"), and parts of three letters ("bundestag").
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.text.segmenters import imported

if TYPE_CHECKING:
    import numpy.typing as npt

COMPOUNDS: Final = ("german",)
"""What `Recipe.split_compounds` may be."""

SHORTEST: Final = 4
"""Letters of a part: shorter nouns ("rat", "ei") stand by chance in many words."""

LONGEST: Final = 60
"""Letters of a word that is looked at: beyond it is no word."""

_LINKS: Final = ("", "s", "es", "n", "en", "er")

_ENDINGS: Final = frozenset({"schaft", "schaften", "ster"})
"""Nouns that are the end of one noun in nearly all words that end so: freundschaft, minister."""


class Compounds:
    """Cuts words into the parts of a compound; holds no state that matters, so threads may share it."""

    def __init__(self) -> None:
        """Raises DataError if the dictionary is not installed."""
        module = imported("simplemma", "--split-compounds german", "lemmatize")
        self._lemmatize: Any = module.Lemmatizer().lemmatize
        self._is_known: Any = module.is_known
        self.parts = lru_cache(maxsize=1 << 17)(self._parts)

    def __call__(
        self, doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], terms: list[str]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], list[str]]:
        """The words of some documents with each compound replaced by its parts, in their order.

        Args:
            doc_offsets: (n + 1,) starting at 0.
            words: (n_tokens,) numbers into `terms`.
            terms: the (T,) words.

        Returns:
            New offsets, words and terms; terms of which no token is left are gone.
        """
        parts = [self.parts(term) for term in terms]
        known: dict[str, int] = {}
        flat = np.fromiter(
            (known.setdefault(part, len(known)) for found in parts for part in found), dtype=np.int32
        )
        sizes = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
        firsts = np.cumsum(sizes) - sizes
        lengths = sizes[words]
        before = np.zeros(len(words) + 1, dtype=np.int64)
        np.cumsum(lengths, out=before[1:])
        within = np.arange(before[-1], dtype=np.int64) - np.repeat(before[:-1], lengths)
        return before[doc_offsets], flat[np.repeat(firsts[words], lengths) + within], list(known)

    def _parts(self, word: str) -> tuple[str, ...]:
        """The parts of a word, itself if it is no compound."""
        if not 2 * SHORTEST <= len(word) <= LONGEST or not word.isalpha():
            return (word,)
        basic = self._basic(word)
        if basic is not None and basic.lower() != word.lower() and len(self.parts(basic.lower())) == 1:
            return (word,)  # "regierungen" is no "regie" with "rungen"
        for at in range(SHORTEST, len(word) - SHORTEST + 1):
            first, rest = word[:at], word[at:]
            if rest not in _ENDINGS and self._basic(rest) is not None and self._begins(first):
                return (first, *self.parts(rest))
        return (word,)

    def _begins(self, part: str) -> bool:
        """Whether a compound may begin with this: a noun in its basic form, and what links it to the next part."""
        for link in _LINKS:
            noun = part.removesuffix(link)
            if part.endswith(link) and len(noun) >= SHORTEST and self._basic(noun) == _capital(noun):
                return True
        return False

    def _basic(self, word: str) -> str | None:
        """The basic form of a noun, with its capital; None for another word."""
        capital = _capital(word)
        if not self._is_known(capital, lang="de"):
            return None
        found: str = self._lemmatize(capital, lang="de")
        return found if found[:1].isupper() else None


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:].lower()
