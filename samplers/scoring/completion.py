"""New documents under a frozen language model: assignments, document completion, keys made of content.

The sequential kernel of training does the sampling; here is what surrounds it. Random numbers are keyed by
what a document says, so that it gets the same answer alone or among a million.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.sorting import sort_long, sort_short
from lda.samplers.numerics.streams import mix, stream, uniform
from lda.samplers.phi.language_model import LanguageModel

_SPLIT_STREAM: Final = np.uint64(0x73706C6974)
_FNV: Final = np.uint64(0x100000001B3)


def sort_documents(words: NDArray[np.int32], doc_offsets: NDArray[np.int64]) -> None:
    """Sort the tokens of each document by word, in place: repeats stand together, order carries no meaning."""
    _sort_short(words, doc_offsets)
    sort_long(words, doc_offsets[:-1], np.diff(doc_offsets))


@kernel
def _sort_short(words: NDArray[np.int32], doc_offsets: NDArray[np.int64]) -> None:
    for d in range(len(doc_offsets) - 1):
        sort_short(words, doc_offsets[d], doc_offsets[d + 1])


@kernel
def content_keys(words: NDArray[np.int32], doc_offsets: NDArray[np.int64], keys: NDArray[np.uint64]) -> None:
    """A key for each document from its sorted tokens, into keys (D,) uint64."""
    for d in range(len(doc_offsets) - 1):
        h = np.uint64(doc_offsets[d + 1] - doc_offsets[d])
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            h = mix((h ^ np.uint64(words[i])) * _FNV)
        keys[d] = h


@kernel
def split_tokens(
    doc_offsets: NDArray[np.int64], keys: NDArray[np.uint64], seed: np.uint64, held: NDArray[Any]
) -> None:
    """Choose half of each document's tokens, rounded down, at random: held (N,) bool.

    Selection sampling: Knuth, TAOCP volume 2, algorithm 3.4.2 S.
    """
    for d in range(len(doc_offsets) - 1):
        begin, end = doc_offsets[d], doc_offsets[d + 1]
        numbers = stream(seed ^ _SPLIT_STREAM, np.uint64(0), keys[d])
        wanted = (end - begin) // 2
        for i in range(begin, end):
            held[i] = uniform(numbers, i - begin) * (end - i) < wanted
            if held[i]:
                wanted -= 1


@kernel
def count_topics(
    z: NDArray[Any], doc_offsets: NDArray[np.int64], first: int, last: int, counts: NDArray[np.int64]
) -> None:
    """Add n_dk of one state of documents first .. last - 1 to counts (D, K) int64.

    Rejected: adding shares in float32, because from 2^24 additions on a sum stands still, and drifts long before.
    """
    for d in range(first, last):
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            counts[d, z[i]] += 1


@kernel
def mean_proportions(
    counts: NDArray[np.int64],
    doc_offsets: NDArray[np.int64],
    first: int,
    last: int,
    model: LanguageModel,
    n_states: int,
    theta: NDArray[np.float64],
) -> None:
    """Put the mean of (n_dk + alpha_k) / (N_d + abar) over states into theta (D, K).

    counts: from `count_topics`, of n_states states together. Each entry is divided once.
    """
    total = 0.0
    for k in range(model.n_topics):
        total += model.alpha[k]
    for d in range(first, last):
        whole = n_states * (doc_offsets[d + 1] - doc_offsets[d] + total)
        for k in range(model.n_topics):
            theta[d, k] = (counts[d, k] + n_states * np.float64(model.alpha[k])) / whole


@kernel
def score_documents(
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    first: int,
    last: int,
    model: LanguageModel,
    theta: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> None:
    """scores[d] = sum over tokens of log sum_k theta_dk phi_kw, nats, for documents first .. last - 1."""
    smooth = len(model.phi) - model.stride
    for d in range(first, last):
        base = 0.0
        for k in range(model.n_topics):
            base += theta[d, k] * model.phi[smooth + k]
        score = 0.0
        for i in range(doc_offsets[d], doc_offsets[d + 1]):
            w = words[i]
            row = model.start[w]
            p = 0.0
            if row >= 0:
                for k in range(model.n_topics):
                    p += theta[d, k] * model.phi[row + k]
            else:
                p = base
                for j in range(~row, ~row + model.length[w]):
                    p += theta[d, model.topic[j]] * model.weight[j]
            score += np.log(p)
        scores[d] = score
