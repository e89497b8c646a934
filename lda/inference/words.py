"""A few texts, cut into words by the recipe of a model, and found among its terms: without threads, without counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lda.corpus.readers.raw_texts import raw_text_batches
from lda.corpus.text.quick_words import QuickWords
from lda.corpus.text.term_keys import TermKeys, has_keys
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.inference.term_numbers import TermNumbers


FEW: Final = 512
"""Up to so many texts are cut one by one. Abstracts of 70 words take 16 us each so, however many there are; by Arrow,
which needs hundreds at a time, 27 in hundreds and 13 in thousands."""

MOST_CHARACTERS: Final = 1 << 19
"""Of such texts together: words of more are many megabytes of Python's strings, where Arrow numbers them at once."""

MOST_KEPT: Final = 1 << 16
"""Words whose numbers are kept, where they go by keys."""

LONGEST_KEPT: Final = 100
"""Characters of such a word: strangers' texts may hold any."""


class NumberedDocuments(NamedTuple):
    """Documents in the numbers of the model's terms.

    doc_offsets: (D + 1,) int64. words: (N,) int32, the tokens that the model knows. n_unknown: (D,) int64, the others.
    """

    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    n_unknown: npt.NDArray[np.int64]

    @classmethod
    def of(cls, offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]) -> NumberedDocuments:
        """Of documents whose unknown tokens are negative."""
        before = np.zeros(len(words) + 1, dtype=np.int64)
        known = words >= 0
        np.cumsum(known, out=before[1:])
        new = before[offsets]
        return cls(new, words[known], np.diff(offsets) - np.diff(new))


class TextWords:
    """Cuts texts into words and numbers them; threads may share it."""

    def __init__(
        self,
        recipe: Recipe,
        tokenizer: Tokenizer | str | None,
        numbers: TermNumbers,
        keyed: TermNumbers | None,
    ) -> None:
        """Prepare for a recipe; errors are those of `TextTokenizer`.

        numbers: of the model's terms. keyed: of their keys, of several terms with one the first; None without keys.
        """
        self._cut = TextTokenizer(recipe, tokenizer)
        self._quick = QuickWords(recipe, self._cut)
        self._keys = TermKeys(recipe) if has_keys(recipe) else None
        self._numbers = numbers if keyed is None else keyed
        self._known: dict[str, int] = {}

    def __call__(self, texts: Iterable[str | None]) -> NumberedDocuments:
        """The documents of texts. Raises as `tokenized_texts`."""
        if isinstance(texts, list | tuple) and len(texts) <= FEW and _short(texts):
            found = self._one_by_one(texts)
            if found is not None:
                return found
        parts = []
        for batch in raw_text_batches(texts):
            offsets, words, terms = self._cut.uncounted(batch.texts, batch.ids)
            parts.append(
                NumberedDocuments.of(offsets, np.array(self._numbers_of(terms), dtype=np.int32)[words])
            )
        return joined(parts)

    def _one_by_one(self, texts: Sequence[str | None]) -> NumberedDocuments | None:
        """The documents of a few texts; None where one of them needs more than that."""
        found, ends = list[int](), [0]
        for text in texts:
            # A missing text is an empty one, of which a function may make words.
            words = self._quick(text or "") if text is None or type(text) is str else None
            if words is None:
                return None
            found += self._numbers_of(words)
            ends.append(len(found))
        return NumberedDocuments.of(np.array(ends, dtype=np.int64), np.array(found, dtype=np.int32))

    def _numbers_of(self, terms: Sequence[str]) -> list[int]:
        if self._keys is None:
            return self._numbers(terms)
        # A key takes a hundred times as long as to look it up. Another thread may begin the table anew meanwhile.
        known = self._known if len(self._known) < MOST_KEPT else {}
        self._known = known
        new = [term for term in dict.fromkeys(terms) if term not in known]
        fresh = dict(zip(new, self._numbers(self._keys(new)), strict=True))
        known.update((term, number) for term, number in fresh.items() if len(term) <= LONGEST_KEPT)
        return [fresh[term] if term in fresh else known[term] for term in terms]


def _short(texts: Sequence[str | None]) -> bool:
    return sum(len(text) for text in texts if type(text) is str) <= MOST_CHARACTERS


def joined(parts: Sequence[NumberedDocuments]) -> NumberedDocuments:
    """Several batches as one."""
    if len(parts) == 1:
        return parts[0]
    none = NumberedDocuments(np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int64))
    parts = [none, *parts]
    lengths = np.concatenate([np.diff(part.doc_offsets) for part in parts])
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return NumberedDocuments(
        offsets,
        np.concatenate([part.words for part in parts]),
        np.concatenate([part.n_unknown for part in parts]),
    )


def keys_of(recipe: Recipe | None, vocabulary: Sequence[str]) -> list[str] | None:
    """What each term counts as by the recipe; None where that is the term itself."""
    return TermKeys(recipe)(vocabulary) if recipe is not None and has_keys(recipe) else None
