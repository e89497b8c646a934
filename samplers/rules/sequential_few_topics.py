"""The sequential token rule where topics are few: every draw scans all of them, documents taking turns.

Lists of a document's topics save reading at the price of branches that no processor can foresee, and up to some
hundreds of topics reading is cheaper. A document is one chain of dependent steps: a token cannot be drawn before its
predecessor is counted. But documents do not wait for one another. Four of them take turns, a token each, in steps
without a branch, and the processor makes the steps of one beside those of another:

    p(z = k | rest) ~ (n_dk + alpha_k) phi_kw,       the own token left out of n_dk and, at its old topic, of phi

Nothing of a document depends on which others take turns with it, so the bits do not depend on how documents are
divided. A scan adds alpha to the counts anew: kept as sums n_dk + alpha_k that follow each token, they would drift, by
up to 0.001 of alpha = 0.1 in a document of 10,000 tokens.

Rejected: four tokens of one document at a time, each drawn given the other three in a second step, because branches
decide whether there is one (docs/benchmarks.md has times a token). Rejected: a loop unrolled for each number of blocks
of topics, because every other K would have to be compiled first.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel
from lda.samplers.numerics.prefix_sum import INDEX, LANES
from lda.samplers.numerics.prefix_sums_in_turns import (
    TURNS,
    add_to_lane,
    entry,
    pick_of,
    scan_first_whole,
    scan_turns,
    scan_turns_whole,
    total_of,
)
from lda.samplers.numerics.streams import state, stream, uniform_of
from lda.samplers.phi.language_model import LanguageModel, write_out
from lda.samplers.tokens import Tokens

AHEAD: Final = 4
"""Tokens between the one at hand and the one whose row is asked for."""

SORTED: Final = 64
"""Up to so many documents take their turns in order of length, long ones first: towards the end of a call, turns stay
empty. With more documents that end is short."""

ALL_WORDS: Final = (0, np.iinfo(np.int32).max)
NO_CURSOR: Final = np.zeros(0, dtype=np.int64)


class Turns(NamedTuple):
    """The documents that take turns, and what the step at hand reads of each; reused throughout a kernel call.

    n_dk: (TURNS * stride,) float32, counts without alpha. prefix: (TURNS * (stride + 16),) float32, scans; both as
    `prefix_sums_in_turns` lays them out. aside: (TURNS * stride,) float32, sparse rows written out.

    Of each turn, (TURNS,): at, end: int64, the token at hand, and the one after the last that is drawn; end is ~0 where
    the turn is empty, whose scans are made and not looked at. drawn, step: uint64, what the next random number is mixed
    from, and how far it is to that of the token after. rows, ahead, old, own: as `scan_turns` takes them.

    leaving: (2, stride) float64, T / (T - 1) and 1 / (T - 1), so that phi_kw without the own token is
    phi_kw leaving[0, k] - leaving[1, k]:

        (n_kw - 1 + beta) / (n_k - 1 + bbar) = (phi_kw T - 1) / (T - 1),      T = n_k + bbar
    """

    n_dk: NDArray[np.float32]
    prefix: NDArray[np.float32]
    aside: NDArray[np.float32]
    at: NDArray[np.int64]
    end: NDArray[np.int64]
    drawn: NDArray[np.uint64]
    step: NDArray[np.uint64]
    rows: NDArray[np.int64]
    ahead: NDArray[np.int64]
    old: NDArray[np.int64]
    own: NDArray[np.float32]
    leaving: NDArray[np.float64]


@kernel
def empty_turns(model: LanguageModel, leave_out: bool) -> Turns:
    """Turns that all are through with a document of no tokens."""
    stride = model.stride
    size = TURNS * stride
    room = np.zeros(3 * size + TURNS * LANES + LANES, dtype=np.float32)
    first = -(room.ctypes.data // 4) % LANES  # the counts begin on a cache line
    leaving = np.zeros((2, stride), dtype=np.float64)
    for k in range(stride):
        leaving[0, k] = 1.0
        if leave_out:
            # With stale counts a topic may be all but empty; its own token then leaves nothing.
            t = model.denominator[k]
            leaving[0, k] = t / (t - 1.0) if t > 1.0 else 0.0
            leaving[1, k] = 1.0 / (t - 1.0) if t > 1.0 else 0.0
    return Turns(
        room[first : first + size],
        room[first + size : first + 2 * size + TURNS * LANES],
        room[first + 2 * size + TURNS * LANES : first + 3 * size + TURNS * LANES],
        np.zeros(TURNS, dtype=np.int64),
        np.zeros(TURNS, dtype=np.int64),
        np.zeros(TURNS, dtype=np.uint64),
        np.zeros(TURNS, dtype=np.uint64),
        np.zeros(TURNS, dtype=np.int64),
        np.zeros(TURNS, dtype=np.int64),
        np.zeros(TURNS, dtype=np.int64),
        np.zeros(TURNS, dtype=np.float32),
        leaving,
    )


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
    sweep_range(tokens, first, last, ALL_WORDS, model, first, NO_CURSOR, seed, pass_number, leave_out, fresh)


@kernel
def sweep_range(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    model: LanguageModel,
    first_kept: int,
    cursor: NDArray[np.int64],
    seed: np.uint64,
    pass_number: np.uint64,
    leave_out: bool,
    fresh: bool,
) -> None:
    """Resample the tokens of the words span[0] .. span[1] - 1 in documents first .. last - 1.

    model: its first row is that of word span[0]. cursor: the next token of the documents from `first_kept` on, moved
    on here; empty where the span is all of the vocabulary. leave_out, fresh: as in `sequential.sweep_documents`.
    """
    if first >= last or tokens.doc_offsets[first] == tokens.doc_offsets[last]:
        return
    turns = empty_turns(model, leave_out and not fresh)
    order = np.arange(first, last) if last - first <= SORTED else np.arange(0)
    _longest_first(tokens.doc_offsets, order)
    blocks = model.stride // LANES
    waiting, live = first, TURNS
    while True:
        for j in range(TURNS):
            if turns.at[j] == turns.end[j]:
                _give_up_turn(turns, j, model.stride)
                waiting = _take_turn(
                    turns, j, tokens, waiting, last, order, span, first_kept, cursor, seed, pass_number, fresh
                )
                live -= int(turns.end[j] < 0)
        if live == 0:
            return
        # Written out: in a loop over the turns a token takes a fifth longer (K = 100, 30 ns for 25).
        _leave(turns, 0, tokens, span[0], model, fresh)
        _leave(turns, 1, tokens, span[0], model, fresh)
        _leave(turns, 2, tokens, span[0], model, fresh)
        _leave(turns, 3, tokens, span[0], model, fresh)
        scan_turns(
            turns.n_dk,
            model.alpha,
            model.phi,
            turns.aside,
            turns.rows,
            turns.ahead,
            turns.prefix,
            blocks,
            turns.old,
            turns.own,
        )
        _draw(turns, 0, tokens, blocks)
        _draw(turns, 1, tokens, blocks)
        _draw(turns, 2, tokens, blocks)
        _draw(turns, 3, tokens, blocks)


@kernel
def sweep_frozen(
    tokens: Tokens,
    first: int,
    last: int,
    span: tuple[int, int],
    nothing: NDArray[np.int64],
    model: LanguageModel,
    seed: np.uint64,
    passes: tuple[int, int],
    kept_from: int,
    states: NDArray[Any],
) -> None:
    """Passes passes[0] .. passes[1] - 1 over documents first .. last - 1 of a model that stays as it is.

    It is `sweep_range` pass by pass, to the same bits. But where no document waits for the counts of another, each goes
    through all its passes in one turn: it is counted once, and turns stay empty towards the end of a call only, not of
    each pass; and phi is read as it is. 100 abstracts of 47 tokens, K = 200: 32 ns a token in place of 44.

    passes: from 0 on where documents have no topics yet. states: (S, N), row i takes the topics after pass
    kept_from + i. span, nothing: ALL_WORDS and NO_CURSOR. Written in a kernel they would be constants, which have types
    of their own, and what is called here would be compiled for these as well.
    """
    turns = empty_turns(model, False)
    order = np.arange(first, last) if last - first <= SORTED else np.arange(0)
    _longest_first(tokens.doc_offsets, order)
    blocks = model.stride // LANES
    document, number = np.zeros(TURNS, dtype=np.int64), np.full(TURNS, passes[1])
    waiting, live = first, TURNS
    # Nobody waits for the turns of a document that is alone, so they are not scanned.
    taken = 1 if last - first == 1 else TURNS
    while True:
        for j in range(taken):
            if turns.at[j] < turns.end[j] or turns.end[j] < 0:
                continue
            if number[j] < passes[1]:
                begin, end = tokens.doc_offsets[document[j]], turns.end[j]
                if number[j] >= kept_from:
                    states[number[j] - kept_from, begin:end] = tokens.z[begin:end]
                number[j] += 1
                if number[j] < passes[1]:
                    turns.at[j] = begin
                    _begin(turns, j, 0, seed, np.uint64(number[j]), tokens.doc_keys[document[j]])
                    continue
            _give_up_turn(turns, j, model.stride)
            waiting = _take_turn(
                turns, j, tokens, waiting, last, order, span, first, nothing, seed,
                np.uint64(passes[0]), passes[0] == 0,
            )  # fmt: skip
            document[j] = order[waiting - 1 - last + len(order)] if len(order) else waiting - 1
            number[j] = passes[0]
            live -= int(turns.end[j] < 0)
        if live == TURNS - taken:
            return
        _take_out(turns, 0, tokens, span[0], model, number[0] == 0)
        if taken == 1:
            scan_first_whole(
                turns.n_dk,
                model.alpha,
                model.phi,
                turns.aside,
                turns.rows,
                turns.ahead,
                turns.prefix,
                blocks,
            )
            _draw(turns, 0, tokens, blocks)
            continue
        _take_out(turns, 1, tokens, span[0], model, number[1] == 0)
        _take_out(turns, 2, tokens, span[0], model, number[2] == 0)
        _take_out(turns, 3, tokens, span[0], model, number[3] == 0)
        scan_turns_whole(
            turns.n_dk,
            model.alpha,
            model.phi,
            turns.aside,
            turns.rows,
            turns.ahead,
            turns.prefix,
            blocks,
        )
        _draw(turns, 0, tokens, blocks)
        _draw(turns, 1, tokens, blocks)
        _draw(turns, 2, tokens, blocks)
        _draw(turns, 3, tokens, blocks)


@helper
def _longest_first(doc_offsets: NDArray[np.int64], order: NDArray[np.int64]) -> None:
    """Sort the documents in `order` by length, in place, by insertion."""
    for i in range(1, len(order)):
        d, j = order[i], i - 1
        length = doc_offsets[d + 1] - doc_offsets[d]
        while j >= 0 and doc_offsets[order[j] + 1] - doc_offsets[order[j]] < length:
            order[j + 1] = order[j]
            j -= 1
        order[j + 1] = d


@helper
def end_of_range(words: NDArray[np.int32], low: int, end: int, last_word: int) -> int:
    """The first of the tokens low .. end - 1 whose word is last_word or later."""
    high = low
    while high < end and words[high] < last_word:
        high += 1
    return high


@helper
def _take_turn(
    turns: Turns,
    j: int,
    tokens: Tokens,
    waiting: int,
    last: int,
    order: NDArray[np.int64],
    span: tuple[int, int],
    first_kept: int,
    cursor: NDArray[np.int64],
    seed: np.uint64,
    pass_number: np.uint64,
    fresh: bool,
) -> int:
    """Give turn j to the next document that has tokens to draw, if there is any; returns the one after it.

    waiting: place of the next document, from the first of the call on; it is order[...] where `order` has them.
    """
    while waiting < last:
        d = order[waiting - last + len(order)] if len(order) else waiting
        waiting += 1
        begin, end = tokens.doc_offsets[d], tokens.doc_offsets[d + 1]
        low, high = begin, end
        if len(cursor):
            low = cursor[d - first_kept]
            high = end_of_range(tokens.words, low, end, span[1])
            cursor[d - first_kept] = high
        if low == high:
            continue
        turns.at[j], turns.end[j] = low, high
        _begin(turns, j, low - begin, seed, pass_number, tokens.doc_keys[d])
        for i in range(begin, low if fresh else end):
            add_to_lane(turns.n_dk, INDEX(j), INDEX(tokens.z[i]), np.float32(1))
        return waiting
    return waiting


@helper
def _begin(
    turns: Turns, j: int, n_before: int, seed: np.uint64, pass_number: np.uint64, key: np.uint64
) -> None:
    """Set the random numbers of turn j to those of a document's pass, of its token n_before."""
    numbers = stream(seed, pass_number, key)
    turns.drawn[j], turns.step[j] = state(numbers, n_before), numbers.step


@helper
def _give_up_turn(turns: Turns, j: int, stride: int) -> None:
    """Empty turn j."""
    for b in range(stride // LANES):
        for lane in range(LANES):
            turns.n_dk[(b * TURNS + j) * LANES + lane] = 0
    turns.end[j] = ~0


@helper
def _leave(turns: Turns, j: int, tokens: Tokens, first_word: int, model: LanguageModel, fresh: bool) -> None:
    """Take the token at hand of turn j out of its document, and of phi what is its own."""
    if turns.end[j] < 0:
        return
    k = _take_out(turns, j, tokens, first_word, model, fresh)
    value = np.float64(entry(model.phi, turns.aside, turns.rows[j], k))
    turns.own[j] = max(value * turns.leaving[0, k] - turns.leaving[1, k], 0.0)
    turns.old[j] = k


@helper
def _take_out(
    turns: Turns, j: int, tokens: Tokens, first_word: int, model: LanguageModel, fresh: bool
) -> np.uint64:
    """Take the token at hand of turn j out of its document, and find its row; returns its topic.

    A fresh token passes for one of topic 0 that takes nothing with it.
    """
    if turns.end[j] < 0:
        return INDEX(0)
    i = INDEX(turns.at[j])
    k = INDEX(0) if fresh else INDEX(tokens.z[i])
    row = model.start[INDEX(tokens.words[i] - first_word)]
    if row < 0:
        write_out(model, INDEX(tokens.words[i] - first_word), turns.aside, j * model.stride)
        row = ~(j * model.stride)
    turns.rows[j] = row
    later = INDEX(min(turns.at[j] + AHEAD, turns.end[j] - 1))
    ahead = model.start[INDEX(tokens.words[later] - first_word)]
    turns.ahead[j] = max(ahead, 0)
    add_to_lane(turns.n_dk, INDEX(j), k, np.float32(0) if fresh else np.float32(-1))
    return k


@helper
def _draw(turns: Turns, j: int, tokens: Tokens, blocks: int) -> None:
    """Draw the token at hand of turn j from its scan, count it, and go on to the next."""
    if turns.end[j] < 0:
        return
    i = turns.at[j]
    u = uniform_of(turns.drawn[j])
    turns.drawn[j] += turns.step[j]
    k = INDEX(pick_of(turns.prefix, j, blocks, u * float(total_of(turns.prefix, j, blocks))))
    tokens.z[INDEX(i)] = k
    add_to_lane(turns.n_dk, INDEX(j), k, np.float32(1))
    turns.at[j] = i + 1
