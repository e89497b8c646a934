"""The sequential token rule: the document's counts follow each token, the own token left out.

With the mean language model this is AD-LDA (Newman et al., JMLR 2009), with a drawn one the partially
collapsed sampler (Magnusson et al., JCGS 2018, doi:10.1080/10618600.2017.1366913), which is exact.

    p(z = k | rest) ~ (n_dk + alpha_k) phi_kw,       n_dk without the token itself

For the mean model the token also leaves phi: its old topic's term becomes (n_kw - 1 + beta) / (n_k - 1 + bbar).
Only that one term differs, so it is corrected in place and the tables of the phase serve all tokens.

Where topics are few, documents take turns: `sequential_few_topics`. Rejected: turns of two documents here as well,
because with the branches of lists they gained nothing at K = 1000 (same bits).
Rejected: word by word over a thousand documents at a time, each with its list of topics, because a row of phi then
stays in the cache for all that need it, but the lists do not (same bits, for the tokens of a document lie by word).
"""

from __future__ import annotations

import numpy as np

from lda.samplers.counts.row_layout import FEW_TOPICS
from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.streams import Stream, stream, uniform
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
from lda.samplers.tokens import TokenRange, Tokens


def sweep_documents(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
    fresh: bool,
) -> None:
    """Resample the topic of every token of documents first .. last - 1, in place in `tokens.z`.

    leave_out: the own token is counted in `model` and must leave it (AD-LDA).
    fresh: the tokens have no topic yet; each is drawn given those before it in its document.
    """
    # Chosen here, not in a kernel, which would have to compile both.
    few = model.n_topics <= FEW_TOPICS
    sweep = sequential_few_topics.sweep_documents if few else sweep_by_lists
    sweep(tokens, first, last, model, seed, pass_number, leave_out, fresh)


@kernel
def sweep_by_lists(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
    fresh: bool,
) -> None:
    """`sweep_documents` with lists of the documents' topics, where topics are many."""
    document = empty_document(model, tokens.doc_offsets, first, last)
    smooth = len(model.phi) - model.stride
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        k_d = 0
        smooth_sum = 0.0  # sum over k of n_dk phi0_k
        if not fresh:
            for i in range(begin, end):
                smooth_sum += model.phi[smooth + tokens.z[i]]
                k_d = add_token(document, tokens.z[i], k_d)
        whole = TokenRange(begin, end, begin, end, np.int64(0))
        k_d, smooth_sum = resample_tokens(
            tokens, whole, model, document, numbers, leave_out, fresh, k_d, smooth_sum
        )
        clear(document, k_d)


def resample_documents(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """`sweep_documents` of documents whose tokens have topics: a `TokenRule`."""
    sweep_documents(tokens, first, last, model, seed, pass_number, leave_out, False)


def draw_first_topics(
    tokens: Tokens, first: int, last: int, model: LanguageModel, seed: np.uint64, pass_number: np.uint64
) -> None:
    """Draw the first topics of documents first .. last - 1, each given those before it in its document."""
    sweep_documents(tokens, first, last, model, seed, pass_number, False, True)


@helper
def resample_tokens(
    tokens: Tokens,
    part: TokenRange,
    model: LanguageModel,
    document: Document,
    numbers: Stream,
    leave_out: bool,
    fresh: bool,
    k_d: int,
    smooth_sum: float,
) -> tuple[int, float]:
    """Draw the tokens of `part`, whose document is counted in `document`; returns the new (K_d, smooth_sum)."""
    words, z = tokens.words, tokens.z
    smooth = len(model.phi) - model.stride
    for i in range(part.low, part.high):
        if i + 1 < part.high:
            prefetch_row(document, model, words[i + 1] - part.first_word, k_d)
        old = -1
        if not fresh:
            old = int(z[i])
            k_d = remove_token(document, old, k_d)
            smooth_sum -= model.phi[smooth + old]
        u = uniform(numbers, i - part.begin)
        new = draw_token(model, document, words[i] - part.first_word, old, leave_out, u, k_d, smooth_sum)
        z[i] = new
        smooth_sum += model.phi[smooth + new]
        k_d = add_token(document, new, k_d)
    return k_d, smooth_sum
