"""The simultaneous token rule: every token drawn from its document's previous counts, as a cellular automaton.

With the mean language model this is ESCA (Zaheer et al., AISTATS 2016, section 3, mlr.press/v51/zaheer16):

    z ~ p(k) ~ (n_dk + alpha_k) (n_kw + beta) / (n_k + bbar)

with all counts from the sweep before, the own token included. Tokens do not see each other, so the repeats of
a word in a document share one scan; documents keep their tokens sorted by word for that. With `leave_out` the
own token is taken from both counts first, and each token needs a scan of its own.
"""

from __future__ import annotations

import numpy as np

from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_gather, scan_rows
from lda.samplers.numerics.streams import Stream, stream, uniform
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.rules.document_counts import (
    Document,
    add_token,
    clear,
    empty_document,
    prefetch_row,
    remove_token,
)
from lda.samplers.rules.full_conditional import (
    blocks_of,
    draw_alpha_part,
    draw_token,
    pick_sparse,
    scan_sparse,
    scans_all,
)
from lda.samplers.tokens import TokenRange, Tokens


@kernel
def sweep_documents(
    tokens: Tokens,
    first: int,
    last: int,
    model: LanguageModel,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """Resample every token of documents first .. last - 1, in place in `tokens.z`; arguments as in `sequential`."""
    document = empty_document(model, tokens.doc_offsets, first, last)
    # Draws from the alpha part scan too, and must not overwrite the scan that a word's tokens share.
    aside = empty_document(model, tokens.doc_offsets, first, last)
    smooth = len(model.phi) - model.stride
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        k_d = 0
        smooth_sum = 0.0
        for i in range(begin, end):
            smooth_sum += model.phi[smooth + tokens.z[i]]
            k_d = add_token(document, tokens.z[i], k_d)
        whole = TokenRange(begin, end, begin, end, np.int64(0))
        resample_tokens(tokens, whole, model, document, aside, numbers, leave_out, k_d, smooth_sum)
        clear(document, k_d)


@helper
def resample_tokens(
    tokens: Tokens,
    part: TokenRange,
    model: LanguageModel,
    document: Document,
    aside: Document,
    numbers: Stream,
    leave_out: bool,
    k_d: int,
    smooth_sum: float,
) -> None:
    """Draw the tokens of `part`, which begins with a new word; the counts of its document stay as they are."""
    words, z = tokens.words, tokens.z
    smooth = len(model.phi) - model.stride
    total = 0.0
    for i in range(part.low, part.high):
        w = words[i] - part.first_word
        u = uniform(numbers, i - part.begin)
        if leave_out:
            old = int(z[i])
            k_d = remove_token(document, old, k_d)
            left = smooth_sum - model.phi[smooth + old]
            z[i] = draw_token(model, document, w, old, True, u, k_d, left)
            k_d = add_token(document, old, k_d)
            continue
        if i == part.low or words[i] != words[i - 1]:
            if i + 1 < part.high:
                prefetch_row(document, model, words[i + 1] - part.first_word, k_d)
            total = _scan_word(model, document, w, k_d)
        if model.start[w] >= 0:
            z[i] = _draw_dense(model, document, aside, w, u, k_d, total)
        else:
            z[i] = _draw_sparse(model, document, aside, w, u, k_d, total, smooth_sum)


@helper
def _scan_word(model: LanguageModel, document: Document, w: int, k_d: int) -> float:
    """Scan the terms that all tokens of word w in this document share; returns their sum."""
    row = model.start[w]
    if row < 0:
        return scan_sparse(model, document, w)
    if scans_all(model, k_d):
        return float(scan_rows(document.weight, 0, model.phi, row, model.stride // LANES, document.prefix))
    return float(
        scan_gather(document.topics, document.n_dk, 0, model.phi, row, blocks_of(k_d), document.prefix)
    )


@helper
def _draw_dense(
    model: LanguageModel, document: Document, aside: Document, w: int, u: float, k_d: int, total: float
) -> int:
    if scans_all(model, k_d):
        return pick(document.prefix, model.stride // LANES, u * total)
    r = model.start[w] // model.stride
    target = u * (total + model.row_mass[r])
    if target < total:
        return int(document.topics[pick(document.prefix, blocks_of(k_d), target)])
    return draw_alpha_part(model, aside, r, -1, 1.0, 0.0, target - total)


@helper
def _draw_sparse(
    model: LanguageModel,
    document: Document,
    aside: Document,
    w: int,
    u: float,
    k_d: int,
    total: float,
    smooth_sum: float,
) -> int:
    last = len(model.row_mass) - 1
    target = u * (total + smooth_sum + model.row_mass[last])
    if target < total:
        return pick_sparse(model, document, w, target)
    target -= total
    if target < smooth_sum:
        smooth, blocks = len(model.phi) - model.stride, blocks_of(k_d)
        scanned = scan_gather(document.topics, document.n_dk, 0, model.phi, smooth, blocks, aside.prefix)
        return int(document.topics[pick(aside.prefix, blocks, target / smooth_sum * scanned)])
    return draw_alpha_part(model, aside, last, -1, 1.0, 0.0, target - smooth_sum)
