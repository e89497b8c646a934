"""Names from any callable: a rule of one's own, a model of language, a person at a prompt."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.presentable import presentable
from lda.labels.labels import BY_HAND, LONGEST_SOURCE, Label, clean_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lda.labels.labels import Labels

SHOWN_PROBLEMS: Final = 3
"""Problems that a warning tells; the others are counted."""

EXCERPT: Final = 600
"""Characters of a document in the text of a portrait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicPortrait:
    """What a callable that names topics is shown of one.

    `str(portrait)` is all of it as plain text, for the prompt of a language model, say.

    Attributes:
        number: the topic's, 0-based.
        share: its part of all tokens, 0 to 1.
        words: (term, probability), most probable first.
        relevant: terms, most relevant first: those that set it apart from other topics.
        phrases: what stands side by side in its documents, best first; empty without documents.
        documents: texts of the documents that show it best, best first; empty without documents.
        suggestion: what it is called where nobody knows better.
        name: what it is called now; None where it has no name.
    """

    number: int
    share: float
    words: tuple[tuple[str, float], ...]
    relevant: tuple[str, ...]
    phrases: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    suggestion: str = ""
    name: str | None = None

    def __str__(self) -> str:
        lines = [
            f"Topic {self.number}, {self.share:.1%} of all words",
            "Most probable words: " + ", ".join(f"{word} ({p:.3f})" for word, p in self.words),
            "Words that set it apart: " + ", ".join(self.relevant),
        ]
        if self.phrases:
            lines.append("Phrases: " + ", ".join(self.phrases))
        for number, text in enumerate(self.documents, 1):
            short = " ".join(text[: 2 * EXCERPT].split())
            lines.append(f"Document {number}: {short[:EXCERPT]}{'...' if len(short) > EXCERPT else ''}")
        return "\n".join(lines)


def name_topics(
    labels: Labels,
    portraits: Sequence[TopicPortrait],
    name: Callable[[TopicPortrait], str | None],
    *,
    topics: Iterable[int] | None = None,
    source: str | None = None,
) -> Labels:
    """Ask a callable for the name of each topic; what it says is recorded with its name and the date.

    An exception for one topic, or an answer that is no name, is a warning, and the topic keeps the name it had.

    Args:
        labels: the names there are.
        portraits: all topics, in order.
        name: called with one portrait after the other; returns a name, or None to leave the topic as it is.
        topics: numbers of those to name; None for all but those that have a name given by hand.
        source: what is recorded as the names' source; None for "callable" and the qualified name of the callable.

    Returns:
        The names there were and the new ones.

    Raises:
        TypeError: `name` cannot be called.
        ValueError: there is no such topic, or `source` says nothing.
        Exception: what the callable raised for the first topic, where it raised for all of them.
    """
    check_callable(name)
    told = clean_source(qualified(name) if source is None else source)
    found, problems = dict[int, str | None](), dict[int, Exception]()
    asked = _asked(labels, len(portraits), topics)
    for number in asked:
        try:
            answer = name(portraits[number])
            if answer is not None:
                found[number] = Label(name=answer).name
        except Exception as error:  # noqa: BLE001 - whatever a stranger's function raises
            problems[number] = error
    if asked and len(problems) == len(asked):
        raise next(iter(problems.values()))
    if problems:
        warnings.warn(_told(problems, len(asked)), stacklevel=3)
    return labels.with_names(found, source=told, when=datetime.now(UTC).isoformat(timespec="seconds"))


def check_callable(name: object) -> None:
    """Raises TypeError for what cannot be asked for names."""
    if not callable(name):
        raise TypeError(
            f"topics are named by a function that takes a TopicPortrait, got {type(name).__name__}; for names at "
            "hand take with_labels"
        )


def _asked(labels: Labels, n_topics: int, topics: Iterable[int] | None) -> list[int]:
    if topics is None:
        by_hand = {number for number, label in labels.names.items() if label.source == BY_HAND}
        return [number for number in range(n_topics) if number not in by_hand]
    asked = [int(number) for number in topics]
    for number in asked:
        if not 0 <= number < n_topics:
            raise ValueError(f"there are topics 0 to {n_topics - 1}, got {number}")
    return list(dict.fromkeys(asked))


def _told(problems: Mapping[int, Exception], n_asked: int) -> str:
    shown = [
        f"topic {number}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        for number, error in list(problems.items())[:SHOWN_PROBLEMS]
    ]
    rest = len(problems) - len(shown)
    more = f"; and {rest} more" if rest else ""
    return presentable(f"{len(problems)} of {n_asked} topics got no new name ({'; '.join(shown)}{more})")


def qualified(function: Any) -> str:  # noqa: ANN401 - anything that can be called
    """How a callable is recorded: "callable package.module.name"."""
    while isinstance(function, partial):
        function = function.func
    named = function if hasattr(function, "__qualname__") else type(function)
    text = f"callable {getattr(named, '__module__', None) or 'unknown'}.{named.__qualname__}"
    return text[:LONGEST_SOURCE]
