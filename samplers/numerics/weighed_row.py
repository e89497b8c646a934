"""A row of the language model times the weights of a document, in double precision: what a full conditional is made of.

Written as LLVM vectors, for the compiler cannot know that the arrays are apart, and would go entry by entry. The order
of the sums is therefore fixed by this file; products and sums stay separate, as in `prefix_sum`.
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

_F64: Final = ir.DoubleType()
_WIDE: Final = ir.VectorType(_F64, LANES)
_I32: Final = ir.IntType(32)


def _weigh(typing: Any, weight: Any, table: Any, aside: Any, start: Any, n_blocks: Any, product: Any) -> Any:
    """product[k] = weight[k] table[start + k], or aside[~start + k] if start is negative; returns their sum.

    weight, product: float64; table, aside: float32. The sum is that of the 16 lanes, each of which is added up block by
    block.
    """
    signature = types.float64(weight, table, aside, types.intp, types.intp, product)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kinds, n_blocks = signature.args, args[4]
        intp = n_blocks.type
        row = row_pointer(context, builder, kinds[1:3], args[1:3], args[3])
        weights = pointer_to(context, builder, kinds[0], args[0], intp(0))
        out = pointer_to(context, builder, kinds[5], args[5], intp(0))

        def block(pointer: Any, first: Any) -> Any:
            return builder.bitcast(builder.gep(pointer, [first]), _WIDE.as_pointer())

        running = cgutils.alloca_once_value(builder, ir.Constant(_WIDE, [0.0] * LANES))  # type: ignore[no-untyped-call]
        with cgutils.for_range(builder, n_blocks) as loop:
            first = builder.mul(loop.index, intp(LANES))
            phi = builder.fpext(vector_load(builder, row, first), _WIDE)
            made = builder.fmul(builder.load(block(weights, first), align=8), phi)
            builder.store(made, block(out, first), align=8)
            builder.store(builder.fadd(builder.load(running), made), running)
        lanes = builder.load(running)
        whole = builder.extract_element(lanes, _I32(0))
        for lane in range(1, LANES):
            whole = builder.fadd(whole, builder.extract_element(lanes, _I32(lane)))
        return whole

    return signature, codegen


weigh = cast("Callable[..., float]", intrinsic(_weigh))
