"""Relevance of a term to a topic: between what is probable there, and what is more probable there than elsewhere.

Sievert and Shirley, "LDAvis: A method for visualizing and interpreting topics", 2014, section 3.1:
relevance(w, k | lambda) = lambda log p(w | k) + (1 - lambda) log(p(w | k) / p(w)).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.cluster.counts.sparse_sums import term_sums, topic_sums

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.evaluation.topic_model import TopicModel

    Floats = npt.NDArray[np.float64]
    Terms = npt.NDArray[np.int32]
    Numbers = npt.NDArray[np.integer[Any]]

LAMBDA: Final = 0.6
"""Where people told topics best in the study of Sievert and Shirley (section 4)."""

LAMBDAS: Final[tuple[float, ...]] = tuple(step / 20 for step in range(21))
"""Positions of a slider: 0, 0.05, ... 1."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RelevantTerms:
    """Terms of each topic that are among the most relevant for some lambda; those of topic k stand together.

    Attributes:
        offsets: (K + 1,) int64; topic k has the entries offsets[k]:offsets[k + 1].
        terms: (n,) int32, numbers of terms, in a topic from the most probable on.
        p: (n,) float64, p(w | k) of each.
    """

    offsets: npt.NDArray[np.int64]
    terms: Terms
    p: Floats

    def topic(self, k: int) -> tuple[Terms, Floats]:
        """Terms of topic k, and p(w | k)."""
        part = slice(self.offsets[k], self.offsets[k + 1])
        return self.terms[part], self.p[part]


def term_share(model: TopicModel) -> Floats:
    """(V,) float64, p(w): the share of each term in all tokens of training, as the counts have it.

    Of a topic-word matrix, whose corpus is not known, the mean of p(w | k) over topics.
    """
    found = term_sums(model.language_counts)
    return np.asarray(found / max(found.sum(), np.finfo(np.float64).tiny))


def relevance(p: Floats, share: Floats, lambda_: float = LAMBDA) -> Floats:
    """Relevance of terms to a topic.

    Args:
        p: p(w | k), above 0.
        share: p(w) of the same terms, above 0.
        lambda_: 1 ranks by p(w | k), 0 by the lift p(w | k) / p(w).
    """
    return np.asarray(np.log(p) - (1 - lambda_) * np.log(share))


def most_relevant(model: TopicModel, n: int = 10, lambda_: float = LAMBDA) -> list[Terms]:
    """The numbers of the `n` most relevant terms of each topic, best first; equal ones by number.

    Terms that a topic holds no token of are left out, so a small topic may have fewer.

    Raises:
        ValueError: `n` is negative, or `lambda_` lies outside 0 to 1.
    """
    _check(n, [lambda_])
    log_share = _log_share(model)
    return [terms[_best(np.log(p) - (1 - lambda_) * log_share[terms], n)] for terms, p in held_terms(model)]


def relevant_terms(model: TopicModel, n: int = 30, lambdas: Sequence[float] = LAMBDAS) -> RelevantTerms:
    """All terms that are among the `n` most relevant of a topic for at least one lambda.

    They are all that a table with a slider for lambda can show.

    Raises:
        ValueError: `n` is negative, or a lambda lies outside 0 to 1.
    """
    _check(n, lambdas)
    every_log_share = _log_share(model)
    offsets = [0]
    found: list[Terms] = []
    probabilities: list[Floats] = []
    for terms, p in held_terms(model):
        log_p, log_share = np.log(p), every_log_share[terms]
        chosen = np.zeros(len(terms), dtype=bool)
        for lambda_ in lambdas:
            chosen[_best(log_p - (1 - lambda_) * log_share, n)] = True
        kept, its = terms[chosen], p[chosen]
        order = np.lexsort((kept, -its))
        found.append(kept[order])
        probabilities.append(its[order])
        offsets.append(offsets[-1] + len(order))
    return RelevantTerms(
        offsets=np.array(offsets, dtype=np.int64),
        terms=np.concatenate(found).astype(np.int32) if found else np.zeros(0, dtype=np.int32),
        p=np.concatenate(probabilities) if probabilities else np.zeros(0),
    )


def smoothing(model: TopicModel) -> float:
    """What each cell of `language_counts` gets on top: beta, or 0 of a topic-word matrix, which is p(w | k) already."""
    return 0.0 if model.last_tokens is None else model.beta


def smoothed_totals(model: TopicModel) -> Floats:
    """(K,) what smoothed counts are divided by to be p(w | k): n_k + V beta."""
    n_k = topic_sums(model.language_counts)
    return np.asarray(n_k + model.language_counts.shape[0] * smoothing(model))


def probabilities(model: TopicModel, terms: Numbers, topics: Numbers) -> Floats:
    """(n,) p(w | k) of n pairs of a term and a topic, by their numbers (n,)."""
    if not len(terms):  # of none SciPy returns a sparse matrix
        return np.zeros(0)
    n_kw = np.asarray(model.language_counts.tocsr()[terms, topics], dtype=np.float64).ravel()
    return np.asarray((n_kw + smoothing(model)) / smoothed_totals(model)[topics])


def held_terms(model: TopicModel) -> Iterator[tuple[Terms, Floats]]:
    """Of each topic the terms it holds, in order of their numbers, and p(w | k) of these."""
    columns = model.language_counts.tocsc()
    columns.sum_duplicates()
    beta = smoothing(model)
    for k, denominator in enumerate(smoothed_totals(model)):
        part = slice(columns.indptr[k], columns.indptr[k + 1])
        weights = columns.data[part].astype(np.float64)
        held = weights > 0
        terms = columns.indices[part][held].astype(np.int32)
        yield terms, (weights[held] + beta) / denominator


def _log_share(model: TopicModel) -> Floats:
    """(V,) log p(w); of a term that no topic holds some number that nobody asks for."""
    return np.asarray(np.log(np.maximum(term_share(model), np.finfo(np.float64).tiny)))


def _best(score: Floats, n: int) -> npt.NDArray[np.int64]:
    """Positions of the `n` largest scores, ties by position: a partition, and a sort of about n."""
    if len(score) > n:
        threshold = np.partition(score, len(score) - n)[len(score) - n] if n else np.inf
        kept = np.flatnonzero(
            score >= threshold
        )  # all ties at the threshold stay in, the order below decides
    else:
        kept = np.arange(len(score))
    return kept[np.argsort(-score[kept], kind="stable")[:n]]


def _check(n: int, lambdas: Sequence[float]) -> None:
    if n < 0:
        raise ValueError(f"n must be 0 or more, got {n}")
    for lambda_ in lambdas:
        if not 0 <= lambda_ <= 1:
            raise ValueError(f"lambda must lie between 0 and 1, got {lambda_}")
