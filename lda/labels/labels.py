"""`Labels`: what people call the topics of a model, and who said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from lda.corpus.presentable import printable

BY_HAND: Final = "by hand"
"""Source of a name that a person gave, or of which nothing else is known."""

LONGEST: Final = 200
"""Characters of a name: beyond that it is no name, and nothing could show it."""

LONGEST_SOURCE: Final = 200

WITHOUT_WORDS: Final = "(empty)"
"""What stands for a topic that has neither a name nor words."""

LARGEST_K: Final = 2**31 - 1
"""Topics are numbered by int32."""


def clean_name(name: str) -> str:
    r"""The name on one line: blanks at its ends taken away, and those within it, line ends too, made one blank each.

    Raises:
        ValueError: it holds a character that commands a terminal or turns the direction of writing, or it is longer
            than 200 characters.
    """
    return _one_line(name, LONGEST, "a name")


def clean_source(source: str) -> str:
    """Where a name comes from, on one line. Raises ValueError as `clean_name`, and where nothing is said."""
    found = _one_line(source, LONGEST_SOURCE, "the source of a name")
    if not found:
        raise ValueError(f"the source of a name must say something, got {source!r:.40}")
    return found


def _one_line(text: str, longest: int, what: str) -> str:
    if not isinstance(text, str):
        raise ValueError(f"{what} must be text, got {text!r:.60}")
    if len(text) > 4 * longest or len(found := " ".join(text.split())) > longest:
        raise ValueError(f"{what} must have at most {longest} characters, got {len(text)}: {text[:40]!r}...")
    if printable(found) != found:
        raise ValueError(f"{what} must not hold control characters, got {found!r:.80}")
    return found


def check_when(when: str) -> str:
    """A date, or a date and time, as ISO 8601 writes it. Raises ValueError for anything else."""
    try:
        if not isinstance(when, str) or len(when) > len("2026-01-31T12:00:00.000000+00:00"):
            raise ValueError
        datetime.fromisoformat(when)
    except ValueError:
        raise ValueError(
            f"the date of a name must be as 2026-01-31 or 2026-01-31T12:00:00, got {when!r:.60}"
        ) from None
    return when


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What one topic is called.

    Attributes:
        name: at most 200 characters on one line; several topics may have the same.
        source: who or what gave it: "by hand", "callable package.function", or whatever its giver says.
        when: ISO date, or date and time, of the naming; None where it is not known.
    """

    name: str
    source: str = BY_HAND
    when: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_name(self.name))
        object.__setattr__(self, "source", clean_source(self.source))
        if not self.name:
            raise ValueError("a name must have a character that is no blank; leave the topic out instead")
        if self.when is not None:
            check_when(self.when)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Names of some topics of one model, or of all or none of them.

    Attributes:
        names: the label of each topic that has one, by the topic's number, in the order of the numbers.
        n_topics: K of the model they belong to; None where that is not known.
        fingerprint: of that model; None where that is not known.
    """

    names: Mapping[int, Label] = field(default_factory=dict)
    n_topics: int | None = None
    fingerprint: str | None = None

    def __post_init__(self) -> None:
        for number in self.names:
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= LARGEST_K:
                raise ValueError(f"a topic's number must be a whole number from 0, got {number!r:.40}")
            if self.n_topics is not None and number >= self.n_topics:
                raise ValueError(f"there are topics 0 to {self.n_topics - 1}, got a name for topic {number}")
        object.__setattr__(self, "names", dict(sorted(self.names.items())))

    def __len__(self) -> int:
        """How many topics have a name."""
        return len(self.names)

    def __bool__(self) -> bool:
        """Whether any topic has a name."""
        return bool(self.names)

    def name(self, topic: int) -> str | None:
        """What a topic is called; None where it has no name."""
        label = self.names.get(topic)
        return None if label is None else label.name

    def title(self, topic: int) -> str:
        """Number and name, "3 War", for places with no column for each; "3" where it has no name."""
        name = self.name(topic)
        return str(topic) if name is None else f"{topic} {name}"

    def with_names(
        self, names: Mapping[int, str | None], *, source: str = BY_HAND, when: str | None = None
    ) -> Labels:
        """The same with other names for some topics; None, or a name of blanks only, takes a name away.

        Args:
            names: by the topics' numbers.
            source: who gave them.
            when: ISO date of the naming, if it is to be kept.

        Raises:
            ValueError: there is no such topic, or something is no name (see `Label`).
        """
        merged = dict(self.names)
        for number, name in names.items():
            cleaned = "" if name is None else clean_name(name)
            if cleaned:
                merged[number] = Label(name=cleaned, source=source, when=when)
            else:
                merged.pop(number, None)
                replace(self, names={number: Label(name="-")})  # is there such a topic?
        return replace(self, names=merged)

    def under(self, others: Labels) -> Labels:
        """These names, but for topics that others name. Whose they are is not known then."""
        return Labels(names={**self.names, **others.names})

    def of_model(self, fingerprint: str | None, n_topics: int) -> Labels:
        """The same, said to be those of a model. Raises ValueError where it has fewer topics than are named."""
        return Labels(names=self.names, n_topics=n_topics, fingerprint=fingerprint)
