"""How text becomes tokens: the settings that a corpus remembers and a model repeats."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Final

from lda.corpus.markup import MARKUPS

DEFAULT_PATTERN: Final = r"\p{L}(?:[\u200c\u200d]*[\p{L}\p{M}])+"
"""Two letters or more, of any script. Combining marks continue a word: without them the words of most
Indian scripts fall apart at every vowel sign, which is what `\\w` of `re` does. So do, inside of it, zero width
joiners and non-joiners, which belong to the spelling of Persian, Sinhala and others."""

IDENTIFIERS: Final = r"[\p{L}\p{N}_](?:(?:[-.:]|[\u200c\u200d]+)?[\p{L}\p{M}\p{N}_])*"
"""Letters, digits and underscores, one or more, and inside a hyphen, point or colon: TP53, ENSG00000141510.17, HLA-B,
GO:0008150, cs.LG; also the words of one character of segmented Chinese."""

PATTERNS: Final = {"letters": DEFAULT_PATTERN, "identifiers": IDENTIFIERS}
"""Patterns that have a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    r"""Settings of reading and tokenising; serialisable to JSON.

    A value that cannot be right raises ValueError: it is a mistake in the call, not in the data.

    Attributes:
        text: field (or several, separated by commas, joined by a blank) that holds the text of a table row.
        id: field that names the document; by default `id` where it exists, else the number of the line.
        pattern: regular expression of Python's `re` that matches one token; the Unicode properties
            `\p{L}`, `\p{Lu}`, `\P{N}`, ... are understood as well. One group, if any, is the token. A name of
            `PATTERNS` ("identifiers") stands for that pattern. Soft hyphens are taken out of the text before.
        lowercase: lower-case the text before matching.
        strip: "html" takes tags and entities out of the text; None leaves it as it is.
        stop_words: None, a language (`"en"`, `"english"`, ...) or the words themselves.
        min_df: drop terms in fewer documents than this: a count (int) or a share of all documents (float).
        max_df: drop terms in more documents than this: a count (int) or a share of all documents (float).
        max_features: keep only so many terms, the most frequent ones.
        ngram_range: shortest and longest run of consecutive tokens that becomes a term.
        tokenizer: name of the Python function that made the tokens instead of `pattern`; it is a reminder
            only, because functions cannot be stored: new text needs the same function again.
    """

    text: str | None = None
    id: str | None = None
    pattern: str = DEFAULT_PATTERN
    lowercase: bool = True
    stop_words: str | tuple[str, ...] | None = None
    min_df: int | float = 1
    max_df: int | float = 1.0
    max_features: int | None = None
    ngram_range: tuple[int, int] = (1, 1)
    tokenizer: str | None = None
    strip: str | None = None

    def __post_init__(self) -> None:
        # What is stored is the pattern: a name may mean another one in a later version.
        object.__setattr__(self, "pattern", PATTERNS.get(self.pattern, self.pattern))
        if self.strip not in (None, *MARKUPS):
            raise ValueError(f"strip must be {' or '.join(map(repr, MARKUPS))} or None, got {self.strip!r}")
        _check_frequency("min_df", self.min_df)
        _check_frequency("max_df", self.max_df)
        if self.max_features is not None and self.max_features < 1:
            raise ValueError(
                f"max_features must be at least 1, got {self.max_features}; None keeps all terms"
            )
        low, high = self.ngram_range
        if not 1 <= low <= high:
            raise ValueError(f"ngram_range must be (low, high) with 1 <= low <= high, got {self.ngram_range}")
        _check_pattern(self.pattern)

    @property
    def prunes(self) -> bool:
        """Whether terms are dropped by frequency (the defaults keep all)."""
        never = (1, 1.0, None)
        # 1 == 1.0 in Python, but max_df=1 means one document and max_df=1.0 means all of them.
        return (self.min_df, self.max_df, self.max_features) != never or isinstance(self.max_df, int)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal recipe."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """Recipe of what `to_dict` returned, also after a trip through JSON."""
        values = dict(values)
        if isinstance(values.get("stop_words"), list):
            values["stop_words"] = tuple(values["stop_words"])
        if "ngram_range" in values:
            low, high = values["ngram_range"]
            values["ngram_range"] = (int(low), int(high))
        return cls(**values)


def _check_frequency(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a count (int) or a share (float), got {value!r}")
    if isinstance(value, int) and value < 1:
        raise ValueError(
            f"{name} as a count of documents must be at least 1, got {value}; 0.05 would be a share"
        )
    if isinstance(value, float) and not 0.0 <= value <= 1.0:
        raise ValueError(
            f"{name} as a share of documents must lie in 0.0 ... 1.0, got {value}; write counts as int"
        )


def _check_pattern(pattern: str) -> None:
    from lda.corpus.patterns import compile_pattern

    if pattern in PATTERNS.values():  # known good; expanding the properties takes a quarter of a second
        return
    try:
        groups = compile_pattern(pattern).groups
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is not a regular expression: {error}") from None
    if groups > 1:
        raise ValueError(
            f"pattern {pattern!r} has {groups} groups, at most one is allowed; write (?:...) for the rest"
        )
