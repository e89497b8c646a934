"""Uniformly random first topics, and copies of documents and topics into and out of a shard."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import read_only
from lda.samplers.numerics.sorting import sort_long, sort_short
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.tokens import Tokens

_SHARE_STREAM: Final = np.uint64(0x7368617265)


def copy_documents(
    source: NDArray[np.int32],
    source_offsets: NDArray[np.int64],
    target: NDArray[np.int64],
    words: NDArray[np.int32],
) -> None:
    """Copy document d to words[target[d]:], its tokens sorted by word; documents with target < 0 are left out."""
    _copy(read_only(source), read_only(source_offsets), target, words)
    wanted = target >= 0
    sort_long(words, target[wanted], np.diff(source_offsets)[wanted])


@kernel
def _copy(
    source: NDArray[np.int32],
    source_offsets: NDArray[np.int64],
    target: NDArray[np.int64],
    words: NDArray[np.int32],
) -> None:
    """`copy_documents`, but for the order of long documents."""
    for d in range(len(target)):
        if target[d] < 0:
            continue
        begin, out = source_offsets[d], target[d]
        n = source_offsets[d + 1] - begin
        for i in range(n):
            words[out + i] = source[begin + i]
        sort_short(words, out, out + n)


@kernel
def gather_topics(
    z: NDArray[Any], doc_offsets: NDArray[np.int64], documents: NDArray[np.int64], out: NDArray[Any]
) -> None:
    """Write the topics of the listed documents into `out`, one document after the other."""
    n = 0
    for d in documents:
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            out[n] = z[i]
            n += 1


@kernel
def scatter_topics(
    source: NDArray[Any], doc_offsets: NDArray[np.int64], documents: NDArray[np.int64], z: NDArray[Any]
) -> None:
    """Read the topics of the listed documents from `source`: the inverse of `gather_topics`."""
    n = 0
    for d in documents:
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            z[i] = source[n]
            n += 1


@kernel
def random_topics(
    tokens: Tokens,
    first: int,
    last: int,
    n_topics: int,
    seed: np.uint64,
    pass_number: np.uint64,
) -> None:
    """A uniformly random topic for every token of documents first .. last - 1, into `tokens.z`."""
    doc_offsets = tokens.doc_offsets
    for d in range(first, last):
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            tokens.z[i] = int(uniform(numbers, i - doc_offsets[d]) * n_topics)


@kernel
def document_shares(seed: np.uint64, purpose: np.uint64, first: int, shares: NDArray[np.float64]) -> None:
    """One uniform number per document from index `first` on, the same whatever else happens, into shares (n,)."""
    for i in range(len(shares)):
        numbers = stream(seed ^ _SHARE_STREAM, purpose, np.uint64(first + i))
        shares[i] = uniform(numbers, 0)
