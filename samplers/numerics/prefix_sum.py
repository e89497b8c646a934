"""Prefix sums in sixteen lanes: how an index is drawn by its weight, the inner loop of every sampler.

To draw an index with probability proportional to `p[0:16*n]`, write p as n blocks of 16 lanes and add the
blocks vertically:

    S[b, j] = p[0, j] + ... + p[b, j]            (one vector addition a block)

The last block holds the total of each lane; a prefix sum over those 16 gives the grand total. A draw then
selects the lane by comparing 16 numbers at once, and the block inside that lane by counting the entries of one
column of S that are at most the target. Compared with a running sum, this cuts the chain of dependent additions from
16 n to n + 4.

The operations are written as LLVM vectors, not left to the auto-vectoriser, and multiplication and addition
stay separate. Their order is therefore fixed by this file: AVX-512, AVX2 and NEON give the same bits.
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

LANES: Final = 16
"""Number of float32 in a block; one cache line, one AVX-512 register."""

STEP: Final = 8
"""Blocks that `pick` passes by at a time before it counts single ones."""

INDEX: Final = np.uint64
"""Type of indices: unsigned, so that Numba emits no check for a negative index."""

_F32 = ir.FloatType()
VECTOR = ir.VectorType(_F32, LANES)
_I32 = ir.IntType(32)


def aligned_zeros(length: int, dtype: Any = np.float32) -> NDArray[Any]:
    """A zeroed one-dimensional array (length,) that starts on a cache line (64 bytes)."""
    itemsize = np.dtype(dtype).itemsize
    raw = np.zeros(length * itemsize + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + length * itemsize].view(dtype)


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written.

    To Numba it has another type than one that can, and each type is a compilation. So arrays that come now from memory,
    now mapped from a file, are given as such views always.
    """
    view = array.view()
    view.flags.writeable = False
    return view


def padded(length: int) -> int:
    """`length` rounded up to whole blocks."""
    return -(-length // LANES) * LANES


def pointer_to(context: Any, builder: Any, array_type: Any, array: Any, start: Any) -> Any:
    """Pointer to element `start` of a contiguous one-dimensional array."""
    view = context.make_array(array_type)(context, builder, array)
    return builder.gep(view.data, [start])


def vector_load(builder: Any, pointer: Any, index: Any) -> Any:
    """The block that begins at pointer[index]."""
    address = builder.bitcast(builder.gep(pointer, [index]), VECTOR.as_pointer())
    return builder.load(address, align=4)


def vector_store(builder: Any, value: Any, pointer: Any, index: Any) -> None:
    """Write the block that begins at pointer[index]."""
    address = builder.bitcast(builder.gep(pointer, [index]), VECTOR.as_pointer())
    builder.store(value, address, align=4)


def lane_prefix(builder: Any, lanes: Any) -> Any:
    """Inclusive prefix sum over the 16 lanes in four shift-and-add steps (Hillis and Steele 1986)."""
    zero = ir.Constant(VECTOR, [0.0] * LANES)
    for step in (1, 2, 4, 8):
        mask = ir.Constant(
            ir.VectorType(_I32, LANES), [j - step if j >= step else LANES + j for j in range(LANES)]
        )
        lanes = builder.fadd(lanes, builder.shuffle_vector(lanes, zero, mask))
    return lanes


def _accumulate(builder: Any, n_blocks: Any, prefix: Any, product: Callable[[Any], Any]) -> Any:
    """Add up a scan, store S and the lane totals in `prefix`; returns the total.

    product(index of a block's first element): the block's products.
    """
    zero = ir.Constant(VECTOR, [0.0] * LANES)
    running = cgutils.alloca_once_value(builder, zero)  # type: ignore[no-untyped-call]
    intp = n_blocks.type
    with cgutils.for_range(builder, n_blocks) as loop:
        first = builder.mul(loop.index, intp(LANES))
        summed = builder.fadd(builder.load(running), product(first))
        builder.store(summed, running)
        vector_store(builder, summed, prefix, first)
    lanes = lane_prefix(builder, builder.load(running))
    vector_store(builder, lanes, prefix, builder.mul(n_blocks, intp(LANES)))
    return builder.extract_element(lanes, _I32(LANES - 1))


def _scan_rows(typing: Any, a: Any, a0: Any, b: Any, b0: Any, n_blocks: Any, prefix: Any) -> Any:
    """Scan p = a[a0:] * b[b0:] over `n_blocks` blocks into `prefix`; returns sum(p).

    Arrays are contiguous float32; `prefix` holds 16 * (n_blocks + 1). Equivalent to
    `S = np.cumsum((a * b).reshape(-1, 16), axis=0, dtype=np.float32)`, then the lane totals' prefix sum.
    """
    signature = types.float32(a, types.intp, b, types.intp, types.intp, prefix)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left = pointer_to(context, builder, signature.args[0], args[0], args[1])
        right = pointer_to(context, builder, signature.args[2], args[2], args[3])
        out = pointer_to(context, builder, signature.args[5], args[5], args[4].type(0))

        def product(first: Any) -> Any:
            return builder.fmul(vector_load(builder, left, first), vector_load(builder, right, first))

        return _accumulate(builder, args[4], out, product)

    return signature, codegen


def _scan_gather(
    typing: Any,
    index: Any,
    weight: Any,
    start: Any,
    base: Any,
    base0: Any,
    n_blocks: Any,
    prefix: Any,
) -> Any:
    """Scan p[i] = weight[start + i] * base[base0 + index[start + i]]; returns sum(p).

    `index` is a contiguous array of unsigned or non-negative integers, padded with any valid index where
    `weight` is padded with zero. The loads are plain ones, not the hardware's gather: every
    machine can do them, and none does them in another order.
    """
    signature = types.float32(index, weight, types.intp, base, types.intp, types.intp, prefix)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        indices = pointer_to(context, builder, signature.args[0], args[0], args[2])
        weights = pointer_to(context, builder, signature.args[1], args[1], args[2])
        table = pointer_to(context, builder, signature.args[3], args[3], args[4])
        out = pointer_to(context, builder, signature.args[6], args[6], args[5].type(0))
        intp = args[5].type

        def product(first: Any) -> Any:
            gathered = ir.Constant(VECTOR, ir.Undefined)
            for lane in range(LANES):
                address = builder.gep(indices, [builder.add(first, intp(lane))])
                position = builder.load(address)
                if position.type.width < intp.width:
                    position = builder.zext(position, intp)
                value = builder.load(builder.gep(table, [position]))
                gathered = builder.insert_element(gathered, value, _I32(lane))
            return builder.fmul(gathered, vector_load(builder, weights, first))

        return _accumulate(builder, args[5], out, product)

    return signature, codegen


def _count_lanes(typing: Any, prefix: Any, start: Any, target: Any) -> Any:
    """Number of lane totals (16 float32 at prefix[start:]) that are <= target."""
    signature = types.intp(prefix, types.intp, types.float32)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = pointer_to(context, builder, signature.args[0], args[0], args[1])
        lanes = vector_load(builder, pointer, args[1].type(0))
        target = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), args[2], _I32(0))
        zeros = ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
        wanted = builder.shuffle_vector(target, target, zeros)
        below = builder.fcmp_ordered("<=", lanes, wanted)
        bits = builder.bitcast(below, ir.IntType(LANES))
        return builder.zext(builder.ctpop(bits), args[1].type)

    return signature, codegen


def _prefetch(typing: Any, array: Any, start: Any) -> Any:
    """Ask for the cache line of array[start]; never faults, changes nothing."""
    signature = types.void(array, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = pointer_to(context, builder, signature.args[0], args[0], args[1])
        byte = ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [byte, _I32, _I32, _I32])
        module = builder.module
        function = cgutils.get_or_insert_function(module, kind, "llvm.prefetch.p0")  # type: ignore[no-untyped-call]
        builder.call(function, [builder.bitcast(pointer, byte), _I32(0), _I32(3), _I32(1)])
        return context.get_dummy_value()

    return signature, codegen


# Numba's decorator hides the argument that it supplies itself; the casts say what callers see.
scan_rows = cast("Callable[..., float]", intrinsic(_scan_rows))
scan_gather = cast("Callable[..., float]", intrinsic(_scan_gather))
prefetch = cast("Callable[..., None]", intrinsic(_prefetch))
lanes_passed = cast("Callable[..., int]", intrinsic(_count_lanes))


@helper
def pick(prefix: NDArray[np.float32], n_blocks: int, target: float) -> int:
    """`pick_from` of a scan that begins at prefix[0]."""
    return pick_from(prefix, 0, n_blocks, target)


@helper
def pick_from(prefix: NDArray[np.float32], first: int, n_blocks: int, target: float) -> int:
    """Index i, drawn by `target` in [0, total), from the scan stored in prefix[first:].

    Rounding may leave the remainder at or above its lane's total, or below zero (sums over different trees
    need not rise with the lane), or choose a lane whose total is zero; in each case an index of positive
    weight is returned. Padding stands at the end of the last block and is never returned, not even if all
    weights are zero.
    """
    begin, last, ends = INDEX(first), INDEX(first + (n_blocks - 1) * LANES), INDEX(first + n_blocks * LANES)
    lane = INDEX(min(lanes_passed(prefix, first + n_blocks * LANES, np.float32(target)), LANES - 1))
    if prefix[last + lane] <= 0:
        lane = INDEX(lane_with_weight(prefix, first + (n_blocks - 1) * LANES, int(lane)))
    rest = np.float32(target)
    if lane > INDEX(0):
        rest = max(np.float32(rest - prefix[ends + lane - INDEX(1)]), np.float32(0))
    rest = min(rest, np.float32(prefix[last + lane] * np.float32(0.99999994)))
    # Rejected: a binary search for the block, because its branches are unpredictable; counting has none.
    at = 0
    for b in range(STEP - 1, n_blocks - 1, STEP):
        at += STEP * int(prefix[begin + INDEX(b * LANES) + lane] <= rest)
    beyond = 0
    for b in range(at, min(at + STEP, n_blocks) - 1):
        beyond += int(prefix[begin + INDEX(b * LANES) + lane] <= rest)
    return (at + beyond) * LANES + int(lane)


@helper
def lane_with_weight(prefix: NDArray[np.float32], last: int, lane: int) -> int:
    """The nearest lane of positive total below `lane`, else above it, else lane 0."""
    for j in range(lane - 1, -1, -1):
        if prefix[last + j] > 0:
            return j
    for j in range(lane + 1, LANES):
        if prefix[last + j] > 0:
            return j
    return 0
