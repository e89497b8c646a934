"""Phrases of topics: words that stand side by side in a topic's documents more often than chance would have it.

Candidates are two or three tokens that follow each other with nothing but blanks or a hyphen between them, all of
which have the topic in question. Two words a, b are scored by the log-likelihood ratio of Dunning (1993) for "b follows
a" among all such pairs of the topic. They are a phrase if they follow each other at least three times and the ratio is
above 10.83 (chi-squared with one degree of freedom, p = 0.001), and they do so in two documents, where there are more
than one. Three words are a phrase if both pairs in them are, and they occur together three times, too; their score is
the lower one of their pairs. A pair that nearly always occurs within a longer phrase is left to that.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FEWEST: Final = 3
"""Times that a phrase must occur."""

FEWEST_DOCUMENTS: Final = 2
"""Documents that a phrase must occur in, where there is more than one: else it is one author's."""

SIGNIFICANT: Final = 10.83
"""Chi-squared with one degree of freedom, p = 0.001."""

LONGEST_WORD: Final = 40
"""Characters of a token in a phrase: what is longer is no word that a name is made of."""

_JOINT: Final = re.compile(r"[ \t\u00a0]*(?:-[ \t]*)?|\s+")
"""What may stand between two words of a phrase."""

NOWHERE: Final = -1
"""Topic of a piece of text that is no token of the model."""


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Two or three words that stand side by side in a topic.

    Attributes:
        text: as it is mostly written.
        count: times that it occurs, all words in the topic.
        score: log-likelihood ratio; the higher, the less by chance.
    """

    text: str
    count: int
    score: float


def topic_phrases(
    documents: Iterable[Sequence[tuple[str, int]]], n_topics: int, *, most: int = 5
) -> list[list[Phrase]]:
    """The best phrases of each topic in some documents, the highest score first.

    Args:
        documents: each a sequence of (text, topic) that gives its text when put together; the topic is -1 for what
            is no token of the model.
        n_topics: K.
        most: phrases of each topic at most.

    Raises:
        ValueError: a topic is not one of the model.
    """
    counts: list[_Counts] = [_Counts() for _ in range(n_topics)]
    n_documents = 0
    for number, pieces in enumerate(documents):
        n_documents += 1
        for topic, words in _runs(pieces):
            if topic >= n_topics:
                raise ValueError(f"there are topics 0 to {n_topics - 1}, got {topic}")
            counts[topic].add(number, words)
    return [of_topic.phrases(min(n_documents, FEWEST_DOCUMENTS))[:most] for of_topic in counts]


def _runs(pieces: Sequence[tuple[str, int]]) -> Iterable[tuple[int, list[str]]]:
    """Tokens of one topic that follow each other, where there are two or more."""
    topic, words, joint = NOWHERE, list[str](), ""
    for text, its in pieces:
        if its == NOWHERE:
            joint += text
            continue
        word = text.strip()
        joint += text[: len(text) - len(text.lstrip())]
        if its != topic or not _JOINT.fullmatch(joint) or not _is_word(word):
            if len(words) > 1:
                yield topic, words
            topic, words = its, []
        if _is_word(word):
            words.append(word)
        joint = text[len(text.rstrip()) :]
    if len(words) > 1:
        yield topic, words


def _is_word(word: str) -> bool:
    return 0 < len(word) <= LONGEST_WORD and printable(word) == word and any(map(str.isalpha, word))


class _Counts:
    """How often words of one topic follow each other."""

    def __init__(self) -> None:
        self.pairs, self.threes = Counter[Words](), Counter[Words]()
        self.first, self.second = Counter[str](), Counter[str]()
        self.written: dict[Words, Counter[str]] = {}
        self.documents, self._last = Counter[Words](), dict[Words, int]()

    def add(self, document: int, run: list[str]) -> None:
        """Take words that follow each other. document: its number; numbers rise."""
        keys = [word.casefold() for word in run]
        for i in range(len(run) - 1):
            self.first[keys[i]] += 1
            self.second[keys[i + 1]] += 1
            for length, counter in ((2, self.pairs), (3, self.threes)):
                if i + length > len(run):
                    continue
                key = tuple(keys[i : i + length])
                counter[key] += 1
                self.written.setdefault(key, Counter())[" ".join(run[i : i + length])] += 1
                if self._last.get(key) != document:
                    self.documents[key] += 1
                    self._last[key] = document

    def phrases(self, fewest_documents: int) -> list[Phrase]:
        """What is a phrase, the highest score first."""
        n = sum(self.pairs.values())
        scores = dict[Words, float]()
        for key, count in self.pairs.items():
            a, b = key
            if count >= FEWEST and a != b and self.documents[key] >= fewest_documents:
                score = likelihood_ratio(count, self.first[a], self.second[b], n)
                if score > SIGNIFICANT:
                    scores[key] = score
        left = {key: self.pairs[key] for key in scores}  # what is not part of a longer phrase
        for key, count in self.threes.items():
            a, b, c = key
            if (
                count >= FEWEST
                and a != c
                and (a, b) in scores
                and (b, c) in scores
                and self.documents[key] >= fewest_documents
            ):
                scores[key], left[key] = min(scores[a, b], scores[b, c]), count
                left[a, b] -= count
                left[b, c] -= count
        found = [
            Phrase(
                text=_as_written(self.written[key]),
                count=(self.pairs if len(key) == 2 else self.threes)[key],
                score=score,
            )
            for key, score in scores.items()
            if left[key] >= FEWEST
        ]
        return sorted(found, key=lambda phrase: (-phrase.score, -phrase.text.count(" "), phrase.text))


def _as_written(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))


def likelihood_ratio(together: int, first: int, second: int, n: int) -> float:
    """Dunning's -2 log lambda for "the second follows the first"; 0 where it does so less than by chance.

    Args:
        together: pairs of both.
        first: pairs that begin with the first.
        second: pairs that end with the second.
        n: all pairs.
    """
    if together * n <= first * second:
        return 0.0
    table = (
        (together, first, second),
        (first - together, first, n - second),
        (second - together, n - first, second),
        (n - first - second + together, n - first, n - second),
    )
    return 2 * sum(count * math.log(count * n / (row * column)) for count, row, column in table if count)
