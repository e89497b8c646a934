"""Phrases of topics: words that stand side by side in a topic's documents more often than chance would have it.

Candidates are two or three tokens that follow each other with nothing but blanks or a hyphen between them, all of
which have the topic in question. Two words a, b are scored by the log-likelihood ratio of Dunning (1993) for "b follows
a" among all such pairs of the topic. They are a phrase if they follow each other at least three times and the ratio is
above 10.83 (chi-squared with one degree of freedom, p = 0.001). Three words are a phrase if both pairs in them are, and
they occur at least three times; their score is the lower one of their pairs. A pair that nearly always occurs within a
longer phrase is left to that.
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

SIGNIFICANT: Final = 10.83
"""Chi-squared with one degree of freedom, p = 0.001."""

LONGEST_WORD: Final = 40
"""Characters of a token in a phrase: what is longer is no word that a name is made of."""

_JOINT: Final = re.compile(r"[ \t\u00a0]*(?:-[ \t]*)?|\s+")
"""What may stand between two words of a phrase."""

NOWHERE: Final = -1
"""Topic of a piece of text that is no token of the model."""


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
    runs: list[list[list[str]]] = [[] for _ in range(n_topics)]
    for pieces in documents:
        for topic, words in _runs(pieces):
            if topic >= n_topics:
                raise ValueError(f"there are topics 0 to {n_topics - 1}, got {topic}")
            runs[topic].append(words)
    return [_phrases(of_topic)[:most] for of_topic in runs]


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


def _phrases(runs: list[list[str]]) -> list[Phrase]:
    pairs, threes, first, second = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    written: dict[str, Counter[str]] = {}
    for run in runs:
        keys = [word.casefold() for word in run]
        for i in range(len(run) - 1):
            first[keys[i]] += 1
            second[keys[i + 1]] += 1
            for length, counter in ((2, pairs), (3, threes)):
                if i + length <= len(run):
                    key = " ".join(keys[i : i + length])
                    counter[key] += 1
                    written.setdefault(key, Counter())[" ".join(run[i : i + length])] += 1
    n = sum(pairs.values())
    scores = dict[str, float]()
    for key, count in pairs.items():
        a, b = key.split(" ")
        if count >= FEWEST and a != b:
            score = likelihood_ratio(count, first[a], second[b], n)
            if score > SIGNIFICANT:
                scores[key] = score
    counts = {key: pairs[key] for key in scores}
    for key, count in threes.items():
        a, b, c = key.split(" ")
        left, right = f"{a} {b}", f"{b} {c}"
        if count >= FEWEST and a != c and left in scores and right in scores:
            scores[key], counts[key] = min(scores[left], scores[right]), count
            for inner in (left, right):
                counts[inner] = counts.get(inner, 0) - count
    found = [
        Phrase(text=_as_written(written[key]), count=max(pairs[key], threes[key]), score=score)
        for key, score in scores.items()
        if counts[key] >= FEWEST
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
