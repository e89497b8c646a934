"""Counts of any type and container add up as numbers do: nothing wraps round, however narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse as sp

from lda.cluster import FrozenModel
from lda.corpus import DataError, as_corpus, read_corpus
from lda.corpus.counts import MAX_COUNT, canonical

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INTEGERS = ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"]
TYPES = ["bool", *INTEGERS, "float32", "float64", "longdouble"]
ONES = 70_000  # of one place: more than 8 and 16 bits hold

CONTAINERS: dict[str, Callable[[np.ndarray], Any]] = {
    "COO": lambda ones: sp.coo_matrix((ones, (np.zeros(len(ones), int), np.ones(len(ones), int))), (2, 3)),
    "COO array": lambda ones: sp.coo_array(
        (ones, (np.zeros(len(ones), int), np.ones(len(ones), int))), (2, 3)
    ),
    "CSR": lambda ones: sp.csr_matrix((ones, np.ones(len(ones), int), [0, len(ones), len(ones)]), (2, 3)),
    "CSR array": lambda ones: sp.csr_array(
        (ones, np.ones(len(ones), int), [0, len(ones), len(ones)]), (2, 3)
    ),
    "CSC": lambda ones: sp.csc_matrix((ones, np.zeros(len(ones), int), [0, 0, len(ones), len(ones)]), (2, 3)),
    "BSR": lambda ones: sp.bsr_matrix(
        (ones.reshape(-1, 1, 1), np.ones(len(ones), int), [0, len(ones), len(ones)]), (2, 3)
    ),
}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("container", CONTAINERS)
def test_repeated_places_add_up(container: str, dtype: str) -> None:
    matrix = CONTAINERS[container](np.ones(ONES, dtype=dtype))
    assert matrix.nnz == ONES  # the container itself has added nothing up
    corpus = as_corpus(matrix)
    assert corpus.to_csr().toarray().tolist() == [[0, ONES, 0], [0, 0, 0]]
    assert matrix.nnz == ONES
    assert matrix.dtype == dtype


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "uint16", "float32"])
@pytest.mark.parametrize("container", ["COO", "CSR", "CSC"])
def test_repeated_places_of_a_file_add_up(container: str, dtype: str, tmp_path: Path) -> None:
    sp.save_npz(tmp_path / "counts.npz", CONTAINERS[container](np.ones(ONES, dtype=dtype)))
    assert read_corpus([tmp_path / "counts.npz"]).n_tokens == ONES


def test_float32_goes_on_where_its_own_sums_stand_still() -> None:
    ones = np.ones(2**24 + 3, dtype=np.float32)
    assert canonical(CONTAINERS["COO"](ones))[0, 1] == 2**24 + 3


@pytest.mark.parametrize("dtype", [*TYPES, "float16"])
def test_dense_counts_and_tables(dtype: str) -> None:
    """127 in each of 600 cells: a sum of a row or column is beyond 8 bits, and 16."""
    counts = np.full((2, 300), 1 if dtype == "bool" else 127).astype(dtype)
    total = 600 * int(counts[0, 0])
    tables: list[Any] = [counts, pd.DataFrame(counts)]
    if dtype != "longdouble":  # which Arrow does not know
        tables += [pa.table({str(i): pa.array(column) for i, column in enumerate(counts.T)})]
        tables += [pd.DataFrame(counts).astype(pd.SparseDtype(dtype, np.zeros(1, dtype)[0]))]
    for table in tables:
        corpus = as_corpus(table)
        assert corpus.n_tokens == total
        assert set(corpus.term_frequencies.tolist()) == {2 * int(counts[0, 0])}


def test_mixed_columns_keep_their_numbers() -> None:
    columns: dict[str, Any] = {
        "a": np.array([200, 1], "uint8"),
        "b": np.array([-0, 3], "int8"),
        "c": np.array([0, 70_000], "u4"),
    }
    expected = [[200, 0, 0], [1, 3, 70_000]]
    assert as_corpus(pd.DataFrame(columns)).to_csr().toarray().tolist() == expected
    assert as_corpus(pa.table(columns)).to_csr().toarray().tolist() == expected


HUGE: dict[str, Callable[[], Any]] = {
    "uint64 that int64 takes for -1": lambda: np.array([[2**64 - 1]], dtype=np.uint64),
    "the same in a table": lambda: pd.DataFrame({"a": np.array([2**64 - 1], dtype=np.uint64)}),
    "one more than int32 holds": lambda: np.array([[2**31]]),
    "the same as float32": lambda: np.array([[2**31]], dtype=np.float32),
    "four times 2^62, 0 in 64 bits": lambda: sp.coo_matrix(
        (np.full(4, 2**62), np.zeros((2, 4), int)), (1, 1)
    ),
    "twice 2^63, 0 in 64 bits": lambda: sp.coo_matrix(
        (np.full(2, 2**63, dtype=np.uint64), np.zeros((2, 2), int)), (1, 1)
    ),
    "a sum that int32 takes for negative": lambda: sp.csr_matrix(
        (np.array([MAX_COUNT, 1], dtype=np.int32), [0, 0], [0, 2]), (1, 1)
    ),
}


@pytest.mark.parametrize("name", HUGE)
def test_what_no_count_can_be_is_called_huge(name: str) -> None:
    with pytest.raises(DataError, match=r"got the huge \d+ at row 0, column 0"):
        as_corpus(HUGE[name]())


def test_narrow_negatives_are_told_as_they_are() -> None:
    with pytest.raises(DataError, match="the negative -130 at row 0, column 1"):
        as_corpus(CONTAINERS["COO"](np.full(130, -1, dtype=np.int8)))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.ldac", "2 0:2147483647 0:1\n"),
        ("a.svmlight", "1 1:2147483647 1:1\n"),
        ("docword.txt", "1\n1\n2\n1 1 2147483647\n1 1 1\n"),
        ("a.mtx", "%%MatrixMarket matrix coordinate integer general\n1 1 2\n1 1 2147483647\n1 1 1\n"),
    ],
)
def test_repeated_entries_of_text_that_are_too_many(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "vocab.txt").write_text("a\n")
    with pytest.raises(DataError, match="the huge 2147483648"):
        read_corpus([tmp_path / name])


@pytest.mark.parametrize("dtype", TYPES)
def test_language_models_of_any_type(dtype: str) -> None:
    ones: Any = sp.coo_matrix((np.ones(300, dtype=dtype), ([0] * 300, [1] * 300)), (2, 2))  # type: ignore[arg-type]
    wide = sp.csr_matrix(np.array([[0, 300], [0, 0]]))
    document = np.array([0, 3]), np.array([0, 0, 1], dtype=np.int32)
    found, expected = (FrozenModel(m, np.ones(2), 0.1).completion(*document)[0] for m in (ones, wide))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
