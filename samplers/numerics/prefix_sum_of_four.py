"""Prefix sums of four rows at once, each in one of two arrays: `prefix_sum.scan_rows` for a bunch of four tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import numpy as np
from numba import types
from numba.extending import intrinsic

from lda.samplers.numerics.prefix_sum import LANES, accumulate, pointer_to, vector_load

BUNCH: Final = 4
"""Rows that `scan_bunch` scans together, and tokens that are drawn together."""


def _row_pointer(context: Any, builder: Any, kinds: Any, arrays: Any, start: Any) -> Any:
    """Pointer to a row that begins at `start` of the first array, or, if that is negative, at ~start of the second."""
    there = pointer_to(context, builder, kinds[0], arrays[0], start)
    aside = pointer_to(context, builder, kinds[1], arrays[1], builder.not_(start))
    return builder.select(builder.icmp_signed(">=", start, start.type(0)), there, aside)


def _entry(typing: Any, table: Any, aside: Any, start: Any, k: Any) -> Any:
    """table[start + k], or aside[~start + k] if start is negative."""
    signature = types.float32(table, aside, types.intp, types.uintp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        row = _row_pointer(context, builder, signature.args[:2], args[:2], args[2])
        return builder.load(builder.gep(row, [args[3]]))

    return signature, codegen


def _scan_bunch(
    typing: Any, weight: Any, table: Any, aside: Any, rows: Any, n_blocks: Any, prefix: Any
) -> Any:
    """`scan_rows` of one weight with BUNCH rows, which reads the weight once; scan i into prefix[16 i (n_blocks + 1):].

    rows: (BUNCH,) int64, each the start of a row in `table`, or ~start (negative) of one in `aside`.
    """
    signature = types.void(weight, table, aside, rows, types.intp, prefix)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n_blocks, kinds = args[4], signature.args
        intp = n_blocks.type
        left = pointer_to(context, builder, kinds[0], args[0], intp(0))
        right, scans = [], []
        for i in range(BUNCH):
            start = builder.load(pointer_to(context, builder, kinds[3], args[3], intp(i)))
            right.append(_row_pointer(context, builder, kinds[1:3], args[1:3], start))
            first = builder.mul(builder.add(n_blocks, intp(1)), intp(LANES * i))
            scans.append(pointer_to(context, builder, kinds[5], args[5], first))

        def products(first: Any) -> list[Any]:
            block = vector_load(builder, left, first)
            return [builder.fmul(block, vector_load(builder, row, first)) for row in right]

        accumulate(builder, n_blocks, scans, products)
        return context.get_dummy_value()

    return signature, codegen


# Numba's decorator hides the argument that it supplies itself; the casts say what callers see.
scan_bunch = cast("Callable[..., None]", intrinsic(_scan_bunch))
entry = cast("Callable[..., np.float32]", intrinsic(_entry))
