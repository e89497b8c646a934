"""Deltas as bytes, one pass each way.

Of each entry one byte, the gap to the topic before it in its word, and four bits, the change: 0 is +1, 1 is -1,
2 is +2, 3 is -2, and so on. Where these are full, 255 and 15, the rest is among the `extra` numbers, in the order of
the entries, a gap's before a change's. Extra numbers and the lengths of the words' rows have 7 bits a byte, the
lowest first, and the eighth says that the number goes on. After a row of length 0 comes the number of further ones:
late in a fit, and with a large vocabulary, most words have no changes.

Rejected: whole topics with LZ4 over all, because they take 2.7 bytes an entry, and 9 to 11 ms for 540,000 entries,
where this takes 1.6 bytes and 2.5 ms (arXiv, K = 1000, after 8 sweeps). Rejected: one byte of 6 bits of gap, sign, and
whether more follows, because it is no shorter, and the processor cannot foresee its branches (5 ms).
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lda.samplers.numerics.jit import helper, kernel

_WIDEST_GAP: Final = 255
_WIDEST_CHANGE: Final = 15
_MORE: Final = 128


class Packed(NamedTuple):
    """All uint8. rows: lengths of the words' rows. gap: (n,). change: ((n + 1) // 2,), the lower four bits first."""

    rows: NDArray[np.uint8]
    gap: NDArray[np.uint8]
    change: NDArray[np.uint8]
    extra: NDArray[np.uint8]


def room(n_words: int, n: int) -> Packed:
    """Arrays for the largest that n entries of some words can become; what is not written takes no memory."""
    sizes = (6 * n_words, n, (n + 1) // 2, 10 * n)
    return Packed(*(np.empty(size, dtype=np.uint8) for size in sizes))


@kernel
def pack(
    lengths: NDArray[np.int64], topic: NDArray[Any], change: NDArray[np.int32], out: Packed
) -> tuple[int, int]:
    """Write rows of these lengths (words,) to `out`; returns how much of its rows and of its extra is used.

    topic, change: as in `Delta`.
    """
    n_rows, n_extra, first, empty = 0, 0, 0, 0
    out.change[:] = 0
    for w in range(len(lengths)):
        if lengths[w] == 0:
            empty += 1
            if w + 1 == len(lengths) or lengths[w + 1] != 0:
                n_rows = _put(out.rows, _put(out.rows, n_rows, 0), empty - 1)
                empty = 0
            continue
        n_rows = _put(out.rows, n_rows, _signed(lengths[w]))
        expected = 0
        for j in range(first, first + lengths[w]):
            gap = _signed(topic[j]) - expected
            expected = _signed(topic[j]) + 1
            out.gap[j] = min(gap, _WIDEST_GAP)
            if gap >= _WIDEST_GAP:
                n_extra = _put(out.extra, n_extra, gap - _WIDEST_GAP)
            value = _signed(change[j])
            code = 2 * (abs(value) - 1) + (value < 0)
            out.change[j >> 1] |= min(code, _WIDEST_CHANGE) << (4 * (j & 1))
            if code >= _WIDEST_CHANGE:
                n_extra = _put(out.extra, n_extra, code - _WIDEST_CHANGE)
        first += lengths[w]
    return n_rows, n_extra


@kernel
def unpack(
    packed: Packed,
    start: NDArray[np.int64],
    topic: NDArray[Any],
    change: NDArray[np.int32],
    totals: NDArray[np.int64],
) -> tuple[int, int]:
    """Read the fields of a `Delta` from what `pack` wrote, totals (K,) from zero; returns what `pack` did."""
    n_rows, n_extra, n, empty = 0, 0, 0, 0
    for w in range(len(start) - 1):
        start[w] = n
        if empty > 0:
            empty -= 1
            continue
        length, n_rows = _get(packed.rows, n_rows)
        if length == 0:
            empty, n_rows = _get(packed.rows, n_rows)
        expected = 0
        for j in range(n, n + length):
            gap = _signed(packed.gap[j])
            if gap == _WIDEST_GAP:
                more, n_extra = _get(packed.extra, n_extra)
                gap += more
            code = _signed(packed.change[j >> 1] >> (4 * (j & 1))) & _WIDEST_CHANGE
            if code == _WIDEST_CHANGE:
                more, n_extra = _get(packed.extra, n_extra)
                code += more
            value = ((code >> 1) + 1) * (1 - 2 * (code & 1))
            k = expected + gap
            topic[j] = k
            change[j] = value
            totals[k] += value
            expected = k + 1
        n += length
    start[len(start) - 1] = n
    return n_rows, n_extra


@helper
def _put(out: NDArray[np.uint8], n: int, value: int) -> int:
    """Write a number at position n; returns the position after it."""
    while value >= _MORE:
        out[n] = (value & (_MORE - 1)) | _MORE
        value >>= 7
        n += 1
    out[n] = value
    return n + 1


@helper
def _get(packed: NDArray[np.uint8], i: int) -> tuple[int, int]:
    """(the number at position i, the position after it)."""
    value, shift = 0, 0
    while packed[i] >= _MORE:
        value |= (_signed(packed[i]) & (_MORE - 1)) << shift
        shift += 7
        i += 1
    return value | (_signed(packed[i]) << shift), i + 1


@helper
def _signed(x: Any) -> Any:  # noqa: ANN401 - of any width
    """`x` as int64: the sum of an unsigned and a signed integer would be a float."""
    return np.int64(x)
