"""Sorting within kernels and beside them."""

from __future__ import annotations

import numpy as np
import pytest
from compiled import from_python

from lda.samplers.numerics import sorting
from lda.samplers.numerics.sorting import SHORT
from lda.samplers.scoring.completion import sort_documents
from lda.samplers.start import copy_documents

LENGTHS = [0, 1, 2, 5, SHORT - 1, SHORT, SHORT + 1, 200, 3000, 1]


@pytest.mark.parametrize("length", LENGTHS)
def test_a_part_is_sorted_and_nothing_around_it(length: int) -> None:
    values = np.random.default_rng(length).integers(0, 50, size=length + 6).astype(np.int32)
    expected = values.copy()
    expected[2 : 2 + length].sort()
    from_python(sorting.sort_part)(values, 2, 2 + length)
    np.testing.assert_array_equal(values, expected)


def documents() -> tuple[np.ndarray, np.ndarray]:
    """(words, doc_offsets), unsorted."""
    words = np.random.default_rng(1).integers(0, 1000, size=sum(LENGTHS)).astype(np.int32)
    return words, np.cumsum([0, *LENGTHS])


def test_documents_short_and_long_are_sorted() -> None:
    words, offsets = documents()
    expected = np.concatenate([np.sort(part) for part in np.split(words, offsets[1:-1])])
    sort_documents(words, offsets)
    np.testing.assert_array_equal(words, expected)


def test_documents_short_and_long_are_copied_in_order_and_none_that_is_left_out() -> None:
    words, offsets = documents()
    lengths = np.diff(offsets)
    wanted = [8, 6, 3, 7, 9]
    target = np.full(len(lengths), -1)
    target[wanted] = np.cumsum([0, *lengths[wanted[:-1]]])
    out = np.full(int(lengths[wanted].sum()), -1, dtype=np.int32)
    copy_documents(words, offsets, target, out)
    parts = np.split(words, offsets[1:-1])
    np.testing.assert_array_equal(out, np.concatenate([np.sort(parts[d]) for d in wanted]))
