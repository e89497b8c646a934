"""`WordPrior`: tokens that topics have from the beginning, beside those of the documents.

With s_kw of them, phi_k ~ Dirichlet(beta + s_k.): an asymmetric prior of words. A Dirichlet prior is worth as many
tokens as its parameters say, so n_kw + s_kw stands wherever n_kw alone would, and n_k + s_k where n_k would:

    p(z = k | rest) ~ (n_dk + alpha_k) (n_kw + s_kw + beta) / (n_k + s_k + V beta)

Counts that are sampled from therefore begin with s in place of zero, and no kernel knows of it. Rejected: a beta for
each word and topic, because phi would have no row that is the same for all words without counts, which is what makes a
token cheap.

Topics may be frozen: phi_k = (s_k. + beta) / (s_k + V beta), whatever tokens of the documents they get.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.cluster.counts.fingerprint import fingerprint
from lda.cluster.counts.sparse_sums import term_sums, topic_sums
from lda.samplers.counts.deltas import totals_of
from lda.samplers.counts.histograms import Histogram, values
from lda.samplers.counts.row_layout import topic_dtype
from lda.samplers.counts.word_counts import Delta
from lda.samplers.limits import MAX_COUNT
from lda.samplers.priors import TokensBefore


@dataclass(frozen=True, kw_only=True)
class WordPrior:
    """Tokens s_kw that topics have from the beginning, of consecutive words.

    counts: (words, K) int32 CSR, topics ascending, no zeros. frozen: numbers of the topics whose phi they alone make.
    """

    counts: sp.csr_matrix
    frozen: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        counts: Any,  # noqa: ANN401 - whatever a caller gave
        shape: tuple[int, int],
        frozen: Iterable[int] = (),
    ) -> WordPrior:
        """The tokens of a matrix, checked. shape: (V, K) of the fit.

        Raises ValueError when it is of another shape, or an entry is not a whole number from 0 to 2^31 - 1, a topic is
        frozen that is not there, or all are.
        """
        matrix = sp.csr_matrix(counts)
        if matrix.shape != shape:
            raise ValueError(
                f"word_prior must have a row a term and a column a topic, {shape}, got {matrix.shape}"
            )
        data = matrix.data
        if data.dtype.kind not in "biuf" or not np.all((data >= 0) & (data <= MAX_COUNT)):
            raise ValueError(f"word_prior must hold whole numbers from 0 to {MAX_COUNT}, got {_odd(data)}")
        whole = data.astype(np.int64)
        if not np.array_equal(whole, data):
            raise ValueError(f"word_prior must hold whole numbers, got {data[whole != data][0]:.6g}")
        made = sp.csr_matrix((whole, matrix.indices, matrix.indptr), shape=shape, copy=True)
        made.sum_duplicates()
        made.eliminate_zeros()
        if made.nnz and made.data.max() > MAX_COUNT:
            raise ValueError(f"word_prior must hold whole numbers up to {MAX_COUNT}, got {made.data.max()}")
        held = sorted({int(k) for k in frozen})
        if held and not (held[0] >= 0 and held[-1] < shape[1]):
            wrong = next(k for k in held if not 0 <= k < shape[1])
            raise ValueError(f"topics to freeze must lie in 0 .. {shape[1] - 1}, got {wrong}")
        return cls(counts=made.astype(np.int32), frozen=tuple(held))

    @property
    def n_tokens(self) -> int:
        """How many there are."""
        return int(self.totals.sum())

    @property
    def n_bytes(self) -> int:
        """Bytes that they take in memory."""
        counts = self.counts
        return int(counts.data.nbytes + counts.indices.nbytes + counts.indptr.nbytes)

    @cached_property
    def totals(self) -> NDArray[np.int64]:
        """s_k, (K,) int64."""
        # float64 holds sums of fewer than 2^53 exactly; below, too.
        return topic_sums(self.counts).astype(np.int64)

    @cached_property
    def frequencies(self) -> NDArray[np.int64]:
        """Tokens of each word, (words,) int64."""
        return term_sums(self.counts).astype(np.int64)

    @cached_property
    def before(self) -> TokensBefore:
        """What learning beta, and the likelihood, must know of them."""
        return TokensBefore(values(self.counts.data), self.totals, np.array(self.frozen, dtype=np.int64))

    def between(self, first: int, last: int) -> WordPrior:
        """Those of words first .. last - 1."""
        return WordPrior(counts=self.counts[first:last], frozen=self.frozen)

    def delta(self) -> Delta:
        """The same as a delta from nothing; the words count from 0."""
        topic = self.counts.indices.astype(topic_dtype(self.counts.shape[1]))
        data: NDArray[np.int32] = self.counts.data
        return Delta(0, self.counts.indptr.astype(np.int64), topic, data, self.totals)

    def without(self, counts: sp.csr_matrix) -> sp.csr_matrix:
        """The documents' part of (words, K) int32 counts that these are in."""
        found = sp.csr_matrix(counts - self.counts)
        found.sort_indices()
        return found

    def language(self, counts: sp.csr_matrix) -> sp.csr_matrix:
        """What topics are made of: these beside the documents' counts (words, K), plain or soft; a frozen one alone."""
        if self.frozen:
            counts = counts.copy()
            counts.data[np.isin(counts.indices, self.frozen)] = 0
        found = sp.csr_matrix(counts + self.counts)
        found.eliminate_zeros()
        found.sort_indices()
        return found

    def language_totals(self, totals: NDArray[np.int64]) -> NDArray[np.int64]:
        """n_k (K,) int64 of what topics are made of. totals: of all tokens, these and the documents'."""
        return self.before.language_totals(totals)

    def language_delta(self, delta: Delta) -> Delta:
        """Counts of the words of this, as a delta from nothing, with those of frozen topics replaced."""
        if not self.frozen:
            return delta
        shape = self.counts.shape
        whole = sp.csr_matrix((delta.change, delta.topic.astype(np.int32), delta.start), shape=shape)
        made = self.language(self.without(whole))
        topic = made.indices.astype(delta.topic.dtype)
        change: NDArray[np.int32] = made.data
        totals = totals_of(topic, change, shape[1])
        return Delta(delta.first, made.indptr.astype(np.int64), topic, change, totals)

    def frozen_tokens(self, counts: sp.csr_matrix) -> Histogram:
        """The documents' tokens in frozen topics by s_kw, which is all that their likelihood depends on.

        counts: (words, K), the documents' alone.
        """
        part = counts[:, list(self.frozen)].tocsr()
        tokens = np.zeros(0, dtype=np.int64)
        found = np.zeros(0, dtype=np.int64)
        if part.nnz:
            word = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
            begun = self.counts[:, list(self.frozen)].tocsr()
            tokens = np.asarray(begun[word, part.indices]).ravel().astype(np.int64)
            found = part.data.astype(np.int64)
        key, inverse = np.unique(tokens, return_inverse=True)
        times = np.bincount(inverse, weights=found, minlength=len(key)).astype(np.int64)
        return Histogram(key, times)

    def digest(self) -> str:
        """Equal digests mean equal tokens, and the same topics frozen."""
        whole = hashlib.sha256(fingerprint(self.counts).encode())
        whole.update(np.array(self.frozen, dtype="<i8").tobytes())
        return whole.hexdigest()


def _odd(data: NDArray[Any]) -> str:
    if data.dtype.kind not in "biuf":
        return f"entries of type {data.dtype}"
    return f"{data[~((data >= 0) & (data <= MAX_COUNT))][0]:.6g}"
