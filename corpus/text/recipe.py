"""How text becomes tokens: the settings that a corpus remembers and a model repeats."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any, Final

from lda.corpus.text.markup import MARKUPS

DEFAULT_PATTERN: Final = r"\p{L}(?:[\u200c\u200d]*[\p{L}\p{M}])+"
"""Two letters or more, of any script. Combining marks continue a word: without them the words of most
Indian scripts fall apart at every vowel sign, which is what `\\w` of `re` does. So do, inside of it, zero width
joiners and non-joiners, which belong to the spelling of Persian, Sinhala and others."""

IDENTIFIERS: Final = r"[\p{L}\p{N}_](?:(?:[-.:]|[\u200c\u200d]+)?[\p{L}\p{M}\p{N}_])*"
"""Letters, digits and underscores, one or more, and inside a hyphen, point or colon: TP53, ENSG00000141510.17, HLA-B,
GO:0008150, cs.LG; also the words of one character of segmented Chinese."""

PATTERNS: Final = {"letters": DEFAULT_PATTERN, "identifiers": IDENTIFIERS}
"""Patterns that have a name."""


LONGEST_NGRAM: Final = 32
"""Words in a run that becomes a term; a corpus of n-grams grows with it, and beyond a sentence nothing repeats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    r"""Settings of reading and tokenising; serialisable to JSON.

    A value that cannot be right raises ValueError: it is a mistake in the call, not in the data.

    Attributes:
        text: field (or several, separated by commas, joined by a blank) that holds the text of a table row, or
            lists of tokens. These are taken as they are: `pattern` and `lowercase` are for text.
        id: field that names the document; by default `id` where it exists, else the number of the line.
        pattern: regular expression of Python's `re` that matches one token; the Unicode properties
            `\p{L}`, `\p{Lu}`, `\P{N}`, ... are understood as well. One group, if any, is the token. A name of
            `PATTERNS` ("identifiers") stands for that pattern. It is compiled, and matched, within limits of time and
            memory: see `guarded_pattern`. Soft hyphens are taken out of the text before.
        lowercase: lower-case the text before matching.
        strip: "html" takes tags and entities out of the text; None leaves it as it is.
        stop_words: None, a language (`"en"`, `"english"`, ...) or the words themselves.
        min_df: drop terms in fewer documents than this: a count (int) or a share of all documents (float).
        max_df: drop terms in more documents than this: a count (int) or a share of all documents (float).
        max_features: keep only so many terms, the most frequent ones.
        ngram_range: shortest and longest run of consecutive tokens that becomes a term, up to 32.
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
        if not 1 <= low <= high <= LONGEST_NGRAM:
            raise ValueError(
                f"ngram_range must be (low, high) with 1 <= low <= high <= {LONGEST_NGRAM}, got {self.ngram_range}"
            )
        words = self.stop_words if isinstance(self.stop_words, tuple) else (self.stop_words,)
        for name, value in (
            ("text", self.text),
            ("id", self.id),
            ("pattern", self.pattern),
            *(("stop_words", word) for word in words),
        ):
            _check_text(name, value)
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
        """Recipe of what `to_dict` returned, also after a trip through JSON.

        Raises:
            TypeError: a value is of another type, or there is no such setting.
            ValueError: a value cannot be right.
        """
        values = dict(values)
        for name, kinds in _KINDS.items():
            if name in values and (isinstance(values[name], bool) or not isinstance(values[name], kinds)):
                raise TypeError(f"{name} of a recipe cannot be {values[name]!r:.60}")
        if not isinstance(values.get("lowercase", True), bool):
            raise TypeError(f"lowercase of a recipe cannot be {values['lowercase']!r:.60}")
        for name in ("stop_words", "ngram_range"):
            if isinstance(values.get(name), list):
                values[name] = tuple(values[name])
        if isinstance(words := values.get("stop_words"), tuple) and not all(
            isinstance(w, str) for w in words
        ):
            raise TypeError("stop_words of a recipe must be strings")
        if "ngram_range" in values and [type(n) for n in values["ngram_range"]] != [int, int]:
            raise TypeError(f"ngram_range of a recipe cannot be {values['ngram_range']!r:.60}")
        return cls(**values)


_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    "text": (str, type(None)),
    "id": (str, type(None)),
    "pattern": (str,),
    "stop_words": (str, list, tuple, type(None)),
    "min_df": (int, float),
    "max_df": (int, float),
    "max_features": (int, type(None)),
    "ngram_range": (list, tuple),
    "tokenizer": (str, type(None)),
}
"""Types of the settings as JSON has them."""


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


def _check_text(name: str, value: object) -> None:
    """Refuse half of a surrogate pair, as a terminal of another encoding sends it: no manifest could hold it."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise ValueError(f"{name} must be Unicode text, got {value!r:.80}; use a terminal of UTF-8") from None


def _check_pattern(pattern: str) -> None:
    from lda.corpus.text.guarded_pattern import groups

    if pattern in PATTERNS.values():  # known good; expanding the properties takes a quarter of a second
        return
    try:
        found = groups(pattern)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is not a regular expression: {error}") from None
    if found > 1:
        raise ValueError(
            f"pattern {pattern!r} has {found} groups, at most one is allowed; write (?:...) for the rest"
        )
