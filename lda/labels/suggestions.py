"""What topics might be called, found without any service: their most relevant words, and phrases of their documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import printable
from lda.evaluation.relevance import LAMBDA, most_relevant
from lda.labels.labels import LONGEST
from lda.labels.phrases import Phrase, topic_phrases

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lda.evaluation.topic_model import TopicModel

PARTS: Final = 3
"""Words and phrases that make a name."""

CANDIDATES: Final = 20
"""Words that are looked at for a name, so that no two topics get the same one."""

SAME_STEM: Final = 2
"""Letters by which a word may be longer than the beginning it shares, and still be another form of it."""

SUGGESTED: Final = "suggested"
"""Source of a name that was taken over from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What one topic might be called.

    Attributes:
        topic: its number.
        name: a phrase, if one fits, and relevant words, with commas between them; no other topic's. Empty for a topic
            without words.
        words: the most relevant words, best first.
        phrases: what stands side by side in the topic's documents, best first; empty without documents.
    """

    topic: int
    name: str
    words: tuple[str, ...]
    phrases: tuple[Phrase, ...]


def suggest_names(
    model: TopicModel,
    documents: Iterable[Sequence[tuple[str, int]]] = (),
    *,
    n_parts: int = PARTS,
    lambda_: float = LAMBDA,
) -> list[Suggestion]:
    """A suggestion for each topic; no two have the same name.

    A name is made of the best phrase with one of the topic's most relevant words in it, if there is one, and of
    relevant words that are neither in it nor another form of one that is; where it is another topic's already, further
    words follow until it is not.

    Args:
        model: whose topics.
        documents: texts with the topic of each token, as `topic_phrases` takes them; none for words alone.
        n_parts: words and phrases in a name.
        lambda_: of the relevance (Sievert and Shirley 2014), 0 to 1.

    Raises:
        ValueError: `lambda_` lies elsewhere, or `n_parts` is below 1.
    """
    if n_parts < 1:
        raise ValueError(f"n_parts must be 1 or more, got {n_parts}")
    tops = most_relevant(model, max(CANDIDATES, 2 * n_parts), lambda_)
    relevant = [[model.vocabulary[term] for term in terms] for terms in tops]
    phrases = topic_phrases(documents, len(relevant))
    taken, found = set[str](), list[Suggestion]()
    for topic, (words, of_topic) in enumerate(zip(relevant, phrases, strict=True)):
        name = _name([phrase.text for phrase in of_topic], words, n_parts, taken)
        taken.add(name.casefold())
        found.append(Suggestion(topic=topic, name=name, words=tuple(words), phrases=tuple(of_topic)))
    return found


def _name(phrases: Sequence[str], words: Sequence[str], n_parts: int, taken: set[str]) -> str:
    own = {word.casefold() for word in words}
    fitting = (phrase for phrase in phrases if own.intersection(phrase.casefold().split()))
    parts = [printable(phrase) for phrase in fitting][:1]
    for word in map(printable, words):
        if any(_alike(word, other) for part in parts for other in (part, *part.split())):
            continue
        if len(", ".join([*parts, word])) > LONGEST - len(" (9999999999)"):
            break
        parts.append(word)
        name = ", ".join(parts)
        if len(parts) >= n_parts and name.casefold() not in taken:
            return name
    name = ", ".join(parts)
    if not name or name.casefold() not in taken:
        return name
    number = 2
    while f"{name} ({number})".casefold() in taken:
        number += 1
    return f"{name} ({number})"


def _alike(a: str, b: str) -> bool:
    """Whether two words are the same, or forms of the same as "nation" and "nations"."""
    short, long = sorted((a.casefold(), b.casefold()), key=len)
    return long.startswith(short) and len(long) - len(short) <= SAME_STEM
