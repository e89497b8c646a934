"""The sequential token rule where topics are few: every draw scans all of them, four tokens at a time.

Lists of a document's topics save reading at the price of branches that no processor can foresee, and up to some
hundreds of topics reading is cheaper. And tokens need not wait for one another. A bunch of four leaves the document
together. Each of its tokens then finds its topic among those of the other three, as they are by then, or else, most
of the time, by the counts without the bunch. That is the same law in two parts:

    n_dk = n_dk without the bunch + its other tokens in topic k

What the second part reads is there for all four before any is drawn: they share the reading of n_dk + alpha_k, and the
processor makes the steps of one beside those of another. docs/benchmarks.md has times a token. Rejected: bunches of two
and three, because they were no faster. Rejected: bunches together with the lists, the shortest way chosen for each
token, because they gained nothing.

The own token's term leaves the scan afterwards, by moving the target past it (`_past_own`). Scanning without it takes a
write before the scan and one after, and the scan waits for the first.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import INDEX, LANES, pick_from, prefetch
from lda.samplers.numerics.prefix_sum_of_four import BUNCH, entry, scan_bunch
from lda.samplers.numerics.streams import Stream, stream, two_uniforms
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.tokens import TokenRange, Tokens


class Bunch(NamedTuple):
    """The document at hand, and what a bunch of its tokens reads; reused for all documents of a kernel call.

    n_dk: (stride,) float32. weight: (stride,) float32, n_dk + alpha_k. rows: (BUNCH,) int64, the tokens' rows:
    where they begin in model.phi, or ~start of one in aside. aside: (BUNCH * stride,) float32, sparse rows written out.
    prefix: (BUNCH * (stride + 16),) float32, the scans.
    """

    n_dk: NDArray[np.float32]
    weight: NDArray[np.float32]
    rows: NDArray[np.int64]
    aside: NDArray[np.float32]
    prefix: NDArray[np.float32]


@kernel
def no_tokens(model: LanguageModel) -> Bunch:
    """A document without tokens."""
    stride = model.stride
    return Bunch(
        np.zeros(stride, dtype=np.float32),
        model.alpha.copy(),
        np.zeros(BUNCH, dtype=np.int64),
        np.zeros(BUNCH * stride, dtype=np.float32),
        np.zeros(BUNCH * (stride + LANES), dtype=np.float32),
    )


@kernel
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
    """`sequential.sweep_documents`."""
    document = no_tokens(model)
    for d in range(first, last):
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        for i in range(begin, begin if fresh else end):
            count(model, document, tokens.z[i], np.float32(1))
        whole = TokenRange(begin, end, begin, end, np.int64(0))
        resample_tokens(tokens, whole, model, document, numbers, leave_out, fresh)
        forget(model, document)


@helper
def resample_tokens(
    tokens: Tokens,
    part: TokenRange,
    model: LanguageModel,
    document: Bunch,
    numbers: Stream,
    leave_out: bool,
    fresh: bool,
) -> None:
    """Draw the tokens of `part`, whose document is counted in `document`.

    A bunch that an end of `part` cuts in two is not counted there.
    """
    words, z = tokens.words, tokens.z
    begin, end, low, high, first_word = part
    rows, blocks = document.rows, model.stride // LANES
    i = low
    while i < high:
        opened, closes = bunch_of(i, begin, end)
        stop = min(closes, high)
        if i == opened and not fresh:
            for j in range(opened, closes):
                count(model, document, z[j], np.float32(-1))
        for j in range(i, stop):
            rows[j - i] = _row(model, document, words[j] - first_word, j - i)
        for j in range(stop - i, BUNCH):
            rows[j] = 0
        for j in range(stop, min(stop + BUNCH, high)):
            row = model.start[words[j] - first_word]
            if row >= 0:
                for b in range(blocks):
                    prefetch(model.phi, row + b * LANES)
        scan_bunch(document.weight, model.phi, document.aside, rows, blocks, document.prefix)
        for j in range(i, stop):
            u, v = two_uniforms(numbers, j - begin)
            z[j] = _draw(z, opened, closes, j, model, document, j - i, leave_out, fresh, u, v)
        if stop == closes:
            for j in range(opened, closes):
                count(model, document, z[j], np.float32(1))
        i = stop


@helper
def bunch_of(i: int, begin: int, end: int) -> tuple[int, int]:
    """(first token, token after the last) of the bunch of token i, in the document of the tokens begin .. end - 1."""
    opened = i - (i - begin) % BUNCH
    return opened, min(opened + BUNCH, end)


@helper
def count(model: LanguageModel, document: Bunch, k: Any, change: np.float32) -> None:  # noqa: ANN401 - a topic of either width
    """Count a token of topic k into the document (1) or out of it (-1)."""
    k = INDEX(k)
    n = document.n_dk[k] + change
    document.n_dk[k] = n
    document.weight[k] = n + model.alpha[k]


@helper
def forget(model: LanguageModel, document: Bunch) -> None:
    """Take all tokens out."""
    for k in range(model.stride):
        document.n_dk[k] = 0
        document.weight[k] = model.alpha[k]


@helper
def _row(model: LanguageModel, document: Bunch, w: int, slot: int) -> int:
    """Start of the row phi_kw in model.phi, or ~start in document.aside, where a sparse one is written out."""
    row = model.start[w]
    if row >= 0:
        return int(row)
    out, smooth = slot * model.stride, len(model.phi) - model.stride
    for k in range(model.stride):
        document.aside[out + k] = model.phi[smooth + k]
    for j in range(~row, ~row + model.length[w]):
        document.aside[out + model.topic[j]] += model.weight[j]
    return ~out


@helper
def _draw(
    z: NDArray[Any],
    opened: int,
    closes: int,
    i: int,
    model: LanguageModel,
    document: Bunch,
    slot: int,
    leave_out: bool,
    fresh: bool,
    u: float,
    v: float,
) -> int:
    """The topic of token i of the bunch opened .. closes - 1, whose row is `slot`. u, v: uniform in [0, 1)."""
    phi, aside, row = model.phi, document.aside, document.rows[slot]
    prefix, first = document.prefix, slot * (model.stride + LANES)
    blocks = model.stride // LANES
    mass = float(prefix[first + model.stride + LANES - 1])
    old = INDEX(z[i])
    value, own = 0.0, 0.0  # phi of the old topic, what the own count adds to it
    if not fresh:
        value = float(entry(phi, aside, row, old))
    if leave_out and not fresh:
        own = value - _without_own(model, value, old)
        whole, gone = document.weight[old] * value, document.weight[old] * own
        mass = max(mass - gone, 0.0)
        new = pick_from(prefix, first, blocks, _past_own(prefix, first, blocks, old, whole, gone, u * mass))
    else:
        new = pick_from(prefix, first, blocks, u * mass)
    # Sums in place of choices: a branch would go where no processor expects it.
    others, same = 0.0, 0
    for j in range(opened, i if fresh else closes):
        others += float(entry(phi, aside, row, INDEX(z[j])))
        same += int(INDEX(z[j]) == old)
    if not fresh:  # the token itself was among them
        others -= value + own * (same - 1)
    target = v * (mass + others)
    if target < others:
        for j in range(opened, i if fresh else closes):
            if j != i:
                new = int(z[j])
                target -= float(entry(phi, aside, row, INDEX(new))) - own * int(INDEX(new) == old)
                if target < 0:
                    break
    return new


@helper
def _without_own(model: LanguageModel, value: float, k: Any) -> float:  # noqa: ANN401 - an unsigned topic
    """phi_kw of the mean model, `value`, without one token of word w and topic k.

        (n_kw - 1 + beta) / (n_k - 1 + bbar) = (phi_kw T - 1) / (T - 1),      T = n_k + bbar

    With stale counts the token may not be among them; this then stops at zero.
    """
    t = float(model.denominator[k])
    return max(value * t - 1.0, 0.0) / (t - 1.0) if t > 1.0 else 0.0


@helper
def _past_own(
    prefix: NDArray[np.float32],
    first: int,
    n_blocks: int,
    k: Any,  # noqa: ANN401 - an unsigned topic
    whole: float,
    gone: float,
    target: float,
) -> float:
    """`target` of a scan in which topic k weighs `gone` less, as one of the stored scan, in which it weighs `whole`."""
    lane = k & INDEX(LANES - 1)
    begins = float(prefix[INDEX(first) + k]) - whole
    if lane > INDEX(0):
        begins += float(prefix[INDEX(first + n_blocks * LANES - 1) + lane])
    return target + gone if target >= begins + whole - gone else target
