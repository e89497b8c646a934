"""What a process may hold in memory: its documents, and the part of the model at work."""

from __future__ import annotations

import sys
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lda.samplers.counts.row_layout import WordRows, word_bytes

PROGRAM_BYTES: Final = 300 << 20
"""Interpreter, packages, compiled kernels and, in a worker process, Ray's own part; without documents.

Measured in processes of a cluster: 298 to 316 million bytes (docs/concepts/sizing.md). Both the estimates of
`lda.deploy.sizing` and `program_bytes` start from it."""

RAY_BYTES: Final = 120 << 20
"""Reserved for Ray's message buffers where a process has a memory limit. `lda.deploy.sizing` counts the messages
themselves instead."""


def program_bytes() -> int:
    """Bytes of this process that are neither documents nor model."""
    return PROGRAM_BYTES + (RAY_BYTES if "ray" in sys.modules else 0)


def model_bytes(rows: WordRows) -> int:
    """Bytes of the counts of these words and of the language model made from them."""
    return int(word_bytes(rows).sum())


def document_memory(
    memory: int | None, model_memory: int | None, rows: WordRows, besides: int = 0
) -> int | None:
    """What is left for documents of `memory` bytes for a whole process; None where nothing was said.

    besides: bytes that the model takes besides its counts and what is made from them.

    Raises ValueError when there is nothing left.
    """
    if memory is None:
        return None
    model = besides + (model_bytes(rows) if model_memory is None else model_memory)
    left = memory - program_bytes() - model
    if left <= 0:
        remedy = (
            "allow more" if model_memory is not None else "allow more, or divide the model by model_memory"
        )
        raise ValueError(
            f"memory must exceed {program_bytes() >> 20} MiB for the program and {model >> 20} for the model, "
            f"got {memory >> 20} MiB; {remedy}"
        )
    return left


def cut_ranges(rows: WordRows, ranges: list[tuple[int, int]], model_memory: int) -> list[tuple[int, int]]:
    """Cut ranges of words so that two neighbours fit in `model_memory` bytes: one at work, one being fetched.

    Raises ValueError when a single word does not fit.
    """
    size = word_bytes(rows)
    room = model_memory // 2
    if len(size) and int(size.max()) > room:
        raise ValueError(
            f"model_memory must be at least {(2 * int(size.max()) >> 20) + 1} MiB for {rows.n_topics} topics, "
            f"got {model_memory >> 20} MiB; allow more, or take fewer topics"
        )
    cut: list[tuple[int, int]] = []
    for first, last in ranges:
        cut += _cut(size, first, last, room)
    return cut


def _cut(size: NDArray[np.int64], first: int, last: int, room: int) -> list[tuple[int, int]]:
    ends = np.cumsum(size[first:last])
    spans, begin = [], 0
    while begin < last - first:
        before = int(ends[begin - 1]) if begin else 0
        end = int(np.searchsorted(ends, before + room, side="right"))
        spans.append((first + begin, first + end))
        begin = end
    return spans
