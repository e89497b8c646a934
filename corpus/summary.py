"""What is known of a finished corpus before its tokens are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lda.corpus.arrow import array, pc
from lda.corpus.errors import DataError

if TYPE_CHECKING:
    from lda.corpus.text.recipe import Recipe


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
        stop_word_share: share of the tokens that are English stop words; None for a corpus of counts.
    """

    n_documents: int
    n_terms: int
    n_tokens: int
    n_empty_documents: int
    ordered: bool
    recipe: Recipe | None
    stop_word_share: float | None
    n_without_text: int = 0


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
