"""Consecutive documents as numbers, on their way from a reader to the shards."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Forms(NamedTuple):
    """The terms as they stand in the texts, (n,) of them, each once: of which key, and how many tokens.

    Attributes:
        names: the terms.
        keys: (n,) int32 numbers of their keys.
        frequencies: (n,) int64 tokens.
    """

    names: list[str]
    keys: npt.NDArray[np.int32]
    frequencies: npt.NDArray[np.int64]


class TokenBatch(NamedTuple):
    """Some consecutive documents as numbers.

    Attributes:
        ids: (n,) strings.
        doc_offsets: (n + 1,) int64, starting at 0.
        words: (n_tokens,) int32 numbers into `terms`, or into the fixed vocabulary when `terms` is None.
        terms: the words that occur in the batch, each once; their keys where `forms` is not None.
        term_frequencies: (len(terms),) int64, tokens of each term in the batch.
        document_frequencies: (len(terms),) int64, documents of the batch that hold each term.
        metadata: table of n rows or None.
        n_stopped: tokens already removed as stop words.
        n_without_text: documents whose text is missing or null.
        texts: (n,) large_string or lists of tokens, what the tokens were made of; None where nobody asked for it.
        forms: the words as they stand in the texts, where a recipe counts several as one; None elsewhere.
    """

    ids: pa.Array[Any]
    doc_offsets: npt.NDArray[np.int64]
    words: npt.NDArray[np.int32]
    terms: list[str] | None
    term_frequencies: npt.NDArray[np.int64]
    document_frequencies: npt.NDArray[np.int64]
    metadata: pa.Table | None = None
    n_stopped: int = 0
    n_without_text: int = 0
    texts: pa.Array[Any] | None = None
    forms: Forms | None = None


def drop_negative(
    offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
    """Remove the negative words and move the offsets accordingly."""
    keep = words >= 0
    if keep.all():
        return offsets, words
    before = np.zeros(len(words) + 1, dtype=np.int64)
    np.cumsum(keep, out=before[1:])
    return before[offsets], words[keep]


def count_terms(
    doc_offsets: npt.NDArray[np.int64], words: npt.NDArray[np.int32], n_terms: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Tokens of each term and documents with each term, both (n_terms,) int64.

    Args:
        doc_offsets: (n + 1,) starting at 0.
        words: (n_tokens,) numbers in 0 ... n_terms - 1.
        n_terms: number of terms.
    """
    import scipy.sparse

    tokens = np.bincount(words, minlength=n_terms).astype(np.int64)
    shape = (len(doc_offsets) - 1, n_terms)
    ones = np.ones(len(words), dtype=np.int8)
    # Transposing is a counting sort, linear in the tokens; np.unique of (document, word) sorts and takes five
    # times as long. Within a term documents then ascend, so a repeat stands beside its first.
    by_term = scipy.sparse.csr_matrix((ones, words, doc_offsets), shape=shape).tocsc()
    fresh = np.ones(len(words), dtype=bool)
    fresh[1:] = by_term.indices[1:] != by_term.indices[:-1]
    fresh[by_term.indptr[:-1][np.diff(by_term.indptr) > 0]] = True
    before = np.concatenate([[0], np.cumsum(fresh)])
    return tokens, np.diff(before[by_term.indptr]).astype(np.int64)
