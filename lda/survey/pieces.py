"""Texts cut into pieces, each token of the model with the topic that it has there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import strings
from lda.corpus.readers.ready_tokens import TOKENS
from lda.corpus.text.token_spans import SpannedText, TokenSpans, joined_words, look_for
from lda.survey.survey import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.survey.described_documents import KeptText
    from lda.survey.sources import DocumentSource


class _Marked(NamedTuple):
    """A known token: text[start:stop], and its topic."""

    start: int
    stop: int
    topic: int


class CutTexts:
    """Cuts the texts of some documents."""

    def __init__(self, source: DocumentSource, vocabulary: Sequence[str]) -> None:
        self._ordered, self._vocabulary = source.ordered, vocabulary
        self._index = {term: number for number, term in enumerate(vocabulary)}
        recipe = source.recipe
        self._spans: TokenSpans | None = None
        if recipe is not None and (recipe.tokenizer is None or source.tokenizer is not None):
            self._spans = TokenSpans(recipe, source.tokenizer)

    def pieces(
        self, kept: Sequence[KeptText], topics: Sequence[tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]]
    ) -> Iterator[tuple[tuple[Piece, ...], bool]]:
        """Each text as pieces, and whether these are the document's own text.

        topics: of each document (terms, z), in any order; of equal terms the first one in the text gets the first z.
        """
        for text, (words, z) in zip(kept, topics, strict=True):
            spanned = self._spanned(text)
            if spanned is None:
                yield self._without_text(text, words, z), False
                continue
            known = [(span, self._index[span.term]) for span in spanned.spans if span.term in self._index]
            ids = np.array([number for _, number in known], dtype=np.int64)
            marks = [
                _Marked(span.start, span.stop, topic)
                for (span, _), topic in zip(known, _in_order(ids, words, z).tolist(), strict=True)
            ]
            yield tuple(_cut(spanned.text, marks)), spanned.whole

    def _spanned(self, kept: KeptText) -> SpannedText | None:
        """The text with its tokens, whose known ones are those that were counted; None if that cannot be had."""
        counted = np.sort(kept.words)
        for spanned in self._attempts(kept):
            known = [self._index[span.term] for span in spanned.spans if span.term in self._index]
            if len(known) == len(counted) and np.array_equal(np.sort(known), counted):
                return spanned
        return None

    def _attempts(self, kept: KeptText) -> Iterator[SpannedText]:
        text = kept.text
        if isinstance(text, str):
            if self._spans is not None:
                yield from self._spans(strings([text]))
            if self._ordered:  # words came from elsewhere
                found = look_for([self._vocabulary[word] for word in kept.words.tolist()], text)
                if found is not None:
                    yield SpannedText(text, found, whole=True)
        elif text is not None:
            if self._spans is not None:
                yield from self._spans(_list(text))
            yield SpannedText(*joined_words(text), whole=False)

    def _without_text(
        self, kept: KeptText, words: npt.NDArray[np.int32], z: npt.NDArray[np.int64]
    ) -> tuple[Piece, ...]:
        """The known words in a row, or, without an order, each with how often it occurs in each topic."""
        if self._ordered:
            terms = [self._vocabulary[word] for word in kept.words.tolist()]
            text, spans = joined_words(terms)
            topics = _in_order(kept.words.astype(np.int64), words, z).tolist()
            marks = [_Marked(s.start, s.stop, topic) for s, topic in zip(spans, topics, strict=True)]
            return tuple(_cut(text, marks))
        numbers = Counter(zip(words.tolist(), z.tolist(), strict=True))
        frequencies = Counter(words.tolist())
        order = sorted(numbers, key=lambda pair: (-frequencies[pair[0]], pair[0], -numbers[pair], pair[1]))
        terms = [self._vocabulary[word] for word, _ in order]
        shown = [
            term if numbers[pair] == 1 else f"{term} ×{numbers[pair]}"
            for term, pair in zip(terms, order, strict=True)
        ]
        text, spans = joined_words(shown)
        marks = [_Marked(s.start, s.stop, topic) for s, (_, topic) in zip(spans, order, strict=True)]
        return tuple(_cut(text, marks))


def _list(words: list[str]) -> pa.Array[Any]:
    made: pa.Array[Any] = pa.array([words], TOKENS)
    return made


def _in_order(
    ids: npt.NDArray[np.int64], words: npt.NDArray[np.int32], z: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The topics of tokens in the order of the text, (n,) ids; words, z: the same tokens in another order."""
    topics = np.zeros(len(ids), dtype=np.int64)
    topics[np.argsort(ids, kind="stable")] = z[np.argsort(words, kind="stable")]
    return topics


def _cut(text: str, marks: Sequence[_Marked]) -> Iterator[Piece]:
    """The text in pieces. Of runs of words that overlap, the longest that begins first is shown."""
    at = 0
    for number, mark in enumerate(marks):
        longer = number + 1 < len(marks) and marks[number + 1].start == mark.start
        if mark.start < at or longer:
            continue
        if mark.start > at:
            yield Piece(text[at : mark.start], -1)
        yield Piece(text[mark.start : mark.stop], mark.topic)
        at = mark.stop
    if at < len(text):
        yield Piece(text[at:], -1)
