"""What is known of a finished corpus before its tokens are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lda.corpus.text.recipe import Recipe

MOST_TOO_FREQUENT: Final = 10_000
"""Words that a manifest names: of a corpus of texts, max_df 0.5 drops some hundreds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Totals of a corpus.

    Attributes:
        n_documents: all documents, empty ones included.
        n_terms: size of the vocabulary.
        n_tokens: all tokens.
        n_empty_documents: documents without a token; they are kept.
        ordered: whether tokens stand in the order of the text.
        recipe: how the text became tokens, or which columns of counts were dropped; None for all counts.
        n_without_text: documents whose text was missing or null; they are among the empty ones.
        n_skipped: records of the input that could not be read, and are no documents.
        stop_word_share: share of the tokens that are English stop words; None for a corpus of counts.
        removed: what each of stop_words, min_df, max_df and max_features took away when the corpus was built: `tokens`
            and, where they had been counted as terms, `terms`. None where nothing was to be taken away, or nobody knows
            how much: a part of a corpus, or one built by an earlier version.
        steps: what was done with documents before they were counted, as `StepTally.record` tells it: chosen, rid of
            duplicates, joined, split, their fields typed. None where nothing was.
        too_frequent: what `max_df` took away, in the order of code points: words, or what counts as one instead. They
            stay away when documents are appended. None where that was nothing, more than `MOST_TOO_FREQUENT`, or
            nobody knows.
    """

    n_documents: int
    n_terms: int
    n_tokens: int
    n_empty_documents: int
    ordered: bool
    recipe: Recipe | None
    stop_word_share: float | None
    n_without_text: int = 0
    n_skipped: int = 0
    removed: Mapping[str, Mapping[str, int]] | None = None
    steps: Mapping[str, Any] | None = None
    too_frequent: tuple[str, ...] | None = None

    @property
    def knows_too_frequent(self) -> bool:
        """Whether it is known which words `max_df` took away, if it took any."""
        return self.too_frequent is not None or (self.removed is not None and "max_df" not in self.removed)


def told_too_frequent(words: Iterable[str]) -> tuple[str, ...] | None:
    """Words as `Summary.too_frequent`. Few words are in many documents each: those are no more than a page has."""
    made = tuple(sorted(set(words)))
    return made if 0 < len(made) <= MOST_TOO_FREQUENT else None


def vocabulary_table(
    terms: pa.Array[Any], term_frequencies: npt.NDArray[np.int64], document_frequencies: npt.NDArray[np.int64]
) -> pa.Table:
    """Table of (V,) `term`, `term_frequency` and `document_frequency`.

    Raises:
        DataError: a term holds a line break, so it could not stand in a file with one term per line.
    """
    terms = terms.cast(pa.large_string())
    broken = pc.filter(terms, pc.match_substring_regex(terms, pattern=r"[\r\n]"))
    if len(broken):
        raise DataError(f"a term must not hold a line break, got {broken[0].as_py()!r}; rename or split it")
    frequencies = {
        "term_frequency": array(term_frequencies),
        "document_frequency": array(document_frequencies),
    }
    return pa.table({"term": terms, **frequencies})


def stop_word_share(terms: list[str], term_frequencies: npt.NDArray[np.int64]) -> float:
    """Share of tokens that are English function words; 0.0 for no tokens."""
    from lda.corpus.text.stop_words import ENGLISH

    total = int(term_frequencies.sum())
    stops = np.fromiter((term in ENGLISH for term in terms), dtype=bool, count=len(terms))
    return float(term_frequencies[stops].sum() / total) if total else 0.0
