"""The token rules walked through the vocabulary range by range, for models larger than memory.

Tokens of a document are sorted by word, so a range of words is a run of its tokens, and the ranges in ascending
order are the whole document. Between two ranges the sweep of a document is set aside: how far it has come, the
order of its topics, and the running sum of phi0. The order matters because scans add in that order: with it kept,
the bits are those of `sequential.sweep_documents` and `simultaneous.sweep_documents`. Counts need not be kept;
they follow from the topics. Sorting the topics at each range instead would make the bits depend on the ranges.
Where topics are few there is no order to keep.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import FEW_TOPICS
from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.streams import stream
from lda.samplers.phi.language_model import LanguageModel
from lda.samplers.rules import sequential, sequential_few_topics, simultaneous
from lda.samplers.rules.document_counts import Document, add_token, clear, empty_document
from lda.samplers.rules.sequential_few_topics import end_of_range
from lda.samplers.tokens import TokenRange, Tokens

_sequential_tokens = sequential.resample_tokens
_simultaneous_tokens = simultaneous.resample_tokens


class Paused(NamedTuple):
    """Sweeps of documents set aside between two ranges of words.

    first, first_token: the document, and the token, that the arrays begin at. cursor: (D,) int64, next token of
    each document. k_d: (D,) int32. smooth_sum: (D,) float64, sum over k of n_dk phi0_k. topics: (N,), the
    document's topics in their order, from the position of its first token on. before: (N,), the topics of the tokens
    before this pass.
    """

    first: int
    first_token: int
    cursor: NDArray[np.int64]
    k_d: NDArray[np.int32]
    smooth_sum: NDArray[np.float64]
    topics: NDArray[Any]
    before: NDArray[Any]


@kernel
def begin_documents(doc_offsets: NDArray[np.int64], first: int, last: int, paused: Paused) -> None:
    """Set the documents first .. last - 1 to their first tokens."""
    for d in range(first, last):
        paused.cursor[d - paused.first] = doc_offsets[d]


def sweep_range(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    paused: Paused,
    seed: np.uint64,
    pass_number: np.uint64,
    at_once: bool,
    leave_out: bool,
    fresh: bool,
) -> None:
    """Resample the tokens of the words span[0] .. span[1] - 1 in documents first .. last - 1.

    model: of these words alone; its phi0 and denominators are the whole vocabulary's. at_once: the simultaneous rule,
    which takes no fresh documents. The other arguments are those of `sequential.sweep_documents`.
    """
    keys = (seed, pass_number)
    if model.n_topics <= FEW_TOPICS and not at_once:
        sequential_few_topics.sweep_range(
            tokens, first, last, span, model, paused.first, paused.cursor, *keys, leave_out, fresh
        )
    else:
        _sweep_by_lists(tokens, first, last, span, model, paused, *keys, at_once, leave_out, fresh)


@kernel
def _sweep_by_lists(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    paused: Paused,
    seed: np.uint64,
    pass_number: np.uint64,
    at_once: bool,
    leave_out: bool,
    fresh: bool,
) -> None:
    """`sweep_range` with lists of the documents' topics."""
    document = empty_document(model, tokens.doc_offsets, first, last)
    aside = empty_document(model, tokens.doc_offsets, first, last)
    for d in range(first, last):
        begin, end, low = tokens.doc_offsets[d], tokens.doc_offsets[d + 1], paused.cursor[d - paused.first]
        high = end_of_range(tokens.words, low, end, span[1])
        if high == low:
            continue
        numbers = stream(seed, pass_number, tokens.doc_keys[d])
        part = TokenRange(begin, end, low, high, span[0])
        k_d, smooth_sum = _take_up(tokens, d, model, document, paused, at_once, fresh)
        if at_once:
            _simultaneous_tokens(tokens, part, model, document, aside, numbers, leave_out, k_d, smooth_sum)
        else:
            k_d, smooth_sum = _sequential_tokens(
                tokens, part, model, document, numbers, leave_out, fresh, k_d, smooth_sum
            )
        paused.cursor[d - paused.first] = high
        paused.smooth_sum[d - paused.first] = smooth_sum
        paused.k_d[d - paused.first] = k_d
        for p in range(k_d):
            paused.topics[begin - paused.first_token + p] = document.topics[p]
        clear(document, k_d)


def resample_one_by_one(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    paused: Paused,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """`sweep_range` by the sequential rule: a `RangeRule`."""
    sweep_range(tokens, first, last, span, model, paused, seed, pass_number, False, leave_out, False)


def resample_at_once(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    paused: Paused,
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
) -> None:
    """`sweep_range` by the simultaneous rule: a `RangeRule`."""
    sweep_range(tokens, first, last, span, model, paused, seed, pass_number, True, leave_out, False)


def draw_first_topics(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    paused: Paused,
    seed: np.uint64,
    pass_number: np.uint64,
) -> None:
    """The part of `sequential.draw_first_topics` that falls to the words of `span`."""
    sweep_range(tokens, first, last, span, model, paused, seed, pass_number, False, False, True)


@kernel
def _take_up(
    tokens: Tokens,
    d: int,
    model: LanguageModel,
    document: Document,
    paused: Paused,
    at_once: bool,
    fresh: bool,
) -> tuple[int, float]:
    """Count document d into `document` as it was set aside; returns (K_d, smooth_sum)."""
    z, before = tokens.z, paused.before
    begin, end, low = tokens.doc_offsets[d], tokens.doc_offsets[d + 1], paused.cursor[d - paused.first]
    smooth = len(model.phi) - model.stride
    k_d = 0
    smooth_sum = 0.0
    if low == begin:
        if not fresh:
            for i in range(begin, end):
                smooth_sum += model.phi[smooth + z[i]]
                k_d = add_token(document, z[i], k_d)
        return k_d, smooth_sum
    # The order first, then the counts.
    k_d = paused.k_d[d - paused.first]
    for p in range(k_d):
        k = paused.topics[begin - paused.first_token + p]
        document.topics[p] = k
        document.position[k] = p
    for i in range(begin, low if fresh else end):
        k = before[i - paused.first_token] if at_once else z[i]
        document.n_dk[document.position[k]] += np.float32(1)
    for p in range(k_d):
        k = document.topics[p]
        document.weight[k] = document.n_dk[p] + document.alpha[k]
    return k_d, paused.smooth_sum[d - paused.first]
