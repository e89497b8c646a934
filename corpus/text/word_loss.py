"""How much of a text the default pattern drops or cuts: gene names, product codes, words of one Han character."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.text.markup import strip_html

if TYPE_CHECKING:
    import pyarrow as pa

MUCH: Final = 0.05
"""Share of what stands between blanks from which on a user should know."""

FEWEST_WORDS, FEWEST_LOST = 10, 2
"""Words, and of them harmed ones, from which on a share says something."""

DOCUMENTS_LOOKED_AT: Final = 16
CHARACTERS_LOOKED_AT: Final = 1000
"""Of each document. A batch holds millions: looking at all of it would take longer than cutting it into words."""

_CORE: Final = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)

_CUT: Final = re.compile(r"[^\W\d_][-\u2010\u2011]?\d|\d[-\u2010\u2011]?[^\W\d_]|[^\W_][_@.:+#][^\W_]")
"""Where the pattern cuts what was written as one: letters and digits, names with points. That it parts words at
hyphens and apostrophes is how topics are commonly made."""


_RUNS: Final = {
    # With kana between, it is Japanese; words of Han characters and katakana are shorter than these runs.
    "japanese": re.compile(r"(?=[\u3041-\u9fff]*[\u3041-\u309f])[\u3041-\u30ff\u3400-\u9fff]{7,}"),
    "chinese": re.compile(r"[\u3400-\u9fff]{7,}"),
    "thai": re.compile(r"[\u0e01-\u0e4e]{15,}"),
}
"""Letters in a row that are more than a word, in scripts without blanks, by the segmenter for them."""

UNDIVIDED: Final = 0.3
"""Share of such letters from which on a user should know."""

FEWEST_CHARACTERS: Final = 20


class WordLoss:
    """Counts, in a sample of the texts, what stands between blanks and what of it the default pattern harms.

    Numbers are no words for it, and neither are single letters of alphabets ("a", "в"): to drop these is its purpose.
    """

    def __init__(self, strip: str | None) -> None:
        self._strip = strip
        self._words = 0
        self._lost: Counter[str] = Counter()
        self._characters = 0
        self._undivided: Counter[str] = Counter()

    def look(self, texts: pa.Array[Any]) -> None:
        """Take a sample of a batch of texts, spread evenly over it."""
        step = -(-len(texts) // DOCUMENTS_LOOKED_AT) or 1
        for number in range(0, len(texts), step):
            text = texts[number].as_py() or ""
            # From the middle: the head of a file may be unlike the rest.
            begin = max(0, (len(text) - CHARACTERS_LOOKED_AT) // 2)
            text = text[begin : begin + CHARACTERS_LOOKED_AT]
            text = strip_html(text) if self._strip else text
            for chunk in text.split():
                self._add(chunk)
            if not text.isascii():
                self._add_runs(text)
            self._characters += len(text)

    def _add(self, chunk: str) -> None:
        core = chunk if chunk.isalpha() else _core(chunk)
        if not core:
            return
        self._words += 1
        if len(core) == 1:
            lost = core.isalpha() and not _has_case(core)
        else:
            lost = not core.isalpha() and any(_has_case(found[0]) for found in _CUT.finditer(core))
        if lost:
            self._lost[core] += 1

    def _add_runs(self, text: str) -> None:
        for language, runs in _RUNS.items():
            found = runs.findall(text)
            if found:
                self._undivided[language] += sum(map(len, found))
                text = runs.sub(" ", text)

    def counts(self) -> dict[str, Any]:
        """What has been counted, as plain values, for `add_counts` of another."""
        return {
            "words": self._words,
            "lost": dict(self._lost),
            "characters": self._characters,
            "undivided": dict(self._undivided),
        }

    def add_counts(self, counts: dict[str, Any]) -> None:
        """Take what another one has counted of documents that follow."""
        self._words += counts["words"]
        self._lost.update(counts["lost"])
        self._characters += counts["characters"]
        self._undivided.update(counts["undivided"])

    @property
    def share(self) -> float:
        """Of what was looked at, the share that is dropped or cut; 0 for hardly any."""
        lost = self._lost.total()
        return lost / self._words if self._words >= FEWEST_WORDS and lost >= FEWEST_LOST else 0.0

    def warning(self) -> str | None:
        """One line for the user where the share is large; None where it is not."""
        if self._characters >= FEWEST_CHARACTERS and self._undivided:
            language, n = self._undivided.most_common(1)[0]
            if (share := n / self._characters) > UNDIVIDED:
                return (
                    f"about {share:.0%} of the text puts no blanks between its words, and the pattern takes whole "
                    f"sentences for words; --tokenizer {language} finds them"
                )
        if self.share <= MUCH:
            return None
        examples = ", ".join(repr(word[:40]) for word, _ in self._lost.most_common(3))
        return (
            f"the default pattern drops or cuts about {self.share:.0%} of what stands between blanks, such as "
            f"{examples}; --pattern identifiers keeps letters, digits and words of one character"
        )


def _core(chunk: str) -> str:
    """What is left without the punctuation around it; marks go with their letter."""
    found = _CORE.search(chunk)
    if found is None:
        return ""
    end = found.end()
    while end < len(chunk) and unicodedata.category(chunk[end])[0] == "M":
        end += 1
    return chunk[found.start() : end]


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
