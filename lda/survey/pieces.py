"""Texts cut into pieces, each token of the model with the topic that it has there."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from lda.corpus import Recipe
from lda.corpus.arrow import strings
from lda.corpus.readers.ready_tokens import TOKENS
from lda.corpus.text.token_spans import SpannedText, TokenSpans, joined_words, look_for
from lda.survey.results import Piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.survey.described_documents import KeptText
    from lda.survey.sources import DocumentSource

    Integers = npt.NDArray[np.int64]


class CutTexts:
    """Cuts the texts of some documents."""

    def __init__(self, source: DocumentSource, vocabulary: Sequence[str]) -> None:
        self._ordered, self._vocabulary = source.ordered, vocabulary
        self._index = {term: number for number, term in enumerate(vocabulary)}
        recipe = (
            source.recipe or Recipe()
        )  # of words that came from elsewhere: it will do, or will not be taken
        self._spans: TokenSpans | None = None
        named = recipe.cut_by_function or (recipe.imports and recipe.recorded)
        if not named or source.tokenizer is not None:
            self._spans = TokenSpans(recipe, source.tokenizer, vocabulary)

    def pieces(
        self, kept: Sequence[KeptText], topics: Sequence[tuple[npt.NDArray[np.int32], Integers]]
    ) -> Iterator[tuple[tuple[Piece, ...], bool]]:
        """Each text as pieces, and whether these are the document's own text.

        topics: of each document (terms, z), in any order; of equal terms the first one in the text gets the first z.
        """
        for text, (words, z) in zip(kept, topics, strict=True):
            spanned, ids = self._spanned(text)
            if not self._ordered and not spanned.whole:
                yield self._frequencies(words, z), False
                continue
            known = ids >= 0
            marked = _in_order(ids[known], words, z)
            yield (
                tuple(_cut(spanned.text, spanned.starts[known], spanned.stops[known], marked)),
                spanned.whole,
            )

    def _spanned(self, kept: KeptText) -> tuple[SpannedText, Integers]:
        """The text with its tokens, and their term ids, -1 for unknown ones; what was counted is what is known."""
        counted = np.sort(kept.words)
        for spanned in self._attempts(kept):
            ids = np.array([self._index.get(word, -1) for word in spanned.words], dtype=np.int64)
            if np.array_equal(np.sort(ids[ids >= 0]), counted):
                return spanned, ids
        return joined_words(self._terms(kept.words)), kept.words.astype(np.int64)

    def _attempts(self, kept: KeptText) -> Iterator[SpannedText]:
        """The text with its tokens as the recipe finds them; as they came along with the text; without it."""
        text = kept.text
        if text is None:
            return
        if self._spans is not None:
            yield from self._spans(strings([text]) if isinstance(text, str) else _lists([text]))
        if not isinstance(text, str):
            yield joined_words(text)
        elif self._ordered:
            found = look_for(self._terms(kept.words), text)
            if found is not None:
                yield found

    def _terms(self, words: npt.NDArray[np.int32]) -> list[str]:
        return [self._vocabulary[word] for word in words.tolist()]

    def _frequencies(self, words: npt.NDArray[np.int32], z: Integers) -> tuple[Piece, ...]:
        """Words without an order, the most frequent first, each with how often it occurs in a topic."""
        numbers = Counter(zip(words.tolist(), z.tolist(), strict=True))
        frequencies = Counter(words.tolist())
        order = sorted(numbers, key=lambda pair: (-frequencies[pair[0]], pair[0], -numbers[pair], pair[1]))
        shown = [
            self._vocabulary[pair[0]] + (f" ×{numbers[pair]}" if numbers[pair] > 1 else "") for pair in order
        ]
        made = joined_words(shown)
        topics = np.array([topic for _, topic in order], dtype=np.int64)
        return tuple(_cut(made.text, made.starts, made.stops, topics))


def _lists(words: list[list[str]]) -> pa.Array[Any]:
    made: pa.Array[Any] = pa.array(words, TOKENS)
    return made


def _in_order(ids: Integers, words: npt.NDArray[np.int32], z: Integers) -> Integers:
    """The topics of tokens in the order of the text, (n,) ids; words, z: the same tokens in another order."""
    topics = np.zeros(len(ids), dtype=np.int64)
    topics[np.argsort(ids, kind="stable")] = z[np.argsort(words, kind="stable")]
    return topics


def _cut(text: str, starts: Integers, stops: Integers, topics: Integers) -> Iterator[Piece]:
    """The text in pieces. Of runs of words that overlap, the longest that begins first is shown."""
    if len(starts) and (starts[1:] < stops[:-1]).any():
        last = np.append(starts[1:] != starts[:-1], True)  # of those that begin here, the longest
        starts, stops, topics = starts[last], stops[last], topics[last]
    at = 0
    for start, stop, topic in zip(starts.tolist(), stops.tolist(), topics.tolist(), strict=True):
        if start < at:
            continue
        if start > at:
            yield Piece(text[at:start], -1)
        yield Piece(text[start:stop], topic)
        at = stop
    if at < len(text):
        yield Piece(text[at:], -1)
