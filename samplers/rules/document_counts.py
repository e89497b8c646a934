"""The document at hand: its topics and their counts, in the forms that the draws read."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import LANES, prefetch
from lda.samplers.phi.language_model import LanguageModel


class Document(NamedTuple):
    """Counts of one document, and scratch; reused for all documents of a kernel call, private to it.

    topics: the document's topics, in no particular order, int32. n_dk: their counts, float32, 0 beyond K_d.
    position: (K,) int32, where a topic stands in `topics`, or -1. weight: (stride,) float32, n_dk + alpha_k.
    alpha: (stride,) float32, a copy of the model's: a draw corrects it in place for a moment, and the model is
    shared between threads. prefix: float32, for scans.
    """

    topics: NDArray[np.int32]
    n_dk: NDArray[np.float32]
    position: NDArray[np.int32]
    weight: NDArray[np.float32]
    alpha: NDArray[np.float32]
    prefix: NDArray[np.float32]


@kernel
def empty_document(model: LanguageModel, doc_offsets: NDArray[np.int64], first: int, last: int) -> Document:
    """A document without tokens, with room for the longest of documents first .. last - 1."""
    longest = 0
    for d in range(first, last):
        longest = max(longest, doc_offsets[d + 1] - doc_offsets[d])
    capacity = min(longest, model.n_topics) + 2 * LANES
    return Document(
        np.zeros(capacity, dtype=np.int32),
        np.zeros(capacity, dtype=np.float32),
        np.full(model.n_topics, -1, dtype=np.int32),
        model.alpha.copy(),
        model.alpha.copy(),
        np.zeros(max(capacity, model.stride) + 2 * LANES, dtype=np.float32),
    )


@helper
def add_token(document: Document, k: Any, k_d: int) -> int:  # noqa: ANN401 - a topic of either width
    """Count one token of topic k into the document; returns the new K_d."""
    p = document.position[k]
    if p < 0:
        p = k_d
        document.position[k] = p
        document.topics[p] = k
        k_d += 1
    document.n_dk[p] += np.float32(1)
    document.weight[k] = document.n_dk[p] + document.alpha[k]
    return k_d


@helper
def remove_token(document: Document, k: int, k_d: int) -> int:
    """Take one token of topic k out of the document; returns the new K_d."""
    p = document.position[k]
    left = document.n_dk[p] - np.float32(1)
    document.n_dk[p] = left
    document.weight[k] = left + document.alpha[k]
    if left == 0:
        k_d -= 1
        moved = document.topics[k_d]
        document.topics[p] = moved
        document.n_dk[p] = document.n_dk[k_d]
        document.n_dk[k_d] = 0
        document.position[moved] = p
        document.position[k] = -1
    return k_d


@helper
def clear(document: Document, k_d: int) -> None:
    """Take all tokens out."""
    for j in range(k_d):
        k = document.topics[j]
        document.position[k] = -1
        document.weight[k] = document.alpha[k]
        document.n_dk[j] = 0


@helper
def prefetch_row(document: Document, model: LanguageModel, w: int, k_d: int) -> None:
    """Ask early for what the next token will read: the phi entries of the document's topics."""
    row = model.start[w]
    if row >= 0:
        for j in range(min(k_d, LANES)):
            prefetch(model.phi, row + document.topics[j])
    else:
        prefetch(model.weight, ~row)
        prefetch(model.topic, ~row)
