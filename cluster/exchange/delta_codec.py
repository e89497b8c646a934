"""Messages: deltas as bytes behind a head that says of which words, and how long they are.

The bytes are those of `samplers/counts/delta_packing.py`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import reduce
from itertools import accumulate, pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.delta_packing import Packed, pack, room, unpack
from lda.samplers.counts.deltas import joined, merge_deltas
from lda.samplers.counts.word_counts import Delta

_HEADER: Final = struct.Struct("<qqqqqB")


def encode(deltas: Iterable[Delta], first: int, last: int) -> bytes:
    """One message for the words first .. last - 1 from deltas of consecutive ranges that lie within.

    The totals are not sent: they follow from the changes. Raises OverflowError for a change beyond 32 bits.
    """
    parts = list(deltas)
    lengths = np.zeros(last - first, dtype=np.int64)
    for part in parts:
        lengths[part.first - first : part.first - first + len(part.start) - 1] = np.diff(part.start)
    topic: NDArray[Any] = np.concatenate([p.topic for p in parts] or [np.empty(0, dtype=np.uint16)])
    change = np.concatenate([p.change for p in parts] or [np.empty(0, dtype=np.int32)])
    if change.dtype != np.int32 and (change != change.astype(np.int32)).any():
        raise OverflowError(f"a count changed by {change.min()} .. {change.max()}, beyond 32 bits")
    packed = room(len(lengths), len(topic))
    n_rows, n_extra = pack(lengths, topic, change.astype(np.int32, copy=False), packed)
    head = _HEADER.pack(first, last, len(topic), n_rows, n_extra, topic.itemsize)
    parts_of = (packed.rows[:n_rows], packed.gap, packed.change, packed.extra[:n_extra])
    return b"".join([head, *(part.tobytes() for part in parts_of)])


def decode(message: bytes, n_topics: int) -> Delta:
    """The delta that `encode` was given, as one. Raises ValueError for a message that is not whole."""
    first, last, n, n_rows, n_extra, width = _HEADER.unpack_from(message)
    ends = list(accumulate((_HEADER.size, n_rows, n, (n + 1) // 2, n_extra)))
    body = np.frombuffer(message, dtype=np.uint8)
    if len(body) != ends[-1]:
        raise ValueError(f"a message has {len(body)} bytes, and its head says {ends[-1]}")
    delta = Delta(
        first,
        np.empty(last - first + 1, dtype=np.int64),
        np.empty(n, dtype=f"<u{width}"),
        np.empty(n, dtype=np.int32),
        np.zeros(n_topics, dtype=np.int64),
    )
    packed = Packed(*(body[begin:end] for begin, end in pairwise(ends)))
    if unpack(packed, *delta[1:]) != (n_rows, n_extra):
        raise ValueError("a message holds another number of entries than its head says")
    return delta


def decode_pieces(message: list[bytes], n_topics: int) -> Delta:
    """The delta of a message of one piece or several."""
    return joined([decode(piece, n_topics) for piece in message])


def merged(deltas: Iterable[Delta]) -> Delta:
    """The net sum of what several workers changed of the same words."""
    return reduce(merge_deltas, deltas)
