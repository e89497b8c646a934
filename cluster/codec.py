"""Deltas as bytes: narrow integers, then LZ4.

Row lengths and changes are small numbers and compress well; topics are nearly random and are sent as they are,
in two bytes where K allows.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import reduce
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lda.samplers.counting import Delta, joined, merge_deltas, totals_of

_HEADER: Final = struct.Struct("<qqqqBBB")
_WIDTHS: Final = (np.dtype("<i1"), np.dtype("<i2"), np.dtype("<i4"))


def encode(deltas: Iterable[Delta], first: int, last: int) -> bytes:
    """One message for the words first .. last - 1 from deltas of consecutive ranges that lie within.

    The totals are not sent: they follow from the changes.
    """
    parts = list(deltas)
    lengths = np.zeros(last - first, dtype=np.int64)
    for part in parts:
        lengths[part.first - first : part.first - first + len(part.start) - 1] = np.diff(part.start)
    topic = np.concatenate([p.topic for p in parts]) if parts else np.empty(0, dtype=np.uint16)
    change = np.concatenate([p.change for p in parts]) if parts else np.empty(0, dtype=np.int32)
    rows, changes = _narrow(lengths), _narrow(change)
    body = b"".join((rows.tobytes(), changes.tobytes(), topic.tobytes()))
    packed = pa.compress(body, codec="lz4", asbytes=True) if body else b""
    header = _HEADER.pack(first, last, len(topic), len(body), rows.itemsize, changes.itemsize, topic.itemsize)
    return header + bytes(packed)


def decode(message: bytes, n_topics: int) -> Delta:
    """The delta that `encode` was given, as one."""
    first, last, n, size, row_width, change_width, topic_width = _HEADER.unpack_from(message)
    packed = memoryview(message)[_HEADER.size :]
    body = pa.decompress(packed, decompressed_size=size, codec="lz4", asbytes=True) if size else b""
    rows = np.frombuffer(body, dtype=f"<i{row_width}", count=last - first)
    offset = rows.nbytes
    change = np.frombuffer(body, dtype=f"<i{change_width}", count=n, offset=offset).astype(np.int32)
    offset += n * change_width
    topic = np.frombuffer(body, dtype=f"<u{topic_width}", count=n, offset=offset)
    start = np.zeros(last - first + 1, dtype=np.int64)
    np.cumsum(rows, out=start[1:])
    return Delta(first, start, topic, change, totals_of(topic, change, n_topics))


def decode_pieces(message: list[bytes], n_topics: int) -> Delta:
    """The delta of a message of one piece or several."""
    return joined([decode(piece, n_topics) for piece in message])


def merged(deltas: Iterable[Delta]) -> Delta:
    """The net sum of what several workers changed of the same words."""
    return reduce(merge_deltas, deltas)


def _narrow(values: NDArray[Any]) -> NDArray[Any]:
    """The same integers in the narrowest signed type that holds them."""
    if len(values) == 0:
        return values.astype(np.int8)
    low, high = int(values.min()), int(values.max())
    for dtype in _WIDTHS:
        limits = np.iinfo(dtype)
        if limits.min <= low and high <= limits.max:
            return values.astype(dtype)
    raise OverflowError(f"a count changed by {low} .. {high}, beyond 32 bits")
