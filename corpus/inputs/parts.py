"""Which parts there are: by the sizes of files alone, so that no number of workers changes them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from lda.corpus.inputs.fetching import path_here
from lda.corpus.inputs.input_file import InputFile, InputPart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PART_BYTES: Final = 2**25
"""Bytes of a part, as they are stored. A part is read, counted and written by one task, which is lost with its worker.

Measured, 200 MB of JSON lines in one thread: parts of 2 MB take 8.75 s of processor time, of 8 MB 8.6 s, of 64 MB
8.3 s and of 128 MB 8.2 s, at a peak of 250 MB of memory below and of 310 MB above."""

PACKED_WEIGHT: Final = 4
"""A byte of a compressed file stands for about so many bytes of text."""

MOST_FILES: Final = 1024
"""Small files in a part at most."""

MOST_FETCHED: Final = 32
"""Small files of a store in a part at most: they take their time for the requests, whatever their size, and 200 of them
in one part would be one worker's, and all lost with it."""


def parts_of(files: Sequence[InputFile], target: int = PART_BYTES) -> list[InputPart]:
    """Cut and gather files into parts of about `target` bytes, in the order of their documents.

    Lines of JSON and text that are not compressed are cut by bytes, Parquet by row groups, a folder of texts between
    its files; whatever else is large is a part of its own. Small files that follow each other are one part.
    """
    parts: list[InputPart] = []
    small: list[InputFile] = []
    weight = 0

    def close() -> None:
        nonlocal weight
        if small:
            parts.append(InputPart(number=len(parts), files=tuple(small)))
            small.clear()
            weight = 0

    for file in files:
        heavy = file.size * (PACKED_WEIGHT if file.packed else 1)
        if heavy <= target:
            most = MOST_FILES if path_here(file.place) is not None else MOST_FETCHED
            if small and (weight + heavy > target or len(small) >= most):
                close()
            small.append(file)
            weight += heavy
            continue
        close()
        for part in _cut(file, target):
            parts.append(dataclasses.replace(part, number=len(parts)))
    close()
    return parts


def _cut(file: InputFile, target: int) -> Iterator[InputPart]:
    """The parts of a large file, to be numbered."""
    if file.cuttable:
        count = -(-file.size // target)
        bounds = [file.size * i // count for i in range(count)]
        for i, start in enumerate(bounds):
            stop = bounds[i + 1] if i + 1 < count else None
            before = None if start else 0
            yield InputPart(number=0, files=(file,), start=start, stop=stop, records_before=before)
    elif len(file.row_groups) > 1:
        rows = 0
        for first, last in _stretches([group.stop - group.start for group in file.row_groups], target):
            yield InputPart(number=0, files=(file,), row_groups=(first, last), records_before=rows)
            rows += sum(group.rows for group in file.row_groups[first:last])
    elif len(file.members) > 1:
        for first, last in _stretches([size for _, size in file.members], target):
            own = dataclasses.replace(file, members=file.members[first:last])
            yield InputPart(number=0, files=(own,), members=(first, last), records_before=first)
    else:
        yield InputPart(number=0, files=(file,))


def _stretches(sizes: Sequence[int], target: int) -> Iterator[tuple[int, int]]:
    """(first, after the last) of consecutive pieces that have about `target` bytes together."""
    first, weight = 0, 0
    for number, size in enumerate(sizes):
        if weight and weight + size > target:
            yield first, number
            first, weight = number, 0
        weight += size
    yield first, len(sizes)
