"""Where the tokens of a text stand in it: for a text that is shown with its tokens marked.

The tokens themselves are those of `TextTokenizer`, so that what is marked is what was counted. Where they stand is
found in the text as the pattern sees it, whose characters are traced back to the text as it is written. What was found
is compared with the tokens; where they are not as they should be, the words are shown in place of the text.
"""

from __future__ import annotations

import unicodedata
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from lda.corpus.arrow import is_list, string_list
from lda.corpus.text.guarded_pattern import GuardedPattern, can_guard
from lda.corpus.text.markup import strip_html_spans, strip_markup
from lda.corpus.text.patterns import compile_pattern
from lda.corpus.text.recipe import PATTERNS
from lda.corpus.text.tokenizer import SOFT_HYPHEN, TextTokenizer, normalised

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.tokenizer import Tokenizer


class Span(NamedTuple):
    """A token: text[start:stop] is where it stands, `term` how it is counted."""

    start: int
    stop: int
    term: str


class SpannedText(NamedTuple):
    """A text with its tokens, in the order in which `TextTokenizer` gives them; runs of words overlap.

    whole: whether it is the document's own text; else it is made of its words, with blanks between them.
    """

    text: str
    spans: list[Span]
    whole: bool


class _Traced(NamedTuple):
    """A text made of another one: where in that its characters begin and end; None where nothing has moved."""

    text: str
    starts: list[int] | None
    stops: list[int] | None

    def origin(self, start: int, stop: int) -> tuple[int, int]:
        if self.starts is None or self.stops is None:
            return start, stop
        return self.starts[start], self.stops[stop - 1]


class TokenSpans:
    """Finds the tokens of texts, by a recipe."""

    def __init__(self, recipe: Recipe, tokenizer: Tokenizer | None = None) -> None:
        """Prepare for a recipe; `tokenizer` replaces its pattern. Raises as `TextTokenizer`."""
        self._recipe, self._tokenizer = recipe, tokenizer
        self._tokenize = TextTokenizer(recipe, tokenizer, of_model=True)
        known = recipe.pattern in PATTERNS.values() or not can_guard()
        self._guarded = None if known or tokenizer is not None else GuardedPattern(recipe.pattern, spans=True)

    def __call__(self, texts: pa.Array[Any]) -> Iterator[SpannedText]:
        """Each of the texts, (n,) strings, or lists of tokens, with its tokens. Raises as `TextTokenizer`."""
        ready = is_list(texts.type)
        offsets, numbers, terms = self._tokenize.words(texts)
        words = [terms[number] for number in numbers.tolist()]
        stop, ngram_range = self._tokenize.stop(ready=ready), self._recipe.ngram_range
        places = iter(()) if ready else self._places(texts)
        for text, (first, last) in zip(texts.to_pylist(), pairwise(offsets.tolist()), strict=True):
            mine = words[first:last]
            found = None if ready else self._find(text or "", mine, *next(places))
            shown, spans = joined_words(mine) if found is None else (text or "", found)
            counted = [span for span in spans if span.term not in stop]
            yield SpannedText(shown, list(_runs(counted, *ngram_range)), found is not None)

    def _places(self, texts: pa.Array[Any]) -> Iterator[tuple[str, list[tuple[int, int]] | None]]:
        """Of each text as the pattern sees it: itself, and where the pattern matches; None for a function."""
        stripped = strip_markup(texts, self._recipe.strip)
        if self._tokenizer is not None:
            yield from ((text or "", None) for text in stripped.to_pylist())
            return
        seen = normalised(stripped, lowercase=self._recipe.lowercase).fill_null("")
        if self._guarded is not None:
            offsets, found = self._guarded.find(seen)
            places = [tuple(map(int, place.split(":"))) for place in string_list(found)]
            for text, (first, last) in zip(string_list(seen), pairwise(offsets.tolist()), strict=True):
                yield text, [(start, stop) for start, stop in places[first:last]]
            return
        pattern = compile_pattern(self._recipe.pattern)
        group = min(pattern.groups, 1)
        for text in string_list(seen):
            yield text, [m.span(group) for m in pattern.finditer(text) if m[group]]

    def _find(
        self, text: str, words: list[str], seen: str, places: list[tuple[int, int]] | None
    ) -> list[Span] | None:
        """The words in the text, in their order; None where one is not to be found."""
        traced = self._traced(text, seen)
        if traced is None:
            return None
        if places is None or [seen[start:stop] for start, stop in places] != words:
            # A function, or another idea of what a letter is; then words are looked for one after the other.
            looked = _look_for(words, seen)
            if looked is None:
                return None
            places = looked
        found, before = [], 0
        for (start, stop), word in zip(places, words, strict=True):
            begin, end = traced.origin(start, stop)
            if begin < before or end <= begin:
                return None
            found.append(Span(begin, end, word))
            before = end
        return found

    def _traced(self, text: str, seen: str) -> _Traced | None:
        """`seen`, what the pattern sees of the text, traced back to it; None where that cannot be done."""
        made = _Traced(text, None, None)
        if self._recipe.strip is not None and ("<" in text or "&" in text):
            stripped = strip_html_spans(text)
            if stripped is None:
                return None
            made = _Traced(*stripped)
        if self._tokenizer is None and not made.text.isascii():
            made = _composed(_without(made, SOFT_HYPHEN))
        # Arrow's lower case takes a character for a character; what else has changed is not known here.
        same = made.text == seen or (self._recipe.lowercase and len(made.text) == len(seen))
        return made._replace(text=seen) if same else None


def joined_words(words: list[str]) -> tuple[str, list[Span]]:
    """The words as a text with blanks between them, and where they stand in it."""
    ends = accumulate((len(word) + 1 for word in words), initial=0)
    return " ".join(words), [
        Span(start, start + len(word), word) for start, word in zip(ends, words, strict=False)
    ]


def _without(made: _Traced, character: str) -> _Traced:
    if character not in made.text:
        return made
    kept = [place for place, c in enumerate(made.text) if c != character]
    return _Traced(
        "".join(made.text[place] for place in kept),
        kept if made.starts is None else [made.starts[place] for place in kept],
        [place + 1 for place in kept] if made.stops is None else [made.stops[place] for place in kept],
    )


def _composed(made: _Traced) -> _Traced:
    """In form NFC, stretch by stretch: from a character that nothing before it can change to the next such."""
    text = made.text
    if unicodedata.is_normalized("NFC", text):
        return made
    bounds = [place for place, c in enumerate(text) if _begins(c)]
    bounds = [*([] if bounds[:1] == [0] else [0]), *bounds, len(text)]
    out, starts, stops = [], list[int](), list[int]()
    for first, last in pairwise(bounds):
        stretch = text[first:last]
        composed = unicodedata.normalize("NFC", stretch)
        out.append(composed)
        if composed == stretch:
            places = [made.origin(place, place + 1) for place in range(first, last)]
        else:
            places = [made.origin(first, last)] * len(composed)
        starts += [start for start, _ in places]
        stops += [stop for _, stop in places]
    return _Traced("".join(out), starts, stops)


def _begins(character: str) -> bool:
    """Whether nothing composes with a character and what stands before it: no mark, no vowel or coda of Hangul."""
    return character.isascii() or not (
        unicodedata.category(character)[0] == "M" or "\u1160" <= character <= "\u11ff"
    )


def look_for(words: list[str], text: str) -> list[Span] | None:
    """Words that are known to be in a text, one after the other, whatever their case; None if one is not found."""
    places = _look_for(words, text)
    if places is None:
        return None
    return [Span(start, stop, word) for (start, stop), word in zip(places, words, strict=True)]


def _look_for(words: list[str], text: str) -> list[tuple[int, int]] | None:
    """Where the words of a function stand, one after the other, whatever their case; None if one does not."""
    folded, at, found = _same_length(text), 0, []
    for word in words:
        wanted = _same_length(word)
        start = folded.find(wanted, at)
        if start < 0 or not word:
            return None
        if start > at and not _at_edge(folded, start):
            # Within a word, as "he" in "the" that the function left out: it rather stands where a word begins.
            start = next(_edges(folded, wanted, start), start)
        found.append((start, start + len(word)))
        at = start + len(word)
    return found


def _edges(text: str, word: str, at: int) -> Iterator[int]:
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


def _runs(words: list[Span], low: int, high: int) -> Iterator[Span]:
    """All runs of low ... high words, as `add_ngrams` makes and orders them."""
    if (low, high) == (1, 1):
        yield from words
        return
    for first in range(len(words)):
        for size in range(low, min(high, len(words) - first) + 1):
            run = words[first : first + size]
            yield Span(run[0].start, run[-1].stop, " ".join(span.term for span in run))
