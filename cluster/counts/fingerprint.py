"""The fingerprint of a model: equal fingerprints mean equal topic-word counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import numpy as np
import scipy.sparse as sp

BLOCK: Final = 256
"""Words hashed together. The blocks' hashes are hashed again, so that owners of vocabulary ranges can each hash
their own words and no process needs to see all counts."""


def fingerprint(counts: sp.csr_matrix) -> str:
    """sha256, in hex, of word-topic counts (V, K) in canonical order: words ascending, in each the topics ascending."""
    n_terms, n_topics = counts.shape
    return combine(n_terms, n_topics, [block_digests(counts)])


def block_digests(counts: sp.csr_matrix) -> bytes:
    """The blocks' hashes, 32 bytes each, of the counts of consecutive words that begin with a block."""
    matrix = counts.tocsr()
    if not matrix.has_sorted_indices:
        matrix = matrix.sorted_indices()
    n_words = matrix.shape[0]
    return b"".join(_block(matrix, first, min(first + BLOCK, n_words)) for first in range(0, n_words, BLOCK))


def combine(n_terms: int, n_topics: int, digests: Iterable[bytes]) -> str:
    """The fingerprint from what `block_digests` gave for consecutive ranges, of which only the last ends in a block."""
    whole = hashlib.sha256(np.array([n_terms, n_topics], dtype="<i8").tobytes())
    for part in digests:
        whole.update(part)
    return whole.hexdigest()


def _block(matrix: sp.csr_matrix, first: int, last: int) -> bytes:
    low, high = matrix.indptr[first], matrix.indptr[last]
    part = hashlib.sha256((matrix.indptr[first : last + 1] - low).astype("<i8").tobytes())
    part.update(matrix.indices[low:high].astype("<i4").tobytes())
    part.update(matrix.data[low:high].astype("<i4").tobytes())
    return part.digest()
