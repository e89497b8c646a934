"""The words that a page can show of each topic, and the topics that hold each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from lda.report.numbers import numbers, text

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csc_matrix, csr_matrix

    from lda.report.reported_model import ReportedModel

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

LAMBDAS: Final = tuple(step / 20 for step in range(21))
"""The places of the slider: a page holds the words that come first at any of them, so that it need not hold all."""

WORDS: Final = 30
"""Words of a topic that a page shows at each place of the slider."""

FEWER_FROM: Final = 300
"""With as many topics pages would grow large, so the next two are smaller for them."""

TOPICS_OF_A_WORD: Final = 12
FREQUENT_WORDS: Final = 5000
"""The most frequent terms of the corpus can be looked up, whether or not they stand out in a topic."""


class TopicWords(NamedTuple):
    """Terms of each topic, ordered by p(term | topic).

    offsets: (K + 1,); topic k has terms[offsets[k]:offsets[k + 1]]. terms: numbers of terms. p: p(term | topic).
    """

    offsets: Ints
    terms: Ints
    p: Floats


def term_shares(model: ReportedModel) -> Floats:
    """(V,) float64, the part of each term in all tokens of the last sweep, 0 to 1."""
    tokens = np.asarray(model.counts.sum(axis=1, dtype=np.float64)).ravel()
    return np.asarray(tokens / max(float(tokens.sum()), 1.0), dtype=np.float64)


def candidates(model: ReportedModel, n_words: int = WORDS) -> TopicWords:
    """The terms of each topic that are among its `n_words` most relevant ones at any lambda of `LAMBDAS`.

    The relevance of a term is lambda log p(term | topic) + (1 - lambda) log (p(term | topic) / p(term)), of Sievert
    and Shirley (2014). Terms that the topic holds nothing of have no part.
    """
    by_topic: csc_matrix = model.language_counts.tocsc()
    totals = np.asarray(by_topic.sum(axis=0, dtype=np.float64)).ravel() + model.n_terms * model.beta
    shares = term_shares(model)
    found_terms, found_p = [], []
    for k in range(model.n_topics):
        part = slice(by_topic.indptr[k], by_topic.indptr[k + 1])
        terms, weights = by_topic.indices[part], by_topic.data[part].astype(np.float64)
        held = (weights > 0) & (shares[terms] > 0)
        terms, weights = terms[held], weights[held]
        p = (weights + model.beta) / totals[k]
        chosen = _relevant(terms, p, shares, n_words)
        order = np.lexsort((terms[chosen], -p[chosen]))
        found_terms.append(terms[chosen][order].astype(np.int64))
        found_p.append(p[chosen][order])
    sizes = [len(terms) for terms in found_terms]
    return TopicWords(
        np.cumsum([0, *sizes]), np.concatenate(found_terms).astype(np.int64), np.concatenate(found_p)
    )


def _relevant(
    terms: npt.NDArray[np.int32], p: Floats, shares: Floats, n_words: int
) -> npt.NDArray[np.intp]:
    """Which of the terms come first at any lambda; of equal ones those with the lower number."""
    if len(terms) <= n_words:
        return np.arange(len(terms))
    log_p, log_share = np.log(p), np.log(shares[terms])
    chosen = np.zeros(len(terms), dtype=np.bool_)
    for weight in LAMBDAS:
        relevance = log_p - (1 - weight) * log_share
        least = np.partition(relevance, len(terms) - n_words)[len(terms) - n_words]
        near = np.flatnonzero(relevance >= least)  # all that are equal to the last one; the order decides
        chosen[near[np.lexsort((terms[near], -relevance[near]))[:n_words]]] = True
    return np.flatnonzero(chosen)


def word_data(model: ReportedModel) -> dict[str, Any]:
    """The keys `vocabulary`, `term_share`, `words` and `word_topics` of a page's data.

    `words` has the candidates of each topic, `vocabulary` the terms of these and the most frequent ones of the corpus.
    `word_topics` has for each of them the topics that hold most of its tokens in the last sweep, those first.
    """
    found = candidates(model)
    shares = term_shares(model)
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
    language: csr_matrix = model.language_counts.tocsr()[terms]
    counts.sum_duplicates()
    totals = np.asarray(model.language_counts.sum(axis=0, dtype=np.float64)).ravel()
    row = np.repeat(np.arange(len(terms)), np.diff(counts.indptr))
    order = np.lexsort((counts.indices, -counts.data.astype(np.int64), row))
    row, topic, tokens = row[order], counts.indices[order], counts.data[order]
    rank = np.arange(len(row)) - counts.indptr[row]
    kept = (rank < n_topics) & (tokens > 0)
    row, topic, tokens = row[kept], topic[kept], tokens[kept]
    weight = np.asarray(language[row, topic], dtype=np.float64).ravel() if len(row) else np.zeros(0)
    p = (weight + model.beta) / (totals[topic] + model.n_terms * model.beta)
    return {
        "offsets": np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(terms)))]).tolist(),
        "topic": topic.tolist(),
        "p": numbers(p),
        "tokens": tokens.tolist(),
    }
