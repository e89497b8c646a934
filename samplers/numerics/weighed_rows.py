"""Rows of the language model times the weights of a document in several states: what full conditionals are made of.

Written as LLVM vectors, for the compiler cannot know that the arrays are apart, and would go entry by entry. The order
of the sums is therefore fixed by this file; products and sums stay separate, as in `prefix_sum`. Entries are widened to
double precision once for all states, which is half of the work with one state at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from lda.samplers.numerics.prefix_sum import LANES, pointer_to, vector_load
from lda.samplers.numerics.prefix_sums_in_turns import row_pointer

STATES: Final = 4
"""States that a row is read for at a time: as many as leave their sums in registers."""

_F64: Final = ir.DoubleType()
_WIDE: Final = ir.VectorType(_F64, LANES)
_I32: Final = ir.IntType(32)
_ZERO: Final = ir.Constant(_WIDE, [0.0] * LANES)


def _block(builder: Any, pointer: Any, first: Any) -> Any:
    """Pointer to the block of 16 doubles that begins at pointer[first]."""
    return builder.bitcast(builder.gep(pointer, [first]), _WIDE.as_pointer())


def _everywhere(builder: Any, value: Any) -> Any:
    """A block whose 16 lanes hold `value`."""
    one = builder.insert_element(ir.Constant(_WIDE, ir.Undefined), value, _I32(0))
    lanes = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
    return builder.shuffle_vector(one, ir.Constant(_WIDE, ir.Undefined), lanes)


def _added_up(builder: Any, lanes: Any) -> Any:
    """Sum of 16 lanes: the upper half onto the lower one, four times."""
    half = LANES // 2
    while half:
        low = ir.Constant(ir.VectorType(_I32, half), list(range(half)))
        high = ir.Constant(ir.VectorType(_I32, half), list(range(half, 2 * half)))
        lanes = builder.fadd(
            builder.shuffle_vector(lanes, lanes, low), builder.shuffle_vector(lanes, lanes, high)
        )
        half //= 2
    return builder.extract_element(lanes, _I32(0))


def _weigh(
    typing: Any, weight: Any, table: Any, aside: Any, start: Any, n_blocks: Any, whole: Any, at: Any
) -> Any:
    """whole[at + s] = sum over k of weight[s, k] times entry k of a row, for each of STATES states s.

    The row is table[start:], or aside[~start:] if start is negative. weight: float64, state s from
    s * 16 * n_blocks on; whole: float64; table, aside: float32.
    """
    signature = types.void(weight, table, aside, types.intp, types.intp, whole, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, n_blocks = signature.args, args[4]
        intp = n_blocks.type
        row = row_pointer(context, builder, kinds[1:3], args[1:3], args[3])
        size = builder.mul(n_blocks, intp(LANES))
        weights = [
            pointer_to(context, builder, kinds[0], args[0], builder.mul(size, intp(s))) for s in range(STATES)
        ]
        running = [cgutils.alloca_once_value(builder, _ZERO) for _ in range(STATES)]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, n_blocks) as loop:
            first = builder.mul(loop.index, intp(LANES))
            phi = builder.fpext(vector_load(builder, row, first), _WIDE)
            for s in range(STATES):
                made = builder.fmul(builder.load(_block(builder, weights[s], first), align=8), phi)
                builder.store(builder.fadd(builder.load(running[s]), made), running[s])
        out = pointer_to(context, builder, kinds[5], args[5], args[6])
        for s in range(STATES):
            builder.store(_added_up(builder, builder.load(running[s])), builder.gep(out, [intp(s)]))
        return context.get_dummy_value()

    return signature, codegen


def _gather(
    typing: Any, factor: Any, table: Any, aside: Any, starts: Any, n_rows: Any, n_blocks: Any, sums: Any
) -> Any:
    """sums[s, k] += factor[STATES * r + s] times entry k of row r, for the first n_rows rows in turn, all k and s.

    starts: (rows,) int64, as `start` of `weigh`. factor: float64. sums: float64, state s from s * 16 * n_blocks on.
    """
    signature = types.void(factor, table, aside, starts, types.intp, types.intp, sums)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, n_rows, n_blocks = signature.args, args[4], args[5]
        intp = n_blocks.type
        size = builder.mul(n_blocks, intp(LANES))
        factors = pointer_to(context, builder, kinds[0], args[0], intp(0))
        begins = pointer_to(context, builder, kinds[3], args[3], intp(0))
        out = [
            pointer_to(context, builder, kinds[6], args[6], builder.mul(size, intp(s))) for s in range(STATES)
        ]
        running = [cgutils.alloca_once_value(builder, _ZERO) for _ in range(STATES)]  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, n_blocks) as blocks:
            first = builder.mul(blocks.index, intp(LANES))
            for s in range(STATES):
                builder.store(builder.load(_block(builder, out[s], first), align=8), running[s])
            with cgutils.for_range(builder, n_rows) as rows:
                start = builder.load(builder.gep(begins, [rows.index]))
                row = row_pointer(context, builder, kinds[1:3], args[1:3], start)
                phi = builder.fpext(vector_load(builder, row, first), _WIDE)
                at = builder.mul(rows.index, intp(STATES))
                for s in range(STATES):
                    times = builder.load(builder.gep(factors, [builder.add(at, intp(s))]))
                    made = builder.fmul(_everywhere(builder, times), phi)
                    builder.store(builder.fadd(builder.load(running[s]), made), running[s])
            for s in range(STATES):
                builder.store(builder.load(running[s]), _block(builder, out[s], first), align=8)
        return context.get_dummy_value()

    return signature, codegen


# Numba's decorator hides the argument that it supplies itself; the casts say what callers see.
weigh = cast("Callable[..., None]", intrinsic(_weigh))
gather = cast("Callable[..., None]", intrinsic(_gather))
