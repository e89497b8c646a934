"""The words that a page can show of each topic, and the topics that hold each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.evaluation.relevance import probabilities
from lda.report.numbers import numbers, text

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.relevance import RelevantTerms
    from lda.report.reported_model import ReportedModel

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

FEWER_FROM: Final = 300
"""With as many topics pages would grow large, so the next two are smaller for them."""

TOPICS_OF_A_WORD: Final = 12
DIGITS: Final = 4
"""Significant digits of p in `word_topics`, where it stands once for each word and topic."""

FREQUENT_WORDS: Final = 5000
"""The most frequent terms of the corpus can be looked up, whether or not they stand out in a topic."""


def word_data(model: ReportedModel, found: RelevantTerms, shares: Floats) -> dict[str, Any]:
    """The keys `vocabulary`, `term_share`, `words` and `word_topics` of a page's data.

    `words` has the terms that were found for each topic, the most probable first; `vocabulary` has these, and the most
    frequent terms of the corpus, in order of their numbers. `word_topics` has for each of them the topics that hold
    most of its tokens in the last sweep, those first.

    Args:
        model: whose words.
        found: what the slider of each topic can show.
        shares: (V,) of each term in all tokens.
    """
    many = model.n_topics >= FEWER_FROM
    frequent = np.argsort(-shares, kind="stable")[: FREQUENT_WORDS // (2 if many else 1)]
    used = np.union1d(found.terms, frequent[shares[frequent] > 0])
    place = np.searchsorted(used, found.terms)
    return {
        "vocabulary": [text(model.vocabulary[int(term)]) for term in used],
        "term_share": numbers(shares[used]),
        "words": {
            "offsets": found.offsets.tolist(),
            "term": place.tolist(),
            "p": numbers(found.p),
        },
        "word_topics": _topics_of(model, used, TOPICS_OF_A_WORD // (2 if many else 1)),
    }


def _topics_of(model: ReportedModel, terms: Ints, n_topics: int) -> dict[str, Any]:
    """Of each term the topics with most of its tokens; of equal ones the first."""
    counts: csr_matrix = model.counts.tocsr()[terms]
    counts.sum_duplicates()
    row = np.repeat(np.arange(len(terms)), np.diff(counts.indptr))
    order = np.lexsort((counts.indices, -counts.data.astype(np.int64), row))
    row, topic, tokens = row[order], counts.indices[order], counts.data[order]
    rank = np.arange(len(row)) - counts.indptr[row]
    kept = (rank < n_topics) & (tokens > 0)
    row, topic, tokens = row[kept], topic[kept], tokens[kept]
    return {
        "offsets": np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(terms)))]).tolist(),
        "topic": topic.tolist(),
        "p": numbers(probabilities(model, terms[row], topic), DIGITS),
        "tokens": tokens.tolist(),
    }
