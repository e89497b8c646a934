"""Where the tokens of a text stand in it: for a text that is shown with its tokens marked.

The tokens themselves are those of `TextTokenizer`, so that what is marked is what was counted. Where they stand is
found in the text as the pattern sees it, whose characters are traced back to the text as it is written. What was found
is compared with the tokens; where they are not as they should be, the words are shown in place of the text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from lda.corpus.arrow import is_list, string_list
from lda.corpus.text.guarded_pattern import GuardedPattern, can_guard
from lda.corpus.text.markup import strip_html_spans, strip_markup
from lda.corpus.text.patterns import compile_pattern
from lda.corpus.text.phrases import JOINER
from lda.corpus.text.recipe import DEFAULT_PATTERN, PATTERNS
from lda.corpus.text.tokenizer import SOFT_HYPHEN, TextTokenizer, normalised

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from lda.corpus.text.compounds import Compounds
    from lda.corpus.text.phrases import PhraseJoiner
    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.tokenizer import Tokenizer

Places = npt.NDArray[np.int64]
Pairs = list[tuple[int, int]]

_NEARLY_LETTERS: Final = re.compile("[^\\W\\d_](?:[\u200c\u200d]*[^\\W\\d_])+")
"""The default pattern, but for combining marks and for numbers that are no digits. It compiles in an instant, where the
other one takes a second; what it finds is compared with the tokens, which shows whether it will do."""


class SpannedText(NamedTuple):
    """A text with its tokens, in the order in which `TextTokenizer` gives them; runs of words overlap.

    A phrase reaches from its first word to its second, with all that stands between them, as does a run.

    Attributes:
        text: what is shown.
        starts, stops: (n,) int64; text[starts[i]:stops[i]] is where token i stands.
        words: the n tokens, as they are counted.
        whole: whether it is the document's own text; else it is made of its words, with blanks between them.
    """

    text: str
    starts: Places
    stops: Places
    words: list[str]
    whole: bool


class _Traced(NamedTuple):
    """A text made of another one, and where in that its characters begin and end; None if nothing has moved."""

    text: str
    starts: Places | None
    stops: Places | None


class TokenSpans:
    """Finds the tokens of texts, by a recipe."""

    def __init__(
        self,
        recipe: Recipe,
        tokenizer: Tokenizer | str | None = None,
        vocabulary: Sequence[str] | None = None,
    ) -> None:
        """Prepare for a recipe; arguments and errors are those of `TextTokenizer`."""
        self._recipe = recipe
        self._tokenize = TextTokenizer(recipe, tokenizer, of_model=True, vocabulary=vocabulary)
        self._cut_elsewhere = self._tokenize.cut_elsewhere
        known = recipe.pattern in PATTERNS.values() or not can_guard()
        self._guarded = None if known or self._cut_elsewhere else GuardedPattern(recipe.pattern, told="spans")

    def __call__(self, texts: pa.Array[Any]) -> Iterator[SpannedText]:
        """Each of the texts, (n,) strings, or lists of tokens, with its tokens. Raises as `TextTokenizer`."""
        ready = is_list(texts.type)
        offsets, numbers, terms = self._tokenize.words(texts)
        words = [terms[number] for number in numbers.tolist()]
        stop, ngram_range = self._tokenize.stop(ready=ready), self._recipe.ngram_range
        joiner = self._tokenize.joiner
        seen = iter(()) if ready else self._seen(texts)
        for text, (first, last) in zip(texts.to_pylist(), pairwise(offsets.tolist()), strict=True):
            mine = words[first:last]
            found = None if ready else self._find(text or "", mine, *next(seen))
            made = joined_words(mine) if found is None else SpannedText(text or "", *found, mine, whole=True)
            if stop:
                kept = np.array([word not in stop for word in mine], dtype=np.bool_)
                counted = [word for word in mine if word not in stop]
                made = made._replace(starts=made.starts[kept], stops=made.stops[kept], words=counted)
            if self._tokenize.compounds is not None:
                made = _with_parts(made, self._tokenize.compounds)
            if joiner is not None:
                made = _with_phrases(made, joiner)
            made = made if ngram_range == (1, 1) else _with_runs(made, *ngram_range)
            yield made._replace(words=self._tokenize.shown(made.words))

    def _seen(self, texts: pa.Array[Any]) -> Iterator[tuple[str, Pairs | None]]:
        """Each text as the pattern sees it; and where that matches, if it is one that is to be run elsewhere."""
        stripped: Any = strip_markup(texts, self._recipe.strip)
        stripped = stripped.fill_null("")
        if self._cut_elsewhere:
            yield from ((text, None) for text in string_list(stripped))
            return
        seen = normalised(stripped, lowercase=self._recipe.lowercase)
        if self._guarded is None:
            yield from ((text, None) for text in string_list(seen))
            return
        offsets, found = self._guarded.find(seen)
        pairs = [(int(start), int(stop)) for start, stop in (p.split(":") for p in string_list(found))]
        for text, (first, last) in zip(string_list(seen), pairwise(offsets.tolist()), strict=True):
            yield text, pairs[first:last]

    def _find(
        self, text: str, words: list[str], seen: str, matches: Pairs | None
    ) -> tuple[Places, Places] | None:
        """Where the words stand in the text, in their order; None where one is not to be found."""
        traced = self._traced(text, seen)
        if traced is None:
            return None
        places = next(
            (found for found in self._matches(seen, matches) if [seen[a:b] for a, b in found] == words), None
        )
        if places is None:  # a function, or another idea of what a letter is
            places = _look_for(words, seen)
        if places is None:
            return None
        pairs = np.array(places, dtype=np.int64).reshape(-1, 2)
        starts, stops = pairs[:, 0], pairs[:, 1]
        if traced.starts is not None and traced.stops is not None:
            starts, stops = traced.starts[starts], traced.stops[stops - 1]
        apart = bool((stops > starts).all() and (starts[1:] >= stops[:-1]).all())
        return (starts, stops) if apart else None

    def _matches(self, seen: str, matches: Pairs | None) -> Iterator[Pairs]:
        """Where the pattern matches, which is to be compared with the tokens: what is quick comes first."""
        if matches is not None:
            yield matches
        elif not self._cut_elsewhere:
            if self._recipe.pattern == DEFAULT_PATTERN:
                yield [m.span() for m in _NEARLY_LETTERS.finditer(seen)]
            pattern = compile_pattern(self._recipe.pattern)
            group = min(pattern.groups, 1)
            yield [m.span(group) for m in pattern.finditer(seen) if m[group]]

    def _traced(self, text: str, seen: str) -> _Traced | None:
        """`seen`, what the pattern sees of the text, traced back to it; None where that cannot be done."""
        made = _Traced(text, None, None)
        if self._recipe.strip is not None and ("<" in text or "&" in text):
            stripped = strip_html_spans(text)
            if stripped is None:
                return None
            made = _Traced(stripped[0], _array(stripped[1]), _array(stripped[2]))
        if not self._cut_elsewhere and not made.text.isascii():
            made = _composed(_without(made, SOFT_HYPHEN))
        # Arrow's lower case takes a character for a character; what else has changed is not known here.
        same = made.text == seen or (self._recipe.lowercase and len(made.text) == len(seen))
        return made._replace(text=seen) if same else None


def joined_words(words: list[str]) -> SpannedText:
    """The words as a text with blanks between them."""
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    stops = np.cumsum(lengths + 1) - 1
    return SpannedText(" ".join(words), stops - lengths, stops, words, whole=False)


def look_for(words: list[str], text: str) -> SpannedText | None:
    """The text with words that are known to be in it in this order, whatever their case; None if one is not found."""
    pairs = _look_for(words, text)
    if pairs is None:
        return None
    places = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return SpannedText(text, places[:, 0], places[:, 1], words, whole=True)


def _array(values: list[int]) -> Places:
    return np.array(values, dtype=np.int64)


def _without(made: _Traced, character: str) -> _Traced:
    if character not in made.text:
        return made
    kept = _array([place for place, c in enumerate(made.text) if c != character])
    return _Traced(
        made.text.replace(character, ""),
        kept if made.starts is None else made.starts[kept],
        kept + 1 if made.stops is None else made.stops[kept],
    )


def _composed(made: _Traced) -> _Traced:
    """In form NFC, stretch by stretch: from a character that nothing before it can change to the next such."""
    text = made.text
    if unicodedata.is_normalized("NFC", text):
        return made
    # A mark may compose with what stands before it, and so may a vowel or coda of Hangul.
    bounds = [
        place
        for place, c in enumerate(text)
        if c.isascii() or not (unicodedata.category(c)[0] == "M" or "\u1160" <= c <= "\u11ff")
    ]
    bounds = [*([] if bounds[:1] == [0] else [0]), *bounds, len(text)]
    out, firsts, lasts = [], list[int](), list[int]()
    for first, last in pairwise(bounds):
        stretch = text[first:last]
        composed = unicodedata.normalize("NFC", stretch)
        out.append(composed)
        if composed == stretch:
            firsts += range(first, last)
            lasts += range(first, last)
        else:
            firsts += [first] * len(composed)
            lasts += [last - 1] * len(composed)
    starts, stops = _array(firsts), _array(lasts)
    return _Traced(
        "".join(out),
        starts if made.starts is None else made.starts[starts],
        stops + 1 if made.stops is None else made.stops[stops],
    )


def _look_for(words: list[str], text: str) -> Pairs | None:
    """Where words stand, one after the other, whatever their case; None if one does not."""
    folded, at, found = _same_length(text), 0, []
    for word in words:
        wanted = _same_length(word)
        start = folded.find(wanted, at)
        if start < 0 or not word:
            return None
        if start > at and not _at_edge(folded, start):
            # Within a word, as "he" in "the" that a function left out: it rather stands where a word begins.
            start = next(_at_edges(folded, wanted, start), start)
        found.append((start, start + len(word)))
        at = start + len(word)
    return found


def _at_edges(text: str, word: str, at: int) -> Iterator[int]:
    while (at := text.find(word, at)) >= 0:
        if _at_edge(text, at):
            yield at
        at += 1


def _at_edge(text: str, at: int) -> bool:
    return at == 0 or not (text[at - 1].isalnum() and text[at].isalnum())


def _same_length(text: str) -> str:
    """In lower case, where a character is one character."""
    lower = text.lower()
    return (
        lower if len(lower) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    )


def _with_parts(made: SpannedText, compounds: Compounds) -> SpannedText:
    """With the parts of compounds in their place; each of them stands where the compound has it."""
    starts, stops, words = [], [], list[str]()
    for word, start, stop in zip(made.words, made.starts.tolist(), made.stops.tolist(), strict=True):
        parts = compounds.parts(word)
        at = start
        for number, part in enumerate(parts, 1):
            # What is written has as many letters as the word, but where marks stand apart: the last part takes them.
            end = stop if number == len(parts) else min(at + len(part), stop)
            starts.append(at)
            stops.append(end)
            words.append(part)
            at = end
    return made._replace(starts=_array(starts), stops=_array(stops), words=words)


def _with_phrases(made: SpannedText, joiner: PhraseJoiner) -> SpannedText:
    """With phrases in place of their words, as `PhraseJoiner` makes them."""
    firsts = joiner.first_words(made.words)
    if not firsts:
        return made
    kept = np.ones(len(made.words), dtype=np.bool_)
    kept[np.array(firsts) + 1] = False
    stops, words = made.stops.copy(), list(made.words)
    for first in firsts:
        stops[first] = stops[first + 1]
        words[first] = f"{words[first]}{JOINER}{words[first + 1]}"
    left = [word for word, stays in zip(words, kept.tolist(), strict=True) if stays]
    return made._replace(starts=made.starts[kept], stops=stops[kept], words=left)


def _with_runs(made: SpannedText, low: int, high: int) -> SpannedText:
    """With all runs of low ... high words in place of the words, as `add_ngrams` makes and orders them."""
    n, words = len(made.words), made.words
    runs = [(first, first + size) for first in range(n) for size in range(low, min(high, n - first) + 1)]
    places = np.array(runs, dtype=np.int64).reshape(-1, 2)
    terms = [" ".join(words[first:last]) for first, last in runs]
    return made._replace(starts=made.starts[places[:, 0]], stops=made.stops[places[:, 1] - 1], words=terms)
