"""The compiled kernels behind plain arrays: what the tests compare with twins and formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np
import scipy.sparse as sp
from numba import njit

from lda.cluster.resources.threads import Threads
from lda.cluster.sweeping.phase_model import DrawnModel, MeanModel
from lda.samplers.counts.row_layout import (
    TopicCounts,
    WordRows,
    empty_counts,
    slice_rows,
    topic_dtype,
    word_rows,
)
from lda.samplers.counts.word_counts import Delta, add_delta
from lda.samplers.phi.soft_counts import UNIT, SoftRows
from lda.samplers.priors import Priors
from lda.samplers.tokens import Tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lda.samplers.phi.language_model import LanguageModel


F = TypeVar("F")


def from_python(helper: F) -> F:
    """A helper of kernels, compiled so that Python can call it as well."""
    return cast("F", njit(error_model="numpy")(cast("Any", helper).py_func))


class Documents(NamedTuple):
    """Documents without topics: sorted words (N,), doc_offsets (D + 1,), doc_keys (D,)."""

    words: NDArray[np.int32]
    doc_offsets: NDArray[np.int64]
    doc_keys: NDArray[np.uint64]

    @property
    def n(self) -> int:
        return len(self.doc_keys)

    def tokens(self, z: NDArray[Any]) -> Tokens:
        """As kernels take them, with these topics."""
        return Tokens(*self, z)


def documents(lists: list[list[int]], keys: NDArray[Any] | None = None) -> Documents:
    """Documents of word ids, each sorted as shards keep them."""
    words = np.array([w for words in lists for w in sorted(words)], dtype=np.int32)
    offsets = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return Documents(words, offsets, np.arange(len(lists), dtype=np.uint64) if keys is None else keys)


def copies(words: list[int], z: list[int], n: int, n_topics: int) -> tuple[Documents, NDArray[Any]]:
    """n copies of one document and its topics: one sweep makes n independent draws."""
    assert words == sorted(words)
    docs = Documents(
        np.tile(np.array(words, dtype=np.int32), n),
        np.arange(n + 1, dtype=np.int64) * len(words),
        np.arange(n, dtype=np.uint64),
    )
    return docs, np.tile(np.array(z, dtype=topic_dtype(n_topics)), n)


def delta_of(change: NDArray[Any], first: int = 0) -> Delta:
    """Changes (W, K) of the counts of the words from `first` on."""
    csr = sp.csr_matrix(change)
    topics = csr.indices.astype(topic_dtype(change.shape[1]))
    totals = change.sum(axis=0).astype(np.int64)
    return Delta(first, csr.indptr.astype(np.int64), topics, csr.data.astype(np.int32), totals)


def certain_rows(n_wk: NDArray[Any]) -> SoftRows:
    """Soft counts (W, K) of tokens each of which is certain to have its topic: the counts themselves."""
    csr = sp.csr_matrix(n_wk.astype(np.int64))
    topics = csr.indices.astype(topic_dtype(n_wk.shape[1]))
    return SoftRows(csr.indptr.astype(np.int64), topics, UNIT * csr.data, np.zeros(len(n_wk), dtype=np.int64))


def store(n_wk: NDArray[Any], *, all_dense: bool = False) -> tuple[WordRows, TopicCounts]:
    """Counts (V, K) in the layout of the samplers."""
    n_topics = n_wk.shape[1]
    rows = word_rows(n_wk.sum(axis=1).astype(np.int64), n_topics, all_dense=all_dense)
    counts = empty_counts(rows)
    assert add_delta(counts, delta_of(n_wk)) == -1
    return rows, counts


def mean_model(n_wk: NDArray[Any], alpha: NDArray[Any], beta: float) -> LanguageModel:
    """The posterior mean of counts (V, K)."""
    rows, counts = store(n_wk)
    priors = Priors(alpha=np.asarray(alpha, dtype=np.float64), beta=beta)
    with Threads(1) as threads:
        return MeanModel(rows, counts).build(counts, n_wk.sum(axis=0).astype(np.int64), priors, threads, 0)


def drawn_model(n_wk: NDArray[Any], alpha: NDArray[Any], beta: float, seed: int, phase: int) -> LanguageModel:
    """A Dirichlet draw given counts (V, K)."""
    _, counts = store(n_wk)
    rows = word_rows(n_wk.sum(axis=1).astype(np.int64), n_wk.shape[1], all_dense=True)
    priors = Priors(alpha=np.asarray(alpha, dtype=np.float64), beta=beta)
    with Threads(1) as threads:
        totals = n_wk.sum(axis=0).astype(np.int64)
        return DrawnModel(rows, seed).build(counts, totals, priors, threads, phase)


def range_model(
    n_wk: NDArray[Any], alpha: NDArray[np.float64], beta: float, first: int, last: int
) -> LanguageModel:
    """The mean language model of the words first .. last - 1 alone."""
    rows = slice_rows(word_rows(n_wk.sum(axis=1).astype(np.int64), n_wk.shape[1]), first, last)
    counts = empty_counts(rows)
    assert add_delta(counts, delta_of(n_wk[first:last])) == -1
    model = MeanModel(rows, counts, len(n_wk))
    return model.build(counts, n_wk.sum(axis=0), Priors(alpha=alpha, beta=beta), Threads(1), 0)


def dense_phi(model: LanguageModel) -> NDArray[np.float64]:
    """phi (V, K) as the kernels see it, dense and sparse rows alike."""
    k = model.n_topics
    smooth = model.phi[len(model.phi) - model.stride :][:k].astype(np.float64)
    phi = np.tile(smooth, (len(model.start), 1))
    for w, row in enumerate(model.start):
        if row >= 0:
            phi[w] = model.phi[row : row + k]
        else:
            entries = slice(~row, ~row + model.length[w])
            phi[w, model.topic[entries].astype(np.int64)] += model.weight[entries]
    return phi
