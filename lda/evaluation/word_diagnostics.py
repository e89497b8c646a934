"""Diagnostics of the top words of topics, under the names and by the definitions of MALLET's TopicModelDiagnostics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums, topic_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from lda.evaluation.document_usage import DocumentUse

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WordDiagnostics:
    """Numbers about the n top words of one topic, (n,) float64 where nothing else is said; logarithms are natural.

    Attributes:
        terms: (n,) int64 term numbers, most frequent first. counts: (n,) int64, n_kw.
        prob: p(w) = n_kw / n_k. cumulative: of this word and those before.
        docs: (n,) int64, documents in which tokens of the word have the topic.
        coherence: the least of log((n_ij + beta) / (n_j + beta)) over the words j before it, at most 0.
        uniform_dist, corpus_dist: its share in the topic's divergence, p log(p V) and p log(p / p(w in all topics)).
        token_doc_diff: its share in the divergence of the top words' shares by token and by document.
        exclusivity: p(w | k) / sum over topics of p(w | topic), smoothed by beta.
    """

    terms: Ints
    counts: Ints
    prob: Floats
    cumulative: Floats
    docs: Ints
    coherence: Floats
    uniform_dist: Floats
    corpus_dist: Floats
    token_doc_diff: Floats
    exclusivity: Floats


def describe_words(
    counts: csr_matrix, beta: float, top_words: Sequence[tuple[Ints, Ints]], use: DocumentUse
) -> list[WordDiagnostics]:
    """The diagnostics of each topic's top words.

    Args:
        counts: (V, K) CSR, n_kw.
        beta: smoothing.
        top_words: term numbers and n_kw of each topic's top words, best first.
        use: how documents use the topics, made with the same words.
    """
    assert use.together is not None
    n_terms = counts.shape[0]
    totals, of_term = topic_sums(counts), term_sums(counts)
    inverse = 1.0 / (totals + n_terms * beta)
    everywhere = beta * inverse.sum() + counts @ inverse
    n_tokens = float(totals.sum())
    found = []
    with np.errstate(divide="ignore", invalid="ignore"):  # a topic without words has none to tell of
        for topic, (terms, times) in enumerate(top_words):
            p = times / totals[topic]
            together = use.together[topic]
            docs = np.diag(together).astype(np.int64)
            found.append(
                WordDiagnostics(
                    terms=terms,
                    counts=times,
                    prob=p,
                    cumulative=np.cumsum(p),
                    docs=docs,
                    coherence=_least_with_earlier(together, beta),
                    uniform_dist=p * np.log(p * n_terms),
                    corpus_dist=p * np.log(p * n_tokens / of_term[terms]),
                    token_doc_diff=_parts_of_divergence(times, docs),
                    exclusivity=(times + beta) * inverse[topic] / everywhere[terms],
                )
            )
    return found


def _least_with_earlier(together: Ints, beta: float) -> Floats:
    with_earlier = np.log((together + beta) / (np.diag(together) + beta))
    least = np.zeros(len(together))
    for row in range(1, len(together)):
        least[row] = min(0.0, float(with_earlier[row, :row].min()))
    return least


def _parts_of_divergence(by_token: Ints, by_document: Ints) -> Floats:
    p, q = by_token / max(by_token.sum(), 1), by_document / max(by_document.sum(), 1)
    middle = 0.5 * (p + q)
    parts = np.zeros(len(p))
    for share in (p, q):
        held = share > 0
        parts[held] += 0.5 * share[held] * np.log(share[held] / middle[held])
    return parts
