"""How text becomes tokens: the settings that a corpus remembers and a model repeats."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.text.compounds import COMPOUNDS
from lda.corpus.text.imported_function import is_import_path
from lda.corpus.text.key_languages import NORMALIZERS, STEMMERS
from lda.corpus.text.markup import MARKUPS
from lda.corpus.text.segmenters import SEGMENTERS
from lda.corpus.text.stop_words import language_code

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT_PATTERN: Final = r"\p{L}(?:[\u200c\u200d]*[\p{L}\p{M}])+"
"""Two letters or more, of any script. Combining marks continue a word: without them the words of most
Indian scripts fall apart at every vowel sign, which is what `\\w` of `re` does. So do, inside of it, zero width
joiners and non-joiners, which belong to the spelling of Persian, Sinhala and others."""

IDENTIFIERS: Final = r"[\p{L}\p{N}_](?:(?:[-.:]|[\u200c\u200d]+)?[\p{L}\p{M}\p{N}_])*"
"""Letters, digits and underscores, one or more, and inside a hyphen, point or colon: TP53, ENSG00000141510.17, HLA-B,
GO:0008150, cs.LG; also the words of one character of segmented Chinese."""

PATTERNS: Final = {"letters": DEFAULT_PATTERN, "identifiers": IDENTIFIERS}
"""Patterns that have a name."""

WORDS: Final = "words"
"""What `pattern` may be, too: the word boundaries of Unicode, which no pattern says, but a tokenizer of that name."""


LONGEST_NGRAM: Final = 32
"""Words in a run that becomes a term; a corpus of n-grams grows with it, and beyond a sentence nothing repeats."""

PHRASES: Final = {"npmi": 0.5, "count": 10.0}
"""What `Recipe.phrases` may be, and the thresholds that go with it."""

PHRASE_MIN_COUNT: Final = 5
MOST_MIN_COUNT: Final = 1 << 53
"""The scores are computed in floats, which know all whole numbers up to here."""

_OF_PHRASES: Final = ("phrases", "phrase_min_count", "phrase_threshold", "phrase_pairs")

_LEFT_OUT: Final = ("split_compounds", "normalize", "stem", "lemmatize", "terms_of", "made_with")
"""Settings that a recipe does not speak of where they are None, so that earlier versions can read it."""

DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
"""How a recipe remembers the terms of another corpus, once they are known."""


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
        phrases: "npmi" or "count" makes one term, "united_states", of two words that often stand side by side, after
            stop words are left out and before runs are made. "npmi" scores pairs by normalised pointwise mutual
            information (Bouma 2009), -1 to 1; "count" by their count beside those of the words (Mikolov et al. 2013),
            the default of gensim. What is a phrase is decided once, by all of a corpus that is built.
        phrase_min_count: least number of times that the words of a phrase stand side by side; None is 5.
        phrase_threshold: the score of a phrase is above it; None is 0.5 for "npmi" and 10 for "count".
        phrase_pairs: the phrases, pairs of words as they are counted, so in lower case if `lowercase`. None until a
            corpus is built; if given, there is no search.
        tokenizer: what makes the tokens instead of `pattern`: "chinese", "japanese", "korean", "thai" or "words" (word
            boundaries by UAX 29 of Unicode; `pattern="words"` says the same), see `segmenters`; or where a function
            from a text to its words is imported from, `package.module:function`, which runs where the text is read. Of
            a function that was passed itself, its name, which is a reminder: new text needs the same function again.
        split_compounds: "german" puts the parts of compounds in their place; None leaves words whole.
        normalize: "arabic" or "hindi" counts words as one that differ in vowel marks, or in letters that are commonly
            written for each other.
        stem: language, as name or ISO code, whose words with one stem are one term.
        lemmatize: language, as name or ISO code, whose words with one basic form are one term. What `normalize`, `stem`
            and `lemmatize` count as one is shown as the most frequent of its words; stop words and phrases come before.
        terms_of: the terms are those of a corpus, a model, or a file with one a line, in that order, and no others; or
            the terms themselves. Once a corpus is built, the digest of the terms.
        made_with: the packages, with versions, that tokenizer, stems, basic forms and parts of compounds came from;
            None until a corpus is built, and where there are none.
        recorded: whether it was read from a file. What such a recipe names as `package.module:function` is imported
            only if the user names it, too: whoever opens a model of a stranger runs no code of theirs.
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
    phrases: str | None = None
    phrase_min_count: int | None = None
    phrase_threshold: float | None = None
    phrase_pairs: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    split_compounds: str | None = None
    normalize: str | None = None
    stem: str | None = None
    lemmatize: str | None = None
    terms_of: str | tuple[str, ...] | None = field(default=None, repr=False)
    made_with: tuple[str, ...] | None = None
    recorded: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._settle_words()
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
        self._settle_phrases()
        words = self.stop_words if isinstance(self.stop_words, tuple) else (self.stop_words,)
        for name, value in (
            ("text", self.text),
            ("id", self.id),
            ("pattern", self.pattern),
            *(("stop_words", word) for word in words),
        ):
            _check_text(name, value)
        _check_pattern(self.pattern)

    def _settle_words(self) -> None:
        """Check what the words are, and which of them are one; languages are kept as their codes."""
        if self.pattern == WORDS:
            if self.tokenizer not in (None, WORDS):
                raise ValueError(
                    f"pattern {WORDS!r} and a tokenizer exclude each other; leave one of them out"
                )
            object.__setattr__(self, "pattern", DEFAULT_PATTERN)
            object.__setattr__(self, "tokenizer", WORDS)
        for name, known in (("split_compounds", COMPOUNDS), ("normalize", NORMALIZERS)):
            if getattr(self, name) not in (None, *known):
                told = " or ".join(map(repr, known))
                raise ValueError(f"{name} must be {told} or None, got {getattr(self, name)!r:.60}")
        if self.stem is not None and self.lemmatize is not None:
            raise ValueError("stem and lemmatize exclude each other; leave one of them out")
        for name in ("stem", "lemmatize"):
            if (language := getattr(self, name)) is not None:
                object.__setattr__(self, name, _language(name, language))
        if self.terms_of is not None and self.prunes:
            raise ValueError(
                "terms_of fixes the terms, and min_df, max_df and max_features choose among them; leave one out"
            )

    @property
    def imports(self) -> bool:
        """Whether the tokenizer is a function that is to be imported by its path."""
        return self.tokenizer is not None and is_import_path(self.tokenizer)

    @property
    def cut_by_function(self) -> bool:
        """Whether a function cut the text that was passed itself, and that cannot be had again by its name."""
        return self.tokenizer is not None and self.tokenizer not in SEGMENTERS and not self.imports

    def without_phrases(self) -> Recipe:
        """The recipe whose words are joined to phrases by this one."""
        return dataclasses.replace(
            self, phrases=None, phrase_min_count=None, phrase_threshold=None, phrase_pairs=None
        )

    def _settle_phrases(self) -> None:
        """Check what says what a phrase is, with the defaults that go with it."""
        if self.phrases is None:
            for name in _OF_PHRASES[1:]:
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} is for phrases, and none are asked for; choose phrases, too")
            return
        if self.phrases not in PHRASES:
            known = " or ".join(map(repr, PHRASES))
            raise ValueError(f"phrases must be {known} or None, got {self.phrases!r:.60}")
        least = PHRASE_MIN_COUNT if self.phrase_min_count is None else self.phrase_min_count
        threshold = PHRASES[self.phrases] if self.phrase_threshold is None else self.phrase_threshold
        if isinstance(least, bool) or not isinstance(least, int):
            raise TypeError(f"phrase_min_count must be a count (int), got {least!r:.60}")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float):
            raise TypeError(f"phrase_threshold must be a number, got {threshold!r:.60}")
        if not 1 <= least <= MOST_MIN_COUNT:
            raise ValueError(f"phrase_min_count must lie in 1 ... {MOST_MIN_COUNT}, got {least}")
        if self.phrases == "npmi" and not -1.0 <= threshold <= 1.0:
            raise ValueError(f"phrase_threshold of npmi must lie in -1 ... 1, got {threshold}")
        if not 0.0 < threshold < math.inf and self.phrases == "count":
            raise ValueError(f"phrase_threshold of count must be above 0 and finite, got {threshold}")
        object.__setattr__(self, "phrase_min_count", least)
        object.__setattr__(self, "phrase_threshold", float(threshold))
        if self.phrase_pairs is not None:
            object.__setattr__(self, "phrase_pairs", _checked_pairs(self.phrase_pairs))

    @property
    def prunes(self) -> bool:
        """Whether terms are dropped by frequency (the defaults keep all)."""
        never = (1, 1.0, None)
        # 1 == 1.0 in Python, but max_df=1 means one document and max_df=1.0 means all of them.
        return (self.min_df, self.max_df, self.max_features) != never or isinstance(self.max_df, int)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; `from_dict` restores an equal recipe.

        One without phrases does not speak of them, so that earlier versions can read what they would make.
        """
        values = dataclasses.asdict(self)
        del values["recorded"]
        if isinstance(self.terms_of, tuple):
            values["terms_of"] = terms_digest(self.terms_of)
        unsaid = {name for name in _LEFT_OUT if values[name] is None}
        if self.phrases is None:
            unsaid.update(_OF_PHRASES)
        return {name: value for name, value in values.items() if name not in unsaid}

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
        for name in ("stop_words", "ngram_range", "made_with"):
            if isinstance(values.get(name), list):
                values[name] = tuple(values[name])
        if isinstance(words := values.get("stop_words"), tuple) and not all(
            isinstance(w, str) for w in words
        ):
            raise TypeError("stop_words of a recipe must be strings")
        _check_recorded(values)
        if "ngram_range" in values and [type(n) for n in values["ngram_range"]] != [int, int]:
            raise TypeError(f"ngram_range of a recipe cannot be {values['ngram_range']!r:.60}")
        return cls(**values, recorded=True)


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
    "phrases": (str, type(None)),
    "phrase_min_count": (int, type(None)),
    "phrase_threshold": (int, float, type(None)),
    "phrase_pairs": (list, tuple, type(None)),
    **dict.fromkeys(("split_compounds", "normalize", "stem", "lemmatize", "terms_of"), (str, type(None))),
    "made_with": (list, tuple, type(None)),
}
"""Types of the settings as JSON has them."""


def terms_digest(terms: Sequence[str]) -> str:
    """By what a recipe remembers terms: "sha256:" and that of their lengths and bytes in UTF-8."""
    digest = sha256()
    for term in terms:
        coded = term.encode()
        digest.update(len(coded).to_bytes(8, "little"))
        digest.update(coded)
    return f"sha256:{digest.hexdigest()}"


def _check_recorded(values: dict[str, Any]) -> None:
    """See that what a corpus or a model says of its words is what one could have written."""
    terms, made_with = values.get("terms_of"), values.get("made_with")
    if terms is not None and not DIGEST.fullmatch(terms):
        raise ValueError(f"terms_of of a recipe cannot be {terms!r:.80}")
    if made_with is not None and not all(isinstance(name, str) for name in made_with):
        raise TypeError("made_with of a recipe must be strings")
    if "recorded" in values:
        raise TypeError("a recipe has no setting 'recorded'")


def _language(name: str, value: object) -> str:
    """The ISO 639-1 code of a language that words are to be brought to their stems, or basic forms, in."""
    folded = value.strip().lower() if isinstance(value, str) else ""
    code = folded if folded in STEMMERS else next((c for c, n in STEMMERS.items() if n == folded), None)
    if code is None and name == "lemmatize":
        code = language_code(folded) or (folded if re.fullmatch(r"[a-z]{2,3}", folded) else None)
    if code is None:
        known = ", ".join(sorted(STEMMERS.values()))
        raise ValueError(f"{name} must be a language such as {known}, got {value!r:.60}")
    return code


def _checked_pairs(pairs: Sequence[Sequence[str]]) -> tuple[tuple[str, str], ...]:
    """The pairs of words as a recipe holds them. Raises TypeError for what is none, ValueError for no Unicode."""
    for pair in pairs:
        if (
            not isinstance(pair, list | tuple)
            or len(pair) != 2
            or not (isinstance(pair[0], str) and isinstance(pair[1], str) and pair[0] and pair[1])
        ):
            raise TypeError(f"phrase_pairs must be pairs of words, got {pair!r:.60}")
    _check_text("phrase_pairs", " ".join([" ".join(pair) for pair in pairs]))
    return tuple([(first, second) for first, second in pairs])


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
