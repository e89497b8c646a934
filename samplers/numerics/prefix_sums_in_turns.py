"""Prefix sums of several documents' tokens side by side: `prefix_sum.scan_rows` for documents that take turns.

A processor overlaps chains of steps that do not depend on one another, as long as none of them branches. Everything
here is therefore straight: a lane is changed by a masked operation on its whole block, and where a token's row lies is
a choice between two pointers. Blocks are read and written whole, because a vector load that follows a scalar store into
its block has to wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper
from lda.samplers.numerics.prefix_sum import (
    INDEX,
    LANES,
    VECTOR,
    lane_prefix,
    lane_with_weight,
    lanes_passed,
    pointer_to,
    vector_load,
    vector_store,
)

TURNS: Final = 4
"""Documents that take turns; `rules.sequential_few_topics` has a step of each written out. Nanoseconds a token on arXiv
abstracts with 2, 4 and 6 of them (AMD EPYC with AVX-512, a busy machine): K = 20: 30, 19, 24; K = 100: 35, 26, 27;
K = 256: 44, 42, 41."""

_I32 = ir.IntType(32)
_WHOLE = ir.VectorType(_I32, LANES)
_LANE_NUMBERS = ir.Constant(_WHOLE, list(range(LANES)))


def _everywhere(builder: Any, value: Any) -> Any:
    """A block whose 16 lanes hold `value`."""
    kind = ir.VectorType(value.type, LANES)
    zeros = ir.Constant(_WHOLE, [0] * LANES)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _I32(0))
    return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)


def row_pointer(context: Any, builder: Any, kinds: Any, arrays: Any, start: Any) -> Any:
    """Pointer to a row that begins at `start` of the first array, or, if that is negative, at ~start of the second."""
    there = pointer_to(context, builder, kinds[0], arrays[0], start)
    aside = pointer_to(context, builder, kinds[1], arrays[1], builder.not_(start))
    return builder.select(builder.icmp_signed(">=", start, start.type(0)), there, aside)


def _entry(typing: Any, table: Any, aside: Any, start: Any, k: Any) -> Any:
    """table[start + k], or aside[~start + k] if start is negative."""
    signature = types.float32(table, aside, types.intp, types.uintp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = row_pointer(context, builder, signature.args[:2], args[:2], args[2])
        return builder.load(builder.gep(row, [args[3]]))

    return signature, codegen


def _add_to_lane(typing: Any, n_dk: Any, j: Any, k: Any, change: Any) -> Any:
    """Add to topic k of document j in the layout of `scan_turns`, by reading and writing its block whole."""
    signature = types.void(n_dk, types.uintp, types.uintp, types.float32)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        counts = pointer_to(context, builder, signature.args[0], args[0], args[1].type(0))
        j, k = args[1], args[2]
        lane = builder.trunc(builder.and_(k, k.type(LANES - 1)), _I32)
        group = builder.mul(builder.and_(k, k.type(-LANES)), k.type(TURNS))
        at = builder.add(group, builder.mul(j, j.type(LANES)))
        chosen = builder.icmp_signed("==", _LANE_NUMBERS, _everywhere(builder, lane))
        zero = ir.Constant(VECTOR, [0.0] * LANES)
        added = builder.select(chosen, _everywhere(builder, args[3]), zero)
        vector_store(builder, builder.fadd(vector_load(builder, counts, at), added), counts, at)
        return context.get_dummy_value()

    return signature, codegen


def _scan_of(turns: int, kinds: Any, own: Any) -> Callable[..., Any]:
    """Code that scans p_k = (n_dk + alpha_k) phi_kw of the tokens of the first `turns` documents.

    kinds: types of the arguments of `_scan_turns`. own: of the last two of them; None leaves phi as it is.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n_blocks = args[7]
        intp = n_blocks.type

        def start_of(which: int, at: Any) -> Any:
            return pointer_to(context, builder, kinds[which], args[which], at)

        priors, counts, scans = (start_of(which, intp(0)) for which in (1, 0, 6))
        tokens, later, olds, owns = [], [], [], []
        for j in range(turns):
            start = builder.load(start_of(4, intp(j)))
            tokens.append(row_pointer(context, builder, kinds[2:4], args[2:4], start))
            later.append(start_of(2, builder.load(start_of(5, intp(j)))))
            if own:
                olds.append(_everywhere(builder, builder.trunc(builder.load(start_of(8, intp(j))), _I32)))
                owns.append(_everywhere(builder, builder.load(start_of(9, intp(j)))))
        byte = ir.IntType(8).as_pointer()
        ask = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32]), "llvm.prefetch.p0"
        )
        zero = ir.Constant(VECTOR, [0.0] * LANES)
        running = [cgutils.alloca_once_value(builder, zero) for _ in range(turns)]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, n_blocks) as loop:
            first = builder.mul(loop.index, intp(LANES))
            group = builder.mul(loop.index, intp(LANES * TURNS))
            here = builder.add(_LANE_NUMBERS, _everywhere(builder, builder.trunc(first, _I32)))
            prior = vector_load(builder, priors, first)
            for j in range(turns):
                at = builder.add(group, intp(LANES * j))
                next_block = builder.bitcast(builder.gep(later[j], [first]), byte)
                builder.call(ask, [next_block, _I32(0), _I32(3), _I32(1)])
                phi = vector_load(builder, tokens[j], first)
                if own:
                    is_own = builder.icmp_signed("==", here, olds[j])
                    phi = builder.select(is_own, owns[j], phi)
                weight = builder.fadd(vector_load(builder, counts, at), prior)
                summed = builder.fadd(builder.load(running[j]), builder.fmul(phi, weight))
                builder.store(summed, running[j])
                vector_store(builder, summed, scans, at)
        group = builder.mul(n_blocks, intp(LANES * TURNS))
        for j in range(turns):
            lanes = lane_prefix(builder, builder.load(running[j]))
            vector_store(builder, lanes, scans, builder.add(group, intp(LANES * j)))
        return context.get_dummy_value()

    return codegen


def _scan_turns(
    typing: Any,
    n_dk: Any,
    alpha: Any,
    table: Any,
    aside: Any,
    rows: Any,
    ahead: Any,
    prefix: Any,
    n_blocks: Any,
    old: Any,
    own: Any,
) -> Any:
    """Scan p_k = (n_dk + alpha_k) phi_kw of a token of each of TURNS documents, with own_j for phi at old_j.

    n_dk, prefix: block b of document j is the block b * TURNS + j; the lane totals follow as block n_blocks.
    rows: (TURNS,) int64, starts of the tokens' rows in `table`, or ~start (negative) of one in `aside`. ahead: (TURNS,)
    int64, starts in `table` of rows soon to be needed. old: (TURNS,) int64. own: (TURNS,) float32.
    """
    kinds = (n_dk, alpha, table, aside, rows, ahead, prefix, types.intp, old, own)
    return types.void(*kinds), _scan_of(TURNS, kinds, own)


def _scan_turns_whole(
    typing: Any,
    n_dk: Any,
    alpha: Any,
    table: Any,
    aside: Any,
    rows: Any,
    ahead: Any,
    prefix: Any,
    n_blocks: Any,
) -> Any:
    """`scan_turns` with phi as it is, also for the own topic; a third less to do."""
    kinds = (n_dk, alpha, table, aside, rows, ahead, prefix, types.intp)
    return types.void(*kinds), _scan_of(TURNS, kinds, None)


def _scan_first_whole(
    typing: Any,
    n_dk: Any,
    alpha: Any,
    table: Any,
    aside: Any,
    rows: Any,
    ahead: Any,
    prefix: Any,
    n_blocks: Any,
) -> Any:
    """`scan_turns_whole` of the first document alone, whose bits are those that it has among others."""
    kinds = (n_dk, alpha, table, aside, rows, ahead, prefix, types.intp)
    return types.void(*kinds), _scan_of(1, kinds, None)


def _blocks_passed(typing: Any, prefix: Any, n_blocks: Any, j: Any, lane: Any, rest: Any) -> Any:
    """How many of the first n_blocks - 1 sums in lane `lane` of scan j are <= rest.

    All lanes are counted, and one of the counts is taken: from a loop that reads one number a block, the compiler makes
    one that gathers them, which is slower than reading all.
    """
    signature = types.intp(prefix, types.intp, types.uintp, types.uintp, types.float32)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        intp = args[1].type
        scan = pointer_to(context, builder, signature.args[0], args[0], builder.mul(args[2], intp(LANES)))
        wanted = _everywhere(builder, args[4])
        none = ir.Constant(_WHOLE, [0] * LANES)
        counted = cgutils.alloca_once_value(builder, none)  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, builder.sub(args[1], intp(1))) as loop:
            block = vector_load(builder, scan, builder.mul(loop.index, intp(LANES * TURNS)))
            passed = builder.sext(builder.fcmp_ordered("<=", block, wanted), _WHOLE)
            builder.store(builder.sub(builder.load(counted), passed), counted)
        found = builder.extract_element(builder.load(counted), builder.trunc(args[3], _I32))
        return builder.zext(found, intp)

    return signature, codegen


# Numba's decorator hides the argument that it supplies itself; the casts say what callers see.
scan_turns = cast("Callable[..., None]", intrinsic(_scan_turns))
scan_turns_whole = cast("Callable[..., None]", intrinsic(_scan_turns_whole))
scan_first_whole = cast("Callable[..., None]", intrinsic(_scan_first_whole))
add_to_lane = cast("Callable[..., None]", intrinsic(_add_to_lane))
entry = cast("Callable[..., float]", intrinsic(_entry))
_passed = cast("Callable[..., int]", intrinsic(_blocks_passed))


@helper
def total_of(prefix: NDArray[np.float32], j: int, n_blocks: int) -> np.float32:
    """Sum of scan j."""
    return np.float32(prefix[INDEX((n_blocks * TURNS + j) * LANES + LANES - 1)])


@helper
def pick_of(prefix: NDArray[np.float32], j: int, n_blocks: int, target: float) -> int:
    """`prefix_sum.pick` from scan j, with its care for rounding, in steps without a branch that is ever taken."""
    last, ends = INDEX(((n_blocks - 1) * TURNS + j) * LANES), INDEX((n_blocks * TURNS + j) * LANES)
    lane = INDEX(min(lanes_passed(prefix, ends, np.float32(target)), LANES - 1))
    if prefix[last + lane] <= 0:
        lane = INDEX(lane_with_weight(prefix, int(last), int(lane)))
    before = np.float32(prefix[ends + lane - INDEX(1)])  # read also where it is not meant
    rest = max(np.float32(np.float32(target) - (before if lane > INDEX(0) else np.float32(0))), np.float32(0))
    rest = min(rest, np.float32(prefix[last + lane] * np.float32(0.99999994)))
    return _passed(prefix, n_blocks, j, lane, rest) * LANES + int(lane)
