"""The most probable words of each topic, found range by range of the vocabulary and put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.sparse_sums import topic_sums
from lda.cluster.spec.top_words import TopWords


def top_words(counts: sp.csr_matrix, soft: sp.csr_matrix | None, n: int, first: int = 0) -> TopWords:
    """At most n words of each topic with the largest counts of (words, K); soft ones decide if there are any.

    soft: or whatever else topics are made of. first: number of the first of these words in the vocabulary.
    """
    language = counts if soft is None else soft
    by_topic = language.tocsc()
    found = []
    for k in range(counts.shape[1]):
        part = slice(by_topic.indptr[k], by_topic.indptr[k + 1])
        found.append(largest(by_topic.indices[part] + np.int32(first), by_topic.data[part], n))
    return _packed(found, topic_sums(language), topic_sums(counts))


def merge_tops(parts: Sequence[TopWords], n: int) -> TopWords:
    """Of several ranges of words the n heaviest; each of `parts` must have been asked for n at least."""
    found = []
    for k in range(len(parts[0].totals)):
        terms, weights = zip(*(part.topic(k) for part in parts), strict=True)
        found.append(largest(np.concatenate(terms), np.concatenate(weights), n))
    totals = np.sum([part.totals for part in parts], axis=0)
    return _packed(found, totals, np.sum([part.tokens for part in parts], axis=0))


def largest(
    terms: NDArray[np.int32], weights: NDArray[np.number], n: int
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The `n` entries of largest weight, ties by term number: O(len) plus a sort of about n."""
    held = weights > 0
    found, sizes = terms[held], weights[held].astype(np.float64)
    if len(sizes) > n:
        threshold = np.partition(sizes, len(sizes) - n)[len(sizes) - n] if n else np.inf
        kept = sizes >= threshold  # all ties at the threshold stay in, the order below decides
        found, sizes = found[kept], sizes[kept]
    order = np.lexsort((found, -sizes))[:n]
    return found[order], sizes[order]


def _packed(
    found: list[tuple[NDArray[np.int32], NDArray[np.float64]]],
    totals: NDArray[np.number],
    tokens: NDArray[np.number],
) -> TopWords:
    start = np.cumsum([0, *(len(terms) for terms, _ in found)], dtype=np.int64)
    terms = np.concatenate([terms for terms, _ in found]).astype(np.int32)
    weights = np.concatenate([weights for _, weights in found])
    return TopWords(start, terms, weights, totals.astype(np.float64), tokens.astype(np.int64))
