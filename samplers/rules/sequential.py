"""The sequential token rule: the document's counts follow each token, the own token left out.

With the mean language model this is AD-LDA (Newman et al., JMLR 2009), with a drawn one the partially
collapsed sampler (Magnusson et al., JCGS 2018, doi:10.1080/10618600.2017.1366913), which is exact.

    p(z = k | rest) ~ (n_dk + alpha_k) phi_kw,       n_dk without the token itself

For the mean model the token also leaves phi: its old topic's term becomes (n_kw - 1 + beta) / (n_k - 1 + bbar).
Only that one term differs, so it is corrected in place and the tables of the phase serve all tokens.

Two documents at a time, their tokens in turns so that one's chain of dependent steps would run beside the other's,
lost: the same bits, and no difference beyond the machine's noise at K = 100, none or a loss at K = 1000. Word by word
over a thousand documents at a time, each with its list of topics, lost as well: the same bits, for the tokens of a
document lie by word, and a row of phi stays at hand for all who need it; but then the lists do not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import FEW_TOPICS
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.streams import stream, uniform
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.rules import sequential_few_topics
from lda.samplers.rules.document_counts import (
    Document,
    add_token,
    clear,
    empty_document,
    prefetch_row,
    remove_token,
)
from lda.samplers.rules.full_conditional import draw_token

_few = sequential_few_topics.sweep_documents


@kernel
def sweep_documents(
    words: NDArray[np.int32],
    doc_offsets: NDArray[np.int64],
    doc_keys: NDArray[np.uint64],
    first: int,
    last: int,
    z: NDArray[Any],
    model: LanguageModel,
    seed: np.uint64,
    sweep: np.uint64,
    leave_out: bool,
    fresh: bool,
) -> None:
    """Resample the topic of every token of documents first .. last - 1, in place in `z`.

    words: (N,) int32. doc_offsets: (D + 1,) int64. doc_keys: (D,) uint64, what random numbers are keyed by.
    z: (N,) topics. leave_out: the own token is counted in `model` and must leave it (AD-LDA).
    fresh: the tokens have no topic yet; each is drawn given those before it in its document.
    """
    if model.n_topics <= FEW_TOPICS:
        _few(words, doc_offsets, doc_keys, first, last, z, model, seed, sweep, leave_out, fresh)
        return
    document = empty_document(model, doc_offsets, first, last)
    smooth = len(model.phi) - model.stride
    for d in range(first, last):
        begin, end = doc_offsets[d], doc_offsets[d + 1]
        origin, step = stream(seed, sweep, doc_keys[d])
        k_d = 0
        smooth_sum = 0.0  # sum over k of n_dk phi0_k
        if not fresh:
            for i in range(begin, end):
                smooth_sum += model.phi[smooth + z[i]]
                k_d = add_token(document, z[i], k_d)
        k_d, smooth_sum = resample_tokens(
            words, z, begin, begin, end, 0, model, document, origin, step, leave_out, fresh, k_d, smooth_sum
        )
        clear(document, k_d)


@helper
def resample_tokens(
    words: NDArray[np.int32],
    z: NDArray[Any],
    begin: int,
    low: int,
    high: int,
    first_word: int,
    model: LanguageModel,
    document: Document,
    origin: np.uint64,
    step: np.uint64,
    leave_out: bool,
    fresh: bool,
    k_d: int,
    smooth_sum: float,
) -> tuple[int, float]:
    """Draw the tokens low .. high - 1 of the document that begins at `begin`; returns the new (K_d, smooth_sum).

    first_word: the word that the model's first row stands for.
    """
    smooth = len(model.phi) - model.stride
    for i in range(low, high):
        if i + 1 < high:
            prefetch_row(document, model, words[i + 1] - first_word, k_d)
        old = -1
        if not fresh:
            old = int(z[i])
            k_d = remove_token(document, old, k_d)
            smooth_sum -= model.phi[smooth + old]
        u = uniform(origin, step, i - begin)
        new = draw_token(model, document, words[i] - first_word, old, leave_out, u, k_d, smooth_sum)
        z[i] = new
        smooth_sum += model.phi[smooth + new]
        k_d = add_token(document, new, k_d)
    return k_d, smooth_sum
