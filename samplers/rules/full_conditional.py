"""One topic for one token: the full conditional p(z = k | rest), drawn by the cheapest of three algorithms.

`old` is the token's old topic, or -1; its count has left the document already. With `leave_out` it is still
counted in the model, and each part takes it out of the one term where it stands.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from lda.samplers.counts.row_layout import SHORT_ROW
from lda.samplers.numerics.jit import helper
from lda.samplers.numerics.prefix_sum import LANES, pick, scan_gather, scan_rows
from lda.samplers.phi.language_model import GROUP, LanguageModel
from lda.samplers.rules.document_counts import Document

SCAN_ALL_FACTOR: Final = 5
SCAN_ALL_OFFSET: Final = 5
"""A block of gathered topics costs as much as five blocks read in a row (measured, K = 100 to 1000), and the
document side has the alpha part on top: scan all topics when 5 * document blocks > topic blocks + 5."""


@helper
def draw_token(
    model: LanguageModel,
    document: Document,
    w: int,
    old: int,
    leave_out: bool,
    u: float,
    k_d: int,
    smooth_sum: float,
) -> int:
    """A topic for one token of word w. u: uniform in [0, 1). smooth_sum: sum over k of n_dk phi0_k."""
    row = model.start[w]
    if row < 0:
        return _draw_word_side(model, document, w, old, leave_out, u, k_d, smooth_sum)
    if scans_all(model, k_d):
        return _draw_scan_all(model, document, row, old, leave_out, u)
    return _draw_document_side(model, document, row, old, leave_out, u, k_d)


@helper
def scans_all(model: LanguageModel, k_d: int) -> bool:
    """Whether reading a whole dense row is cheaper than gathering K_d entries of it."""
    return SCAN_ALL_FACTOR * blocks_of(k_d) > model.stride // LANES + SCAN_ALL_OFFSET


@helper
def blocks_of(n: int) -> int:
    """Blocks of 16 that hold n entries."""
    return (n + LANES - 1) // LANES


@helper
def _left_out(model: LanguageModel, row: int, old: int) -> float:
    """Factor that takes the own token out of phi[row + old].

    (n - 1 + beta) / (T - 1)  over  (n + beta) / T  =  (1 - 1 / (n + beta)) T / (T - 1).  With stale counts the
    token may not be in them; the factor then stops at zero, also where T is at most 1, as of an empty topic with
    bbar = 1.
    """
    t = model.denominator[old]
    if t <= 1.0:
        return 0.0
    return float(max(1.0 - 1.0 / (model.phi[row + old] * t), 0.0) * t / (t - 1.0))


@helper
def _draw_scan_all(
    model: LanguageModel, document: Document, row: int, old: int, leave_out: bool, u: float
) -> int:
    """Dense row, every topic: p_k = (n_dk + alpha_k) phi_kw."""
    weight, blocks = document.weight, model.stride // LANES
    if leave_out and old >= 0:
        kept = weight[old]
        weight[old] = kept * _left_out(model, row, old)
        total = scan_rows(weight, 0, model.phi, row, blocks, document.prefix)
        weight[old] = kept
    else:
        total = scan_rows(weight, 0, model.phi, row, blocks, document.prefix)
    return pick(document.prefix, blocks, u * total)


@helper
def _draw_document_side(
    model: LanguageModel, document: Document, row: int, old: int, leave_out: bool, u: float, k_d: int
) -> int:
    """Dense row: the document's topics, then the alpha part of the row."""
    topics, n_dk, blocks = document.topics, document.n_dk, blocks_of(k_d)
    factor = 1.0
    p = -1
    if leave_out and old >= 0:
        factor = _left_out(model, row, old)
        p = document.position[old]
    if p >= 0:
        kept = n_dk[p]
        n_dk[p] = kept * factor
        total = float(scan_gather(topics, n_dk, 0, model.phi, row, blocks, document.prefix))
        n_dk[p] = kept
    else:
        total = float(scan_gather(topics, n_dk, 0, model.phi, row, blocks, document.prefix))
    r = row // model.stride
    surplus = 0.0
    if old >= 0:
        surplus = document.alpha[old] * model.phi[row + old] * (1.0 - factor)
    target = u * (total + max(model.row_mass[r] - surplus, 0.0))
    if target < total:
        return int(topics[pick(document.prefix, blocks, target)])
    return draw_alpha_part(model, document, r, old, factor, surplus, target - total)


@helper
def draw_alpha_part(
    model: LanguageModel, document: Document, r: int, old: int, factor: float, surplus: float, target: float
) -> int:
    """A topic with probability alpha_k phi_kw of dense row r, topic `old` weakened by `factor`.

    target: in [0, mass of the row - surplus); surplus: what the weakening takes from the mass. A target that
    rounding left above all groups falls to the last group with any mass.
    """
    alpha, prefix = document.alpha, document.prefix
    group = 0
    own = old // GROUP if old >= 0 else -1
    mass = 0.0
    for g in range(model.n_groups):
        m = float(model.group_mass[r * model.n_groups + g])
        if g == own:
            m = max(m - surplus, 0.0)
        if m > 0:
            target -= mass  # subtract the previous group's mass
            group = g
            mass = m
            if target < m:
                break
    low = group * GROUP
    blocks = min(GROUP, model.stride - low) // LANES
    if group == own and factor != 1.0:
        kept = alpha[old]
        alpha[old] = kept * factor
        total = scan_rows(alpha, low, model.phi, r * model.stride + low, blocks, prefix)
        alpha[old] = kept
    else:
        total = scan_rows(alpha, low, model.phi, r * model.stride + low, blocks, prefix)
    # The group's mass was rounded elsewhere; scale so that its end is this scan's end.
    return low + pick(prefix, blocks, min(target / mass, 1.0) * total if mass > 0 else 0.0)


@helper
def scan_sparse(model: LanguageModel, document: Document, w: int) -> float:
    """Scan (n_dk + alpha_k) n_kw / (n_k + bbar) over the topics of sparse word w; returns the sum."""
    row, n = ~model.start[w], model.length[w]
    if n > SHORT_ROW:
        return float(
            scan_gather(model.topic, model.weight, row, document.weight, 0, blocks_of(n), document.prefix)
        )
    running = np.float32(0)
    for j in range(n):
        running += model.weight[row + j] * document.weight[model.topic[row + j]]
        document.prefix[j] = running
    return float(running)


@helper
def pick_sparse(model: LanguageModel, document: Document, w: int, target: float) -> int:
    """The topic that `target` falls to in the scan of `scan_sparse`."""
    row, n = ~model.start[w], model.length[w]
    if n > SHORT_ROW:
        return int(model.topic[row + pick(document.prefix, blocks_of(n), target)])
    j = 0
    while j + 1 < n and document.prefix[j] <= target:
        j += 1
    return int(model.topic[row + j])


@helper
def _draw_word_side(
    model: LanguageModel,
    document: Document,
    w: int,
    old: int,
    leave_out: bool,
    u: float,
    k_d: int,
    smooth_sum: float,
) -> int:
    """Sparse row: the word's topics; then, as for a word without counts, document and alpha part of phi0."""
    alpha, n_dk, weight = document.alpha, document.n_dk, document.weight
    smooth = len(model.phi) - model.stride
    last = len(model.row_mass) - 1
    smooth_factor = 1.0
    smooth_old = 0.0
    kept = np.float32(0)
    if leave_out and old >= 0:
        row = ~model.start[w]
        t = model.denominator[old]
        smooth_factor = t / (t - 1.0) if t > 1.0 else 0.0  # as in `_left_out`
        smooth_old = model.phi[smooth + old] * (smooth_factor - 1.0)
        # n / T becomes (n - 1) / (T - 1) in the row; its partner n_dk + alpha_k is ours to scale instead.
        kept = weight[old]
        for j in range(row, row + model.length[w]):
            if model.topic[j] == old:
                n_kw = model.weight[j] * t
                weight[old] = kept * max(1.0 - 1.0 / n_kw, 0.0) * smooth_factor
    total = scan_sparse(model, document, w)
    if leave_out and old >= 0:
        weight[old] = kept
    doc_part = max(smooth_sum, 0.0)
    own_dk = 0.0
    if old >= 0 and document.position[old] >= 0:
        own_dk = float(n_dk[document.position[old]])
        doc_part += own_dk * smooth_old
    surplus = 0.0
    if old >= 0:
        surplus = -alpha[old] * smooth_old
    target = u * (total + doc_part + max(model.row_mass[last] - surplus, 0.0))
    if target < total:
        return pick_sparse(model, document, w, target)
    target -= total
    if target < doc_part and k_d > 0:
        blocks = blocks_of(k_d)
        p = -1 if old < 0 else document.position[old]
        if p >= 0:
            n_dk[p] = own_dk * smooth_factor
        scanned = scan_gather(document.topics, n_dk, 0, model.phi, smooth, blocks, document.prefix)
        if p >= 0:
            n_dk[p] = own_dk
        return int(document.topics[pick(document.prefix, blocks, target / doc_part * scanned)])
    return draw_alpha_part(model, document, last, old, smooth_factor, surplus, max(target - doc_part, 0.0))
