"""Terms that count as one: by their stem, their lemma, or however vowel marks are written.

Each term has a key, which depends on the term and the recipe alone, so that it can be computed wherever terms are met,
and only once for each of them, not for each token. Terms of one key are one entry of the vocabulary, which is shown
as the most frequent of them (of equally frequent ones the first in the order of code points): topics are read by
people, to whom "hous" says less than "houses". A run of words, and a phrase, has the keys of its words.
"""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from lda.corpus.errors import DataError
from lda.corpus.text.key_languages import STEMMERS
from lda.corpus.text.segmenters import imported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lda.corpus.text.recipe import Recipe

OF_KEYS: Final = ("normalize", "stem", "lemmatize")
"""The settings of a recipe that its keys come from."""

_APART: Final = re.compile(r"([ _])")
"""What joins the words of a run (a blank) and of a phrase."""

_ARABIC_MARKS: Final = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
"""Vowel signs and other marks of Arabic, and the stroke that only makes a word longer (tatweel)."""

_ARABIC_LETTERS: Final = str.maketrans(
    {
        "\u0622": "\u0627",  # alef with madda above
        "\u0623": "\u0627",  # alef with hamza above
        "\u0625": "\u0627",  # alef with hamza below
        "\u0671": "\u0627",  # alef wasla
        "\u0649": "\u064a",  # alef maksura: yeh
        "\u0629": "\u0647",  # teh marbuta: heh
    }
)
"""Letters that are commonly written for each other, as Lucene's ArabicNormalizer and light stemming (Larkey,
Ballesteros and Connell 2002) have it."""

_HINDI_LETTERS: Final = str.maketrans(
    {
        "\u093c": None,  # nukta, which is often left out
        "\u0901": "\u0902",  # chandrabindu: anusvara
        "\u0945": "\u0947",  # short e: e
        "\u0949": "\u094b",  # short o: o
        "\u200c": None,  # joiners change how a cluster looks, not the word
        "\u200d": None,
    }
)
"""Signs of Devanagari that are commonly written for each other (after Larkey, Connell and Abduljaleel 2003)."""


class TermKeys:
    """The keys of terms, by a recipe; holds no state that matters, so threads may share it."""

    def __init__(self, recipe: Recipe) -> None:
        """Prepare for a recipe, for which `has_keys` is true.

        Raises:
            DataError: a package is missing, or knows nothing of the language.
        """
        self._steps: list[Callable[[list[str]], list[str]]] = []
        if recipe.normalize is not None:
            self._steps.append(_arabic if recipe.normalize == "arabic" else _hindi)
        if recipe.stem is not None:
            self._steps.append(_stemmer(recipe.stem))
        if recipe.lemmatize is not None:
            self._steps.append(_lemmatizer(recipe.lemmatize, lowercase=recipe.lowercase))

    def __call__(self, terms: Sequence[str]) -> list[str]:
        """The key of each term. That of a run of words, or of a phrase, is made of the keys of its words."""
        parts = [_APART.split(term) for term in terms]
        # A name such as __init__ has nothing between its strokes.
        words = list(dict.fromkeys(word for pieces in parts for word in pieces[::2] if word))
        keys = words
        for step in self._steps:
            keys = step(keys)
        # A key that came out empty would join what has nothing in common.
        known = {"": ""} | {word: key or word for word, key in zip(words, keys, strict=True)}
        return [
            "".join(piece if number % 2 else known[piece] for number, piece in enumerate(pieces))
            for pieces in parts
        ]


def has_keys(recipe: Recipe | None) -> bool:
    """Whether terms of this recipe count as one by a key."""
    return recipe is not None and any(getattr(recipe, name) is not None for name in OF_KEYS)


def numbered_keys(keys: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int32]]:
    """The distinct keys in the order of their first term, and the number of each term's key: (n,) int32."""
    known: dict[str, int] = {}
    numbers = np.fromiter(
        (known.setdefault(key, len(known)) for key in keys), dtype=np.int32, count=len(keys)
    )
    return list(known), numbers


def shown_form(frequencies: Mapping[str, int]) -> str:
    """The term that stands for all of a key: the most frequent; of equals, the first in the order of code points.

    frequencies: tokens of each term of the key in all the texts.
    """
    return min(frequencies, key=lambda term: (-frequencies[term], term))


def _arabic(words: list[str]) -> list[str]:
    return [_ARABIC_MARKS.sub("", word).translate(_ARABIC_LETTERS) for word in words]


def _hindi(words: list[str]) -> list[str]:
    return [word.translate(_HINDI_LETTERS) for word in words]


def _stemmer(language: str) -> Callable[[list[str]], list[str]]:
    module = imported("Stemmer", f"--stem {language}", "stem")
    mine = threading.local()  # a stemmer has a cache that two threads would spoil

    def stems(words: list[str]) -> list[str]:
        if not hasattr(mine, "stemmer"):
            mine.stemmer = module.Stemmer(STEMMERS[language])
        found: list[str] = mine.stemmer.stemWords(words)
        return found

    return stems


def _lemmatizer(language: str, *, lowercase: bool) -> Callable[[list[str]], list[str]]:
    module = imported("simplemma", f"--lemmatize {language}", "lemmatize")
    lemmatizer: Any = module.Lemmatizer()
    try:
        lemmatizer.lemmatize("a", lang=language)  # reads the words of the language
    except ValueError:
        raise DataError(
            f"--lemmatize {language} cannot be: simplemma has no words of that language; leave it out, or take --stem"
        ) from None

    def lemma(word: str) -> str:
        found: str = lemmatizer.lemmatize(word, lang=language)
        if language != "de" or not lowercase:
            return found.lower() if lowercase else found
        # Nouns have lost their capital. "haus" is no form of "hausen" then, but a noun in its basic form.
        capital = word[:1].upper() + word[1:]
        noun = found != word and found[:1].islower() and lemmatizer.lemmatize(capital, lang="de") == capital
        return word if noun else found.lower()

    def lemmas(words: list[str]) -> list[str]:
        return [lemma(word) for word in words]

    return lemmas
