"""Flags in shared memory: numbers by which processes tell each other how far they are.

A plain store may become visible before the writes that precede it, on processors other than Intel's and AMD's.
These are release stores and acquire loads: a worker that reads a number sees everything written before it was set.
"""

from __future__ import annotations

from typing import Any, Final, cast

from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from lda.samplers.numerics.jit import kernel
from lda.samplers.numerics.prefix_sum import pointer_to

SPACING: Final = 16
"""Numbers of a cache line, and of the line fetched with it: two writers on one line would slow each other."""

_BYTES: Final = 8


def _store_release(typing: Any, flags: Any, index: Any, value: Any) -> Any:
    """flags[index] = value, after all writes before it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = pointer_to(context, builder, signature.args[0], args[0], args[1])
        builder.store_atomic(args[2], address, "release", _BYTES)
        return ir.Constant(ir.IntType(64), 0)

    return types.int64(flags, types.intp, types.int64), codegen


def _load_acquire(typing: Any, flags: Any, index: Any) -> Any:
    """flags[index], before all reads after it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = pointer_to(context, builder, signature.args[0], args[0], args[1])
        return builder.load_atomic(address, "acquire", _BYTES)

    return types.int64(flags, types.intp), codegen


def _compare_exchange(typing: Any, flags: Any, index: Any, old: Any, new: Any) -> Any:
    """flags[index] = new where it is old, at once and in order with all else; returns what it was."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = pointer_to(context, builder, signature.args[0], args[0], args[1])
        found = builder.cmpxchg(address, args[2], args[3], "acq_rel", "acquire")
        return builder.extract_value(found, 0)

    return types.int64(flags, types.intp, types.int64, types.int64), codegen


store_release = cast("Any", intrinsic(_store_release))
load_acquire = cast("Any", intrinsic(_load_acquire))
compare_exchange = cast("Any", intrinsic(_compare_exchange))


@kernel
def set_flag(flags: NDArray[Any], i: int, value: int) -> None:
    """Set number i of `flags` (n * SPACING,) int64; a worker that reads it sees all that was written before."""
    store_release(flags, i * SPACING, value)


@kernel
def lowest_flag(flags: NDArray[Any]) -> int:
    """The lowest of the numbers in `flags` (n * SPACING,) int64, n > 0."""
    lowest = load_acquire(flags, 0)
    for i in range(1, len(flags) // SPACING):
        lowest = min(lowest, load_acquire(flags, i * SPACING))
    return int(lowest)


@kernel
def sum_of_flags(flags: NDArray[Any]) -> int:
    """The sum of the numbers in `flags` (n * SPACING,) int64."""
    total = 0
    for i in range(len(flags) // SPACING):
        total += load_acquire(flags, i * SPACING)
    return int(total)


@kernel
def take_number(counter: NDArray[Any], limit: int) -> int:
    """The number in `counter` (1 or more,) int64, which is one more for whoever comes next; -1 when it is `limit`."""
    value = load_acquire(counter, 0)
    while value < limit:
        found = compare_exchange(counter, 0, value, value + 1)
        if found == value:
            return int(value)
        value = found
    return -1
